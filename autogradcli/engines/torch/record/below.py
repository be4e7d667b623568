"""What some values were made of: the recorded calls below them, and what these were given."""

import math
from collections.abc import Iterable, Sequence

import torch

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
        if call.function is torch.autograd.grad:
            total += ADJOINT * operations_below(call.arguments[0])
        if kind_of(call.function).name in PRODUCTS and len(shapes) > 1 and shapes[1]:
            size = max(size, 2 * math.prod(call.shapes[0]) * _terms(kind_of(call.function).name, shapes))
        total += size
    return total


def _terms(name: str, shapes: Sequence[tuple[int, ...]]) -> int:
    """How many products are added up to one component of a product of matrices, or a convolution."""
    first, second, *_ = shapes
    if name in {"matmul", "mm", "bmm", "mv"} and first:
        return first[-1]
    return math.prod(second) // (second[0] if len(second) > 1 and second[0] else 1)


ADJOINT = 3
"""How often as many operations a gradient has as what it is of: a product and a sum beside each of them."""
PRODUCTS = words("linear matmul mm bmm mv addmm baddbmm conv1d conv2d conv3d einsum outer tensordot")
"""Calls whose every component is a sum over some part of their second operand."""


def shape_of(value: Value) -> tuple[int, ...]:
    """The shape of a value; () if it is not known."""
    if isinstance(value, Given):
        return tuple(value.data.shape)
    return value.call.shapes[value.index] if isinstance(value, CallOutput) else ()
