"""One call of autograd's engine, looked at before and after: it becomes a `BackwardPass`."""

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from autogradcli.engines.torch.record.below import calls_below, givens_below
from autogradcli.engines.torch.record.calls import Arrival, BackwardPass, Given, StaleGradient, Unknown, Value
from autogradcli.engines.torch.record.memory import KEY, address, metadata
from autogradcli.engines.torch.record.naming import find_names
from autogradcli.engines.torch.record.recorder import Recorder

FREED = "gradcalc.freed"
"""Under which the node of an output keeps the line of the backward that freed its graph."""


NAMED = 40
"""Tensors that a pass may be given if its data is to have names."""


class Event:
    """One call of autograd's engine: what is known before it, and what it changed."""

    def __init__(self, recorder: Recorder, steps: dict[int, int], args: Any, kwargs: Any) -> None:
        self._recorder, self._steps = recorder, steps
        self._place = recorder.place()
        outputs, upstreams, self._retain, self._create, inputs = (*args, *(None,) * 5)[:5]
        self._accumulates = bool(kwargs.get("accumulate_grad"))
        self._outputs = [each for each in outputs if isinstance(each, torch.Tensor)]
        self._upstreams = list(upstreams or [None] * len(self._outputs))
        self._nodes, leaves = walk(self._outputs)
        asked = [each for each in inputs or () if isinstance(each, torch.Tensor)]
        find_names(recorder, leaves, sys._getframe(2))
        self._targets = asked or _in_the_modules_order(recorder, leaves)
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
        self._tied = recorder.ties_until_now()

    def _watch_arrivals(self) -> None:
        """Watch the gradients themselves where `.grad` holds something already: there the new `.grad` is a sum."""
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
        """The `.grad` of each target; None where it has none."""
        return [each.grad if _has_grad(each) else None for each in self._targets]

    def unhook(self) -> None:
        """Remove the hooks that watched gradients."""
        for each in self._handles:
            each.remove()

    def finish(self, number: int, found: Any) -> BackwardPass:
        """The event, once the engine has run."""
        recorder = self._recorder
        arrivals = tuple(self._arrival(place, found) for place in range(len(self._targets)))
        outputs = tuple(recorder.snapshot(each) for each in self._outputs)
        upstreams = tuple(map(self._upstream, self._outputs, self._upstreams))
        event = BackwardPass(
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

    def _stale(self) -> tuple[StaleGradient, ...]:
        """The leaves that were changed since their last gradient, which is still in `.grad`."""
        found, stale = [], self._recorder.stale
        for tensor, before, value in zip(self._targets, self._before, self._target_values, strict=True):
            if not isinstance(value, Given):
                continue
            now = self._recorder.touched.get(address(tensor), 0)
            last = self._steps.get(value.identity)
            earlier = stale.get(value.identity)
            if earlier is not None and earlier.changes == now and not _holds(before):
                earlier.zeroed = True
            self._steps[value.identity] = now
            if last is not None and last != now:
                self._recorder.moved.add(value.identity)
            if last is not None and last != now and _holds(before):
                name = self._recorder.name_of(tensor) or "a leaf"
                stale[value.identity] = StaleGradient(name, address(tensor), now)
                found.append(stale[value.identity])
        return tuple(found)

    def _note_gradients(self, found: Any) -> None:
        """The gradients, which autograd follows, as results of one call."""
        given = tuple(None if each is None else self._recorder.value(each) for each in self._upstreams)
        arguments = (self._values, tuple(self._target_values), given)
        gradients = [each.grad if _has_grad(each) else None for each in self._targets] if self._accumulates else found
        self._recorder.note_call(torch.autograd.grad, arguments, {"allow_unused": True}, gradients)


def _holds(gradient: Given | None) -> bool:
    """Whether there is a gradient, and one that is not 0."""
    return gradient is not None and bool(gradient.data.any())


def _nameless(outputs: Iterable[Value]) -> list[torch.Tensor]:
    """The tensors without a name that a small pass was given beside its leaves."""
    givens = givens_below(calls_below(outputs))
    if len(givens) > NAMED:
        return []
    alive = [each.tensor() for each in givens if each.tensor is not None and each.name is None]
    return [each for each in alive if each is not None]


def _in_the_modules_order(recorder: Recorder, leaves: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The leaves, the parameters among them in the order of their module and not in that of the graph."""
    parameters = iter(recorder.in_order_of_names(each for each in leaves if isinstance(each, torch.nn.Parameter)))
    return [next(parameters) if isinstance(each, torch.nn.Parameter) else each for each in leaves]


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


def is_finite(tensor: torch.Tensor) -> bool:
    """Whether all components are finite; their sum tells in most cases, and faster."""
    if tensor.is_complex() or not tensor.is_floating_point():
        return bool(tensor.isfinite().all())
    return math.isfinite(tensor.sum().item()) or bool(tensor.isfinite().all())


def are_finite(tensors: Sequence[torch.Tensor]) -> bool:
    """Whether all components of all of them are finite."""
    try:
        if math.isfinite(sum(each.sum().item() for each in tensors)):
            return True
    except TypeError:  # complex numbers
        pass
    return all(map(is_finite, tensors))
