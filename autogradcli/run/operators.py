"""Python's operators on plain values: numbers, texts, lists, tuples. What could grow without end is bounded first."""

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

from autogradcli.run.bounds import MAX_WIDTH, bits, check_items, check_whole, length, limit, power_bits, weigh

Binary = Callable[[Any, Any], Any]

_SEQUENCES = (str, list, tuple)
_DIRECTIVE = re.compile(r"%(?:\(|[-#0 +]*(\*|\d*)(?:\.(\*|\d*))?)")


def add(left: Any, right: Any) -> Any:
    """The sum, or two sequences one after the other."""
    if isinstance(left, _SEQUENCES):
        check_items(len(left) + length(right))
    return left + right


def extend(left: Any, right: Any) -> Any:
    """`left += right`: a list is extended in place."""
    if isinstance(left, _SEQUENCES):
        check_items(len(left) + length(right))
    left += right
    return left


def multiply(left: Any, right: Any) -> Any:
    """The product, or a sequence repeated."""
    if isinstance(left, int) and isinstance(right, int):
        check_whole(bits(left) + bits(right))
    for sequence, count in ((left, right), (right, left)):
        if isinstance(sequence, _SEQUENCES) and isinstance(count, int):
            check_items(len(sequence) * max(count, 0))
    return left * right


def power(left: Any, right: Any) -> Any:
    """The power."""
    if isinstance(left, int) and isinstance(right, int):
        check_whole(power_bits(left, right))
    return left**right


def modulo(left: Any, right: Any) -> Any:
    """The remainder, or a text with values filled in."""
    if isinstance(left, str):
        check_items(len(left))
        weigh(right)
        for found in _DIRECTIVE.finditer(left.replace("%%", "")):
            if found[0].endswith("(") or any(part == "*" or int(part or 0) > MAX_WIDTH for part in found.groups("")):
                raise limit("this format pads too far, or takes its width from a value", "type an f-string")
    return left % right


def contains(left: Any, right: Any) -> bool:
    """`left in right`."""
    weigh(right)
    return left in right


def absent(left: Any, right: Any) -> bool:
    """`left not in right`."""
    return not contains(left, right)


def _weighed(compare: Binary) -> Binary:
    def compared(left: Any, right: Any) -> Any:
        weigh(left)
        weigh(right)
        return compare(left, right)

    return compared


BINARY: dict[type[ast.operator], Binary] = {
    ast.Add: add,
    ast.Sub: operator.sub,
    ast.Mult: multiply,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: modulo,
    ast.Pow: power,
    ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
INPLACE: dict[type[ast.operator], Binary] = {**BINARY, ast.Add: extend}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
COMPARE: dict[type[ast.cmpop], Binary] = {
    ast.Eq: _weighed(operator.eq),
    ast.NotEq: _weighed(operator.ne),
    ast.Lt: _weighed(operator.lt),
    ast.LtE: _weighed(operator.le),
    ast.Gt: _weighed(operator.gt),
    ast.GtE: _weighed(operator.ge),
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: contains,
    ast.NotIn: absent,
}
"""What Python's operators mean for plain values."""
