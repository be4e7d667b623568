"""Watch a program: every backward becomes an event, of which some are kept to be verified."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from autogradcli.engines.torch.record.calls import Arrival, Backward, Call, Given, Result, Unknown, Value
from autogradcli.engines.torch.record.kinds import is_function, kind_of, words
from autogradcli.engines.torch.record.naming import find_names
from autogradcli.engines.torch.record.patches import watched
from autogradcli.engines.torch.record.recorder import KEY, Recorder, address, metadata, transformed

FREED = "gradcalc.freed"
"""Under which the node of an output keeps the line of the backward that freed its graph."""
NAMED = 40
"""Tensors that a pass may be given if its data is to have names."""
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
    """What was seen of one program."""

    def __init__(self, passes: str = "some", stop: bool = False) -> None:
        self.recorder = Recorder()
        self.recorder.keeps = passes != "none"
        self.stop = stop
        """Whether the program ends where a loss or a gradient stops being finite."""
        self.first_broken: Backward | None = None
        """The first pass with something that is not finite."""
        self.finite = 0
        """Passes with nothing but finite numbers."""
        self.sizes: dict[str, float] = {}
        """By the name of a leaf the size of its gradient, for each component, when it was last looked at."""
        self.passes = passes
        """Which to keep: `none`; of each place `first`, `all`, a number of them, or `some`: the 1st, 2nd, 4th … and the
        last; of the whole program `only N`, or the `last`."""
        self.kept: dict[int, Backward] = {}
        """The passes to be verified, by number."""
        self.count = 0
        """How often a backward was run."""
        self.sites: dict[Any, int] = {}
        """How often at each place."""
        self.transforms = 0
        """How often a transform of `torch.func` computed a gradient, which is not looked at."""
        self.dropped = 0
        """Passes that were to be verified, and had to be let go for want of memory."""
        self._last: dict[Any, int] = {}
        self._bytes: dict[int, int] = {}
        self._depth = 0
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
        with watched(self.recorder, self.backward):
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
        event = _Event(self.recorder, self._steps, args, kwargs)
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

    def _lightly(self, engine: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run autograd's engine, and make an event of it only if something is not finite, or to look at sizes."""
        place = self.recorder.place()
        site = (place.code, place.instruction) if place else None
        before = None if self.first_broken is not None else [self.recorder.value(each) for each in args[0]]
        with self.recorder.silent():
            found = engine(*args, **kwargs)
        self.count += 1
        if site not in self._leaves or self.count & (self.count - 1) == 0:
            self._leaves[site] = walk(args[0])[1]
            find_names(self.recorder, self._leaves[site], sys._getframe(2))
            self.sizes.update(_sizes_of(self.recorder, self._leaves[site]))
            self.recorder.forget_the_dead()
        given = [each.grad for each in self._leaves[site]] if kwargs.get("accumulate_grad") else list(found)
        if all(each is None or is_finite(each) for each in (*args[0], *given)):
            self.finite += 1
            self._is_last_broken = False
        elif self.first_broken is None and before is not None:
            self._broken(args, kwargs, found)
        if not (len(args) > 2 and args[2]):
            self.recorder.release()
        if self.stop and self.first_broken is not None:
            raise Stopped
        return found

    def _broken(self, args: Any, kwargs: Any, found: Any) -> None:
        """Keep the event of a backward that has just been run."""
        event = _Event(self.recorder, self._steps, args, {**kwargs, "accumulate_grad": False})
        gradients = event.gradients() if kwargs.get("accumulate_grad") else found
        self._scaled = self.recorder.unscaled
        self.first_broken, self._is_last_broken = event.finish(self.count, gradients), True
        for given in givens_below(calls_below(self.first_broken.outputs)):
            given.keep()  # what is recorded later need not be copied before it changes

    def _note(self, event: Backward) -> None:
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

    def _keep(self, event: Backward) -> None:
        whole = self.passes == "last" or self.passes.startswith("only")
        site = None if whole or event.place is None else (event.place.code, event.place.instruction)
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

    def _has_new_custom(self, event: Backward) -> bool:
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

    def _compress(self, event: Backward) -> None:
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

    def finished(self) -> list[Backward]:
        """The passes that were kept, in order."""
        return [self.kept[number] for number in sorted(self.kept)]


class _Event:
    """One call of the engine, before and after."""

    def __init__(self, recorder: Recorder, steps: dict[int, int], args: Any, kwargs: Any) -> None:
        self._recorder, self._steps = recorder, steps
        self._place = recorder.place()
        outputs, upstreams, self._retain, self._create, inputs = (*args, *(None,) * 5)[:5]
        self._accumulates = bool(kwargs.get("accumulate_grad"))
        self._outputs = [each for each in outputs if isinstance(each, torch.Tensor)]
        self._upstreams = list(upstreams or [None] * len(self._outputs))
        self._nodes, leaves = walk(self._outputs)
        asked = [each for each in inputs or () if isinstance(each, torch.Tensor)]
        self._targets = asked or leaves
        self._values = tuple(recorder.value(each) for each in self._outputs)
        self._arriving: dict[int, torch.Tensor] = {}
        self._handles: list[Any] = []
        self._before = [
            recorder.snapshot(each.grad) if self._accumulates and _has_grad(each) else None for each in self._targets
        ]
        self._target_values = [recorder.value(each) for each in self._targets]
        if self._accumulates:
            self._watch_arrivals()
        find_names(recorder, [*self._targets, *self._outputs, *_nameless(self._values)], sys._getframe(2))
        self._tied = {place: call for place, call in recorder.ties.items() if call is not None and place is not None}

    def _watch_arrivals(self) -> None:
        """Where `.grad` holds something, what arrives is not what it holds then."""
        for place, tensor in enumerate(self._targets):
            if self._before[place] is None:
                continue
            if tensor.is_leaf:
                node = torch.autograd.graph.get_gradient_edge(tensor).node
                self._handles.append(node.register_prehook(self._catch(place)))
            else:
                self._handles.append(tensor.register_hook(self._catch_one(place)))  # type: ignore[no-untyped-call]
            if tensor.grad is not None:  # the engine adds to it in place
                self._recorder.touch(tensor.grad)

    def _catch(self, place: int) -> Callable[[Sequence[torch.Tensor]], None]:
        def catch(grads: Sequence[torch.Tensor]) -> None:
            if grads[0] is not None:
                self._arriving[place] = grads[0].detach()

        return catch

    def _catch_one(self, place: int) -> Callable[[torch.Tensor], None]:
        return lambda grad: self._catch(place)([grad])

    def gradients(self) -> list[torch.Tensor | None]:
        """What the targets' `.grad` holds."""
        return [each.grad if _has_grad(each) else None for each in self._targets]

    def unhook(self) -> None:
        """Take the hooks off."""
        for each in self._handles:
            each.remove()

    def finish(self, number: int, found: Any) -> Backward:
        """The event, once the engine has run."""
        recorder = self._recorder
        arrivals = tuple(self._arrival(place, found) for place in range(len(self._targets)))
        outputs = tuple(recorder.snapshot(each) for each in self._outputs)
        upstreams = tuple(map(self._upstream, self._outputs, self._upstreams))
        event = Backward(
            call="backward" if self._accumulates else "grad",
            place=self._place,
            number=number,
            outputs=self._values,
            names=tuple(recorder.name_of(each) for each in self._outputs),
            upstreams=upstreams,
            arrivals=arrivals,
            values=outputs,
            unknown=_unknown(self._values),
            tied=self._tied,
            stale=self._stale(),
            hooked=recorder.hooks[-1] if recorder.hooks else None,
            finite=all(
                each is None or is_finite(each.data) for each in (*outputs, *(arrival.added for arrival in arrivals))
            ),
        )
        if self._create:
            self._note_gradients(found)
        elif not self._retain:
            for node in self._nodes:
                metadata(node).pop(KEY, None)
            for each in self._outputs:
                if each.grad_fn is not None and self._place is not None:
                    metadata(each.grad_fn)[FREED] = self._place.line
        return event

    def _upstream(self, output: torch.Tensor, upstream: torch.Tensor | None) -> Given | None:
        """What backward was given for an output; None for the 1 that torch itself puts in for a number."""
        if upstream is None or (output.numel() == 1 and upstream.grad_fn is None and bool((upstream == 1).all())):
            return None
        return self._recorder.snapshot(upstream)

    def _arrival(self, place: int, found: Any) -> Arrival:
        tensor, before = self._targets[place], self._before[place]
        value, name = self._target_values[place], self._recorder.name_of(tensor)
        shape = tuple(tensor.shape)
        if not self._accumulates:
            added = found[place] if place < len(found) else None
            return Arrival(value, name, None, self._recorder.snapshot(added), None, shape)
        after = self._recorder.snapshot(tensor.grad) if _has_grad(tensor) else None
        arrived = self._arriving.get(place)
        added = after if before is None else self._recorder.snapshot(arrived)
        return Arrival(value, name, before, added, after, shape)

    def _stale(self) -> tuple[str, ...]:
        """The names of leaves that were changed since their last gradient, which is still in `.grad`."""
        names = []
        for tensor, before, value in zip(self._targets, self._before, self._target_values, strict=True):
            if not isinstance(value, Given):
                continue
            now = self._recorder.touched.get(address(tensor), 0)
            last = self._steps.get(value.identity)
            self._steps[value.identity] = now
            if last is not None and last != now:
                self._recorder.moved.add(value.identity)
            if before is not None and last is not None and last != now and bool(before.data.any()):
                names.append(self._recorder.name_of(tensor) or "a leaf")
        return tuple(names)

    def _note_gradients(self, found: Any) -> None:
        """The gradients, which autograd follows, as results of one call."""
        given = tuple(None if each is None else self._recorder.value(each) for each in self._upstreams)
        arguments = (self._values, tuple(self._target_values), given)
        gradients = [each.grad if _has_grad(each) else None for each in self._targets] if self._accumulates else found
        self._recorder.note_gradient(arguments, {"allow_unused": True}, gradients)


def _nameless(outputs: Iterable[Value]) -> list[torch.Tensor]:
    """The tensors without a name that a small pass was given beside its leaves."""
    givens = givens_below(calls_below(outputs))
    if len(givens) > NAMED:
        return []
    alive = [each.tensor() for each in givens if each.tensor is not None and each.name is None]
    return [each for each in alive if each is not None]


def _has_grad(tensor: torch.Tensor) -> bool:
    return (tensor.is_leaf or tensor.retains_grad) and tensor.grad is not None


def _unknown(outputs: Iterable[Value]) -> tuple[str, ...]:
    """The names of what no recorded call made, below the outputs."""
    calls = calls_below(outputs)
    found = {each.node: None for call in calls for each in call.values() if isinstance(each, Unknown)}
    found |= {each.node: None for each in outputs if isinstance(each, Unknown)}
    return tuple(found)


def walk(outputs: Iterable[torch.Tensor]) -> tuple[list[Any], list[torch.Tensor]]:
    """The nodes of the graph below some tensors, and the leaves, in the order in which they are met."""
    roots = [each.grad_fn for each in outputs if each.grad_fn is not None]
    leaves = {id(each): each for each in outputs if each.grad_fn is None and each.requires_grad}
    seen: set[Any] = set(roots)
    todo = list(reversed(roots))
    nodes: list[Any] = []
    while todo:
        node = todo.pop()
        nodes.append(node)
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            leaves.setdefault(id(leaf), leaf)
            continue
        below = [each for each, _ in node.next_functions if each is not None and each not in seen]
        seen.update(below)
        todo.extend(reversed(below))
    return nodes, list(leaves.values())


def calls_below(outputs: Iterable[Value]) -> list[Call]:
    """All calls that some values depend on, in the order in which they were made."""
    found: dict[int, Call] = {}
    todo = [each.call for each in outputs if isinstance(each, Result)]
    while todo:
        call = todo.pop()
        if call.serial not in found:
            found[call.serial] = call
            todo.extend(each.call for each in call.values() if isinstance(each, Result))
    return [found[serial] for serial in sorted(found)]


def givens_below(calls: Iterable[Call]) -> list[Given]:
    """What the calls were given, in the order in which it was first used."""
    found: dict[int, Given] = {}
    for call in calls:
        for each in call.values():
            if isinstance(each, Given):
                found.setdefault(id(each), each)
    return list(found.values())


def reaches(call: Call, value: Value) -> bool:
    """Whether a call depends on a value."""
    calls = calls_below([Result(call, 0)])
    if isinstance(value, Result):
        return any(each is value.call for each in calls)
    return any(each is value for each in givens_below(calls))


def operations_below(outputs: Iterable[Value]) -> int:
    """About how many scalar operations some values are made by."""
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
    return value.call.shapes[value.index] if isinstance(value, Result) else ()


def _sizes_of(recorder: Recorder, leaves: Iterable[torch.Tensor]) -> dict[str, float]:
    """The root mean square of what `.grad` of each leaf with a name holds."""
    found = {}
    for each in leaves:
        name = recorder.name_of(each)
        if name is not None and each.grad is not None and each.grad.numel():
            found[name] = float(each.grad.norm()) / math.sqrt(each.grad.numel())
    return found


def _sizes(event: Backward) -> dict[str, float]:
    """The root mean square of the gradient that each leaf with a name was given."""
    found = {}
    for each in event.arrivals:
        if each.name is not None and each.added is not None and each.added.data.numel():
            numbers = each.added.data
            found[each.name] = float(numbers.norm()) / math.sqrt(numbers.numel())
    return found


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def is_finite(tensor: torch.Tensor) -> bool:
    """Whether all components are finite; their sum tells in most cases, and faster."""
    if tensor.is_complex() or not tensor.is_floating_point():
        return bool(tensor.isfinite().all())
    return math.isfinite(tensor.sum().item()) or bool(tensor.isfinite().all())
