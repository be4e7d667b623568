"""Watch a program: every backward becomes an event, of which some are kept to be verified."""

import linecache
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._pytree import tree_map

from autogradcli.engines.torch.record.below import calls_below, givens_below
from autogradcli.engines.torch.record.calls import BackwardPass
from autogradcli.engines.torch.record.conditions import Conditions
from autogradcli.engines.torch.record.event import FREED, Event, are_finite, is_finite, walk
from autogradcli.engines.torch.record.kinds import is_function
from autogradcli.engines.torch.record.memory import metadata
from autogradcli.engines.torch.record.naming import find_names
from autogradcli.engines.torch.record.patches import watched
from autogradcli.engines.torch.record.plain import tensors
from autogradcli.engines.torch.record.recorder import Recorder, transformed
from autogradcli.engines.torch.record.transform_steps import note
from autogradcli.engines.torch.record.transforms import TransformCall, Transformed, transforms

MOST_BYTES = 1_000_000_000
"""Memory that kept passes may hold beyond the last of each call."""


CHOSEN: dict[str, Callable[[int], bool]] = {
    "all": lambda _: True,
    "first": lambda number: number == 1,
    "last": lambda _: False,
    "some": lambda number: number & (number - 1) == 0,
}
"""Whether a pass is kept, by its number at its place."""


class Stopped(BaseException):
    """Ends a program where a number stops being finite."""


class Watch:
    """Watches one program, and keeps what is to be verified of it."""

    def __init__(
        self, passes: str = "some", stop: bool = False, lines: Callable[[str], Sequence[str]] = linecache.getlines
    ) -> None:
        """`lines` gives the text of a file."""
        self.recorder = Recorder()
        self.recorder.keeps = passes != "none"
        self.recorder.conditions = Conditions(lines) if self.recorder.keeps else None
        self.stop = stop
        """Whether the program ends where a loss or a gradient stops being finite."""
        self.first_broken: BackwardPass | None = None
        """The first pass with something that is not finite."""
        self.finite = 0
        """Passes with nothing but finite numbers."""
        self.sizes: dict[str, float] = {}
        """By the name of a leaf the size of its gradient, for each component, when it was last looked at."""
        self.passes = passes
        """Which to keep: `none`; of each place `first`, `all`, a number of them, or `some`: the 1st, 2nd, 4th … and the
        last; of the whole program `only N`, or the `last`."""
        self.kept: dict[int, BackwardPass] = {}
        """The passes to be verified, by number."""
        self.count = 0
        """How often a backward was run."""
        self.sites: dict[Any, int] = {}
        """How often at each place."""
        self.transforms = 0
        """How often a transform of `torch.func` computed a gradient, which is not looked at."""
        self.derivatives: dict[int, TransformCall] = {}
        """Calls of what a transform gave that are to be verified, by number."""
        self.dropped = 0
        """Passes that were to be verified, and had to be let go for want of memory."""
        self._last: dict[Any, int] = {}
        self._bytes: dict[int, int] = {}
        self._depth = 0
        self._within = 0
        """How often a derivative was taken within a transform."""
        self._customs: set[Any] = set()
        self._scaled = 0
        self._leaves: dict[Any, list[torch.Tensor]] = {}
        """By the place of a backward, the leaves that it gives gradients to."""
        self._is_last_broken = False
        self._steps: dict[int, int] = {}
        """By the identity of a leaf, how often its memory had been changed at its last gradient."""

    @contextmanager
    def watching(self) -> Iterator["Watch"]:
        """A context in which the program is watched."""
        with watched(self.recorder, self.backward, transforms(self.transform)):
            yield self

    def backward(self, engine: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run autograd's engine; what it did becomes an event."""
        if transformed():  # what tensors hold within a transform of torch.func cannot be kept
            self.transforms += 1
            return engine(*args, **kwargs)
        if self._depth:  # a backward within a backward: checkpoints do that
            return engine(*args, **kwargs)
        if self.passes == "none" and not (len(args) > 3 and args[3]):
            return self._lightly(engine, args, kwargs)
        event = Event(self.recorder, self._steps, args, kwargs)
        self._depth += 1
        try:
            with self.recorder.silent():
                found = engine(*args, **kwargs)
        finally:
            self._depth -= 1
            event.unhook()
        self.count += 1
        finished = event.finish(self.count, found)
        self._note(finished)
        if self.passes != "none":
            self._keep(finished)
        self.recorder.forget_the_dead()
        if self.stop and self.first_broken is not None:
            raise Stopped
        return found

    def transform(self, made: Transformed, args: Any, kwargs: Any) -> Any:
        """Run what a transform gave; if it gives derivatives, the call is kept."""
        if not self.recorder.on or self._depth or transformed():
            self._within += made.differentiates
            return made.function(*args, **kwargs)
        within, seen = self._within, self.transforms
        call = self._about(made, args, kwargs)
        self._depth += 1
        try:
            with self.recorder.silent():
                result = made.function(*args, **kwargs)
        finally:
            self._depth -= 1
        self.transforms = seen
        note(self.recorder, call, args, kwargs, result)
        found = tensors(made.derivative(result))
        call.results = tuple(self.recorder.snapshot(each) for each in found)
        call.draws = not torch.equal(call.random, torch.get_rng_state())
        if made.differentiates or self._within > within:
            self._finish(call, found)
        return result

    def _about(self, made: Transformed, args: Any, kwargs: Any) -> TransformCall:
        """What is known of a call before it is made."""
        recorder = self.recorder

        def kept(each: Any) -> Any:
            if not isinstance(each, torch.Tensor):
                return each
            given = recorder.snapshot(each)
            assert given is not None
            given.leaf = each.requires_grad
            return given

        wrt = tensors(made.wrt(args))
        find_names(recorder, wrt, sys._getframe(3))
        names = tuple(recorder.name_of(each) for each in wrt)
        random = torch.get_rng_state()
        return TransformCall(made, recorder.place(), 0, tree_map(kept, args), tree_map(kept, kwargs), random, names)

    def _finish(self, call: TransformCall, found: Sequence[torch.Tensor]) -> None:
        """Count a call of a transform, and keep it if it is one of those that are verified."""
        self.count += 1
        call.number, call.finite = self.count, all(map(is_finite, found))
        self.finite += call.finite
        if self.passes in {"none", "last"} or self.passes.startswith("only"):
            return
        site = ("transform", call.place)
        number = self.sites[site] = self.sites.get(site, 0) + 1
        before = self._last.pop(site, None)
        if before is not None:
            del self.derivatives[before]
        if self._is_chosen(number) or self.passes == "some":
            self.derivatives[call.number] = call
        if not self._is_chosen(number) and self.passes == "some":
            self._last[site] = call.number

    def _lightly(self, engine: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run autograd's engine, and make an event of it only if something is not finite, or to look at sizes."""
        with self.recorder.silent():
            found = engine(*args, **kwargs)
        self.count += 1
        place = self.recorder.place()
        if place not in self._leaves or self.count & (self.count - 1) == 0:
            self._leaves[place] = walk(args[0])[1]
            find_names(self.recorder, self._leaves[place], sys._getframe(2))
            self.sizes.update(_sizes_of(self.recorder, self._leaves[place]))
            self.recorder.forget_the_dead()
        with torch._C.DisableTorchFunction():
            given = [each.grad for each in self._leaves[place]] if kwargs.get("accumulate_grad") else list(found)
            finite = are_finite([each for each in (*args[0], *given) if each is not None])
        if finite:
            self.finite += 1
            self._is_last_broken = False
        elif self.first_broken is None:
            self._broken(args, kwargs, found)
        if not (len(args) > 2 and args[2]):
            self.recorder.release()
        if self.stop and self.first_broken is not None:
            raise Stopped
        return found

    def _broken(self, args: Any, kwargs: Any, found: Any) -> None:
        """Keep the event of a backward that has just been run."""
        event = Event(self.recorder, self._steps, args, {**kwargs, "accumulate_grad": False})
        gradients = event.gradients() if kwargs.get("accumulate_grad") else found
        self._scaled = self.recorder.unscaled
        self.first_broken, self._is_last_broken = event.finish(self.count, gradients), True
        for given in givens_below(calls_below(self.first_broken.outputs)):
            given.keep()  # what is recorded later need not be copied before it changes

    def _note(self, event: BackwardPass) -> None:
        """Count a pass that is finite; keep the first that is not, unless a `GradScaler` is about to skip it."""
        if self.first_broken is not None and self.recorder.unscaled > self._scaled and self._is_last_broken:
            self.first_broken = None
        self._scaled = self.recorder.unscaled
        self._is_last_broken = False
        if event.finite:
            self.finite += 1
        elif self.first_broken is None:
            self.first_broken, self._is_last_broken = event, True
        if self.count & (self.count - 1) == 0:
            self.sizes.update(_sizes(event))

    def settle(self) -> None:
        """Take note that the program has ended: what a `GradScaler` has skipped is no fault."""
        if self._is_last_broken and self.recorder.unscaled > self._scaled:
            self.first_broken = None

    def _keep(self, event: BackwardPass) -> None:
        whole = self.passes == "last" or self.passes.startswith("only")
        site = None if whole else event.place
        number = self.sites[site] = self.sites.get(site, 0) + 1
        before = self._last.pop(site, None)
        if before is not None:
            del self.kept[before]
        self.kept[event.number] = event
        if self._is_chosen(number) or (not whole and (not event.finite or self._has_new_custom(event))):
            self._compress(event)
        elif self.passes in {"some", "last"}:
            self._last[site] = event.number
        else:
            del self.kept[event.number]

    def _has_new_custom(self, event: BackwardPass) -> bool:
        """Whether a pass is the first through some function that brings its own backward along."""
        functions = {call.function for call in calls_below(event.outputs) if is_function(call.function)}
        new = not functions <= self._customs
        self._customs |= functions
        return new

    def _is_chosen(self, number: int) -> bool:
        if self.passes in CHOSEN:
            return CHOSEN[self.passes](number)
        only = self.passes.removeprefix("only ")
        return number == int(only) if only != self.passes else number <= int(self.passes)

    def _compress(self, event: BackwardPass) -> None:
        """Let go of what need not be kept until the end; of a whole pass if there are too many of them."""
        calls = calls_below(event.outputs)
        for call in calls:
            call.let_go()
        self._bytes[event.number] = sum(_bytes(each.data) for each in givens_below(calls))
        chosen = [number for number in self._bytes if number in self.kept]
        while sum(self._bytes[each] for each in chosen) > MOST_BYTES and len(chosen) > 2:
            self.dropped += 1
            del self.kept[chosen.pop(1)]

    def first_pass_of(self, tensor: torch.Tensor) -> int | None:
        """The line of the first backward through the node of a tensor; None if there was none."""
        return metadata(tensor.grad_fn).get(FREED) if tensor.grad_fn is not None else None

    def to_verify(self) -> list[BackwardPass | TransformCall]:
        """The passes that were kept, and the calls of transforms, in order."""
        kept: dict[int, BackwardPass | TransformCall] = {**self.kept, **self.derivatives}
        return [kept[number] for number in sorted(kept)]

    @property
    def has_scripts(self) -> bool:
        """Whether a pass goes through what was not recorded in a program that has compiled or traced some of itself."""
        jit: Any = torch.jit
        compiled = jit._state._python_cu.get_functions() or jit._recursive.concrete_type_store.type_store
        return bool(compiled) and any(each.unknown for each in self.kept.values())

    def finished(self) -> list[BackwardPass]:
        """The passes that were kept, in order."""
        return [self.kept[number] for number in sorted(self.kept)]


def _sizes_of(recorder: Recorder, leaves: Iterable[torch.Tensor]) -> dict[str, float]:
    """The root mean square of what `.grad` of each leaf with a name holds."""
    found = {}
    for each in leaves:
        name = recorder.name_of(each)
        if name is not None and each.grad is not None and each.grad.numel():
            found[name] = float(each.grad.norm()) / math.sqrt(each.grad.numel())
    return found


def _sizes(event: BackwardPass) -> dict[str, float]:
    """The root mean square of the gradient that each leaf with a name was given."""
    found = {}
    for each in event.arrivals:
        if each.name is not None and each.added is not None and each.added.data.numel():
            numbers = each.added.data
            found[each.name] = float(numbers.norm()) / math.sqrt(numbers.numel())
    return found


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()
