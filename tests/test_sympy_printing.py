"""Formulas in the four styles, in the user's names."""

import math

import pytest

from tests.symbolic import Asked

ALL_STYLES = [
    (
        "5*x**3 + 2*x**2",
        "15*x**2 + 4*x",
        "15 x^{2} + 4 x",
        "15*x**2 + 4*x",
        "15*pow(x, 2) + 4*x",
    ),
    (
        "exp(-x**2/2)",
        "-x*exp(-x**2/2)",
        r"- x e^{- \frac{x^{2}}{2}}",
        "-x*math.exp(-1/2*x**2)",
        "-x*exp(-1.0/2.0*pow(x, 2))",
    ),
    ("1.602e-19*x**2", "3.204e-19*x", r"3.204 \cdot 10^{-19} x", "3.204e-19*x", "3.204e-19*x"),
    ("0.5*x**1.5", "0.75*sqrt(x)", r"0.75 \sqrt{x}", "0.75*math.sqrt(x)", "0.75*sqrt(x)"),
    ("1e20*x**2", "2e+20*x", r"2.0 \cdot 10^{20} x", "2e+20*x", "2e+20*x"),
    ("(b - x)**2/2", "x - b", "x - b", "x - b", "x - b"),
    ("lambda_*sin(x)", "lambda_*cos(x)", r"\lambda \cos{\left(x \right)}", "lambda_*math.cos(x)", "lambda_*cos(x)"),
    ("θ1*x**2", "2*x*θ1", "2 x θ_{1}", "2*x*θ1", "2*x*θ1"),
    (
        "relu(x)",
        "where(x > 0, 1, 0)",
        r"\begin{cases} 1 & \text{for}\: x > 0 \\0 & \text{otherwise} \end{cases}",
        "(1 if (x > 0) else 0)",
        "((x > 0) ? 1 : 0)",
    ),
    (
        # At 0 alone x**2 has the same value, and the slope is that of x.
        "where(x > 1 or x == 0, x**2, x)",
        "where(x > 1, 2*x, 1)",
        r"\begin{cases} 2 x & \text{for}\: x > 1 \\1 & \text{otherwise} \end{cases}",
        "(2*x if (x > 1) else 1)",
        "((x > 1) ? 2*x : 1)",
    ),
    (
        "x*max(y, 1)*min(y, 3)",
        "max(y, 1)*min(y, 3)",
        r"\max\left(1, y\right) \min\left(3, y\right)",
        "max(y, 1)*min(y, 3)",
        "fmax(y, 1)*fmin(y, 3)",
    ),
    (
        "x*cbrt(y) + x*cbrt(y)**2",
        "cbrt(y)**2 + cbrt(y)",
        r"\sqrt[3]{y}^{2} + \sqrt[3]{y}",
        "math.cbrt(y)**2 + math.cbrt(y)",
        "pow(cbrt(y), 2) + cbrt(y)",
    ),
    ("x*abs(log(y))", "abs(log(y))", r"\left|{\log{\left(y \right)}}\right|", "abs(math.log(y))", "fabs(log(y))"),
    ("x*floor(y)*e", "exp(1)*floor(y)", r"e \left\lfloor{y}\right\rfloor", "math.e*math.floor(y)", "M_E*floor(y)"),
    (
        "lgamma(x)*y",
        "y*digamma(x)",
        r"y \operatorname{polygamma}{\left(0,x \right)}",
        "Python's math module has no digamma",
        "C has no digamma",
    ),
]


@pytest.mark.parametrize(("source", "text", "latex", "python", "c"), ALL_STYLES)
def test_the_same_formula_in_every_style(source: str, text: str, latex: str, python: str, c: str) -> None:
    """A style that has no name for a function says so in place of the formula."""
    printed = {style: Asked(source, style=style).formula("x") for style in ("text", "latex", "python", "c")}
    expected = {"text": text, "latex": latex, "python": python, "c": c}
    assert {style: formula or reason for style, (formula, reason) in printed.items()} == expected


INFINITE = [("x*where(y > 0, y, inf)", "where(y > 0, y, inf)"), ("x*max(y, -inf)", "max(y, -inf)")]


@pytest.mark.parametrize(("source", "reason"), INFINITE)
def test_infinity_in_a_branch(source: str, reason: str) -> None:
    """A formula that holds an infinity is no formula in real numbers."""
    formula, why = Asked(source).formula("x")
    assert formula is None, reason
    assert why is not None
    assert why.startswith("SymPy gives a formula with ")


PASTED = [
    "sigmoid(x)*exp(1)",
    "gelu(x)",
    "mish(x)",
    "selu(x)",
    "clamp(x, 0, 1)*abs(x)",
    "lgamma(x)*i0(x)",
    "x**1.5 % 2",
    "where(x > 0 and not x == 3, x**2, x) + trunc(x)",
    "polygamma(1, x)*erfinv(x/2)",
    "atan2(x, 2)*hypot(x, 3)/acosh(1 + x)",
]


@pytest.mark.parametrize("source", PASTED)
def test_text_can_be_pasted_back(source: str) -> None:
    """The text style is gradcalc's own language: it parses, and means the same number."""
    found = Asked(source)
    formula, _ = found.formula("x")
    assert formula is not None
    slope = found.slope("x", {"x": 0.75}).digits
    pasted = Asked(formula).value({"x": 0.75}).digits
    assert slope is not None
    assert pasted is not None
    assert math.isclose(float(slope), float(pasted), rel_tol=1e-15)


def test_python_text_runs() -> None:
    """What is printed as Python is Python."""
    formula, _ = Asked("exp(sin(x))*where(x > 1, sqrt(x), cbrt(x))/x**2.5", style="python").formula("x")
    compile(str(formula), "formula", "eval")
