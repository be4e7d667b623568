"""What some values were made of: the recorded calls below them, and what these were given."""

import math
from collections.abc import Iterable

from autogradcli.engines.torch.record.calls import CallOutput, Given, RecordedCall, Value
from autogradcli.engines.torch.record.kinds import kind_of, words


def calls_below(outputs: Iterable[Value]) -> list[RecordedCall]:
    """All calls that some values depend on, in the order in which they were made."""
    found: dict[int, RecordedCall] = {}
    todo = [each.call for each in outputs if isinstance(each, CallOutput)]
    while todo:
        call = todo.pop()
        if call.serial not in found:
            found[call.serial] = call
            todo.extend(each.call for each in call.values() if isinstance(each, CallOutput))
    return [found[serial] for serial in sorted(found)]


def givens_below(calls: Iterable[RecordedCall]) -> list[Given]:
    """What the calls were given, in the order in which it was first used."""
    found: dict[int, Given] = {}
    for call in calls:
        for each in call.values():
            if isinstance(each, Given):
                found.setdefault(id(each), each)
    return list(found.values())


def reaches(call: RecordedCall, value: Value) -> bool:
    """Whether a call depends on a value."""
    calls = calls_below([CallOutput(call, 0)])
    if isinstance(value, CallOutput):
        return any(each is value.call for each in calls)
    return any(each is value for each in givens_below(calls))


def operations_below(outputs: Iterable[Value]) -> int:
    """The approximate number of scalar operations that some values are made by."""
    total = 0
    for call in calls_below(outputs):
        shapes = [shape_of(each) for each in call.values()]
        size = max([math.prod(shape) for shape in (*call.shapes, *shapes)], default=1)
        if kind_of(call.function).name in PRODUCTS and len(shapes) > 1 and shapes[1]:
            terms = math.prod(shapes[1]) // (shapes[1][0] if len(shapes[1]) > 1 else 1)
            size = max(size, 2 * math.prod(call.shapes[0]) * terms)
        total += size
    return total


PRODUCTS = words("linear matmul mm bmm mv addmm baddbmm conv1d conv2d conv3d einsum outer tensordot")
"""Calls whose every component is a sum over some part of their second operand."""


def shape_of(value: Value) -> tuple[int, ...]:
    """The shape of a value; () if it is not known."""
    if isinstance(value, Given):
        return tuple(value.data.shape)
    return value.call.shapes[value.index] if isinstance(value, CallOutput) else ()
