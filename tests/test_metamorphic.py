"""What must stay the same when an expression changes in a way that its derivative does not notice."""

import math

import pytest

from autogradcli.language.dtypes import DTYPES
from tests.helpers import examine

MISMATCHES = [
    ("asinh(x)", "1e200"),
    ("where(x > 0, sqrt(x), x)", "-1"),
    ("log(1 + exp(x))", "1000"),
    ("log(x**2)", "1e200"),
    ("x*1e200*1e-200*1e-200", "1"),
    ("relu(x) - relu(-x)", "0"),
    ("binary_cross_entropy_with_logits(x, 1)", "40"),
    ("x*abs(x)**0.5", "0"),
]
CONSTANTS = ["1e-30", "1", "-1e8", "1e100", "-1e300"]


@pytest.mark.parametrize("constant", CONSTANTS)
@pytest.mark.parametrize(("text", "x"), MISMATCHES)
def test_a_constant_beside_it_makes_no_mismatch_verified(text: str, x: str, constant: str) -> None:
    """It is no part of the rounding budget of the gradient, so what was outside stays outside.

    The tolerance of product.md is relative to |f/x|, so a constant that is large beside x times the error makes of a
    mismatch an inaccuracy (`imprecise`, with status 0), and nothing else does. What is no number, and what conventions
    at a kink add up to, it never excuses.
    """
    alone, beside = examine(text, {"x": x})["x"], examine(f"({text}) + ({constant})", {"x": x})["x"]
    assert alone.verdict == "mismatch"
    assert alone.reason is not None
    assert beside.reason is not None
    if not math.isfinite(alone.autograd) or alone.reason.code == "GC102":
        assert beside.verdict == "mismatch"
        return
    error = abs(alone.autograd - float(alone.exact.value))
    scale = abs(float(constant) / float(x))
    forgiven = error <= DTYPES["float64"].rtol * scale
    assert beside.verdict == ("imprecise" if forgiven else "mismatch")


@pytest.mark.parametrize(("text", "x"), MISMATCHES)
def test_a_factor_changes_no_verdict(text: str, x: str) -> None:
    """The rule does not change with the units of f: a power of two, which rounds nothing."""
    alone, scaled = examine(text, {"x": x})["x"], examine(f"({text})*1024", {"x": x})["x"]
    assert (scaled.verdict, scaled.reason and scaled.reason.code) == (alone.verdict, alone.reason and alone.reason.code)
