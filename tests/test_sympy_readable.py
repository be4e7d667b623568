"""The forms of a formula among which the shortest is printed."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
import sympy
from sympy import Expr, Symbol, cos, exp, sin, sqrt

from autogradcli.engines.sympy.evaluate import Point, evaluate
from autogradcli.engines.sympy.readable import READABLE, forms, forms_with_sigmoids, tree_sizes

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
    ((exp(-x - 1) * y + exp(-x - 1) * sin(y)) * cos(x), ["(y + sin(y))*exp(-x - 1)*cos(x)"]),
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


LEAVES = [x, y, x, y, sympy.pi, sympy.Integer(3), sympy.Rational(2, 3), sqrt(2)]
GROW: list[Callable[[Expr, Expr], Expr]] = [
    lambda u, v: u + v,
    lambda u, v: 2 * u - v / 3,
    lambda u, v: u * v,
    lambda u, v: u / (v**2 + 1),
    lambda u, _: -3 * u / x,
    lambda u, v: exp(-u - v),
    lambda u, v: exp(-2 * u) * v,
    lambda u, v: u * sin(v),
    lambda u, v: u / sqrt(v**2 + 2),
    lambda u, _: (u + 1) ** 2,
]


def grown(chance: Random, depth: int) -> Expr:
    """A random formula, all of whose values are real and finite."""
    if depth == 0:
        return chance.choice(LEAVES)
    return chance.choice(GROW)(grown(chance, depth - 1), grown(chance, chance.randrange(depth)))


@pytest.mark.parametrize("seed", range(60))
def test_all_forms_mean_the_same(seed: int) -> None:
    """At a point, to 28 digits; and no form takes for ever."""
    chance = Random(seed)
    point = Point({x: Fraction(7, 8), y: Fraction(-5, 16)}, {})
    for _ in range(10):
        first, *others = (Decimal(evaluate(form, point)) for form in forms_with_sigmoids(grown(chance, 3).diff(x)))
        assert all(abs(other - first) <= abs(first) * Decimal("1e-28") for other in others)


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
