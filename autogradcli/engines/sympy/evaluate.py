"""Values of SymPy expressions at an exact point, to 30 digits that can be trusted.

SymPy's own `evalf(subs=...)` puts floating-point numbers into whatever it has no special rule for, and knows nothing
of the digits that cancel there; nor does it decide conditions. So the expression is walked here, every node once,
with mpmath's functions (which are SymPy's) and with a bound on the error beside each number:

* What arithmetic and roots of squares make of the doubles of the point stays an exact fraction while it is short.
  Ties in conditions, zeros and the jumps of step functions are thereby decided and not guessed.
* Any other number carries a first-order bound on its error: a function f passes the error e of its argument on as
  |f(x + e) - f(x)|.
* Where the bound leaves fewer than 30 digits, or a condition is undecided, all is done again with twice the
  precision.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr

from autogradcli.engines.sympy.adapters import Max, Min, cbrt, magnitude, side, where
from autogradcli.engines.sympy.arithmetic import Arithmetic, NoValue, Number, Rounded, Unresolved, context, digits, size

PRECISIONS = (160, 320, 640, 1280, 2560, 5120, 10240)
"""Bits of the working precision, tried in turn."""


class Tie(Exception):
    """A slope is asked for where |u| or max(u, v) has a kink, and no side was chosen."""


@dataclass(frozen=True, slots=True)
class Point:
    """What the symbols of an expression stand for."""

    values: Mapping[Expr, Fraction]
    """The value of each variable."""
    steps: Mapping[Expr, Expr]
    """The step function that each constant stands for."""
    known: dict[tuple[int, int | None], "Evaluator"] = field(default_factory=dict, compare=False)
    """What has been evaluated here, by precision and side: several expressions may share their parts."""

    def evaluator(self, precision: int, side: int | None) -> "Evaluator":
        """The pass at this precision that chooses this side."""
        if (precision, side) not in self.known:
            self.known[precision, side] = Evaluator(self, precision, side)
        return self.known[precision, side]


def evaluate(expression: Expr, point: Point, side: int | None = None) -> str:
    """The value to 30 significant digits; NoValue if there is none that can be told.

    `side` chooses the slope of |u| at u = 0: -1 that at its left, 1 that at its right, 0 neither. Tie if it is
    needed and was not given.
    """
    for precision in PRECISIONS:
        try:
            with context.workprec(precision):
                return digits(point.evaluator(precision, side).number(expression))
        except Unresolved:
            continue
        except OverflowError:
            raise NoValue("beyond what can be evaluated") from None
    raise NoValue("could not be resolved to 30 digits")


class Evaluator:
    """One pass at one precision; every node is evaluated once."""

    def __init__(self, point: Point, precision: int, side: int | None) -> None:
        self.arithmetic = Arithmetic(precision)
        self.side = side
        self._point = point
        self._precision = precision
        self._known: dict[Expr, Number] = {}

    def number(self, expression: Expr) -> Number:
        """The value of an expression."""
        found = self._known.get(expression)
        if found is None:
            found = self._known[expression] = self.arithmetic.bounded(self._compute(expression))
        return found

    def numbers(self, expression: Expr) -> list[Number]:
        """The values of the arguments of an expression."""
        return [self.number(argument) for argument in expression.args]

    def truth(self, condition: Any) -> bool:
        """Whether a condition holds."""
        if isinstance(condition, sympy.And):
            return all(self.truth(each) for each in condition.args)
        if isinstance(condition, sympy.Or):
            return any(self.truth(each) for each in condition.args)
        if isinstance(condition, sympy.Not):
            return not self.truth(condition.args[0])
        return RELATIONS[condition.rel_op](self.compare(*self.numbers(condition)))

    def compare(self, x: Number, y: Number) -> int:
        """-1, 0 or 1: the sign of x - y."""
        arithmetic = self.arithmetic
        return arithmetic.sign(arithmetic.sum([x, arithmetic.product([Fraction(-1), y])]))

    def _compute(self, expression: Expr) -> Number:
        if expression.is_Rational:
            return Fraction(int(expression.p), int(expression.q))
        if expression.is_Symbol:
            return self._symbol(expression)
        rule = RULES.get(expression.func)
        if rule is not None:
            return rule(self, expression)
        if expression.is_NumberSymbol:
            value = context.make_mpf(expression._as_mpf_val(self._precision + 8))
            return Rounded(value, size(value) - self._precision)
        return self._function(expression)

    def _symbol(self, symbol: Expr) -> Number:
        if symbol in self._point.steps:
            # A step function has the value that it has, also at its jump; no slope is asked of it.
            return self._point.evaluator(self._precision, 0).number(self._point.steps[symbol])
        return self._point.values[symbol]

    def _function(self, expression: Expr) -> Number:
        name = expression.func.__name__
        function = FUNCTIONS.get(name) or getattr(context, name, None)
        if function is None:
            raise NoValue(f"SymPy cannot evaluate {name}")
        return self.arithmetic.apply(name, function, self.numbers(expression))


def _power(evaluator: Evaluator, expression: Expr) -> Number:
    return evaluator.arithmetic.power(*evaluator.numbers(expression))


def _where(evaluator: Evaluator, expression: Expr) -> Number:
    condition, x, y = expression.args
    return evaluator.number(x if evaluator.truth(condition) else y)


def _at_side(evaluator: Evaluator, expression: Expr) -> Number:
    u, x, y = expression.args
    return evaluator.number(x if _sign_or_side(evaluator, u) > 0 else y)


def _absolute(evaluator: Evaluator, expression: Expr) -> Number:
    (x,) = evaluator.numbers(expression)
    return Rounded(abs(x.value), x.error) if isinstance(x, Rounded) else abs(x)


def _extreme(evaluator: Evaluator, expression: Expr) -> Number:
    first, *others = evaluator.numbers(expression)
    for other in others:
        first = other if evaluator.compare(other, first) == expression.order else first
    return first


def _sign(evaluator: Evaluator, expression: Expr) -> Number:
    return Fraction(_sign_or_side(evaluator, expression.args[0]))


def _sign_or_side(evaluator: Evaluator, u: Expr) -> int:
    """The sign of u; at u = 0 the side that was chosen, which is the other one for -u."""
    sign = evaluator.arithmetic.sign(evaluator.number(u))
    if sign:
        return sign
    if evaluator.side is None:
        raise Tie
    return -evaluator.side if u.could_extract_minus_sign() else evaluator.side


def _rounding(exact: Callable[[Fraction], int], inexact: Callable[[Any], Any]) -> Callable[[Evaluator, Expr], Number]:
    """Floor or ceiling; undecided where the error reaches over an integer."""

    def rounding(evaluator: Evaluator, expression: Expr) -> Number:
        x = evaluator.number(expression.args[0])
        if isinstance(x, Fraction):
            return Fraction(exact(x))
        reach = context.ldexp(1, math.ceil(x.error))
        low, high = int(inexact(x.value - reach)), int(inexact(x.value + reach))
        if low != high:
            raise Unresolved
        return Fraction(low)

    return rounding


def _cube_root(evaluator: Evaluator, expression: Expr) -> Number:
    def root(x: Any) -> Any:
        return context.sign(x) * context.cbrt(abs(x))

    return evaluator.arithmetic.apply("cbrt", root, evaluator.numbers(expression))


def _imaginary(_: Evaluator, __: Expr) -> Number:
    raise NoValue("complex value")


def _infinite(_: Evaluator, expression: Expr) -> Number:
    raise NoValue(f"SymPy gives {expression}")


RULES: dict[Any, Callable[[Evaluator, Expr], Number]] = {
    sympy.Add: lambda evaluator, expression: evaluator.arithmetic.sum(evaluator.numbers(expression)),
    sympy.Mul: lambda evaluator, expression: evaluator.arithmetic.product(evaluator.numbers(expression)),
    sympy.Pow: _power,
    where: _where,
    side: _at_side,
    sympy.Abs: _absolute,
    magnitude: _absolute,
    Max: _extreme,
    Min: _extreme,
    sympy.sign: _sign,
    sympy.floor: _rounding(math.floor, context.floor),
    sympy.ceiling: _rounding(math.ceil, context.ceil),
    cbrt: _cube_root,
    type(sympy.I): _imaginary,
    type(sympy.zoo): _infinite,
    type(sympy.nan): _infinite,
    type(sympy.oo): _infinite,
    type(-sympy.oo): _infinite,
}
"""What is not a function of mpmath."""


def _real_besseli(n: Any, x: Any) -> Any:
    """Of a whole order it is real for negative x as well, which mpmath gives as a complex number."""
    found = context.besseli(n, x)
    return context.re(found) if context.isint(n) else found


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "besseli": _real_besseli,
    "loggamma": lambda x: context.re(context.loggamma(x)),
    "polygamma": lambda n, x: context.psi(int(n), x),
    "Ei": context.ei,
    "Si": context.si,
    "Ci": context.ci,
    "Shi": context.shi,
    "Chi": context.chi,
    "LambertW": lambda x, k=0: context.lambertw(x, int(k)),
    "airyaiprime": lambda x: context.airyai(x, derivative=1),
    "airybiprime": lambda x: context.airybi(x, derivative=1),
    "elliptic_k": context.ellipk,
    "elliptic_e": context.ellipe,
    "uppergamma": context.gammainc,
    "polylog": lambda s, x: context.re(context.polylog(s, x)),
}
"""Functions that mpmath has by another name, or for complex numbers."""

RELATIONS: dict[str, Callable[[int], bool]] = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
}
"""What each comparison of x with y says of the sign of x - y."""
