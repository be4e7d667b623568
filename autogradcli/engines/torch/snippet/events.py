"""What `backward` and `torch.autograd.grad` did in a snippet, kept to be verified after it."""

from dataclasses import dataclass

import torch

from autogradcli.engines.torch.snippet.origins import Origin, Record
from autogradcli.errors import Span


@dataclass(frozen=True, slots=True)
class Arrival:
    """The gradient that reached one tensor."""

    record: Record
    origin: Origin | None
    """Where the tensor comes from, if it is no leaf."""
    before: torch.Tensor | None
    """What its `.grad` held."""
    added: torch.Tensor | None
    """What arrived; None if nothing did."""
    after: torch.Tensor | None
    """What its `.grad` held then."""


@dataclass(frozen=True, slots=True)
class Event:
    """One call."""

    call: str
    """`backward` or `grad`."""
    span: Span
    output: Origin
    name: str | None
    """What the snippet calls the output."""
    value: torch.Tensor
    upstream: torch.Tensor | None
    """What it was given."""
    upstream_span: Span
    arrivals: tuple[Arrival, ...]


def copied(tensor: torch.Tensor | None) -> torch.Tensor | None:
    """A copy of a tensor as it is now."""
    return None if tensor is None else tensor.detach().clone()


def leaves(output: torch.Tensor) -> list[torch.Tensor]:
    """The leaves that `backward` from an output reaches, in the order in which it meets them."""
    if output.grad_fn is None:
        return [output] if output.requires_grad else []
    found: dict[int, torch.Tensor] = {}
    seen: set[object] = {output.grad_fn}
    todo = [output.grad_fn]
    while todo:
        node = todo.pop()
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            found.setdefault(id(leaf), leaf)
        below = [each for each, _ in node.next_functions if each is not None and each not in seen]
        seen.update(below)
        todo.extend(reversed(below))
    return list(found.values())
