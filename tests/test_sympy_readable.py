"""The forms of a formula among which the shortest is printed."""

import pytest
import sympy
from sympy import Expr, Symbol, cos, exp, sin, sqrt

from autogradcli.engines.sympy.readable import READABLE, forms, tree_sizes

x, y = Symbol("x", real=True), Symbol("y", real=True)

FORMS = [
    (x**2, []),
    (sin(x) * exp(y), []),
    (3 * x**2 + 2 * x * y + 6, []),
    (x * exp(x) + exp(x), ["(x + 1)*exp(x)"]),
    (sin(x) / 2 + exp(x) / 2, ["(exp(x) + sin(x))/2"]),
    (x * (x + 1) + x * (x + 2), ["x*(2*x + 3)", "2*x**2 + 3*x"]),
    (1 / (x + 1) - x / (x + 1) ** 2, ["(-x/(x + 1) + 1)/(x + 1)", "(x + 1)**(-2)"]),
    (x * (x + 1) ** 9 + (x + 2) ** 9, []),
    ((4 * x**2 * exp(3 * y) + 6 * x * exp(y)) * sin(x), ["2*x*(2*x*exp(2*y) + 3)*exp(y)*sin(x)"]),
    ((sin(x) / x - cos(x) / x**3) * exp(y), ["(sin(x) - cos(x)/x**2)*exp(y)/x"]),
    ((2 * x / 3 + 4 * y) * sin(x), ["2*(x/3 + 2*y)*sin(x)"]),
    ((2 * x / 3 + 4 * y / 9) * sin(x), ["2*(3*x + 2*y)*sin(x)/9"]),
    ((-2 * x - 2 * y) * sin(x), ["-2*(x + y)*sin(x)"]),
    ((2 * x + 2 * y) / sqrt(x + y + 1), ["2*(x + y)/sqrt(x + y + 1)"]),
    ((sqrt(2) * x + sqrt(2) * y) * sin(x), ["sqrt(2)*(x + y)*sin(x)"]),
    (x * y + x * (y - 2 * x), ["2*x*(-x + y)", "-2*x**2 + 2*x*y"]),
    (
        2 * sin(x + 3 * y) + 2 * (2 * x + 3 * y) * sin(x),
        ["2*((2*x + 3*y)*sin(x) + sin(x + 3*y))", "4*x*sin(x) + 6*y*sin(x) + 2*sin(x + 3*y)"],
    ),
    (sin(x) / (x + 1), []),
    (1 / (x**2 / 4 + 1), ["4/(x**2 + 4)"]),
    (exp(-x) / (1 + exp(-x)), ["1/(exp(x) + 1)"]),
]


@pytest.mark.parametrize(("formula", "others"), FORMS)
def test_forms(formula: Expr, others: list[str]) -> None:
    """SymPy's own form comes first, and none comes twice."""
    first, *rest = forms(formula)
    assert first == formula
    assert [str(form) for form in rest] == others


def test_long_formulas_are_left_as_they_are() -> None:
    """However much their terms have in common."""
    formula = sympy.Add(*(x * sin(index * y) for index in range(1, READABLE)))
    assert list(forms(formula)) == [formula]


def test_the_size_of_a_formula_counts_what_is_shared() -> None:
    """Forty doublings make a tree of more than 2**40 nodes, which are counted without being walked."""
    function = sympy.Function("f")
    formula = x
    for _ in range(40):
        formula = function(formula, formula)
    assert tree_sizes(formula)[formula] == 2**41 - 1
