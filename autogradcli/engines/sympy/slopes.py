"""Partial derivatives of SymPy expressions, every shared part differentiated once.

The rules are SymPy's own, and so is the form of what comes out. But SymPy walks a shared part again wherever it
stands, which for nested functions takes for ever; and its `diff` tries to prove each result zero, which takes longer
than the derivative.
"""

from collections.abc import Callable, Iterable
from typing import Any

import sympy
from sympy import Add, Expr, Mul, Symbol
from sympy.core.function import ArgumentIndexError

from autogradcli.engines.sympy.natives import Max, Min, where

Slope = Callable[[Expr], Expr]
"""The derivative of an argument."""


class Slopes:
    """Partial derivatives with respect to some symbols."""

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        self._bits = {symbol: 1 << place for place, symbol in enumerate(symbols)}
        self._depends: dict[Expr, int] = {}

    @property
    def size(self) -> int:
        """How many local derivatives there are: for each operation one for every symbol that stands in it."""
        return sum(dependence.bit_count() for dependence in self._depends.values())

    def by(self, expression: Expr, symbol: Symbol) -> Expr:
        """The derivative of an expression with respect to one of the symbols."""
        bit, known = self._bits[symbol], {symbol: sympy.S.One}

        def slope(part: Expr) -> Expr:
            if not self.dependence(part) & bit:
                return sympy.S.Zero
            found = known.get(part)
            if found is None:
                found = known[part] = RULES.get(part.func, _function)(part, slope)
            return found

        return slope(expression)

    def depends(self, expression: Expr, symbol: Symbol) -> bool:
        """Whether the symbol stands in the expression."""
        return bool(self.dependence(expression) & self._bits[symbol])

    def dependence(self, expression: Expr) -> int:
        """The symbols that stand in an expression, one bit each."""
        found = self._depends.get(expression)
        if found is None:
            found = self._bits.get(expression, 0)
            for argument in expression.args:
                found |= self.dependence(argument)
            self._depends[expression] = found
        return found


def _sum(expression: Expr, slope: Slope) -> Expr:
    return Add(*(slope(term) for term in expression.args))


def _product(expression: Expr, slope: Slope) -> Expr:
    factors = expression.args
    slopes = [(place, slope(factor)) for place, factor in enumerate(factors)]
    return Add(*(Mul(*factors[:place], each, *factors[place + 1 :]) for place, each in slopes if each))


def _power(expression: Expr, slope: Slope) -> Expr:
    base, exponent = expression.args
    return expression * (slope(exponent) * sympy.log(base) + slope(base) * exponent / base)


def _absolute(expression: Expr, slope: Slope) -> Expr:
    return slope(expression.args[0]) * sympy.sign(expression.args[0])


def _function(expression: Expr, slope: Slope) -> Expr:
    """The chain rule."""
    slopes = [(place, slope(argument)) for place, argument in enumerate(expression.args, start=1)]
    return Add(*(_partial(expression, place) * each for place, each in slopes if each))


def _partial(expression: Expr, place: int) -> Expr:
    """The derivative with respect to one argument; an unevaluated one if SymPy knows none."""
    try:
        return expression.fdiff(place)
    except ArgumentIndexError:
        return sympy.Function.fdiff(expression, place)


def _by_itself(expression: Expr, slope: Slope) -> Expr:
    return expression.slope(slope)


RULES: dict[Any, Callable[[Expr, Slope], Expr]] = {
    Add: _sum,
    Mul: _product,
    sympy.Pow: _power,
    sympy.Abs: _absolute,
    where: _by_itself,
    Max: _by_itself,
    Min: _by_itself,
}
"""What is not a function with an `fdiff`."""
