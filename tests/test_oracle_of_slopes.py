"""The oracle of slopes says nothing where its own rounding would decide, and all the rest it tells as it is."""

import pytest

from autogradcli.language.parser import parse
from tests.oracles.truth import Truth, Unsettled

DIGITS = 600
ROUNDED = [
    ("floor(sigmoid(x))*x", "6612.5"),  # 1 - 1e-2872: the step is 0 in truth
    ("floor(log(exp(x)))*x", "3"),
    ("sign(log(exp(x)) - x)", "1.5"),
    ("sqrt(log(exp(x)) - x)", "1.5"),
    ("cbrt(log(exp(x)) - x) + x", "1.5"),
    ("relu(sin(x)**2 + cos(x)**2 - 1)", "1.5"),
]
TOLD = [
    ("floor(sigmoid(x))*x", "40", "smooth", 0),
    ("sign(x**2 - x*x)*x", "1.5", "smooth", 0),
    ("sign(tanh(x) - tanh(x)) + x", "1.5", "smooth", 1),
    ("log(exp(x)) - x + 3*x", "1.5", "smooth", 3),
    ("abs(sin(x))", "0", "kink", None),
    ("abs(log(x))", "1", "kink", None),
    ("abs(x**0.5 - 2)*x", "4", "kink", None),
    ("floor(x/3)", "6", "jump", None),
    ("floor(cos(x))*(1 + x)", "0", "jump", None),
]


@pytest.mark.parametrize(("text", "x"), ROUNDED)
def test_where_rounding_decides_nothing_is_said(text: str, x: str) -> None:
    """Numbers that are equal in truth differ by mpmath's rounding, and others become equal by it."""
    with pytest.raises(Unsettled):
        Truth(parse(text), {"x": float(x)}, DIGITS)


@pytest.mark.parametrize(("text", "x", "kind", "slope"), TOLD)
def test_equal_numbers_are_equal(text: str, x: str, kind: str, slope: float | None) -> None:
    """What is exact, and what is one computation done twice, is no matter of rounding; slopes are by hand."""
    found = Truth(parse(text), {"x": float(x)}, DIGITS).slope("x")
    assert found.kind == kind
    assert slope is None or abs(found.value - slope) < 1e-30
