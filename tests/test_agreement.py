"""Where torch's value is not that of a definition, they are not one function, and autograd is not accused."""

import pytest
import torch

from autogradcli.engines.torch import adapters, engine
from autogradcli.functions.function import Function
from tests.helpers import examine

OTHERS = [
    ("vander", "sum(vander(x)*[3, 5])", torch.linalg.vander),  # rising powers instead of falling ones
    ("var", "exp(var(x))", lambda x: torch.var(x, correction=0)),
    ("cumsum", "sum(cumsum(x, 0)**2)", torch.cumprod),  # another value, then another square
    ("softmin", "sum(softmin(x, 0)*x)", torch.softmax),
]


@pytest.mark.parametrize(("name", "text", "instead"), OTHERS)
def test_another_function_is_no_fault_of_autograd(
    name: str, text: str, instead: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gradient is right for what torch computes; the report names the function and both values."""
    own = adapters.native
    monkeypatch.setattr(engine, "native", lambda row: instead if row.name == name else own(row))
    found = examine(text, {"x": "[0.5, 2]"})["x"]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("unverified", "GC511")
    assert found.reason.message.startswith("torch gives ")
    assert name in (found.reason.expression or "")


class Off(torch.autograd.Function):
    """The cumulative sum with a wrong backward."""

    @staticmethod
    def forward(_: object, x: torch.Tensor) -> torch.Tensor:
        """The right value."""
        return torch.cumsum(x, 0)

    @staticmethod
    def backward(_: object, *upstream: torch.Tensor) -> torch.Tensor:
        """As of the identity."""
        return upstream[0]


def test_a_wrong_backward_of_the_right_value_is_a_mismatch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both agree on the function, autograd is judged."""
    own = adapters.native

    def native(row: Function) -> object:
        return (lambda x, dim: Off.apply(x)) if row.name == "cumsum" else own(row)  # type: ignore[no-untyped-call]  # noqa: ARG005

    monkeypatch.setattr(engine, "native", native)
    found = examine("sum(cumsum(x, 0)**2)", {"x": "[0.5, 2]"})["x"]
    assert found.verdict == "mismatch"


TRUE_FAULTS = [
    ("norm(x)", "[1e200, 1e200]"),
    ("norm(x)", "[1e-200, 1e-200]"),
    ("sum(interpolate(reshape(x, (1, 1, 3)), scale_factor=1.3))", "[1, 2, 3]"),  # x[0] twice, x[1] once, x[2] never
    ("log(sum(exp(x)))", "[1000, 1]"),
]


@pytest.mark.parametrize(("text", "x"), TRUE_FAULTS)
def test_what_leaves_the_range_of_the_dtype_is_the_same_function(text: str, x: str) -> None:
    """A value that overflows or underflows is no other function, and backward's faults are told."""
    assert examine(text, {"x": x})["x"].verdict == "mismatch"
