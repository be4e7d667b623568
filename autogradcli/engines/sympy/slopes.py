"""Partial derivatives of SymPy expressions, every shared part differentiated once.

The rules are SymPy's own, and so is the form of what comes out. But SymPy walks a shared part again wherever it
stands, which for nested functions takes for ever; and its `diff` tries to prove each result zero, which takes longer
than the derivative.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import sympy
from sympy import Add, Expr, Mul, Symbol
from sympy.core.function import ArgumentIndexError

from autogradcli.engines.sympy.adapters import Max, Min, side, where
from autogradcli.engines.sympy.formulas import NoFormula

FEW = 8
"""Arguments that are looked through one by one."""


class Slopes:
    """Partial derivatives with respect to some symbols."""

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        self._places = {symbol: place for place, symbol in enumerate(symbols)}
        self._dependence: dict[Expr, int] = {}
        self._dependent: dict[Expr, dict[int, list[int]]] = {}

    def by(self, expression: Expr, symbol: Symbol) -> Expr:
        """The derivative of an expression with respect to one of the symbols."""
        known = {symbol: sympy.S.One}

        def slope(part: Expr) -> Expr:
            if not isinstance(part, Expr) or not self.depends(part, symbol):
                return sympy.S.Zero  # a condition chooses, and does not move
            found = known.get(part)
            if found is None:
                arguments = part.args
                slopes = [(place, slope(arguments[place])) for place in self._arguments(part, symbol)]
                rule = RULES.get(part.func, _function)
                found = known[part] = rule(part, [(place, each) for place, each in slopes if each])
            return found

        return slope(expression)

    def depends(self, expression: Expr, symbol: Symbol) -> bool:
        """Whether the symbol stands in the expression."""
        return bool(self._symbols_in(expression) >> self._places[symbol] & 1)

    def _symbols_in(self, expression: Expr) -> int:
        """One bit for each symbol that stands in the expression."""
        found = self._dependence.get(expression)
        if found is None:
            found = 1 << self._places[expression] if expression in self._places else 0
            for argument in expression.args:
                found |= self._symbols_in(argument)
            self._dependence[expression] = found
        return found

    def _arguments(self, expression: Expr, symbol: Symbol) -> Sequence[int]:
        """The places of the arguments in which the symbol stands; found for all symbols of a long sum at once."""
        if len(expression.args) <= FEW:
            return [place for place, each in enumerate(expression.args) if self.depends(each, symbol)]
        if expression not in self._dependent:
            by_symbol: dict[int, list[int]] = {}
            for place, argument in enumerate(expression.args):
                for each in _bits(self._symbols_in(argument)):
                    by_symbol.setdefault(each, []).append(place)
            self._dependent[expression] = by_symbol
        return self._dependent[expression][self._places[symbol]]


def _bits(number: int) -> Iterator[int]:
    while number:
        yield (number & -number).bit_length() - 1
        number &= number - 1


Nonzero = Sequence[tuple[int, Expr]]
"""The places of the arguments that have a slope, and their slopes."""


def _sum(_: Expr, slopes: Nonzero) -> Expr:
    return Add(*(slope for _, slope in slopes))


def _product(expression: Expr, slopes: Nonzero) -> Expr:
    factors = expression.args
    return Add(*(Mul(*factors[:place], slope, *factors[place + 1 :]) for place, slope in slopes))


def _power(expression: Expr, slopes: Nonzero) -> Expr:
    base, exponent = expression.args
    relative = {0: lambda: exponent / base, 1: lambda: sympy.log(base)}
    return expression * Add(*(slope * relative[place]() for place, slope in slopes))


def _absolute(expression: Expr, slopes: Nonzero) -> Expr:
    return Add(*(slope * sympy.sign(expression.args[0]) for _, slope in slopes))


def _where(expression: Expr, slopes: Nonzero) -> Expr:
    of = dict(slopes)
    return where(expression.args[0], of.get(1, sympy.S.Zero), of.get(2, sympy.S.Zero))


def _side(expression: Expr, slopes: Nonzero) -> Expr:
    of = dict(slopes)
    return side(expression.args[0], of.get(1, sympy.S.Zero), of.get(2, sympy.S.Zero))


def _extreme(expression: Expr, slopes: Nonzero) -> Expr:
    """The slope of the argument which is the largest or smallest; those without a slope are compared with all at once.

    Arguments that have one are compared in turn.
    """
    function, order = expression.func, expression.func.order
    (first, slope), *others = slopes or [(0, sympy.S.Zero)]
    best, moving = expression.args[first], {place for place, _ in slopes} | {first}
    for place, each in others:
        slope = side(order * (best - expression.args[place]), slope, each)
        best = function(best, expression.args[place])
    still = [argument for place, argument in enumerate(expression.args) if place not in moving]
    return side(order * (best - function(*still)), slope, sympy.S.Zero) if still else slope


def _function(expression: Expr, slopes: Nonzero) -> Expr:
    """The chain rule."""
    return Add(*(_partial(expression, place + 1) * slope for place, slope in slopes))


def _partial(expression: Expr, place: int) -> Expr:
    """The derivative with respect to one argument; an unevaluated one if SymPy knows none, and NoFormula of such."""
    if not isinstance(expression, sympy.Function):
        raise NoFormula(f"SymPy left {expression} unevaluated")
    try:
        return expression.fdiff(place)
    except ArgumentIndexError:
        return sympy.Function.fdiff(expression, place)


RULES: dict[Any, Callable[[Expr, Nonzero], Expr]] = {
    Add: _sum,
    Mul: _product,
    sympy.Pow: _power,
    sympy.Abs: _absolute,
    sympy.sign: lambda *_: sympy.S.Zero,
    side: _side,
    where: _where,
    Max: _extreme,
    Min: _extreme,
}
"""What is not a function with an `fdiff`."""
