"""Where a number was born that is not finite: in the forward, the backward, the data, or an optimiser's step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from autogradcli.engines.torch.record.below import calls_below, givens_below
from autogradcli.engines.torch.record.calls import (
    BackwardPass,
    CallOutput,
    CallSite,
    Given,
    RecordedCall,
    tensors_in,
    values_in,
)
from autogradcli.engines.torch.record.replay import NotReplayed, Replay, quiet, replay
from autogradcli.engines.torch.record.steps import RecordedStep, sent, steps_of

LONGEST_WAY = 8
"""Operations of the way that are named."""


@dataclass(frozen=True, slots=True)
class Birth:
    """The first number that is not finite."""

    direction: str
    """`forward`, `backward`, `data` or `optimizer`."""
    call: RecordedCall | None
    """The operation; None where it came in from outside."""
    name: str | None
    """What came in from outside, if it did."""
    went_in: tuple[tuple[Any, float, float], ...]
    """For each tensor that went in its value, and between which numbers its components lie where it happened."""
    came_out: float
    way: tuple[CallSite | None, ...]
    """The operations that it went through."""
    code: str
    tensors: tuple[tuple[Any, torch.Tensor], ...] = ()
    """The values that went in, with all their numbers."""
    upstream: torch.Tensor | None = None
    """The gradient that reached it, where it was born in the backward; else ones in the shape of its output."""
    place: int = 0
    """Of an operation that works number by number, which component it was, counted row by row."""
    output: int = 0
    """Which of the outputs of the operation is not finite, or is what the upstream gradient is of."""


def birth_of(event: BackwardPass) -> Birth | None:
    """The birth of what is not finite in a pass; None if all of it is finite, or it cannot be run again."""
    try:
        calls = calls_below(event.outputs)
        outside = _from_outside(calls, event)
        if outside is not None:
            return outside
        if not all(each is None or floats_are_finite(each.data) for each in event.values):
            return _forward(calls, replay(event))
        return _backward(event)
    except (NotReplayed, RuntimeError):
        return None


def _from_outside(calls: Sequence[RecordedCall], event: BackwardPass) -> Birth | None:
    """What was not finite when the forward began: a parameter that an optimiser wrote, or data."""
    for given in givens_below(calls):
        if given.data.is_floating_point() and not bool(given.data.isfinite().all()) and _is_used(given, event):
            bad = given.data[~given.data.isfinite()].flatten()[0].item()
            direction = "optimizer" if given.leaf else "data"
            return Birth(direction, None, given.name, (), float(bad), (), "GC202")
    return None


def _is_used(given: Given, event: BackwardPass) -> bool:
    """Whether what is not finite reaches the output: masks of minus infinity do not."""
    return given.leaf or any(each is not None and not floats_are_finite(each.data) for each in event.values)


def _forward(calls: Sequence[RecordedCall], found: Replay) -> Birth | None:
    """The first call whose output is not finite though all that went in is."""
    for number, call in enumerate(calls):
        broken = next(_broken(call, found), None)
        if broken is None:
            continue
        inputs = [(value, found.of(value)) for value in call.values()]
        if all(floats_are_finite(tensor) for _, tensor in inputs):
            index, output = broken
            place = int((~output.isfinite()).flatten().nonzero()[0])
            return Birth(
                "forward",
                call,
                None,
                went_in=tuple(_at(value, tensor, output, place) for value, tensor in inputs),
                came_out=float(output.detach().flatten()[place]),
                way=tuple(_way(calls[number + 1 :], found)),
                code="GC202",
                tensors=tuple(inputs),
                upstream=torch.ones_like(output) if output.ndim else None,
                place=place,
                output=index,
            )
    return None


def _broken(call: RecordedCall, found: Replay) -> Iterator[tuple[int, torch.Tensor]]:
    """The outputs of a call that are not finite, each with its place among them."""
    for index in range(len(call.shapes)):
        output = found.tensors.get((call.serial, index))
        if output is not None and output.is_floating_point() and not floats_are_finite(output):
            yield index, output


def _way(calls: Sequence[RecordedCall], found: Replay) -> Iterator[CallSite | None]:
    """The places of the calls after a birth whose outputs are not finite either."""
    places = dict.fromkeys(call.place for call in calls if any(_broken(call, found)))
    yield from list(places)[:LONGEST_WAY]


def _backward(event: BackwardPass) -> Birth | None:
    """The first step, from the output back, that sends what is not finite though all that reached it is."""
    _, steps = steps_of(event)
    born: Birth | None = None
    way: dict[Any, None] = {}
    for step in reversed(steps):
        upstreams = [each for each in step.upstreams if each is not None]
        if not upstreams:
            continue
        if born is not None and not all(map(floats_are_finite, upstreams)):
            way.setdefault(step.call.place)
        elif born is None and all(map(floats_are_finite, upstreams)):
            born = _of_step(step)
    return None if born is None else _with_way(born, list(way)[:LONGEST_WAY])


def _with_way(born: Birth, way: list[Any]) -> Birth:
    return replace(born, way=tuple(way))


def _of_step(step: RecordedStep) -> Birth | None:
    """The birth in the backward of a step; None if all that it sends is finite."""
    with quiet():
        numbers = sent(step)
    values = list(values_in([step.call.arguments, step.call.keywords]))
    for number in numbers:
        if number is None or floats_are_finite(number):
            continue
        at = int((~number.isfinite()).flatten().nonzero()[0])
        every = list(tensors_in([step.arguments, step.keywords]))
        went_in = tuple(_at(value, tensor, number, at) for value, tensor in zip(values, every, strict=True))
        index, upstream = next((index, each) for index, each in enumerate(step.upstreams) if each is not None)
        masked = upstream.shape == number.shape and float(upstream.flatten()[at]) == 0
        code = "GC201" if masked else "GC203"
        came_out, tensors = float(number.flatten()[at]), tuple(zip(values, every, strict=True))
        return Birth("backward", step.call, None, went_in, came_out, (), code, tensors, upstream, at, index)
    return None


def _at(value: Any, tensor: torch.Tensor, result: torch.Tensor, place: int) -> tuple[Any, float, float]:
    """A value with the least and the largest of its numbers: at one place of the result if shapes fit, else of all."""
    numbers = tensor.detach()
    if numbers.dtype == torch.bool or numbers.numel() == 0:
        return value, 0.0, 0.0
    try:
        one = float(numbers.broadcast_to(result.shape).flatten()[place])
        return value, one, one
    except RuntimeError:
        return value, float(numbers.min()), float(numbers.max())


def floats_are_finite(tensor: torch.Tensor) -> bool:
    """Whether all components are finite; whole numbers, conditions and complex numbers are not looked at."""
    return not tensor.is_floating_point() or bool(tensor.detach().isfinite().all())


def result_name(value: Any) -> str | None:
    """The program's name of a value that has one itself."""
    return value.name if isinstance(value, Given) else None


def place_of(value: Any) -> CallSite | None:
    """Where a value was made."""
    return value.call.place if isinstance(value, CallOutput) else None
