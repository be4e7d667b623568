"""Gradients that are differentiated again, taken apart: of each call below them a step that pulls a gradient back.

`torch.autograd.grad(…, create_graph=True)` is recorded as one call. What it does is a walk from its outputs back to its
targets, one vector-Jacobian product (VJP) for each call on the way. Here each of them becomes a recorded call, which
has a backward of its own: then second derivatives are proven step by step like any others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import torch

from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass, CallOutput, Given, RecordedCall, Unknown, Value, mapped
from autogradcli.engines.torch.record.kinds import kind_of
from autogradcli.engines.torch.record.replay import NotReplayed, Pullback, Replay, quiet, run_call, state_of


@dataclass(slots=True)
class TakenApart:
    """A pass without calls of `torch.autograd.grad`."""

    event: BackwardPass
    origins: dict[int, RecordedCall] = field(default_factory=dict)
    """By the serial number of a call, the call of the program that it is, or is a part of."""

    def origin(self, value: Value) -> Value | None:
        """What the program has of a value; None if it is one on the way within a gradient."""
        if not isinstance(value, CallOutput):
            return value
        call = self.origins[value.call.serial]
        return None if is_gradient(call) else CallOutput(call, value.index)


def is_gradient(call: RecordedCall) -> bool:
    """Whether a call gave gradients that autograd follows."""
    return call.function is torch.autograd.grad


def taken_apart(event: BackwardPass, found: Replay) -> TakenApart:
    """A pass that was run again with its gradients taken apart. Raises NotReplayed if one of them cannot be."""
    builder = _Builder(found)
    with quiet(), torch.random.fork_rng(devices=[]), torch.enable_grad():
        for call in calls_below(event.outputs):
            builder.add(call)
    arrivals = tuple(replace(each, value=builder.known(each.value)) for each in event.arrivals)
    outputs = tuple(map(builder.known, event.outputs))
    return TakenApart(replace(event, outputs=outputs, arrivals=arrivals), builder.origins)


class _Builder:
    def __init__(self, found: Replay) -> None:
        self.origins: dict[int, RecordedCall] = {}
        self._found = found
        self._serial = count(1)
        self._new: dict[tuple[int, int], Value] = {}
        """By an old call's serial number and the place among its outputs."""
        self._tensors: dict[tuple[int, int], torch.Tensor] = {}
        """What the new calls give."""

    def known(self, value: Value) -> Value:
        """The new value in place of an old one."""
        return self._new.get((value.call.serial, value.index), value) if isinstance(value, CallOutput) else value

    def add(self, call: RecordedCall) -> None:
        """Add a call of the program."""
        if is_gradient(call):
            self._gradients(call)
            return
        stand_in = lambda each: self.known(each) if isinstance(each, CallOutput) else each  # noqa: E731
        base = None if call.base is None else self.known(call.base)
        new = replace(
            call,
            arguments=mapped(call.arguments, stand_in),
            keywords=mapped(call.keywords, stand_in),
            base=base,
            serial=next(self._serial),
            outputs=[None for _ in call.outputs],  # that they are the same has been seen
            prints=[],
        )
        self.origins[new.serial] = call
        for index in range(len(call.shapes)):
            self._new[call.serial, index] = CallOutput(new, index)
            if (call.serial, index) in self._found.tensors:
                self._tensors[new.serial, index] = self._found.tensors[call.serial, index]

    def _gradients(self, call: RecordedCall) -> None:
        outputs, targets, upstreams = (tuple(each and self.known(each) for each in some) for some in call.arguments)
        arriving: dict[Any, Value] = {}
        for output, upstream in zip(outputs, upstreams, strict=True):
            self._arrive(call, arriving, output, upstream or _ones(self._tensor(output)))
        reached = {_key(each) for each in targets}
        way = [each for each in calls_below(outputs) if _depends(each, reached)]
        for each in reversed(way):
            self._pull_back(call, each, arriving, reached)
        for place, target in enumerate(targets):
            if _key(target) in arriving:
                self._new[call.serial, place] = arriving[_key(target)]

    def _arrive(self, origin: RecordedCall, arriving: dict[Any, Value], value: Value, gradient: Value) -> None:
        """Add a gradient to what reaches a value."""
        before = arriving.get(_key(value))
        total = gradient if before is None else self._run(origin, torch.add, (before, gradient), {}, origin)
        assert total is not None
        arriving[_key(value)] = total

    def _pull_back(self, origin: RecordedCall, call: RecordedCall, arriving: dict[Any, Value], reached: Any) -> None:
        """Send what reaches the outputs of a call on to its inputs."""
        upstreams = tuple(arriving.get((id(call), index)) for index in range(len(call.shapes)))
        if all(each is None for each in upstreams):
            return
        if call.changes:
            raise NotReplayed("a tensor is changed in place below a gradient that is differentiated")
        for place, value in enumerate(call.values()):
            if _key(value) in reached and self._tensor(value).requires_grad:
                sent = self._sent(origin, call, place, upstreams)
                if sent is not None:
                    self._arrive(origin, arriving, value, sent)

    def _sent(self, origin: RecordedCall, call: RecordedCall, place: int, upstreams: Sequence[Any]) -> Value | None:
        if call.random is not None and "dropout" in kind_of(call.function).name and place == 0:
            return self._run(origin, call.function, (*upstreams, *call.arguments[1:]), call.keywords, call)
        return self._run(origin, Pullback(call, place), (call.arguments, call.keywords, tuple(upstreams)), {}, call)

    def _run(
        self, origin: RecordedCall, function: Callable[..., Any], arguments: Any, keywords: Any, like: RecordedCall
    ) -> Value | None:
        """A new call that gives one tensor, in the state in which another was made; None if it gives nothing."""
        new = RecordedCall(function, arguments, keywords, origin.place, next(self._serial))
        new.random, new.autocast = like.random, like.autocast
        stand_in = lambda each: self._tensor(each) if isinstance(each, Given | CallOutput | Unknown) else each  # noqa: E731
        with state_of(new):
            output = run_call(new, mapped(arguments, stand_in), mapped(keywords, stand_in))
        if output is None:
            return None
        new.shapes, new.dtypes = [tuple(output.shape)], [output.dtype]
        new.outputs, new.versions = [None], [0]
        self._tensors[new.serial, 0] = output
        self.origins[new.serial] = origin
        return CallOutput(new, 0)

    def _tensor(self, value: Value) -> torch.Tensor:
        if isinstance(value, CallOutput):
            return self._tensors[value.call.serial, value.index]
        if isinstance(value, Given) and value.serial not in self._found.given:  # the 1 that a gradient starts from
            return value.data
        return self._found.of(value)


def _ones(like: torch.Tensor) -> Given:
    return Given(torch.ones_like(like).detach(), False, 0, -id(like), shared=False)


def _key(value: Value) -> Any:
    return (id(value.call), value.index) if isinstance(value, CallOutput) else id(value)


def _depends(call: RecordedCall, reached: set[Any]) -> bool:
    """Whether a call depends on what is in a set already, which then gets its outputs, too."""
    if not any(_key(each) in reached for each in call.values()):
        return False
    reached.update((id(call), index) for index in range(len(call.shapes)))
    return True
