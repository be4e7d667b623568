"""Numbers with bounds on their error."""

import math
from fractions import Fraction

import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Expr, Rational, Symbol

from autogradcli.engines.sympy.adapters import Max, magnitude, side, where
from autogradcli.engines.sympy.arithmetic import (
    Arithmetic,
    NoValue,
    Rounded,
    Unresolved,
    context,
    digits,
    log_sum,
    size,
)
from autogradcli.engines.sympy.evaluate import Point, Tie, evaluate

x, y, z = (Symbol(name, real=True) for name in "xyz")
EVERYTHING = Point({x: Fraction(3, 4), y: Fraction(-2), z: Fraction(0)}, {})

EXACT = [
    (x + y, "-1.25"),
    (x / y, "-0.375"),
    (sympy.sqrt(x * 12), "3"),
    (sympy.sin(z) + sympy.cos(z) + sympy.log(z + 1), "1"),
    (sympy.floor(x) + sympy.ceiling(x) + sympy.floor(y), "-1"),
    (sympy.Abs(y) + sympy.Abs(x), "2.75"),
    (sympy.sign(y), "-1"),
    (Max(x, y, z), "0.75"),
    (where(sympy.And(x > 0, sympy.Or(y > 0, sympy.Not(sympy.Eq(z, 0)))), 1, 2), "2"),
    (where(sympy.Ne(z, 0), 1, 2) + where(z <= 0, 10, 20) + where(z >= 0, 100, 200) + where(z < 0, 1000, 2000), "2112"),
    (where(sympy.Not(sympy.And(x > 0, y > 0)), 1, 2), "1"),
    (z**z, "1"),
    (sympy.sin(x) ** z, "1"),
    (sympy.besseli(1, y), "-1.590636854637329063382254425"),
    (z ** (x + 1), "0"),
    (x**4000 * x**-4000, "1"),
    ((x**50000) ** 2 / x**99999, "0.75"),
    (sympy.floor(sympy.exp(z) + sympy.pi), "4"),
    (sympy.ceiling(-sympy.pi), "-3"),
    (magnitude(sympy.log(x)), "0.287682072451780927439219005994"),
    (sympy.EulerGamma + z, "0.577215664901532860606512090082"),
    (sympy.besseli(2, x), "0.0736668804948754469752910518492"),
]


@pytest.mark.parametrize(("expression", "value"), EXACT)
def test_values(expression: Expr, value: str) -> None:
    """Fractions stay exact where they can, and everything else is right to the last of 30 digits."""
    assert evaluate(expression, EVERYTHING) == value


NONE = [
    (1 / z, "division by zero"),
    (z**-x, "division by zero"),
    (y**x, "complex value: a power of a negative number"),
    (sympy.sqrt(y), "complex value: the square root of a negative number"),
    (sympy.acosh(x), "complex value: acosh(0.75)"),
    (sympy.log(z), "a pole: log(0)"),
    (sympy.gamma(y), "gamma(-2) has no value"),
    (x * sympy.I, "complex value"),
    (where(z >= 0, sympy.oo, x), "SymPy gives oo"),
    (sympy.Function("unheard_of")(x), "SymPy cannot evaluate unheard_of"),
    (sympy.exp(sympy.exp(sympy.exp(12 + x))), "beyond what can be evaluated: the argument of exp is too large"),
    (sympy.exp(sympy.exp(1000 * x)) * x, "beyond what can be evaluated"),
    (sympy.floor(sympy.sin(x) ** 2 + sympy.cos(x) ** 2), "could not be resolved to 30 digits"),
    (where(sympy.sin(x) ** 2 + sympy.cos(x) ** 2 < 1, x, y), "could not be resolved to 30 digits"),
    (1 / (sympy.sin(x) ** 2 + sympy.cos(x) ** 2 - 1), "could not be resolved to 30 digits"),
]


@pytest.mark.parametrize(("expression", "reason"), NONE)
def test_no_values(expression: Expr, reason: str) -> None:
    """There is none, or none can be told: never digits that are noise."""
    with pytest.raises(NoValue) as found:
        evaluate(expression, EVERYTHING)
    assert str(found.value) == reason


def test_what_vanishes_is_zero() -> None:
    """Proven, or smaller than any double by a thousand orders of magnitude."""
    assert evaluate(sympy.sin(x) ** 2 + sympy.cos(x) ** 2 - 1, EVERYTHING) == "0"
    assert evaluate((sympy.sin(x) ** 2 + sympy.cos(x) ** 2 - 1) ** 2, EVERYTHING) == "0"
    assert evaluate(sympy.exp(z * sympy.pi) - 1, EVERYTHING) == "0"


@pytest.mark.parametrize("power", [-1, -10, -50, -100, -300, -1000])
def test_what_nearly_vanishes_is_found(power: int) -> None:
    """The precision rises until what is left of a cancellation has its 30 digits."""
    tiny = Rational(10) ** power
    with mp.workdps(2100):
        truth = mp.expm1(mpf(10) ** power)
        assert abs(mpf(evaluate(sympy.exp(tiny * x / Rational(3, 4)) - 1, EVERYTHING)) / truth - 1) < mpf(10) ** -29


def test_ties_ask_for_a_side() -> None:
    """The slope of |u| at 0 is that of the side that was chosen, and the other one for -u."""
    with pytest.raises(Tie):
        evaluate(sympy.sign(z), EVERYTHING)
    assert [evaluate(sympy.sign(z), EVERYTHING, each) for each in (-1, 0, 1)] == ["-1", "0", "1"]
    assert [evaluate(side(z, 5, 6), EVERYTHING, each) for each in (-1, 1)] == ["6", "5"]
    assert [evaluate(side(-z, 5, 6), EVERYTHING, each) for each in (-1, 1)] == ["5", "6"]


def test_step_functions_keep_their_value_at_a_jump() -> None:
    """No side is asked of a step function of the user's own: sign(0) is 0."""
    constant = sympy.Dummy(real=True)
    assert evaluate(constant + x, Point(EVERYTHING.values, {constant: sympy.sign(z)})) == "0.75"


SCALES = st.floats(1e-6, 1e6).map(Fraction) | st.fractions(-100, 100, max_denominator=50)
UNARY = (
    sympy.sin,
    sympy.atan,
    sympy.tanh,
    sympy.asinh,
    lambda u: sympy.exp(sympy.sin(u)),
    lambda u: sympy.log(1 + u**2),
)


def expressions() -> st.SearchStrategy[Expr]:
    """Expressions in x and y that are defined everywhere."""
    leaves = st.sampled_from([x, y]) | st.fractions(-5, 5, max_denominator=9).map(
        lambda q: Rational(*q.as_integer_ratio())
    )

    def extend(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        two = st.tuples(inner, inner)
        return (
            st.tuples(st.sampled_from(UNARY), inner).map(lambda pair: pair[0](pair[1]))
            | two.map(lambda pair: pair[0] + pair[1])
            | two.map(lambda pair: pair[0] - pair[1])
            | two.map(lambda pair: pair[0] * pair[1])
            | two.map(lambda pair: pair[0] / (1 + pair[1] ** 2))
        )

    return st.recursive(leaves, extend, max_leaves=8)


@pytest.mark.campaign
@given(expressions(), SCALES, SCALES)
def test_any_value_agrees_with_mpmath_at_300_digits(expression: Expr, at_x: Fraction, at_y: Fraction) -> None:
    """All 30 digits are right, however much cancels on the way."""
    try:
        found = evaluate(expression, Point({x: at_x, y: at_y}, {}))
    except NoValue:
        assume(False)
    with mp.workdps(300):
        function = sympy.lambdify((x, y), expression, "mpmath")
        truth = mpf(function(*(mpf(at.numerator) / at.denominator for at in (at_x, at_y))))
        assert abs(mpf(found) - truth) <= abs(truth) * mpf(10) ** -29 + mpf(10) ** -250


def test_logarithms_of_sizes() -> None:
    """Sizes of numbers beyond any double."""
    assert size(context.mpf(-8)) == 3.0
    assert size(context.mpf(0)) == -math.inf
    assert log_sum(1000.0, 1000.0) == 1001.0
    assert log_sum(-math.inf, -math.inf) == -math.inf


def test_digits_need_a_small_error() -> None:
    """30 digits, or none."""
    one = context.mpf(1)
    assert digits(Rounded(one, -120.0)) == "1"
    with pytest.raises(Unresolved):
        digits(Rounded(one, -90.0))
    with pytest.raises(Unresolved):
        digits(Rounded(context.ldexp(1, -200), -150.0))
    assert digits(Rounded(context.ldexp(1, -6000), -5000.0)) == "0"


def test_long_fractions_are_rounded() -> None:
    """So that exact arithmetic cannot blow up."""
    arithmetic = Arithmetic(160)
    assert isinstance(arithmetic.bounded(Fraction(1, 3**100)), Fraction)
    assert isinstance(arithmetic.bounded(Fraction(1, 3**10000)), Rounded)
