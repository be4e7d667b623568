"""Guards: where a condition holds at the point and not around it, the derivative is that of the function beside it.

Every truth is worked out by hand, from the series of the function beside the guard.
"""

from random import Random

import pytest

from tests.helpers import examine
from tests.oracles.guard_cases import Case, case, outcomes

WRONG = [
    # text, point, variable, the true slope
    ("1 if x == 0 else expm1(x)/x", {"x": "0"}, "x", "0.5"),
    ("1 + 1e6*x if x == 0 else expm1(x)/x", {"x": "0"}, "x", "0.5"),
    ("(exp(x) - 1)/x if x != 0 else 1", {"x": "0"}, "x", "0.5"),
    ("1 if not (x < 0 or x > 0) else expm1(x)/x", {"x": "0"}, "x", "0.5"),
    ("1 if x >= 0 and x <= 0 else expm1(x)/x", {"x": "0"}, "x", "0.5"),
    ("c = x == 0; y = expm1(x); 1 if c else y/x", {"x": "0"}, "x", "0.5"),
    ("log(x) if l == 0 else (x**l - 1)/l", {"x": "2", "l": "0"}, "l", "0.2402265"),  # log(2)**2/2
    ("log(1 + x)/x if x != 0 else 1", {"x": "0"}, "x", "-0.5"),
    ("3*(-1 if x == 0 else log1p(-x)/x)", {"x": "0"}, "x", "-1.5"),
    ("exp(1 if x == 2 else (x**2 - 4)/(4*(x - 2)))", {"x": "2"}, "x", "0.6795705"),  # e/4
    ("where(x == 3, 9, x**2)", {"x": "3"}, "x", "6"),
    ("where(x == 1, where(x == 1, 5*x - 4, 2), x**4)", {"x": "1"}, "x", "4"),
    ("where(x > 1, 3*x - 2, where(x < 1, x**3, 1))", {"x": "1"}, "x", "3"),
    ("masked_fill(x**2, x == 3, 9)", {"x": "3"}, "x", "6"),
    ("x if x == y else (x + y)/2", {"x": "1", "y": "1"}, "x", "0.5"),
    ("x*exp(x) if x == y else (exp(x) - exp(y))/(x - y) - 1", {"x": "0", "y": "0"}, "x", "0.5"),
    ("x**2 if x*x == y else y + 3*(x - 1.5)", {"x": "1.5", "y": "2.25"}, "y", "1"),
    ("where(x == 0, 7*x, abs(x))", {"x": "0"}, "x", "s are -1 and 1"),
    ("sum(where(x == 0, 1, expm1(x)/where(x == 0, 1, x)))", {"x": "[0, 1, 2]"}, "x", "0.5"),
    ("m = x != 0; sum(where(m, expm1(x), x)/where(m, x, 1) + where(m, 0, 1))", {"x": "[3, 0]"}, "x", "0.5"),
    ("1 if abs(x) < 1e-12 else expm1(x)/x", {"x": "0"}, "x", "0.5"),
    ("1 if abs(x) < 1e-12 else expm1(x)/x", {"x": "1e-13"}, "x", "0.5"),
    ("where(abs(x - 3) <= 1e-9, 9, x**2)", {"x": "3"}, "x", "6"),
    ("1 if abs(x - y) < 1e-10 else (exp(x) - exp(y))/(x - y)", {"x": "0", "y": "0"}, "y", "0.5"),
    ("1 if x*x < 1e-20 and y > 0 else expm1(x)/x", {"x": "0", "y": "1"}, "x", "0.5"),
    ("sqrt(4 + x) if not (x - y)**2 < 1e-20 else 2 + 0.25*(x - y)", {"x": "0", "y": "0"}, "y", "0"),
    ("exp(1 + (x - y) if abs(x - y) < 1e-10 else exp(x - 3))", {"x": "3", "y": "3"}, "y", "0"),
    ("cos(x + 1) if not abs(x - y) < 1e-10 else 1 + 1e6*(x - y)", {"x": "-1", "y": "-1"}, "x", "0"),
    ("2 if abs(x*y) < 1e-12 else cos(x*y) + 1 + x", {"x": "0", "y": "3"}, "x", "1"),
    # Numerators that lose twice and more the digits of a distance, and a slope of 0.
    ("0.5 + x if x == 0 else (1 - cos(x))/x**2", {"x": "0"}, "x", "0"),
    ("0.5 + x if x == 0 else (1 - cos(x))/x/x + 3*x", {"x": "0"}, "x", "3"),
    ("1/6 - x if x == 0 else (x - sin(x))/x**3", {"x": "0"}, "x", "0"),
    ("1/24 + x if x == 0 else (cos(x) - 1 + x**2/2)/x**4", {"x": "0"}, "x", "0"),
    ("x + y if x*y == 0 else (cosh(x*y) - 1)/(x*y)**2 + 1/2", {"x": "0", "y": "1"}, "x", "0"),
]


@pytest.mark.parametrize(("text", "at", "name", "slope"), WRONG)
def test_a_guards_branch_is_not_the_function(text: str, at: dict[str, str], name: str, slope: str) -> None:
    """Autograd differentiated the branch of the guard: rounding excuses nothing, and the report has the true slope."""
    found = examine(text, at)[name]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("mismatch", "GC104")
    assert "within" not in found.reason.message or "abs" in text or "1e-20" in text
    assert f"beside it the slope{'' if slope[0] == 's' else ' is '}{slope}" in found.reason.message


RIGHT = [
    ("1 if x == 0 else sin(x)/x", {"x": "0"}, "verified"),
    ("0.5 if x == 0 else (1 - cos(x))/x**2", {"x": "0"}, "verified"),
    ("1 + x/2 if x == 0 else expm1(x)/x", {"x": "0"}, "verified"),
    ("where(x == 3, 6*x - 9, x**2)", {"x": "3"}, "verified"),
    ("where(x == 0, 0, abs(x))", {"x": "0"}, "kink"),
    ("where(x <= 0, 0, expm1(x))", {"x": "0"}, "kink"),
    ("5 if x == 0 else x", {"x": "0"}, "undefined"),
    ("where(abs(x) < 1e-3, 0, x)", {"x": "0"}, "verified"),
    ("where(abs(x) < 1e-12, 5, x)", {"x": "0"}, "verified"),
    ("where(abs(x - 2) < 1e-10, 1/2 + 0.25*(x - 2), 1e6*(x - 2))", {"x": "2"}, "verified"),  # a step, not a guard
    ("where(abs(x) < 1e-9, 1e-6 + x, 1e3*x)", {"x": "0"}, "mismatch"),  # within what 1e3*x changes there
    ("where(abs(x) < 1e-12, 0, abs(x))", {"x": "0"}, "verified"),
    ("where(abs(x) < 1e-4, 1 + x/2 + x**2/6, expm1(x)/x)", {"x": "1e-5"}, "verified"),
    ("where(x < 1e-12, 0, x)", {"x": "0"}, "verified"),
    # conditions that come and go beside a large point, often within a millionth of it
    ("cot(where(binomial(x, 0.195) >= 0.844, 0.25 + x, tanh(expm1(x))))", {"x": "-218337837.9899942"}, "verified"),
    ("where(sin(x) > 0.9, 5, x)", {"x": "218337838.3"}, "verified"),
    ("where(frac(x) > 0.5, x, cos(x))", {"x": "218337838.25"}, "verified"),
    ("where(sin(1000*x) > 0.99, 1, x)", {"x": "1e8"}, "verified"),
]


@pytest.mark.parametrize(("text", "at", "verdict"), RIGHT)
def test_what_is_no_guard_or_does_no_harm(text: str, at: dict[str, str], verdict: str) -> None:
    """A branch with the right slope is right; corners, jumps and wide branches stay what they are."""
    assert examine(text, at)["x"].verdict == verdict


EXCUSED = [
    ("1/(x*x - y)", {"x": "1.1", "y": "1.2100000000000002"}, "x", "x*x - y can be 0 by rounding"),
    ("log(x*x - y)", {"x": "1.1", "y": "1.2100000000000002"}, "y", "x*x - y can be 0 by rounding"),
    ("1 if x == 0 else 1/(y*y - 1.2100000000000002)", {"x": "1", "y": "1.1"}, "y", "can be 0 by rounding"),
    ("exp(binomial(polygamma(1, x - 5), x))", {"x": "-3.27685370056027e-07"}, "x", "leaves no bound for exp(binomial("),
]


@pytest.mark.parametrize(("text", "at", "name", "words"), EXCUSED)
def test_an_infinite_budget_names_what_can_be_zero(text: str, at: dict[str, str], name: str, words: str) -> None:
    """What rounding can make 0, or leaves without a bound, explains any number, and is named."""
    found = examine(text, at)[name]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("imprecise", "GC302")
    assert words in found.reason.message


def test_the_branch_that_torch_took_is_judged_where_rounding_decides() -> None:
    """x*x == y holds in float64 and not in truth: that is rounding, and the branch's own number is explained by it."""
    found = examine("3*y if x*x == y else 3*y + 0*(x*x - y) + (x*x - y)*1e17", {"x": "1.1", "y": "1.2100000000000002"})
    assert found["y"].verdict == "imprecise"


@pytest.mark.parametrize(
    ("text", "x", "truth"),
    [
        ("floor(sigmoid(x))*x", "5000", 0),
        ("floor(sigmoid(x))*x", "6612", 0),
        ("floor(sigmoid(x))*x", "16612", 0),
        ("ceil(1 + exp(-x))*x", "6700", 2),
        ("where(1 + exp(-x) > 1, x**2, x)", "6700", 13400),
        ("(3 if tanh(x) == 1 else 2)*x", "7000", 2),
    ],
)
def test_a_tie_that_only_rounding_makes_is_none_however_many_digits_it_takes(text: str, x: str, truth: float) -> None:
    """exp(-6700) is 1e-2910: 1 + exp(-6700) is 1 in float64, and not in truth."""
    found = examine(text, {"x": x})["x"]
    assert (found.verdict, found.exact and float(found.exact.value)) == ("imprecise", truth)


@pytest.mark.campaign
def test_verdicts_at_guards_agree_with_limits() -> None:
    """Random guards, nested, with corners, jumps and removable points behind them: no verdict that mpmath contradicts.

    scripts/campaigns/guards.py does the same with as many expressions as one likes.
    """
    found = [(chosen.text, each) for chosen in _cases(100) for each in outcomes(chosen)]
    assert [(text, each) for text, each in found if each.violation] == []
    assert sum(each.verdict == "unverified" for _, each in found) <= 0.02 * len(found)


def _cases(count: int) -> list[Case]:
    return [case(Random(f"suite/{number}")) for number in range(count)]
