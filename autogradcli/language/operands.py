"""What must be evaluated before an expression: its operands, in order, and what the text itself fixes of them."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from autogradcli.errors import Span
from autogradcli.functions.function import LISTS, PLACE, Function, Parameter, Placeholder
from autogradcli.language import constant_folding
from autogradcli.language.call_binding import Argument, Static, parameter_at
from autogradcli.language.constant_folding import NotConstant, Scope, TooManyPasses
from autogradcli.language.lexer import Token
from autogradcli.language.names import Names
from autogradcli.language.program import MAX_STEPS
from autogradcli.language.tree import Tree

DECIMAL = re.compile(r"\d[.eE]|\.\d")
"""What makes a number in a text a float in Python."""
Value = int | Static
"""Index of a node, or what the text fixes."""
Scoped = tuple[ast.expr, Scope]
"""An expression, and what the text fixes around it."""


class Operand(NamedTuple):
    """An operand, and what must be evaluated for it; a plain tuple, as there are many."""

    span: Span
    needs: tuple[Scoped, ...]
    """One expression; several for a list that is taken apart; none for what the text fixes."""
    fixed: Static | None = None
    name: Token | None = None
    apart: bool = False
    """Whether it is a list that is taken apart."""

    def argument(self, values: Sequence[Value]) -> Argument:
        """The argument that the values of `needs` make."""
        if self.fixed is not None:
            return Argument(self.fixed, self.span, self.name)
        if self.apart:
            nodes = tuple(value for value in values if isinstance(value, int))
            return Argument(nodes if len(nodes) == len(values) else Static(None), self.span, self.name)
        return Argument(values[0], self.span, self.name)


@dataclass(slots=True)
class Operands:
    """Finds the operands of the expressions of one statement."""

    tree: Tree
    names: Names
    passes: Iterator[int]
    """Numbers of the passes of all loops of the text."""
    _changing: frozenset[ast.AST] | None = None
    """The expressions that are not the same in each pass of a loop; None as long as there was none."""
    _same: dict[ast.expr, Sequence[Operand]] = field(default_factory=dict)
    """What was found for the others."""

    def of(self, node: ast.expr, scope: Scope) -> Sequence[Operand]:
        """The operands of an expression; of a loop its passes, each with the scope that it has."""
        found = self._same.get(node)
        if found is not None:
            return found
        found = self._of(node, scope)
        if scope:
            if self._changing is None:
                self._changing = _changing_in(self.tree)
            if node not in self._changing:
                self._same[node] = found
        return found

    def _of(self, node: ast.expr, scope: Scope) -> Sequence[Operand]:
        match node:
            case ast.Call():
                return self._of_call(node, scope)
            case ast.Subscript():
                return [
                    Operand(self.tree.span(node.value), ((node.value, scope),)),
                    *self._subscript(node.slice, scope),
                ]
            case ast.Attribute() if self.names.in_module(self.tree, node):
                return ()
            case ast.ListComp() | ast.GeneratorExp():
                span = self.tree.span(node.elt)
                return [Operand(span, (each,)) for each in self._passes(node, scope)]
            case ast.Tuple(elts=[]):
                raise self.tree.error("parse", "there is nothing between these brackets", self.tree.span(node))
            case ast.Tuple():
                items = ", ".join(self.tree.quote(self.tree.bracketed(each)) for each in node.elts)
                message = "a comma separates arguments and the items of lists, and nothing else"
                raise self.tree.error("parse", message, self.tree.span(node), f"for a list type [{items}]")
        return [Operand(self.tree.span(child), ((child, scope),)) for child in _children(node)]

    def _of_call(self, node: ast.Call, scope: Scope) -> Sequence[Operand]:
        loop = loop_of(node)
        if loop is not None:
            return self.of(loop, scope)
        receiver = self.names.receiver(self.tree, node)
        positional = node.args if receiver is None else [receiver, *node.args]
        rows = self.names.rows(self.tree, node)
        found = [self._argument(node, rows, place, each, scope) for place, each in enumerate(positional)]
        for keyword in node.keywords:
            token = self.tree.token(str(keyword.arg))
            found.append(self._argument(node, rows, token, keyword.value, scope))
        return found

    def _argument(
        self, call: ast.Call, rows: Sequence[Function], given: int | Token, node: ast.expr, scope: Scope
    ) -> Operand:
        """An argument, as the rows that the call may mean want it: fixed by the text, taken apart, or as a value.

        It is given by its place or by its name.
        """
        name, place = (given, given.text) if isinstance(given, Token) else (None, given)
        found = [parameter_at(row, place) for row in rows]
        parameters = [parameter for parameter in found if parameter is not None]
        span = self.tree.span(node)
        fixed = self._fixed(node, scope, parameters)
        if fixed is not None:
            return Operand(span, (), fixed, name)
        if any(each.kind in LISTS for each in parameters) or _is_all_of_several(rows, call, node):
            if isinstance(node, ast.List | ast.Tuple):
                return Operand(span, tuple((each, scope) for each in node.elts), name=name, apart=True)
            if isinstance(node, ast.ListComp):
                return Operand(span, tuple(self._passes(node, scope)), name=name, apart=True)
        return Operand(span, ((node, scope),), name=name)

    def _fixed(self, node: ast.expr, scope: Scope, parameters: Sequence[Parameter]) -> Static | None:
        """What the text fixes for one of the parameters that an argument may belong to; None if it is to be a value."""
        if all(each.operand for each in parameters):
            return None
        if any(each.kind == "integers" for each in parameters) and DECIMAL.search(
            self.tree.quote(self.tree.span(node))
        ):
            return None
        try:
            value = constant_folding.fold(self.tree, node, scope)
        except NotConstant:
            return None
        infinite = value in constant_folding.INFINITIES and any(each.operand for each in parameters)
        return None if infinite else Static(value)

    def _subscript(self, node: ast.expr, scope: Scope) -> list[Operand]:
        """What stands between the brackets after a value, as NumPy takes it, and then the values that stand there."""
        items = node.elts if isinstance(node, ast.Tuple) else [node]
        fixed = [self._index(each, scope) for each in items]
        values = [each for each, index in zip(items, fixed, strict=True) if index == PLACE]
        index = Operand(self.tree.span(node), (), Static(tuple(fixed)))
        return [index, *(Operand(self.tree.span(each), ((each, scope),)) for each in values)]

    def _index(self, node: ast.expr, scope: Scope) -> object:
        """One item of a subscript, as NumPy takes it; PLACE for a value."""
        try:
            return _whole_index(constant_folding.fold(self.tree, node, scope))
        except NotConstant:
            pass
        match node:
            case ast.Slice() | ast.Constant() | ast.UnaryOp(operand=ast.Constant()):
                message = "a subscript is made of whole numbers, slices of such, and values"
                raise self.tree.error("parse", message, self.tree.span(node), "type x[0] or x[1:3]")
        return PLACE

    def _passes(self, node: ast.ListComp | ast.GeneratorExp, scope: Scope) -> list[Scoped]:
        """The expression of a loop for each of its passes."""
        span = self.tree.span(node)
        try:
            scopes = list(
                islice(constant_folding.scopes(self.tree, node.generators, scope, self.passes), MAX_STEPS + 1)
            )
        except NotConstant:
            message = "a loop runs over numbers that the text fixes"
            raise self.tree.error("parse", message, span, "type for i in range(3)") from None
        except TooManyPasses as reason:
            raise self.tree.error("limit", str(reason), span) from None
        if len(scopes) > MAX_STEPS:
            raise self.tree.error("limit", f"this loop has more than {MAX_STEPS:,} passes", span)
        return [(node.elt, each) for each in scopes]


def _is_all_of_several(rows: Sequence[Function], call: ast.Call, node: ast.expr) -> bool:
    """Whether an argument is a list of all tensors that a row takes one by one, as torch allows: meshgrid([x, y])."""
    if not isinstance(node, ast.List | ast.Tuple) or any(isinstance(each, ast.Constant) for each in node.elts):
        return False
    before = [sum(not each.keyword_only for each in row.parameters) - 1 for row in rows if row.parameters[-1].variadic]
    return bool(before) and call.args[-1] is node and len(call.args) - 1 in before


def _changing_in(tree: Tree) -> frozenset[ast.AST]:
    """The expressions of a statement in which a loop stands, or the name of one."""
    nodes = list(ast.walk(tree.root))
    loops = [node for node in nodes if isinstance(node, ast.comprehension)]
    own = {tree.token(loop.target.id).text for loop in loops if isinstance(loop.target, ast.Name)}
    found: set[ast.AST] = set(loops)
    for node in reversed(nodes):  # children before parents
        named = isinstance(node, ast.Name) and tree.token(node.id).text in own
        if named or not found.isdisjoint(ast.iter_child_nodes(node)):
            found.add(node)
    return frozenset(found)


def loop_of(node: ast.Call) -> ast.GeneratorExp | None:
    """The loop that is the only argument of a call, as in `sum(x[i] for i in range(3))`."""
    match node.args:
        case [ast.GeneratorExp() as loop]:
            return loop
    return None


def _children(node: ast.expr) -> Sequence[ast.expr]:
    """The operands of an operator, the items of a list, or the value whose attribute is asked for."""
    match node:
        case ast.BinOp():
            return node.left, node.right
        case ast.UnaryOp():
            return (node.operand,)
        case ast.BoolOp():
            return node.values
        case ast.List():
            return node.elts
        case ast.Compare():
            return node.left, *node.comparators
        case ast.IfExp():
            return node.body, node.test, node.orelse
        case ast.Attribute():
            return (node.value,)
    return ()


def _whole_index(item: object) -> object:
    """An item of a subscript as NumPy takes it; NotConstant for what is none."""
    if isinstance(item, tuple):
        return tuple(map(_whole_index, item))
    if isinstance(item, Fraction):
        if item.denominator != 1:
            raise NotConstant
        return int(item)
    if item is None or item is Ellipsis or isinstance(item, slice | Placeholder):
        return item
    raise NotConstant
