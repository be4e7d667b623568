"""Points at which a difference is zero and does not change its sign: there a condition with a closed end holds alone.

(x - 1)**2*(x - 2) >= 0 holds at 1 and not beside it, sin(x) >= 1 at the tops of the sine alone.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from autogradcli.engines.sympy.arithmetic import NoValue
from autogradcli.engines.sympy.evaluate import Point, Tie, evaluate
from autogradcli.engines.sympy.readable import tree_sizes

SIZE = 60
"""Nodes of a difference up to which it is looked at."""
PLACES = tuple(Fraction(n, 5) for n in range(-49, 50, 2))
"""Where the sign of what is no polynomial is looked at."""
HALVINGS = 60
"""Steps of the search for an extremum between two such places."""
ZERO = 1e-15
"""An extremum this small, beside the numbers at those places, is one of zero."""


def touching(difference: Expr, symbol: Symbol) -> Iterator[tuple[Expr, int | None]]:
    """What is zero where a difference touches zero, and the sign that this has on both sides; None if not known."""
    if tree_sizes(difference)[difference] > SIZE or symbol not in difference.free_symbols:
        return
    # Factors in exp(-100) would be looked for as in a polynomial of degree 100 in exp(-1).
    if difference.is_polynomial(*difference.free_symbols) and not difference.has(sympy.exp):
        yield from _double_roots(difference, symbol)
    elif difference.free_symbols == {symbol}:
        sign = _sign_of_one_side(difference, symbol)
        if sign is not None:
            yield difference, sign


def _double_roots(difference: Expr, symbol: Symbol) -> Iterator[tuple[Expr, int | None]]:
    """Factors of an even degree beside others."""
    try:
        _, parts = sympy.factor_list(difference)
    except sympy.PolynomialError:
        return
    for base, degree in parts:
        if degree % 2 == 0 and len(parts) > 1 and symbol in base.free_symbols:
            yield base, _sign_at(sympy.cancel(difference / base**degree), base, symbol)


def _sign_at(rest: Expr, base: Expr, symbol: Symbol) -> int | None:
    """The sign that a polynomial has at the zeros of another; None if it is not one, or not known."""
    if base.free_symbols != {symbol} or rest.free_symbols - {symbol}:
        return None
    try:
        signs = {int(sympy.sign(rest.subs(symbol, root).evalf(30))) for root in sympy.real_roots(base)}
    except (NotImplementedError, TypeError, sympy.PolynomialError):
        return None
    return signs.pop() if len(signs) == 1 else None


def _sign_of_one_side(difference: Expr, symbol: Symbol) -> int | None:
    """The sign of what is zero somewhere and never has the other sign, as far as a look at some places tells."""
    looked = [(place, _value(difference, symbol, place)) for place in PLACES]
    known = [(place, value) for place, value in looked if value is not None]
    signs = {(value > 0) - (value < 0) for _, value in known} - {0}
    if len(signs) != 1:
        return None
    for (low, left), (_, middle), (high, right) in zip(known, known[1:], known[2:], strict=False):
        if abs(middle) <= min(abs(left), abs(right)):
            least = _least(difference, symbol, low, high)
            if least <= ZERO * max(abs(left), abs(right)):
                return signs.pop()
    return None


def _least(difference: Expr, symbol: Symbol, low: Fraction, high: Fraction) -> float:
    """The smallest size between two places, of what has one extremum there."""
    for _ in range(HALVINGS):
        one, other = (2 * low + high) / 3, (low + 2 * high) / 3
        if _size(difference, symbol, one) < _size(difference, symbol, other):
            high = other
        else:
            low = one
        low, high = low.limit_denominator(10**18), high.limit_denominator(10**18)
    return _size(difference, symbol, (low + high) / 2)


def _size(difference: Expr, symbol: Symbol, place: Fraction) -> float:
    found = _value(difference, symbol, place)
    return math.inf if found is None else abs(found)


def _value(difference: Expr, symbol: Symbol, place: Fraction) -> float | None:
    """The value at a place; None if there is none."""
    try:
        return float(evaluate(difference, Point({symbol: place}, {})))
    except (NoValue, Tie, OverflowError):
        return None
