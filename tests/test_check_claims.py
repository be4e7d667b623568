"""Claims: a wrong one never passes, a true one never fails, and what is said of each."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from autogradcli.checks.claims import ClaimText, judge
from autogradcli.compute.problem import Problem
from autogradcli.language.parser import parse
from tests.cases import write
from tests.command import gradcalc
from tests.oracles.claims_made import claim

POINTS = ({"x": 0.7, "y": -1.3}, {"x": -2.1, "y": 0.4})


def status(expression: str, formula: str, *points: dict[str, Any], tolerance: float | None = None) -> str:
    """What balls say of a claim about x."""
    program = parse(expression)
    return judge(Problem(program, {}, ("x",)), ClaimText("x", parse(formula), tolerance), points).status


@pytest.mark.campaign
@pytest.mark.parametrize("block", range(6))
def test_a_hundred_claims(block: int) -> None:
    """Half of them are mutated; what each of them says is known from mpmath. The campaign has thousands."""
    for seed in range(20 * block, 20 * block + 20):
        made = claim(seed)
        assert status(made.expression, made.claim, *POINTS) == ("holds" if made.true else "wrong"), (seed, made)


def test_claims_are_of_both_kinds() -> None:
    """They are no one-sided lot."""
    true = sum(claim(seed).true for seed in range(120))
    assert 60 <= true <= 90


BY_HAND = [
    ("abs(x)", "1", {"x": 2.0}, "wrong"),
    ("abs(x)", "sign(x)", {"x": 2.0}, "holds"),
    ("abs(x)", "x/abs(x)", {"x": -2.0}, "holds"),
    ("relu(x)", "where(x > 0, 1, 0)", {"x": 0.0}, "holds"),
    ("relu(x)", "where(x > -1, 1, 0)", {"x": 3.0}, "wrong"),
    ("sin(x)**2 + cos(x)**2", "0", {"x": 2.0}, "holds"),
    ("sin(x)**2 + cos(x)**2", "1e-30", {"x": 2.0}, "wrong"),
    ("x**2", "2*x + 1e-100", {"x": 2.0}, "wrong"),
    ("log(x)", "1/x", {"x": 2.0}, "holds"),
    ("log(abs(x))", "1/x", {"x": 2.0}, "holds"),
    ("log(abs(x))", "1/abs(x)", {"x": 2.0}, "wrong"),
    ("sqrt(x**2)", "1", {"x": 5.0}, "wrong"),
    ("x**3", "3*x*abs(x)", {"x": 5.0}, "wrong"),
    ("exp(x)", "exp(x)", {"x": -700.0}, "holds"),
    ("sigmoid(x)", "sigmoid(x)*(1 - sigmoid(x))", {"x": 40.0}, "holds"),
    ("sigmoid(x)", "sigmoid(x)", {"x": -40.0}, "wrong"),
    ("erf(x)", "2*exp(-x**2)/sqrt(pi)", {"x": 1.0}, "holds"),
    ("erf(x)", "1.1283791670955126*exp(-x**2)", {"x": 1.0}, "wrong"),
    ("floor(x)", "0", {"x": 1.5}, "holds"),
    ("log(x)", "1/x", {"x": -2.0}, "untold"),
    ("where(x > 1000, x**2, x)", "1", {"x": 2.0}, "wrong"),
    ("where(x > 1e6, 2*x, x)", "1", {"x": 2.0}, "wrong"),
    ("where((x > 7) & (x < 7.01), 2*x, x)", "1", {"x": 2.0}, "wrong"),
    ("relu(-x - 5000)", "0", {"x": 2.0}, "wrong"),
    ("abs(x - 1e5)", "-1", {"x": 2.0}, "wrong"),
    ("x**2", "2*x**3/x**2", {"x": 0.0}, "untold"),
    ("x**2", "2*exp(log(x))", {"x": -2.0}, "untold"),
    ("x**2", "2*exp(log(x))", {"x": 2.0}, "holds"),
]


@pytest.mark.parametrize(("expression", "formula", "point", "expected"), BY_HAND)
def test_what_balls_say(expression: str, formula: str, point: dict[str, float], expected: str) -> None:
    """Wrong in a region far from the point is wrong; what is not told here is told nearby."""
    assert status(expression, formula, point) == expected


POINTWISE = [
    ("where(x == 3, 9, x**2)", "where(x == 3, 0, 2*x)", {"x": 3.0}, "wrong"),
    ("where(x == 3, 9, x**2)", "2*x", {"x": 3.0}, "holds"),
    ("where(x != 3, x**2, 9)", "where(x != 3, 2*x, 6)", {"x": 3.0}, "holds"),
    ("where(x > 3, x**2, where(x < 3, x**2, 9))", "where(x > 3, 2*x, where(x < 3, 2*x, 0))", {"x": 5.0}, "wrong"),
    ("9 if 3 <= x <= 3 else x**2", "0 if 3 <= x <= 3 else 2*x", {"x": 1.0}, "wrong"),
    ("1 if x == 0 else expm1(x)/x", "0 if x == 0 else (exp(x) - expm1(x)/x)/x", {"x": 0.0}, "wrong"),
    ("1 if x == 0 else expm1(x)/x", "0 if x == 0 else (exp(x) - expm1(x)/x)/x", {"x": 2.0}, "wrong"),
    ("1 if x == 0 else expm1(x)/x", "1/2 if x == 0 else (exp(x) - expm1(x)/x)/x", {"x": 0.0}, "holds"),
    ("1 if x == 0 else expm1(x)/x", "1/2 + 1e-40 if x == 0 else (exp(x) - expm1(x)/x)/x", {"x": 0.0}, "wrong"),
    (
        "where((x - 0.2)**2 == 0, 1, expm1(x - 0.2)/(x - 0.2))",
        "where((x - 0.2)**2 == 0, 1/3, (exp(x - 0.2) - expm1(x - 0.2)/(x - 0.2))/(x - 0.2))",
        {"x": 1.0},
        "wrong",
    ),
    (
        "where((x - 0.2)**2 == 0, 1, expm1(x - 0.2)/(x - 0.2))",
        "where((x - 0.2)**2 == 0, 1/2, (exp(x - 0.2) - expm1(x - 0.2)/(x - 0.2))/(x - 0.2))",
        {"x": 1.0},
        "holds",
    ),
    (
        "where((x - 0.2)*(x - 0.2) <= 0, 1, expm1(x - 0.2)/(x - 0.2))",
        "where((x - 0.2)*(x - 0.2) <= 0, 1/3, (exp(x - 0.2) - expm1(x - 0.2)/(x - 0.2))/(x - 0.2))",
        {"x": 1.0},
        "wrong",
    ),
    (
        "where((x - 0.2)*(x - 0.2) <= 0, 1, expm1(x - 0.2)/(x - 0.2))",
        "where((x - 0.2)*(x - 0.2) <= 0, 1/2, (exp(x - 0.2) - expm1(x - 0.2)/(x - 0.2))/(x - 0.2))",
        {"x": 1.0},
        "holds",
    ),
    (
        "where(not (5*x - 1)**2 > 0, 1, expm1(x - 0.2)/(x - 0.2))",
        "where(not (5*x - 1)**2 > 0, 1/3, (exp(x - 0.2) - expm1(x - 0.2)/(x - 0.2))/(x - 0.2))",
        {"x": 1.0},
        "wrong",
    ),
    (
        "where(not (5*x - 1)**2 > 0, 1, expm1(x - 0.2)/(x - 0.2))",
        "where(not (5*x - 1)**2 > 0, 1/2, (exp(x - 0.2) - expm1(x - 0.2)/(x - 0.2))/(x - 0.2))",
        {"x": 1.0},
        "holds",
    ),
    (
        "where((x - 1/5)**4 == 0, 1, expm1(x - 0.2)/(x - 0.2))",
        "where((x - 1/5)**4 == 0, 1/3, (exp(x - 0.2) - expm1(x - 0.2)/(x - 0.2))/(x - 0.2))",
        {"x": 1.0},
        "wrong",
    ),
    (
        "where((x - 1/5)**4 == 0, 1, expm1(x - 0.2)/(x - 0.2))",
        "where((x - 1/5)**4 == 0, 1/2, (exp(x - 0.2) - expm1(x - 0.2)/(x - 0.2))/(x - 0.2))",
        {"x": 1.0},
        "holds",
    ),
    ("1 if x == 0 else sin(x)/x", "0 if x == 0 else (cos(x) - sin(x)/x)/x", {"x": 0.0}, "holds"),
    ("where(x**2 == 2, 2, x**2)", "where(x**2 == 2, 0, 2*x)", {"x": 1.0}, "wrong"),
    ("where((x**2 - 2)**2 == 0, 2, x**2)", "where((x**2 - 2)**2 == 0, 0, 2*x)", {"x": 1.0}, "wrong"),
    ("where(x**2 == 2, 2, x**2)", "2*x", {"x": 1.0}, "holds"),
    ("x**2", "where(x == 0.1, 0, 2*x)", {"x": 1.0}, "wrong"),
    ("x**2", "where(exp(x) == 2, 0, 2*x)", {"x": 1.0}, "wrong"),
    ("x**2", "2*x + 1 - sign(x**2 - 2)**2", {"x": 1.0}, "wrong"),
    ("x**2", "2*x + where(x == floor(x), 1, 0)", {"x": 1.5}, "wrong"),
    ("x**2", "where(0 < x - 100 < 1e-3, 0, 2*x)", {"x": 2.0}, "wrong"),
    ("x**2", "2*x + relu(x - exp(20))", {"x": 2.0}, "wrong"),
    ("x*abs(x)", "2*abs(x)", {"x": 0.0}, "holds"),
    ("x*abs(x)", "where(x == 0, 1, 2*abs(x))", {"x": 2.0}, "wrong"),
    ("relu(x)**2", "where(x == 0, 1e-30, 2*relu(x))", {"x": 2.0}, "wrong"),
    ("relu(x)", "where(x >= 0, 1, 0)", {"x": 0.0}, "holds"),
    ("x*abs(x)**0.1", "1.1*abs(x)**0.1", {"x": 0.0}, "holds"),
    ("x + x*abs(x)**0.1", "1 + 1.1*abs(x)**0.1", {"x": 0.0}, "holds"),
    ("max(x**2, 2*x - 1)", "2*x", {"x": 1.0}, "holds"),
    ("max(x**2, 2*x - 1)", "where(x == 1, 3, 2*x)", {"x": 4.0}, "wrong"),
    ("x*y", "where(x == y, 0, y)", {"x": 2.0, "y": 1.7}, "wrong"),
    ("x*y", "where((x == 3) and (y == 2), 0, y)", {"x": 2.0, "y": 1.7}, "wrong"),
    ("x*y", "where((x**2 == 3) and (y == 2*x), 0, y)", {"x": 2.0, "y": 1.7}, "wrong"),
    ("where(y == 0, 1, expm1(x*y)/y) - where(y == 0, 1, 0)", "exp(x*y)", {"x": 2.0, "y": 0.0}, "wrong"),
    ("y if x == 0 else expm1(x*y)/x", "where(x == 0, y**2/2, (y*exp(x*y) - expm1(x*y)/x)/x)", {"x": 0.0, "y": 3.0},
     "holds"),
    ("y if x == 0 else expm1(x*y)/x", "where(x == 0, 0, (y*exp(x*y) - expm1(x*y)/x)/x)", {"x": 1.0, "y": 3.0},
     "wrong"),
    ("x**2", "where(sin(x) == 1, 1, 2*x)", {"x": 0.5}, "wrong"),
    ("x**2", "where(x**4 - 4*x**2 + 4 == 0, 1, 2*x)", {"x": 0.5}, "wrong"),
    # borders that are touched, written out: to balls their points are no zeros that one can see
    ("where(x*x - 0.4*x + 0.04 == 0, 0.04, x**2)", "where(x*x - 0.4*x + 0.04 == 0, 0, 2*x)", {"x": 2.0}, "wrong"),
    ("where(x*x - 0.4*x + 0.04 == 0, 0.04, x**2)", "2*x", {"x": 2.0}, "holds"),
    ("where(x*x - 0.4*x + 0.04 == 0, 0.04, x**2)", "where(x*x - 0.4*x + 0.04 == 0, 2/5, 2*x)", {"x": 2.0}, "holds"),
    ("where(x*x - 0.2*x + 0.01 <= 0, 0.01, x**2)", "where(x*x - 0.2*x + 0.01 <= 0, 0, 2*x)", {"x": 2.0}, "wrong"),
    ("where(0.4*x - x*x >= 0.04, 0.04, x**2)", "where(0.4*x - x*x >= 0.04, 0.3, 2*x)", {"x": 2.0}, "wrong"),
    ("where(x*x + 1/9 == 2*x/3, 1/9, x**2)", "where(x*x + 1/9 == 2*x/3, 0, 2*x)", {"x": 2.0}, "wrong"),
    ("where(x*x + 2.2*x + 1.21 == 0, 1.21, x**2)", "where(x*x + 2.2*x + 1.21 == 0, 0, 2*x)", {"x": 2.0}, "wrong"),
    ("x**2", "2*x + where(x**3 - 0.3*x**2 + 0.03*x - 0.001 == 0, 1, 0)", {"x": 2.0}, "wrong"),
    ("x**2", "2*x + where(x**4 - 0.08*x*x + 0.0016 == 0, 1, 0)", {"x": 2.0}, "wrong"),
    ("x**2", "where(log(x)**2 - 2*log(x) + 1 == 0, 1, 2*x)", {"x": 2.0}, "wrong"),
    ("x**2", "where(x**2 - 2*sqrt(2)*x + 2 == 0, 1, 2*x)", {"x": 2.0}, "wrong"),
    ("abs(x*x - 0.4*x + 0.04)", "2*x - 0.4", {"x": 2.0}, "holds"),
    ("abs(x*x - 0.4*x + 0.04)", "where(x*x - 0.4*x + 0.04 == 0, 1, 2*x - 0.4)", {"x": 2.0}, "wrong"),
    ("x**2", "where(x == 1e300, 0, 2*x)", {"x": 0.5}, "wrong"),
    ("x**2", "where((x - 1)**2 + (y - 2)**2 == 0, 1, 2*x)", {"x": 0.5, "y": 0.3}, "wrong"),
    ("x*y*z", "where((x == 1) and (y == 2) and (z == 3), 1, y*z)", {"x": 0.5, "y": 0.3, "z": 1.0}, "wrong"),
    ("x**2", "where(abs(x - sqrt(2)) < 1e-30, 1, 2*x)", {"x": 0.5}, "wrong"),
    ("x**2", "2*x + where(remainder(x, 97) == 3, 1, 0)", {"x": 0.5}, "wrong"),
    ("x**2", "2*x + 1 - sign(abs(x - y))", {"x": 0.5, "y": 3.0}, "wrong"),
    ("logsigmoid(x)", "where(x > -745, sigmoid(-x), 1)", {"x": 0.5}, "wrong"),
    ("sigmoid(x)", "sigmoid(x)*sigmoid(-x) + where(sin(x) == 1/3, tanh(x) - (1 - 2/(exp(2*x) + 1)), 0)",
     {"x": -416679.0}, "holds"),
    ("x**2", "where(tanh(x) < 1, 2*x, 0) + where(x > 1e6, 0, 0)", {"x": 1.0}, "holds"),
    ("x**2", "where(exp(-x) > 0, 2*x, 0) + where(x > 1e6, 0, 0)", {"x": 1.0}, "holds"),
    ("max([x, y])", "where(x >= y, 1, 0)", {"x": 1.0, "y": 1.0}, "holds"),
    ("xlogy(x**2, abs(x))", "2*xlogy(x, abs(x)) + x", {"x": 0.0}, "holds"),
    ("relu(2*x + 4.7)**2", "4*relu(2*x + 4.7) + where(2*x + 4.7 == 0, -1, 0)", {"x": 1.0}, "wrong"),
    ("sum(where(x == 3, 9, x**2))", "where(x == 3, 0, 2*x)", {"x": [1.0, 5.0, 2.0]}, "wrong"),
    ("sum(where(x == 3, 9, x**2))", "2*x", {"x": [1.0, 3.0, 2.0]}, "holds"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "formula", "point", "expected"), POINTWISE)
def test_where_conditions_change(expression: str, formula: str, point: dict[str, Any], expected: str) -> None:
    """Slopes tell the derivative there; such points are looked for also where no double is: derivatives by hand."""
    assert status(expression, formula, point) == expected


def test_with_a_tolerance_rounded_constants_hold() -> None:
    """A claim is exact unless it is said how far it may be off."""
    rounded = "1.1283791670955126*exp(-x**2)"
    assert status("erf(x)", rounded, {"x": 1.0}, tolerance=1e-15) == "holds"
    assert status("erf(x)", rounded, {"x": 1.0}, tolerance=1e-17) == "wrong"


def test_the_counterexample_is_one() -> None:
    """The point in the message is where the two differ, and the numbers are those of the two."""
    program = parse("x**3")
    found = judge(Problem(program, {}, ("x",)), ClaimText("x", parse("3*x*abs(x)")), [{"x": 5.0}])
    assert found.point is not None
    x = Fraction(found.point["x"])
    assert 3 * x * x != 3 * x * abs(x)
    assert found.message.startswith(f"wrong at x = {found.point['x']!r}: the derivative with respect to x is ")


CASES = """
    [[case]]
    expression = "log(1 + exp(x))"
    at.x = 1
    claim.x = "1/(1 + exp(-x))"

    [[case]]
    expression = "x*exp(y)"
    at = {x = 1, y = 2}
    claim = {x = "exp(y)", y = "x*exp(x)"}

    [[case]]
    expression = "sum(w**2)"
    at.w = [1, 2, 3]
    claim.w = "2*w"

    [[case]]
    expression = "sum(w**2)"
    at.w = [1, 2, 3]
    claim.w = [2, 4, 6]

    [[case]]
    expression = "sum(w**2)"
    at.w = [1, 2, 3]
    claim.w = [2, 4]
"""


def test_claims_in_case_files(tmp_path: Path) -> None:
    """Proved where SymPy agrees; the line of the claim that is wrong; tensors component by component."""
    cases = json.loads(gradcalc("check", write(tmp_path, CASES), "--json").out)["cases"]
    assert [case["claims"] for case in cases] == [
        {"x": "proved"},
        {"x": "proved", "y": "wrong"},
        {"w": "holds"},
        {"w": "wrong"},
        {},
    ]
    assert [[each["line"] for each in case["failures"]] for case in cases] == [[], [10], [], [20], []]
    assert cases[1]["failures"][0]["message"] == (
        "wrong at x = 1.0, y = 2.0: the derivative with respect to y is 7.38906, the claim 2.71828;"
        " SymPy's derivative is x*exp(y)"
    )
    assert "the derivative with respect to w[" in cases[3]["failures"][0]["message"]
    assert cases[4]["error"]["message"] == "claim.w: the claim has 2 components, the derivative 3"
