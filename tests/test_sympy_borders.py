"""Derivatives where conditions change: what the slopes on both sides are, by hand, and not what each branch gives."""

import json

import pytest

from tests.command import gradcalc
from tests.symbolic import Asked

MENDED = [
    ("where(x == 3, 9, x**2)", "x", "2*x"),
    ("where(x != 3, x**2, 9)", "x", "2*x"),
    ("9 if 3 <= x <= 3 else x**2", "x", "2*x"),
    ("where(x > 3, x**2, where(x < 3, x**2, 9))", "x", "2*x"),
    ("where(abs(x - 3) == 0, 9, x**2)", "x", "2*x"),
    ("where((x - 3)**2 == 0, 9, x**2)", "x", "2*x"),
    ("where(6 - 2*x == 0, 9, x**2)", "x", "2*x"),
    # borders that are touched: on one side of zero there is nothing
    ("where((x - 3)**2 > 0, x**2, 9)", "x", "2*x"),
    ("where(-(x - 3)**2 < 0, x**2, 9)", "x", "2*x"),
    ("where(x**2 - 6*x + 9 <= 0, 9, x**2)", "x", "2*x"),
    ("where(0.4*x - x*x >= 0.04, 0.04, x**2)", "x", "2*x"),
    ("where(x**4 - 4*x**2 + 4 > 0, x**2, 2)", "x", "2*x"),
    ("where(abs(x - 3)**3 <= 0, 9, x**2)", "x", "2*x"),
    ("where((x - 1)**2*(x - 2)**2 > 0, x**2, 3*x - 2)", "x", "2*x"),
    ("where(exp(2*x) - 2*exp(x) + 1 > 0, x**2, x)", "x", "2*x"),
    # and where other factors, or functions that only touch their bounds, are there as well
    ("where((x - 1)**2*(x + 2) > 0, x**2, 2*x - 1)", "x", "where((x - 1)**2*(x + 2) > 0, 2*x, 2)"),
    ("where((x - 1)**2*(x + 2) > 0, x**2, 1)", "x", "where(x == 1, 2, where((x - 1)**2*(x + 2) > 0, 2*x, 0))"),
    ("where((x - 1)**2*(x - 2) >= 0, 1, x**2)", "x", "where(x == 1, 2, where((x - 2)*(x - 1)**2 >= 0, 0, 2*x))"),
    ("where(x**2*(x - 2) > 0, 1, x**2)", "x", "where(x**2*(x - 2) > 0, 0, 2*x)"),
    ("where(exp(x) > 1, 3*x, x)", "x", "where(exp(x) > 1, 3, 1)"),
    ("where(sqrt(x) > 1, 3*x, x)", "x", "where(sqrt(x) > 1, 3, 1)"),
    ("where(x*x > 0, expm1(x)/x, 1)", "x", "where(x == 0, 1/2, (exp(x) - (exp(x) - 1)/x)/x)"),
    ("where((x - y)**2 > 0, sin(x - y), 0)", "y", "-cos(x - y)"),
    ("where((x - 3)**3 > 0, x**2, 9)", "x", "where((x - 3)**3 > 0, 2*x, 0)"),
    ("where(x == 0.1, 0.01, x**2)", "x", "2*x"),
    ("where(x**2 == 2, 2, x**2)", "x", "2*x"),
    ("where(exp(x) == 2, log(2)**2, x**2)", "x", "2*x"),
    ("where((x == 3) & (y > 0), 9, x**2)", "x", "2*x"),
    ("where(x == y, x*y, x**2)", "x", "2*x"),
    ("where(x == y, x*y, x**2)", "y", "0"),
    ("1 if x == 0 else expm1(x)/x", "x", "where(x == 0, 1/2, (exp(x) - (exp(x) - 1)/x)/x)"),
    ("where(x == 0, 1e-20, 1e-20*expm1(x)/x)", "x", "where(x == 0, 5e-21, 1e-20*(exp(x) - (exp(x) - 1)/x)/x)"),
    ("where(x == 0, 1, sin(x)/x)", "x", "where(x == 0, 0, (cos(x) - sin(x)/x)/x)"),
    ("where(x == 0, 0, x**2*sin(1/x))", "x", "where(x == 0, 0, 2*x*sin(1/x) - cos(1/x))"),
    ("where(x == 1, 1, log(x)/(x - 1))", "x", "where(x == 1, -1/2, (1/x - log(x)/(x - 1))/(x - 1))"),
    ("log(x) if l == 0 else (x**l - 1)/l", "x", "where(l == 0, 1/x, x**l/x)"),
    ("log(x) if l == 0 else (x**l - 1)/l", "l", "where(l == 0, log(x)**2/2, (x**l*log(x) - (x**l - 1)/l)/l)"),
    ("where(x > 0, x**2, x**3)", "x", "where(x > 0, 2*x, 3*x**2)"),
    ("relu(x)", "x", "where(x > 0, 1, 0)"),
    ("where(floor(x) == 2, 4*x - 4, x**2)", "x", "where(floor(x) == 2, 4, 2*x)"),
]


@pytest.mark.parametrize(("expression", "name", "formula"), MENDED)
def test_the_formula_holds_on_the_border(expression: str, name: str, formula: str) -> None:
    """Nothing is to be said of it."""
    found = Asked(expression).work.formula(name)
    assert (found.texts, found.notes) == (formula, ())


TOLD = [
    ("where((x - 1)**2*(x - 2) >= 0, 5*x, x**2)", "where x == 1 there is no derivative"),
    ("where((x**2 - 2)**2*(x - 1) >= 0, 5*x, x**2)", "where x == -sqrt(2) there is no derivative"),
    ("1 if sin(x) >= 1 else x**2", "where sin(x) - 1 == 0 the formula may not hold"),
    ("where(exp(x) <= 1 + x, 3*x, x)", "where x - exp(x) + 1 == 0 the formula may not hold"),
    ("where(cosh(x) > 1, x**2, 0)", "where cosh(x) - 1 == 0 the formula may not hold"),
    ("where(x == 3, 10, x**2)", "where x == 3 there is no derivative"),
    ("where(x == 0, 0, sqrt(abs(x)))", "where x == 0 there is no derivative"),
    ("where(x == 1, 0, abs(x - 1)/2 + x - 1)", "where x == 1 there is no derivative"),
    ("x**2 if x != floor(x) else 4", "where floor(x) - x == 0 the formula may not hold"),
    ("where(x*y == 0, 1, expm1(x*y)/(x*y))", "where x == 0 the formula may not hold"),
    ("where(relu(x) == 1, 1, x**2*x/x)", "where max(x, 0) - 1 == 0 the formula may not hold"),
]


@pytest.mark.parametrize(("expression", "note"), TOLD)
def test_what_is_not_known_is_said(expression: str, note: str) -> None:
    """A formula that need not hold on a border is not printed without a word."""
    assert Asked(expression).work.formula("x").notes == (note,)


def test_diff_says_it_on_standard_error() -> None:
    """With the variable where there are several; in every style."""
    jump = gradcalc("diff", "where(x == 3, 10, x**2)", "--format", "python")
    assert (jump.status, jump.err) == (0, "note: where x == 3 there is no derivative\n")
    line = gradcalc("diff", "where(x == y, 1, x)")
    assert line.err == "note: with respect to x, where x == y there is no derivative\n"


@pytest.mark.parametrize(
    ("style", "formula"),
    [
        ("latex", r"\begin{cases} \frac{1}{2} & \text{for}\: x = 0 \\"),
        ("python", "(1/2 if (x == 0) else "),
        ("c", "((x == 0) ? 1.0/2.0 : "),
    ],
)
def test_all_styles_have_the_derivative_on_the_border(style: str, formula: str) -> None:
    """The derivative of (exp(x) - 1)/x at 0 is 1/2."""
    assert gradcalc("diff", "1 if x == 0 else expm1(x)/x", "--format", style).out.startswith(formula)


@pytest.mark.parametrize(
    ("expression", "x", "digits", "status"),
    [
        ("where(x == 3, 9, x**2)", "3", "6", "agrees"),
        ("1 if x == 0 else expm1(x)/x", "0", "0.5", "agrees"),
        ("x**2 if x != floor(x) else 9", "3", "0", "disagrees"),
        ("where(x == 3, 10, x**2)", "3", "0", "unavailable"),
        ("x*abs(x)", "0", "0", "agrees"),
    ],
)
def test_the_report_compares_with_slopes(expression: str, x: str, digits: str, status: str) -> None:
    """What SymPy's formula gives where conditions change is no more than it is there."""
    found = json.loads(gradcalc("eval", expression, "--x", x, "--json").out)["gradients"]["x"]["symbolic"]
    assert (found["digits"], found["status"]) == (digits, status)
