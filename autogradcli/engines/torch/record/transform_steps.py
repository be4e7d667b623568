"""Calls of what transforms of `torch.func` gave as operations of the program, for a backward that goes through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import tree_flatten, tree_unflatten

from autogradcli.engines.torch.record.calls import Given
from autogradcli.engines.torch.record.memory import KEY, metadata
from autogradcli.engines.torch.record.plain import tensors
from autogradcli.engines.torch.record.recorder import Recorder
from autogradcli.engines.torch.record.replay import Composite, StandIns
from autogradcli.engines.torch.record.transforms import TransformCall


@dataclass(frozen=True, eq=False)
class TransformStep(Composite):
    """A call of what a transform gave as one operation of the program, which autograd follows."""

    about: TransformCall
    spec: Any
    """How the leaves of its arguments are put together."""

    @property
    def __name__(self) -> str:
        return f"torch.func.{self.about.made.name}"

    def run(self, given: Sequence[Any], double: bool) -> Any:
        """What it gives for other leaves of its arguments, and others in place of those that it has at hand."""
        leaves, captured = given
        arguments, keywords = tree_unflatten(list(leaves), self.spec)
        places = {id(old): new for old, new in zip(self.about.captured, captured, strict=True)}
        with StandIns(places, double):
            return tuple(tensors(self.about.made.function(*arguments, **keywords)))


def note(recorder: Recorder, call: TransformCall, args: Any, kwargs: Any, result: Any) -> None:
    """Take note of a call as one operation, if its inputs are known: its arguments, and leaves."""
    outputs = tensors(result)
    if call.made.name == "vjp" or not torch.is_grad_enabled() or not any(each.grad_fn is not None for each in outputs):
        return
    leaves, spec = tree_flatten((args, kwargs))
    captured = _captured(outputs, tensors(leaves))
    if captured is None:
        return
    values = [recorder.value(each) if isinstance(each, torch.Tensor) else each for each in leaves]
    inside = [each for each in map(recorder.value, captured) if isinstance(each, Given)]
    noted = recorder.note_call(TransformStep(call, spec), (values, inside), {}, outputs)
    if noted is not None:
        noted.random = call.random
        call.captured, call.held, call.followed = captured, tuple(inside), True


def _captured(outputs: Sequence[torch.Tensor], given: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...] | None:
    """The leaves below outputs that were not given; None if something else that was recorded was at hand as well."""
    todo = [each.grad_fn for each in outputs if each.grad_fn is not None]
    seen = {each.grad_fn for each in given if each.grad_fn is not None}
    leaves: dict[int, torch.Tensor] = {}
    while todo:
        node: Any = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        if KEY in metadata(node):
            return None
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            leaves[id(leaf)] = leaf
        todo.extend(each for each, _ in node.next_functions if each is not None)
    return tuple(each for place, each in leaves.items() if place not in set(map(id, given)))
