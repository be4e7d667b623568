"""What expressions of a program give that are made of its variables and of numbers that it read off tensors."""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from autogradcli.engines.torch.record.calls import Value

MOST_ITEMS = 1_000
"""Numbers of one list, or tensors behind one number, that are looked at."""
CONVERSIONS: dict[str, Callable[..., Any]] = {"float": float, "int": int}
"""Functions that make a number of a tensor."""
FUNCTIONS: dict[str, Callable[..., Any]] = {**CONVERSIONS, "abs": abs, "max": max, "min": min}
"""Functions of numbers that are worked out."""
OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What an expression of the program gives."""

    value: Any
    """A number, or a list of them."""
    tensors: tuple[Value, ...] = ()
    """What was read to make it."""
    tied: bool = False
    """Whether it is another one if equal numbers that are compared for it are so no more."""

    @property
    def truth(self) -> "Reading":
        """The same as a condition: a number is one that is compared with 0."""
        if isinstance(self.value, bool):
            return self
        return Reading(bool(self.value), self.tensors, self.tied or (bool(self.tensors) and self.value == 0))


class _NotKnown(Exception):
    """An expression is made of something else than numbers."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What gives names a value."""

    target: ast.expr
    value: ast.expr
    one_by_one: bool = False
    """Whether the target is given the items of the value, one after the other."""


class Reader:
    """Works out expressions of a frame."""

    def __init__(self, frame: FrameType, call: ast.Call, read: Reading, before: Mapping[Any, Reading]) -> None:
        """`read` is what a call has just given, `before` what is known of earlier ones."""
        self._frame, self._call_now, self._before = frame, call, before
        self._now: dict[Any, Reading | None] = {call: read}

    def kept(self) -> dict[Any, Reading]:
        """What is known now of calls and names."""
        return {key: each for key, each in self._now.items() if each is not None}

    def assign(self, assignment: Assignment, item: int) -> None:
        """Let names stand for what an expression gives, or in a loop for one of the items of that."""
        found = self._known(assignment.value)
        if assignment.one_by_one:
            found = _item(found, item)
        targets = assignment.target
        if isinstance(targets, ast.Tuple | ast.List):
            for place, each in enumerate(targets.elts):
                self._name_it(each, _item(found, place))
        else:
            self._name_it(targets, found)

    def _name_it(self, target: ast.expr, found: Reading | None) -> None:
        if isinstance(target, ast.Name):
            self._now[self._frame.f_code, target.id] = found

    def decision(self, expression: ast.expr, tests: bool) -> Reading | None:
        """What a condition gives; None if that is not known."""
        found = self._known(expression)
        if found is None or tests:
            return None if found is None else found.truth
        return found if isinstance(found.value, bool) else None

    def _known(self, node: ast.expr) -> Reading | None:
        try:
            return self._of(node)
        except (_NotKnown, ArithmeticError, TypeError, ValueError, LookupError):
            return None

    def _of(self, node: ast.expr) -> Reading:
        way = WAYS.get(type(node))
        if way is None:
            raise _NotKnown
        return way(self, node)

    def _constant(self, node: ast.Constant) -> Reading:
        return Reading(node.value)

    def _name(self, node: ast.Name) -> Reading:
        """What a name stands for: what was just assigned, or what the frame has."""
        key = (self._frame.f_code, node.id)
        if key in self._now:
            return _certain(self._now[key])
        found, before = _number(self._variable(node.id)), self._before.get(key)
        return before if before is not None and before.value == found.value else found

    def _variable(self, name: str) -> Any:
        variables = self._frame.f_locals
        return variables[name] if name in variables else self._frame.f_globals[name]

    def _attribute(self, node: ast.Attribute) -> Reading:
        """What an object of the program holds under a name; nothing of it is called."""
        if not isinstance(node.value, ast.Name):
            raise _NotKnown
        return _number(vars(self._variable(node.value.id))[node.attr])

    def _call(self, node: ast.Call) -> Reading:
        if node in self._now or (node in self._before and _place(node) < _place(self._call_now)):
            return _certain(self._now.get(node, self._before.get(node)))
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS or node.keywords or name in self._frame.f_globals:
            raise _NotKnown
        return self._worked_out(FUNCTIONS[name], node.args)

    def _operation(self, node: Any) -> Reading:
        if isinstance(node, ast.BinOp):
            return self._worked_out(OPERATORS[type(node.op)], [node.left, node.right])
        if isinstance(node.op, ast.Not):
            return _not(self._of(node.operand).truth)
        return self._worked_out(OPERATORS[type(node.op)], [node.operand])

    def _worked_out(self, function: Callable[..., Any], operands: Sequence[ast.expr]) -> Reading:
        found = [self._of(each) for each in operands]
        return replace(
            _number(function(*(each.value for each in found))),
            tensors=_tensors(found),
            tied=any(each.tied for each in found),
        )

    def _comparison(self, node: ast.Compare) -> Reading:
        sides = [node.left, *node.comparators]
        pairs = zip(sides, node.ops, sides[1:], strict=False)
        return _all(self._compared(left, OPERATORS[type(op)], right) for left, op, right in pairs)

    def _compared(self, left: ast.expr, compare: Callable[..., bool], right: ast.expr) -> Reading:
        one, other = self._of(left), self._of(right)
        tensors = (*one.tensors, *other.tensors)
        equal = bool(tensors) and bool(one.value == other.value) and ast.dump(left) != ast.dump(right)
        return Reading(bool(compare(one.value, other.value)), tensors, one.tied or other.tied or equal)

    def _together(self, node: ast.BoolOp) -> Reading:
        known = [each.truth for each in map(self._known, node.values) if each is not None]
        if not known:
            raise _NotKnown
        return _all(known) if isinstance(node.op, ast.And) else _not(_all(map(_not, known)))

    def _subscript(self, node: ast.Subscript) -> Reading:
        return _certain(_item(self._of(node.value), self._of(node.slice).value))

    def _named(self, node: ast.NamedExpr) -> Reading:
        return self._of(node.value)


WAYS: dict[type, Callable[[Reader, Any], Reading]] = {
    ast.Constant: Reader._constant,
    ast.Name: Reader._name,
    ast.Attribute: Reader._attribute,
    ast.Call: Reader._call,
    ast.UnaryOp: Reader._operation,
    ast.BinOp: Reader._operation,
    ast.Compare: Reader._comparison,
    ast.BoolOp: Reader._together,
    ast.Subscript: Reader._subscript,
    ast.NamedExpr: Reader._named,
}
"""How each kind of expression is worked out."""


def _number(value: Any) -> Reading:
    if not isinstance(value, int | float):
        raise _NotKnown
    return Reading(value)


def _certain(found: Reading | None) -> Reading:
    if found is None:
        raise _NotKnown
    return found


def _item(found: Reading | None, place: Any) -> Reading | None:
    """One of the items of a list."""
    if found is None or not isinstance(found.value, list) or not isinstance(place, int):
        return None
    return replace(found, value=found.value[place]) if -len(found.value) <= place < len(found.value) else None


def _place(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _tensors(readings: Iterable[Reading]) -> tuple[Value, ...]:
    """What all of them were read off; raises _NotKnown if that is very much."""
    found = tuple(dict.fromkeys(value for each in readings for value in each.tensors))
    if len(found) > MOST_ITEMS:
        raise _NotKnown
    return found


def _not(reading: Reading) -> Reading:
    return replace(reading, value=not reading.value)


def _all(conditions: Iterable[Reading]) -> Reading:
    """Whether all hold: where one does not, and is no tie, the others decide nothing."""
    found = list(conditions)
    decisive = [each for each in found if not each.value and not each.tied]
    if decisive:
        return decisive[0]
    return Reading(all(each.value for each in found), _tensors(found), any(each.tied for each in found))
