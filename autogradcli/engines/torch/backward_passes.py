"""`backward`, once or several times, and what it leaves in `.grad`."""

from collections.abc import Mapping

import torch

from autogradcli.engines.backward import Backward
from autogradcli.engines.results import Accumulation, Array
from autogradcli.engines.torch.graph import plain


def run_passes(
    output: torch.Tensor,
    upstream: torch.Tensor | None,
    asked: Mapping[str, torch.Tensor],
    backward: Backward,
    alone: bool = False,
) -> dict[str, tuple[Accumulation, ...]]:
    """For each of the tensors of `wrt`, what each pass of `backward` did to its `.grad`.

    With `alone` no other tensor's is touched: not those of parameters that are somebody's own.
    """
    inputs = list(asked.values()) if alone else None
    arrivals = {name: _Arrival(tensor) for name, tensor in asked.items()}
    ledger: dict[str, list[Accumulation]] = {name: [] for name in asked}
    for left in range(backward.repeat - 1, -1, -1):
        if backward.zero_grad:
            _set_to_zero(asked)
        before = {name: plain(tensor.grad) for name, tensor in asked.items()}
        output.backward(upstream, retain_graph=left > 0, inputs=inputs)  # type: ignore[no-untyped-call]
        for name, tensor in asked.items():
            ledger[name].append(Accumulation(before[name], arrivals[name].gradient, plain(tensor.grad)))
    return {name: tuple(passes) for name, passes in ledger.items()}


def _set_to_zero(tensors: Mapping[str, torch.Tensor]) -> None:
    for tensor in tensors.values():
        if tensor.grad is not None:
            tensor.grad.zero_()


class _Arrival:
    """A hook that keeps the gradient that arrives at a tensor; the tensor, if it is no leaf, keeps it in `.grad`."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.gradient: Array = None
        tensor.retain_grad()
        tensor.register_hook(self._keep)  # type: ignore[no-untyped-call]

    def _keep(self, gradient: torch.Tensor) -> None:
        self.gradient = plain(gradient)
