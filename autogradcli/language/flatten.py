"""From syntax trees to steps: one walk with a stack of its own, since a sum of 10,000 terms is 10,000 deep."""

import ast
from collections.abc import Collection
from difflib import get_close_matches
from fractions import Fraction

from autogradcli.errors import GradcalcError, Span
from autogradcli.language import table
from autogradcli.language.binding import Argument
from autogradcli.language.functions import UNDIFFERENTIABLE
from autogradcli.language.lexer import number_value
from autogradcli.language.steps import Steps
from autogradcli.language.tree import Tree

MODULES = frozenset(
    {
        *("torch", "torch.nn.functional", "nn.functional", "functional", "F", "torch.special", "torch.linalg"),
        *("torch.Tensor", "special", "linalg", "np", "numpy", "jnp", "jax.numpy", "math", "cmath", "sympy", "sp"),
        *("scipy.special", "sc", "tf", "tf.math"),
    }
)
"""Prefixes that may stand before a function's or a constant's name."""
CONSTANTS = {"pi": "pi", "tau": "tau", "inf": "inf", "e": "e"}
MODULE_CONSTANTS = CONSTANTS | {"E": "e", "oo": "inf", "Infinity": "inf", "infty": "inf"}
"""The constants, and the names they have in modules only."""

BINARY: dict[type[ast.operator | ast.cmpop | ast.boolop], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Mod: "remainder",
    ast.Pow: "pow",
    ast.BitAnd: "logical_and",
    ast.BitOr: "logical_or",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.And: "logical_and",
    ast.Or: "logical_or",
}
UNARY: dict[type[ast.unaryop], str] = {
    ast.USub: "neg",
    ast.UAdd: "positive",
    ast.Not: "logical_not",
    ast.Invert: "logical_not",
}
"""Rows of the table for Python's operators."""

ATTRIBUTES = {
    "T": ("there are no matrices to transpose", None),
    "grad": ("gradcalc itself prints the gradient", "leave .grad away"),
    "item": ("values are numbers already", "leave .item() away"),
    "detach": ("nothing can be detached: the whole expression is differentiated", "leave .detach() away"),
    "backward": ("gradcalc itself calls backward", "leave .backward() away"),
    "requires_grad_": ("every variable requires its gradient", "leave .requires_grad_() away"),
}
"""Attributes of tensors that have no meaning here, and what to do instead."""

Value = int | str
"""Index of a step, or the text that selects an option."""


class Flattener:
    """Adds the steps of expressions, one statement after the other."""

    def __init__(self, source: str, given: Collection[str]) -> None:
        self.steps = Steps(source)
        self.assigned: dict[str, int] = {}
        self._given = given
        self._tree: Tree

    def add(self, tree: Tree) -> int:
        """Index of the step that is the value of an expression."""
        self._tree = tree
        todo: list[tuple[ast.expr, list[ast.expr] | None]] = [(tree.root, None)]
        values: list[Value] = []
        while todo:
            node, children = todo.pop()
            if children is None:
                children = self._children(node)
                todo.append((node, children))
                todo.extend((child, None) for child in reversed(children))
            else:
                first = len(values) - len(children)
                values[first:] = [self._value(node, children, values[first:])]
        return self._step(values[0], tree.root)

    def _children(self, node: ast.expr) -> list[ast.expr]:
        match node:
            case ast.BinOp():
                return [node.left, node.right]
            case ast.UnaryOp():
                return [node.operand]
            case ast.BoolOp():
                return node.values
            case ast.Compare():
                return [node.left, *node.comparators]
            case ast.IfExp():
                return [node.body, node.test, node.orelse]
            case ast.Call():
                arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
                receiver = self._receiver(node.func)
                return arguments if receiver is None else [receiver, *arguments]
        return []

    def _value(self, node: ast.expr, children: list[ast.expr], values: list[Value]) -> Value:
        match node:
            case ast.Name():
                token = self._tree.token(node.id)
                return self._name(token.text, token.span)
            case ast.Constant():
                return self._constant(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node, children, values)
            case ast.UnaryOp():
                return self._apply(UNARY[type(node.op)], children, values, self._tree.span(node))
            case ast.BinOp():
                return self._binary(node, children, values)
            case ast.BoolOp():
                return self._chain(BINARY[type(node.op)], children, values)
            case ast.Compare():
                return self._compare(node, children, values)
            case ast.IfExp():
                order = (1, 0, 2)
                return self._apply(
                    "if_else", [children[i] for i in order], [values[i] for i in order], self._tree.span(node)
                )
        raise self.steps.error("parse", "this is not part of the language", self._tree.span(node))

    def _step(self, value: Value, node: ast.expr) -> int:
        if isinstance(value, str):
            raise self.steps.error("parse", "this is not a number", self._tree.span(node))
        return value

    def _apply(self, function: str, nodes: list[ast.expr], values: list[Value], span: Span) -> int:
        arguments = [
            Argument(self._step(value, node), self._tree.bracketed(node))
            for node, value in zip(nodes, values, strict=True)
        ]
        return self.steps.call(function, arguments, span)

    # Leaves.

    def _constant(self, node: ast.Constant) -> Value:
        token = self._tree.tokens[self._tree.first(node)]
        if token.kind == "number":
            return self.steps.constant(number_value(token, self.steps.source), token.span)
        return token.text.strip("\"'")

    def _name(self, name: str, span: Span) -> int:
        if name in self.assigned:
            return self.assigned[name]
        if name in CONSTANTS and not (name == "e" and name in self._given):
            return self._named_constant(CONSTANTS[name], span)
        return self.steps.variable(name, span)

    def _named_constant(self, name: str, span: Span) -> int:
        if name != "tau":
            return self.steps.constant(name, span)
        two, pi = self.steps.constant(Fraction(2), span), self.steps.constant("pi", span)
        return self.steps.call("mul", (Argument(two, span), Argument(pi, span)), span)

    # Dotted names and calls.

    def _dotted(self, node: ast.expr) -> str:
        """`torch.special.` for the part of a dotted name that is a module, else nothing."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(self._tree.token(node.attr).text)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        names.append(self._tree.token(node.id).text)
        if names[-1] in self._given or names[-1] in self.assigned:
            return ""
        return ".".join(reversed(names))

    def _receiver(self, function: ast.expr) -> ast.expr | None:
        """The expression whose method is called, if it is a method."""
        if not isinstance(function, ast.Attribute):
            return None
        return None if self._dotted(function.value) in MODULES else function.value

    def _attribute(self, node: ast.Attribute) -> int:
        token = self._tree.token(node.attr)
        if self._dotted(node.value) in MODULES and token.text in MODULE_CONSTANTS:
            return self._named_constant(MODULE_CONSTANTS[token.text], self._tree.span(node))
        self._check_attribute(token.text, token.span)
        text = self._text(self._tree.span(node))
        if table.candidates(token.text):
            raise self.steps.error(
                "parse", f"{token.text} is a function and needs brackets", token.span, f"type {text}()"
            )
        raise self.steps.error("name", f"there is no constant {text}", self._tree.span(node))

    def _check_attribute(self, name: str, span: Span) -> None:
        if name in ATTRIBUTES:
            message, hint = ATTRIBUTES[name]
            raise self.steps.error("parse", message, span, hint)
        if name.startswith("_"):
            raise self.steps.error("parse", "attributes are not part of the language", span)

    def _call(self, node: ast.Call, children: list[ast.expr], values: list[Value]) -> int:
        receiver = self._receiver(node.func)
        if isinstance(node.func, ast.Name):
            token = self._tree.token(node.func.id)
        elif isinstance(node.func, ast.Attribute):
            token = self._tree.token(node.func.attr)
        else:
            raise self.steps.error("parse", "this is not part of the language", self._tree.span(node))
        if not table.candidates(token.text):
            raise self._unknown(node, token.text, token.span)
        names: list[str | None] = [None] * (len(children) - len(node.keywords))
        spans = [self._tree.span(child) for child in children]
        if receiver is not None:
            spans[0] = self._tree.bracketed(receiver)
        for keyword in node.keywords:
            names.append(self._tree.token(str(keyword.arg)).text)
        arguments = [Argument(value, span, name) for value, span, name in zip(values, spans, names, strict=True)]
        return self.steps.call(token.text, arguments, self._tree.span(node))

    def _unknown(self, node: ast.Call, name: str, span: Span) -> GradcalcError:
        if isinstance(node.func, ast.Attribute):
            try:
                self._check_attribute(name, span)
            except GradcalcError as error:
                return error
        if name in UNDIFFERENTIABLE:
            return self.steps.error("name", f"torch cannot differentiate {name}", span, UNDIFFERENTIABLE[name])
        near = get_close_matches(name, table.names(), 3)
        known = name in self._given or name in self.assigned or name in self.steps.variables or name in CONSTANTS
        if near and not known:
            return self.steps.error("name", f"there is no function {name}", span, f"did you mean {' or '.join(near)}?")
        if isinstance(node.func, ast.Name):
            text = self._text(self._tree.span(node))
            hint = f"for a product type {name}*{text[len(name) :].lstrip()}"
            return self.steps.error("name", f"{name} is not a function", span, hint)
        return self.steps.error("name", f"there is no function {name}", span)

    # Operators.

    def _binary(self, node: ast.BinOp, children: list[ast.expr], values: list[Value]) -> int:
        name = BINARY.get(type(node.op))
        if name is None:
            raise self._refused_operator(node)
        if isinstance(node.op, (ast.BitAnd, ast.BitOr)):
            self._check_joined(node, children, values)
        return self._apply(name, children, values, self._tree.span(node))

    def _refused_operator(self, node: ast.BinOp) -> GradcalcError:
        left, right = (self._text(self._tree.bracketed(operand)) for operand in (node.left, node.right))
        if isinstance(node.op, ast.FloorDiv):
            return self.steps.error(
                "parse", "// is not part of the language", self._tree.span(node), f"type floor({left} / {right})"
            )
        return self.steps.error(
            "parse", "there are no matrices to multiply by @", self._tree.span(node), f"type {left}*{right}"
        )

    def _check_joined(self, node: ast.BinOp, children: list[ast.expr], values: list[Value]) -> None:
        sign = "&" if isinstance(node.op, ast.BitAnd) else "|"
        for child, value in zip(children, values, strict=True):
            if not self.steps.is_condition(self._step(value, child)):
                hint = f"{sign} binds tighter than a comparison: type (x > 0) {sign} (y > 0)"
                raise self.steps.error(
                    "parse", f"{sign} joins conditions, and this is a number", self._tree.bracketed(child), hint
                )

    def _chain(self, function: str, children: list[ast.expr], values: list[Value]) -> int:
        """a and b and c: from left to right."""
        steps = [self._step(value, child) for value, child in zip(values, children, strict=True)]
        spans = [self._tree.bracketed(child) for child in children]
        return self._join(function, steps, spans)

    def _join(self, function: str, steps: list[int], spans: list[Span]) -> int:
        result, span = steps[0], spans[0]
        for step, other in zip(steps[1:], spans[1:], strict=True):
            joined = span.join(other)
            result = self.steps.call(function, (Argument(result, span), Argument(step, other)), joined)
            span = joined
        return result

    def _compare(self, node: ast.Compare, children: list[ast.expr], values: list[Value]) -> int:
        """a < b < c means a < b and b < c."""
        steps: list[int] = []
        spans: list[Span] = []
        for index, operator in enumerate(node.ops):
            pair = slice(index, index + 2)
            span = self._tree.bracketed(children[index]).join(self._tree.bracketed(children[index + 1]))
            steps.append(self._apply(BINARY[type(operator)], children[pair], values[pair], span))
            spans.append(span)
        return self._join("logical_and", steps, spans)

    def _text(self, span: Span) -> str:
        return " ".join(self.steps.source[span.start : span.end].split())
