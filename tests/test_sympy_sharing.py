"""Long formulas with names for their common parts: they mean what the formula means, and read as each style reads."""

import math
from typing import Any

import pytest
from mpmath import mp

from autogradcli.compute.derivatives import WantedDerivative, derivatives
from autogradcli.language.parser import parse
from autogradcli.processes.limits import Limits
from tests.oracles.precise import precise

LONG = (
    "log(1 + x**2)/sqrt(1 + exp(-x))",
    "where(x > 1, exp(sin(x)*x**2), log(1 + x**2))*sqrt(1 + x**2)",
    "exp(sin(x**2))*log(1 + exp(x))",
)


def formula(text: str, order: int, style: str = "text") -> str:
    """The derivative of an order as a formula."""
    asked = WantedDerivative(("x",) * order)
    found = derivatives(parse(text), [asked], (), style, Limits(timeout=60))[asked].formula
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("text", LONG)
@pytest.mark.parametrize("x", ["0.75", "1.5"])
def test_the_parts_and_the_formula_mean_the_derivative(text: str, x: str) -> None:
    """As a text that gradcalc reads, and as statements of Python."""
    program, found = parse(text), formula(text, 4)
    with mp.workdps(60):
        truth = mp.diff(lambda each: precise(program, {"x": each}), mp.mpf(x), 4)
        assert abs(precise(parse(found), {"x": mp.mpf(x)}) - truth) <= abs(truth) * mp.mpf("1e-12")
    assert found.startswith("u1 = ")
    *statements, last = formula(text, 4, "python").splitlines()
    names: dict[str, Any] = {"x": float(x), "math": math}
    exec("\n".join([*statements, f"found = {last}"]), names)  # noqa: S102  it is our own text
    assert names["found"] == pytest.approx(float(truth), rel=1e-12)


def test_the_gradient_and_what_is_short_have_no_parts() -> None:
    """Though something occurs several times."""
    assert "u1" not in formula("log(1 + x**2)/sqrt(1 + exp(-x))*sin(x)*cos(x)*exp(sin(x))*sqrt(x)*tanh(x)", 1)
    assert formula("exp(x)*sin(x)", 3) == "2*(cos(x) - sin(x))*exp(x)"


def test_no_part_takes_a_name_of_the_text() -> None:
    """They are numbered on."""
    assert formula("u1 = x**2; u3 = log(1 + u1); u3/sqrt(1 + exp(-x))", 3).startswith("u2 = ")


def test_latex_has_the_parts_behind_the_formula_and_c_has_none() -> None:
    """A compiler finds them by itself."""
    assert r" \quad\text{with}\quad u_{1} = " in formula(LONG[2], 5, "latex")
    assert "u1" not in formula(LONG[2], 5, "c")


def test_a_long_polynomial_is_written_out() -> None:
    """SymPy's own formula has 252 products of five factors."""
    factors = "*".join(f"(x - {root})" for root in range(1, 11))
    assert formula(factors, 5) == "30240*x**5 - 831600*x**4 + 8870400*x**3 - 45738000*x**2 + 113596560*x - 108246600"
