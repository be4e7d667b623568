"""What the README says of other tools: tried with those that are part of torch, and with gradcalc beside them."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.autograd import gradcheck

from autogradcli import evaluate
from tests.command import gradcalc

ROOT = Path(__file__).parent.parent


class Zero(torch.autograd.Function):
    """1e-6*x, with a backward that gives 0."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        """The value."""
        return 1e-6 * x

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        """Wrong."""
        return 0 * gradient


def masked(x: torch.Tensor) -> torch.Tensor:
    """NaN in backward where x is negative."""
    return torch.where(x > 0, torch.sqrt(x), 2 * x)


ROWS = [
    (torch.sigmoid, "sigmoid(x)", 40.0, True, "imprecise"),
    (Zero.apply, "1e-6*x", 1.0, True, "mismatch"),
    (torch.abs, "abs(x)", 0.0, True, "kink"),
    (torch.relu, "relu(x)", 0.0, False, "kink"),
    (masked, "where(x > 0, sqrt(x), 2*x)", -1.0, False, "mismatch"),
]


@pytest.mark.parametrize(("function", "text", "x", "passes", "verdict"), ROWS, ids=[row[1] for row in ROWS])
def test_gradcheck_beside_gradcalc(function: Any, text: str, x: float, passes: bool, verdict: str) -> None:
    """gradcheck as it is called by default, but that it answers where it would raise."""
    point = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    assert gradcheck(function, point, raise_exception=False) == passes
    assert evaluate(text, x=x, function=function, symbolic=False).verdict == verdict


def test_detect_anomaly_names_the_symptom() -> None:
    """The backward that gave NaN, and neither why nor what to write."""
    x = torch.tensor(-1.0, requires_grad=True)
    with (
        pytest.warns(UserWarning, match="Anomaly Detection|Error detected in SqrtBackward0"),
        torch.autograd.detect_anomaly(),
        pytest.raises(RuntimeError, match="SqrtBackward0' returned nan"),
    ):
        masked(x).backward()  # type: ignore[no-untyped-call]
    reason = evaluate("where(x > 0, sqrt(x), 2*x)", x=-1).gradients["x"].reason
    assert reason is not None
    assert reason.rewritten == "where(x > 0, sqrt(where(x > 0, x, 1)), 2*x)"


def test_the_picture_is_current() -> None:
    """`scripts/picture` would draw the same; how wide letters are may differ between machines."""
    drawn = gradcalc("graph", "where(x > 0, sqrt(x), 2*x)", "--x", "-1", "--format", "svg").out
    kept = (ROOT / "scripts" / "pictures" / "nan.svg").read_text(encoding="utf-8")
    assert re.findall(r"<text[^>]*>([^<]*)<", kept) == re.findall(r"<text[^>]*>([^<]*)<", drawn)
