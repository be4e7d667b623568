"""A piece of a pass around one of its calls: a small program of its own, on which other texts can be tried."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import torch

from autogradcli.engines.torch.record.assemble import Assembled, assemble
from autogradcli.engines.torch.record.calls import (
    Arrival,
    BackwardPass,
    CallOutput,
    Given,
    RecordedCall,
    Unknown,
    Value,
    mapped,
)
from autogradcli.engines.torch.record.comparison import compare
from autogradcli.engines.torch.record.replay import NotReplayed, Replay
from autogradcli.engines.torch.record.step_builder import PlaceTexts, Unverifiable
from autogradcli.engines.torch.record.steps import RecordedStep, sent, steps_of

UP, DOWN = 3, 3
"""How many calls above it, and below it, a piece holds at most."""
MOST = 12
"""Calls of a piece."""
LARGE = 100
"""Components of all that goes in, beyond which one row of each tensor stands for all."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece, with the recorded values that its variables stand for."""

    assembled: Assembled
    values: Mapping[str, Value]
    uses: Mapping[str, tuple[RecordedCall, int]]
    """The call that takes each of them first, and as which of its arguments."""


def pieces(event: BackwardPass, call: RecordedCall, texts: Any) -> Iterator[Piece]:
    """The pieces around a call, the largest first; there are none if the pass cannot be run again.

    `texts` gives a source for each.
    """
    try:
        found, steps = steps_of(event)
    except (NotReplayed, RuntimeError):
        return
    by_serial = {step.call.serial: step for step in steps}
    if call.serial not in by_serial:
        return
    place = _place(by_serial[call.serial], found)
    seen: set[frozenset[int]] = set()
    for root, below in reversed(list(_consumers(call, [step.call for step in steps]))):
        for up in range(UP, -1, -1):
            region = _above(root, below + up)
            if len(region) > MOST or call.serial not in region or frozenset(region) in seen:
                continue
            seen.add(frozenset(region))
            with suppress(Unverifiable, RuntimeError, IndexError):
                yield _Cut(region, found, place).piece(by_serial[root.serial], texts.excerpts())


@dataclass(frozen=True, slots=True)
class _Place:
    """The component at which a step goes wrong, in a tensor of what shape."""

    index: tuple[int, ...]
    shape: tuple[int, ...]

    def row(self, tensor: torch.Tensor, narrowed: int) -> torch.Tensor:
        """A tensor with its first dimensions cut down to the component's row, where they are those of the place."""
        for dim, (index, size) in enumerate(zip(self.index[:narrowed], self.shape, strict=False)):
            if dim < tensor.ndim and tensor.shape[dim] == size:
                tensor = tensor.narrow(dim, index, 1)
        return tensor


def _place(step: RecordedStep, found: Replay) -> _Place:
    """Where a step goes wrong: in what it gives, or in what it sends back."""
    output = found.of(CallOutput(step.call, 0)).detach()
    for each in (output, *_sent(step)):
        if each is not None and each.is_floating_point() and not bool(each.isfinite().all()):
            return _Place(tuple(int(one) for one in (~each.isfinite()).nonzero()[0]), tuple(each.shape))
    off = None
    with suppress(RuntimeError, TypeError, ValueError):
        off = compare(step).worst()
    if off is None:
        return _Place((0,) * output.ndim, tuple(output.shape))
    return _Place(off.index, tuple(step.inputs[off.place].shape))


def _sent(step: RecordedStep) -> list[Any]:
    return sent(step) if any(each is not None for each in step.upstreams) else []


def _consumers(call: RecordedCall, calls: Sequence[RecordedCall]) -> Iterator[tuple[RecordedCall, int]]:
    """The call, what alone uses its output, what alone uses that, and how far each is from it."""
    for below in range(DOWN + 1):
        yield call, below
        using = [each for each in calls if any(_is_output_of(value, call) for value in each.values())]
        if len(using) != 1:
            return
        (call,) = using


def _is_output_of(value: Value, call: RecordedCall) -> bool:
    return isinstance(value, CallOutput) and value.call is call


def _above(root: RecordedCall, distance: int) -> dict[int, RecordedCall]:
    """A call with all that lies so far above it at most, by serial number; a change through a view ends the way."""
    region, edge = {root.serial: root}, [root]
    for _ in range(distance):
        edge = [value.call for call in edge for value in call.values() if isinstance(value, CallOutput)]
        edge = [call for call in edge if call.base is None and call.serial not in region]
        region |= {call.serial: call for call in edge}
    return region


class _Cut:
    """The cutting of one piece: what goes in from outside is given, in one row if it is large."""

    def __init__(self, region: Mapping[int, RecordedCall], found: Replay, place: _Place) -> None:
        self._region, self._found, self._place = region, found, place
        self._values: dict[str, Value] = {}
        self._uses: dict[str, tuple[RecordedCall, int]] = {}
        self._given: dict[Any, Given] = {}
        self._calls: dict[int, RecordedCall] = {}
        self._narrowed = 0

    def piece(self, root: RecordedStep, texts: PlaceTexts) -> Piece:
        """The piece that ends with a step. Raises Unverifiable if it is no program of the language."""
        output = self._found.of(CallOutput(root.call, 0)).detach()
        upstream = root.upstreams[0]
        if upstream is None or not bool(upstream.isfinite().all()):
            upstream = torch.ones_like(output)
        while self._narrowed < len(self._place.index) and self._size() > LARGE:
            self._narrowed += 1
        for serial in sorted(self._region):
            call = self._region[serial]
            arguments, keywords = mapped(call.arguments, self._stand_in), mapped(call.keywords, self._stand_in)
            for place, each in enumerate(call.arguments):
                if isinstance(each, Given) or (isinstance(each, CallOutput) and not self._is_inside(each)):
                    self._uses.setdefault(self._stand_in(each).name or "", (call, place))
            self._calls[serial] = replace(call, arguments=arguments, keywords=keywords, base=None, changes=False)
        given = Given(self._place.row(upstream, self._narrowed), False, 0, 0)
        outputs = (CallOutput(self._calls[root.call.serial], 0),)
        arrivals = tuple(Arrival(each, each.name, None, None, None) for each in self._given.values() if each.leaf)
        event = BackwardPass("backward", root.call.place, 0, outputs, (None,), (given,), arrivals, (given,))
        return Piece(assemble(event, texts, {}), self._values, self._uses)

    def _size(self) -> int:
        """The components of all that goes in from outside."""
        outside = [value for call in self._region.values() for value in call.values() if not self._is_inside(value)]
        return sum(self._place.row(self._found.of(each), self._narrowed).numel() for each in outside)

    def _is_inside(self, value: Any) -> bool:
        return isinstance(value, CallOutput) and value.call.serial in self._region

    def _stand_in(self, each: Any) -> Any:
        """What takes the place of an argument: the new call's output, or a tensor that is given."""
        if not isinstance(each, Given | CallOutput | Unknown):
            return each
        if self._is_inside(each):
            return CallOutput(self._calls[each.call.serial], each.index)  # type: ignore[union-attr]
        key = (each.call.serial, each.index) if isinstance(each, CallOutput) else id(each)
        if key not in self._given:
            self._given[key] = self._variable(each)
        return self._given[key]

    def _variable(self, value: Value) -> Given:
        tensor = self._found.of(value)
        leaf = tensor.requires_grad and tensor.is_floating_point()
        name = None if tensor.ndim == 0 and not leaf else f"v{len(self._values)}"
        if name is not None:
            self._values[name] = value
        number = len(self._given) + 1
        return Given(self._place.row(tensor.detach(), self._narrowed), leaf, 0, number, name, identity=number)
