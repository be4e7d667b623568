"""Constant folding: what the text itself fixes, as it does sizes, dimensions, subscripts and loops."""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from autogradcli.language.lexer import number_value
from autogradcli.language.names import FORMATS, MODULE_CONSTANTS, MODULES
from autogradcli.language.tree import Tree

Scope = Mapping[str, Any]
"""The names that the text fixes: variables of loops, and in a definition the options of its row."""

DEEPEST = 50
"""Operations within operations."""
EXPONENTS = range(33)
INFINITIES = ("inf", "-inf")
LARGEST = 10**9
"""No size, dimension or subscript is larger."""
MOST_PASSES = 100_000
"""Passes of loops within loops, those included that a condition leaves out."""


class NotConstant(Exception):
    """The expression depends on values."""


class TooManyPasses(Exception):
    """Loops have more passes than anybody waits for."""

    def __init__(self) -> None:
        super().__init__(f"there are more than {MOST_PASSES:,} passes of loops, with those that are left out")


def fold(tree: Tree, node: ast.expr, scope: Scope, depth: int = 0) -> Any:
    """An exact number, a text, True, False, None, `...`, a slice, or a tuple of such; NotConstant for anything else.

    Infinity is the text `inf`. What stands in `scope` means itself.
    """
    if depth > DEEPEST:
        raise NotConstant

    def value(child: ast.expr) -> Any:
        return fold(tree, child, scope, depth + 1)

    match node:
        case ast.Constant():
            return _constant(tree, node)
        case ast.Name() | ast.Attribute():
            return _name(tree, node, scope)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return tuple(map(value, elements))
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if each is None else _bound(value(each)) for each in (lower, upper, step)))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if tree.token(name).text == "float":
            return _infinity(value(argument))
    return _operation(node, value)


def _operation(node: ast.expr, value: Callable[[ast.expr], Any]) -> Any:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = value(operand)
            return "-inf" if inner == "inf" else -_number(inner)
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(op, _number(value(left)), _number(value(right)))
        case ast.Compare(left=left, ops=[comparison], comparators=[right]) if type(comparison) in COMPARISONS:
            return COMPARISONS[type(comparison)](_number(value(left)), _number(value(right)))
    raise NotConstant


def scopes(tree: Tree, loops: Sequence[ast.comprehension], scope: Scope, numbers: Iterator[int]) -> Iterator[Scope]:
    """The scope of each pass of nested loops; every pass takes one of `numbers`, also one that is left out.

    NotConstant if the text does not fix what they run over; TooManyPasses beyond the limit.
    """
    if not loops:
        yield scope
        return
    first, *others = loops
    if not isinstance(first.target, ast.Name):
        raise NotConstant
    name = tree.token(first.target.id).text
    for value in _sequence(tree, first.iter, scope):
        if next(numbers) > MOST_PASSES:
            raise TooManyPasses
        inner = {**scope, name: value}
        if all(fold(tree, condition, inner) is True for condition in first.ifs):
            yield from scopes(tree, others, inner, numbers)


def _sequence(tree: Tree, node: ast.expr, scope: Scope) -> Iterator[Any]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and tree.token(node.func.id).text == "range":
        bounds = [_bound(fold(tree, each, scope)) for each in node.args]
        if node.keywords or not 1 <= len(bounds) <= 3 or bounds[2:] == [0]:
            raise NotConstant
        return map(Fraction, range(*bounds))
    values = fold(tree, node, scope)
    if not isinstance(values, tuple):
        raise NotConstant
    return iter(values)


def _constant(tree: Tree, node: ast.Constant) -> Any:
    token = tree.expression.tokens[tree.first(node)]
    if token.kind == "number":
        return number_value(token, tree.expression.source)
    return token.text[1:-1] if token.kind == "string" else node.value


def _name(tree: Tree, node: ast.Name | ast.Attribute, scope: Scope) -> Any:
    if isinstance(node, ast.Name):
        name = tree.token(node.id).text
        if name in scope:
            return scope[name]
        if name == "inf":
            return name
    elif ".".join(tree.path(node.value)) in MODULES:
        name = tree.token(node.attr).text
        if MODULE_CONSTANTS.get(name) == "inf":
            return "inf"
        if name in FORMATS:
            return name
    raise NotConstant


def _infinity(text: Any) -> str:
    if text in INFINITIES:
        return str(text)
    raise NotConstant


def _number(value: Any) -> Fraction:
    if not isinstance(value, Fraction):
        raise NotConstant
    return value


def _bound(value: Any) -> int:
    number = _number(value)
    if number.denominator != 1 or abs(number) > LARGEST:
        raise NotConstant
    return int(number)


def _arithmetic(op: ast.operator, left: Fraction, right: Fraction) -> Fraction:
    if type(op) not in ARITHMETIC or max(abs(left), abs(right)) > LARGEST:
        raise NotConstant
    if isinstance(op, ast.Div | ast.FloorDiv | ast.Mod) and right == 0:
        raise NotConstant
    if isinstance(op, ast.Pow) and right not in EXPONENTS:
        raise NotConstant
    return Fraction(ARITHMETIC[type(op)](left, right))


ARITHMETIC: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction | int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: lambda base, exponent: base ** int(exponent),
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
