"""Faults planted in torch's backward of tensor functions: one component of a gradient is wrong."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from autogradcli.compute.compute import compute
from autogradcli.engines.torch import adapters, engine
from autogradcli.functions.function import Function
from autogradcli.language.program import Call
from tests.helpers import problem

MATRIX = "[[2.1, 0.3, -0.4], [0.2, 1.7, 0.5], [-0.3, 0.6, 1.9]]"
CASES = [
    ("det", "det(sin(x))**2"),
    ("inverse", "sum(inverse(sin(x)))"),
    ("softmax", "sum(softmax(sin(x), 1)**2)"),
    ("layer_norm", "sum(layer_norm(sin(x), (3,))**3)"),
    ("cumsum", "sum(cumsum(sin(x), 0)**2)"),
    ("sort", "sum(sort(sin(x)).values**3)"),
    ("sum", "sum(sin(x), dim=0).prod()"),
    ("diagonal", "sum(diagonal(sin(x))**2)"),
    ("transpose", "sum(transpose(sin(x), 0, 1)**2 @ x)"),
    ("reshape", "sum(sin(x).reshape(9)**2)"),
    ("flip", "sum(flip(sin(x), (0,))*x**2)"),
    ("expand", "sum(sin(x).expand(2, 3, 3)**2)"),
    ("index_select", "sum(index_select(sin(x), 1, [0, 0, 2])**2)"),
    ("triu", "sum(triu(sin(x))**2)"),
    ("sin", "sum(triu(sin(x))**2)"),
    ("sin", "sum(cat([sin(x), x])**2)"),
    ("sin", "s = sin(x); sum((s.T @ s[:, :2])**2)"),
]
"""A row, and an expression that calls it once: also rows that only move components."""


class Planted(torch.autograd.Function):
    """A function of one tensor whose gradient has one component that is wrong by a factor."""

    @staticmethod
    def forward(ctx: Any, function: Callable[..., torch.Tensor], factor: float, x: torch.Tensor) -> torch.Tensor:
        """The function's own value; its graph is kept for backward."""
        with torch.enable_grad():
            ctx.x = x.detach().requires_grad_()
            ctx.result = function(ctx.x)
        ctx.factor = factor
        result: torch.Tensor = ctx.result.detach().clone()
        return result

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        """The function's own gradient, but for its first component."""
        (gradient,) = torch.autograd.grad(ctx.result, ctx.x, upstream[0])
        wrong = gradient.clone()
        wrong[0, 0] *= ctx.factor
        return None, None, wrong


def planted(name: str, factor: float) -> Callable[[Function], Any]:
    """What takes the place of the engine's table of natives: one row of it has a fault."""

    def native(row: Function) -> Any:
        function = adapters.native(row)
        if row.name != name or function is None:
            return function

        def call(x: torch.Tensor, *others: Any, **options: Any) -> Any:
            result: Any = Planted.apply(  # type: ignore[no-untyped-call]
                lambda each: _values(function(each, *others, **options)), factor, x
            )
            return torch.return_types.sort((result, result)) if row.fields else result

        return call

    return native


def _values(result: Any) -> Any:
    return result if isinstance(result, torch.Tensor) else result[0]


@pytest.mark.parametrize("factor", [1 + 1e-6, -1.0, 0.0])
@pytest.mark.parametrize(("name", "text"), CASES)
def test_the_fault_is_found_and_its_step_named(
    name: str, text: str, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small beside the other components, and whatever stands around it."""
    asked = problem(text, {"x": MATRIX})
    assert compute(asked).verdict == "verified"
    monkeypatch.setattr(engine, "native", planted(name, factor))
    found = compute(asked).gradients["x"]
    assert found.verdict in ("mismatch", "imprecise")
    assert found.reason is not None
    assert found.reason.step is not None
    step = asked.program.steps[found.reason.step]
    assert isinstance(step, Call)
    assert step.function == name
