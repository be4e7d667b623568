"""A call of a function of tensors, watched."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from autogradcli.engines.torch.record.calls import BackwardPass
from autogradcli.engines.torch.record.watch import Watch


class NoNumber(Exception):
    """A function does not give one number that depends on its arguments."""


def watch_call(
    function: Callable[..., Any], point: Mapping[str, Any], dtype: str, wrt: Collection[str]
) -> Sequence[BackwardPass]:
    """What is recorded of one call with tensors of these numbers, and of one `backward` to those that `wrt` names.

    Raises NoNumber if the result is no number, or does not depend on the leaves.
    """
    kind = getattr(torch, dtype)
    leaves = {name: torch.tensor(value, dtype=kind, requires_grad=name in wrt) for name, value in point.items()}
    watch = Watch("all")
    with torch.enable_grad(), watch.watching():
        for name, leaf in leaves.items():
            watch.recorder.name(leaf, name)
        out = _called(function, leaves)
        if not isinstance(out, torch.Tensor) or out.numel() != 1:
            kind = f"tensor of shape {tuple(out.shape)}" if isinstance(out, torch.Tensor) else type(out).__name__
            raise NoNumber(f"the function gives a {kind}, and backward starts from one number as a tensor")
        if not out.requires_grad:
            raise NoNumber("what the function gives does not depend on its arguments in a way that torch follows")
        # What else it is made of, the parameters of a module, keeps the gradient that it has.
        out.backward(inputs=[leaf for leaf in leaves.values() if leaf.requires_grad])  # type: ignore[no-untyped-call]
    # `backward` is called here: the line of the caller is none of the function's.
    return [replace(each, place=None) for each in watch.finished()]


def _called(function: Callable[..., Any], leaves: Mapping[str, torch.Tensor]) -> Any:
    """What the function gives; `apply` of an autograd.Function takes no names, and is asked for while it is watched."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, torch.autograd.Function):
        return owner.apply(*leaves.values())  # type: ignore[no-untyped-call]
    return function(**leaves)
