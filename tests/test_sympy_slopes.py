"""Partial derivatives of SymPy expressions."""

import pytest
import sympy

from autogradcli.engines.sympy.adapters import Max, Min, magnitude, side, where
from autogradcli.engines.sympy.slopes import Slopes

x, y = (sympy.Symbol(name, real=True) for name in "xy")

SLOPES = [
    (x**2 + 3 * y, 2 * x),
    (x * sympy.sin(x) * y, y * sympy.sin(x) + x * y * sympy.cos(x)),
    (x**y, x**y * y / x),
    (y**x, y**x * sympy.log(y)),
    (sympy.exp(2 * x), 2 * sympy.exp(2 * x)),
    (sympy.Abs(2 * x), 2 * sympy.sign(x)),
    (magnitude(sympy.log(x)), sympy.sign(sympy.log(x)) / x),
    (sympy.atan2(x, y), y / (x**2 + y**2)),
    (sympy.besseli(1, 2 * x), sympy.besseli(0, 2 * x) + sympy.besseli(2, 2 * x)),
    (where(x < y, x**2, y), where(x < y, 2 * x, 0)),
    (Max(x, x**2), side(x - x**2, 1, 2 * x)),
    (Min(x, x**2), side(x**2 - x, 1, 2 * x)),
    (Max(x, x + y), sympy.S.One),
    (Max(sympy.exp(x), 0), sympy.exp(x)),
    (Min(sympy.exp(x), 0), sympy.S.Zero),
    (sympy.sin(y), sympy.S.Zero),
]


@pytest.mark.parametrize(("expression", "slope"), SLOPES)
def test_slopes(expression: sympy.Expr, slope: sympy.Expr) -> None:
    """In the form that SymPy's own rules give; the slope of an extreme is that of the argument which it is."""
    assert Slopes([x]).by(expression, x) == slope


def test_what_has_no_slope_is_left_undone() -> None:
    """SymPy knows no derivative with respect to the order of a Bessel function."""
    assert Slopes([x]).by(sympy.besseli(x, y), x).has(sympy.Derivative)


def test_shared_parts_are_differentiated_once() -> None:
    """Two hundred levels, each of which has the one below it twice: a tree of 2**200 nodes."""
    part = x
    for _ in range(200):
        part = sympy.sin(part) * (part + y)
    slopes = Slopes([x, y])
    assert slopes.depends(part, x)
    assert slopes.by(part, x) != 0
