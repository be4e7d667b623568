"""What must be evaluated before a node of the syntax tree, and what the text itself fixes of it."""

import ast
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from autogradcli.errors import Span
from autogradcli.language import static
from autogradcli.language.binding import Argument, Static
from autogradcli.language.function import Parameter, Placeholder
from autogradcli.language.lexer import Token
from autogradcli.language.static import NotStatic, Scope
from autogradcli.language.tree import Tree

Value = int | Static
"""Index of a step, or what the text fixes."""
Scoped = tuple[ast.expr, Scope]
"""An expression, and what the text fixes around it."""


class Part(NamedTuple):
    """An operand of an expression, and what must be evaluated for it; a plain tuple, as there are many."""

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
            steps = tuple(value for value in values if isinstance(value, int))
            return Argument(steps if len(steps) == len(values) else Static(None), self.span, self.name)
        return Argument(values[0], self.span, self.name)


def fixed_by_text(tree: Tree, node: ast.expr, scope: Scope, parameters: Sequence[Parameter]) -> Static | None:
    """What the text fixes for one of the parameters that an argument may belong to; None if it is to be a step."""
    if all(each.operand for each in parameters):
        return None
    try:
        value = static.evaluate(tree, node, scope)
    except NotStatic:
        return None
    infinite = value in static.INFINITIES and any(each.operand for each in parameters)
    return None if infinite else Static(value)


def operands(node: ast.expr) -> Sequence[ast.expr]:
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


def whole_index(item: object) -> object:
    """An item of a subscript as NumPy takes it; NotStatic for what is none."""
    if isinstance(item, tuple):
        return tuple(map(whole_index, item))
    if isinstance(item, Fraction):
        if item.denominator != 1:
            raise NotStatic
        return int(item)
    if item is None or item is Ellipsis or isinstance(item, slice | Placeholder):
        return item
    raise NotStatic
