"""`grad(output, x)` in an expression: the derivative of what is made of derivatives, against truths by hand."""

import math
from dataclasses import replace

import pytest

from autogradcli.compute.compute import compute
from autogradcli.engines.results import flat
from tests.helpers import problem

COS, SIN = math.cos(0.5), math.sin(0.5)
CASES = [
    ("grad(x**3, x)", {"x": "2"}, {"x": [12.0]}),
    ("grad(x**3, x)**2", {"x": "2"}, {"x": [288.0]}),
    ("y = x**2; grad(y**3, y)", {"x": "2"}, {"x": [96.0]}),
    ("grad(grad(sin(x), x), x)", {"x": "0.5"}, {"x": [-COS]}),
    ("sum(grad(x**3, x, [1, 2]))", {"x": "[1, 1]"}, {"x": [6.0, 12.0]}),
    ("grad(y*y, x) + x", {"x": "3", "y": "2"}, {"x": [1.0], "y": [0.0]}),
    ("grad(x*y**2, x)*grad(x*y**2, y)", {"x": "3", "y": "2"}, {"x": [16.0], "y": [72.0]}),
    ("sum(grad(exp(x @ w), x)**2)", {"x": "[0, 0]", "w": "[1, 2]"}, {"x": [10.0, 20.0], "w": [2.0, 4.0]}),
    ("w = k - 0.5*grad((k - 3)**2, k); (w - 1)**2", {"k": "5"}, {"k": [0.0]}),
    ("x*grad(sin(x), x)", {"x": "0.5"}, {"x": [COS - 0.5 * SIN]}),
]


@pytest.mark.parametrize(("text", "at", "truth"), CASES)
def test_what_is_made_of_derivatives_is_differentiated(
    text: str, at: dict[str, str], truth: dict[str, list[float]]
) -> None:
    """By torch, and proven by balls on the tape of the derivative."""
    report = compute(problem(text, at))
    assert report.verdict == "verified"
    for name, numbers in truth.items():
        found = flat(report.gradients[name].autograd)
        assert found == pytest.approx(numbers, rel=1e-12, abs=1e-15)


def test_a_kink_of_the_first_derivative_is_a_jump_of_the_second() -> None:
    """The slope of abs(x)*x is 2*abs(x), which has a kink at 0."""
    assert compute(problem("grad(abs(x)*x, x)", {"x": "0"})).gradients["x"].verdict == "kink"


@pytest.mark.parametrize(
    ("text", "verdict", "code", "said"),
    [
        # The derivative of what a guard's branch has at the point is not the derivative there.
        ("s = where(x == 0, 1, expm1(x)/x); grad(s, x)", "mismatch", "GC202", "the truth is 0.3333333"),
        ("s = sinc(x); grad(s, x)", "mismatch", "GC203", "autograd gives nan; the truth is -3.289868"),
        (
            "s = relu(x); grad(s, x)",
            "undefined",
            "GC113",
            "grad(s, x) jumps at x = 0: the function's limit on the left is 0, the function's limit on the right is 1",
        ),
        ("s = x*abs(x); grad(s, x)", "kink", "GC101", "the slope is -2 to the left and 2 to the right"),
    ],
)
def test_where_a_derivative_is_a_limit(text: str, verdict: str, code: str, said: str) -> None:
    """It is differentiated as the limit from either side."""
    found = compute(problem(text, {"x": "0"})).gradients["x"]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == (verdict, code)
    assert said in found.reason.message


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        # Beside the point the derivative is y, and at the point autograd has that of the branch: 0.
        ("s = where(x == 0, 0, x*y); grad(s, x)", "unverified"),
        ("s = where(x > 0, x*y, y**2*x); grad(s, x)", "unverified"),
        ("s = where(x > 1, x*y, y**2*x); grad(s, x)", "verified"),
        ("s = relu(x - 1)*y; grad(s, x) + y**2", "verified"),
    ],
)
def test_beside_a_choice_in_a_tie_nothing_is_known(text: str, verdict: str) -> None:
    """Along a variable that the choice does not depend on."""
    assert compute(problem(text, {"x": "0", "y": "3"})).gradients["y"].verdict == verdict


def test_what_the_text_differentiates_need_not_be_asked_about() -> None:
    """Its gradient is taken by the text alone: of 2*x*y with respect to y."""
    report = compute(replace(problem("grad(x**2*y, x)", {"x": "2", "y": "3"}), wrt=("y",)))
    assert {name: each.autograd for name, each in report.gradients.items()} == {"y": 4.0}
    assert report.verdict == "verified"
