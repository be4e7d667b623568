"""The derivative of one operation in symbols: the text of its row with the operands of the call put in."""

import ast
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from autogradcli.functions.table import row
from autogradcli.language.program import Call, Constant, Program, Variable
from autogradcli.language.shapes import ATOM

MAX_TEXT = 40
"""Characters of an operand that is put in."""
_PLACEHOLDER = re.compile(r"\boperand_(\d+)\b")


def local_slope(program: Program, values: Sequence[object], index: int, place: int) -> str | None:
    """The derivative of a step with respect to its operand number `place`, as text; None if nothing gives it.

    `values` are those of all steps: a row may have a formula of its own for a single point.
    """
    step = program.steps[index]
    if not isinstance(step, Call):
        return None
    function = row(step.function)
    kinds = [parameter.kind for parameter in function.parameters_of(step.operands, dict(step.options))]
    number = [i for i, kind in enumerate(kinds) if kind in {"tensor", "number"}]
    if function.partials and place in number:
        formula = ast.parse(function.partials[number.index(place)], mode="eval").body
        names = {name: _operand(program, step.operands[i], i) for i, name in enumerate(function.operand_names)}
        known = {f"operand_{i}": values[operand] for i, operand in enumerate(step.operands)}
        return _filled(_compact(ast.unparse(_Simplifier(names, known).visit(formula))), program, step)
    return _filled(f"{function.name}'(operand_0)", program, step) if len(kinds) == 1 and not function.tensor else None


def _operand(program: Program, index: int, place: int) -> ast.expr:
    """What stands for an operand while the formula is made simpler: its value if that is a number of the text."""
    step, sign = program.steps[index], 1
    if isinstance(step, Call) and step.function == "neg":
        step, sign = program.steps[step.operands[0]], -1
    if isinstance(step, Constant) and isinstance(step.value, Fraction):
        return ast.Constant(sign * (int(step.value) if step.value.denominator == 1 else float(step.value)))
    return ast.Name(f"operand_{place}")


def _compact(formula: str) -> str:
    """The formula without spaces around the signs that bind."""
    return re.sub(r" (\*\*|[*/]) ", r"\1", formula)


class _Simplifier(ast.NodeTransformer):
    """Puts operands in for parameters, and works out what is constant then."""

    def __init__(self, names: Mapping[str, ast.expr], known: Mapping[str, object]) -> None:
        self._names = names
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The operand that a parameter stands for."""
        return self._names.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """The branch of a `where` whose condition is settled."""
        node.args = [self.visit(argument) for argument in node.args]
        if isinstance(node.func, ast.Name) and node.func.id == "where" and isinstance(node.args[0], ast.Constant):
            return node.args[1] if node.args[0].value else node.args[2]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Whether a number that is known equals another; the table compares for nothing else."""
        left, right = self.visit(node.left), self.visit(node.comparators[0])
        value = self._known.get(left.id) if isinstance(left, ast.Name) else getattr(left, "value", None)
        if isinstance(node.ops[0], ast.Eq) and isinstance(value, int | float) and isinstance(right, ast.Constant):
            return ast.Constant(value == right.value)
        return ast.Compare(left, node.ops, [right])

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Differences of numbers, and no factors or powers of 1."""
        left: ast.expr = self.visit(node.left)
        right: ast.expr = self.visit(node.right)
        match node.op, left, right:
            case ast.Sub(), ast.Constant(value=int(a) | float(a)), ast.Constant(value=int(b)):
                return ast.Constant(a - b) if a >= b else ast.UnaryOp(ast.USub(), ast.Constant(b - a))
            case ((ast.Mult() | ast.Div() | ast.Pow()), _, ast.Constant(value=1)):
                return left
            case ast.Mult(), ast.Constant(value=1), _:
                return right
        return ast.BinOp(left, node.op, right)


def _filled(formula: str, program: Program, call: Call) -> str:
    """The formula with the operands' own texts, in brackets where they stand beside an operator."""

    def text(found: re.Match[str]) -> str:
        index = call.operands[int(found[1])]
        own = program.text(index)
        own = own if len(own) <= MAX_TEXT else f"{own[: MAX_TEXT // 2]}…{own[-MAX_TEXT // 2 :]}"
        around = formula[found.start() - 1 : found.start()], formula[found.end() : found.end() + 1]
        alone = around[0] in {"(", ""} and around[1] in {")", ",", ""}
        atomic = isinstance(program.steps[index], Variable) or ATOM.fullmatch(own)
        return own if alone or atomic else f"({own})"

    return _PLACEHOLDER.sub(text, formula)
