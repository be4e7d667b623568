"""Gradients that are verified although their digits differ: the report says how little it is, in words."""

from pathlib import Path

import pytest
from mpmath import mp

from tests.command import gradcalc
from tests.helpers import examine


def _quartic(x: mp.mpf) -> mp.mpf:
    small = mp.mpf(1) / 100000
    return 4 * x**3 - 12 * x**2 + 2 * (4 + small) * x - small


MINIMA = [
    # text, point, variable, the component, the true derivative by hand as a function of the numbers
    ("x**4 - 4*x**3 + 4.00001*x**2 - 0.00001*x + 7", {"x": 1.0000025}, _quartic),
    ("(x - 1.1)**2 + 5", {"x": 1.1}, lambda x: 2 * (x - mp.mpf(11) / 10)),
    ("x**2 - 2.2*x + 1.21 + 3", {"x": 1.1}, lambda x: 2 * x - mp.mpf(22) / 10),
    ("(x**2 - 2)**2 + 1", {"x": 1.4142135623730951}, lambda x: 4 * x * (x**2 - 2)),
    ("cos(x) + 3", {"x": 3.141592653589793}, lambda x: -mp.sin(x)),
    ("exp(x) - e*x", {"x": 1.0}, lambda x: mp.exp(x) - mp.e),
    ("x*log(x)", {"x": 0.36787944117144233}, lambda x: mp.log(x) + 1),
]


@pytest.mark.parametrize(("text", "at", "derivative"), MINIMA, ids=[text for text, _, _ in MINIMA])
def test_what_is_rounding_at_a_minimum(text: str, at: dict[str, float], derivative: object) -> None:
    """The verdict stays verified; the error, and what part of f/x it is, are right."""
    (x,) = at.values()
    found = examine(text, {"x": repr(x)})["x"]
    assert found.verdict == "verified"
    assert found.ulps is not None
    with mp.workdps(60):
        error = abs(mp.mpf(found.autograd) - derivative(mp.mpf(x)))  # type: ignore[operator]
    if found.ulps <= 100:
        assert found.rounded_off is None
        return
    off = found.rounded_off
    assert off is not None
    assert off.of == "f/x"
    assert abs(off.error - error) <= 1e-6 * error
    assert off.share < 1e-12


def test_the_report_speaks_of_f_over_x_and_not_of_ulps() -> None:
    """No number of 1e+11 units in the last place beside the word verified."""
    said = gradcalc("eval", "x**4 - 4*x**3 + 4.00001*x**2 - 0.00001*x + 7", "--x", "1.0000025", "--no-symbolic").out
    assert " ulp" not in said
    assert "5.6e-17 of f/x" in said
    assert "  x: off by 4.5e-16, which is rounding: 5.6e-17 of f/x" in said


def test_a_gradient_that_is_half_rounding_is_said_to_be() -> None:
    """2 sin²(x/2)/x² in float32, whose derivative is -x/12 + x³/180 by its series: no digit is right."""
    said = gradcalc("eval", "2*sin(x/2)**2/x**2", "--x", "1e-3", "--dtype", "float32", "--no-symbolic").out
    x = 0.0010000000474974513
    found = examine("2*sin(x/2)**2/x**2", {"x": "1e-3"}, dtype="float32")["x"]
    assert found.rounded_off is not None
    share = abs(found.autograd / (-x / 12 + x**3 / 180) - 1)
    assert found.rounded_off.of_gradient == pytest.approx(share, rel=1e-6)
    assert f"verified: autograd's gradient is right within the tolerance; {100 * share:.3g} % of it is rounding" in said
    assert f"which is rounding: {100 * share:.3g} % of the gradient, and 7.7e-08 of f/x" in said


def test_a_gradient_that_is_all_rounding() -> None:
    """At 1.1 torch gives 0, and the truth is twice the rounding of 1.1."""
    said = gradcalc("eval", "(x - 1.1)**2 + 5", "--x", "1.1", "--no-symbolic").out
    assert "right within the tolerance; 100 % of it is rounding" in said


def test_components_of_a_tensor() -> None:
    """The component that is farthest off is named."""
    text = "sum(x**4 - 4*x**3 + 4.00001*x**2 - 0.00001*x + 7)"
    said = gradcalc("eval", text, "--x", "[4, 1.0000025]", "--no-symbolic").out
    assert "of f/x at most, in x[1]" in said
    assert "  x[1]: off by 4.5e-16, which is rounding: " in said


def test_the_farthest_gradient_of_check(tmp_path: Path) -> None:
    """The line under the cases says the same."""
    cases = tmp_path / "cases.toml"
    cases.write_text(
        '[[case]]\nname = "minimum"\nexpression = "x**4 - 4*x**3 + 4.00001*x**2 - 0.00001*x + 7"\nat.x = 1.0000025\n'
    )
    said = gradcalc("check", str(cases), "--no-symbolic").out
    assert "worst: the gradient of minimum at x = 1.0000025, off by 4.5e-16, which is rounding" in said
