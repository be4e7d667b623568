"""Real numbers with error bounds: exact fractions, and mpmath's numbers with a bound on their error."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
from mpmath import libmp

DIGITS = 30
BITS_FOR_DIGITS = (DIGITS + 0.5) * math.log2(10)
EXACT_BITS = 4096
"""Length of numerator and denominator up to which a fraction is kept exact."""
NEGLIGIBLE = -4096
"""Binary logarithm of an error bound below which a number that cannot be told from zero is zero."""
HUGE = 16_384
"""Binary logarithm of an argument beyond which no function is evaluated."""

context: Any = mpmath.MPContext()
"""mpmath's arithmetic, apart from the one that SymPy uses."""


class NoValue(Exception):
    """There is no real number here; the message says why."""


class Unresolved(Exception):
    """The precision does not suffice."""


@dataclass(frozen=True, slots=True)
class Rounded:
    """A real number that is known approximately."""

    value: Any
    """An mpf."""
    error: float
    """The error is at most 2 to this power."""


Number = Fraction | Rounded


def digits(number: Number) -> str:
    """30 significant digits without trailing zeros; Unresolved if fewer are certain."""
    if isinstance(number, Rounded):
        if size(number.value) - BITS_FOR_DIGITS < number.error:
            if number.error > NEGLIGIBLE or size(number.value) > number.error:
                raise Unresolved
            return "0"
        value = number.value
    else:
        value = context.mpf(number.numerator) / number.denominator
    text = libmp.to_str(value._mpf_, DIGITS)
    return str(text).replace(".0e", "e").removesuffix(".0")


def size(value: Any) -> float:
    """The binary logarithm of |value|."""
    _, mantissa, exponent, _ = value._mpf_
    # gmpy2, if it is installed, makes the mantissas, of which math.log2 takes no long ones
    return math.log2(int(mantissa)) + exponent if mantissa else -math.inf


def log_sum(*logarithms: float) -> float:
    """The binary logarithm of the sum of the numbers with these binary logarithms."""
    largest = max(logarithms)
    if math.isinf(largest):
        return largest
    return largest + math.log2(sum(2.0 ** (each - largest) for each in logarithms))


class Arithmetic:
    """Operations on numbers at one precision, in bits."""

    def __init__(self, precision: int) -> None:
        self._precision = precision

    def bounded(self, number: Number) -> Number:
        """The number; rounded if its fraction has become long."""
        if isinstance(number, Rounded):
            return number
        long = max(number.numerator.bit_length(), number.denominator.bit_length()) > EXACT_BITS
        return self.rounded(number) if long else number

    def rounded(self, number: Number) -> Rounded:
        """The number as an mpf with its error."""
        if isinstance(number, Rounded):
            return number
        value = context.mpf(number.numerator) / number.denominator
        return Rounded(value, size(value) - self._precision + 1)

    def sign(self, number: Number) -> int:
        """-1, 0 or 1; Unresolved where the error reaches over zero."""
        if isinstance(number, Rounded):
            if size(number.value) <= number.error:
                raise Unresolved
            return 1 if number.value > 0 else -1
        return (number > 0) - (number < 0)

    def sum(self, terms: Sequence[Number]) -> Number:
        """The sum of all terms, rounded once."""
        exact = sum((term for term in terms if isinstance(term, Fraction)), Fraction(0))
        rounded = [term for term in terms if isinstance(term, Rounded)]
        if not rounded:
            return exact
        rounded += [self.rounded(exact)] if exact else []
        total = context.fsum(term.value for term in rounded)
        return Rounded(total, log_sum(size(total) - self._precision, *(term.error for term in rounded)))

    def product(self, factors: Sequence[Number]) -> Number:
        """The product of all factors."""
        exact = math.prod((factor for factor in factors if isinstance(factor, Fraction)), start=Fraction(1))
        rounded = [factor for factor in factors if isinstance(factor, Rounded)]
        if not rounded or not exact:
            return exact
        product = self.rounded(exact) if exact != 1 else rounded.pop()
        for factor in rounded:
            product = self._times(product, factor)
        return product

    def _times(self, x: Rounded, y: Rounded) -> Rounded:
        value = x.value * y.value
        of_x, of_y = size(x.value), size(y.value)
        rounding = of_x + of_y - self._precision
        return Rounded(value, log_sum(of_x + y.error, of_y + x.error, x.error + y.error, rounding))

    def power(self, base: Number, exponent: Number) -> Number:
        """The real power; 0**0 is 1. NoValue for a fractional power of a negative number and a negative power of 0."""
        if isinstance(exponent, Fraction) and exponent.denominator == 1:
            return self._integer_power(base, exponent.numerator)
        if isinstance(exponent, Fraction) and exponent.denominator == 2:
            return self._integer_power(self._square_root(base), exponent.numerator)
        sign = self.sign(base)
        if sign == 0:
            if self.sign(exponent) < 0:
                raise NoValue("division by zero")
            return Fraction(0)
        if sign < 0:
            raise NoValue("complex value: a power of a negative number")
        logarithm = self.apply("log", context.log, [base])
        return self.apply("exp", context.exp, [self.product([exponent, logarithm])])

    def _integer_power(self, base: Number, n: int) -> Number:
        if isinstance(base, Fraction):
            if not base and n < 0:
                raise NoValue("division by zero")
            if max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(n) <= EXACT_BITS:
                return base**n
        if n == 0:
            return Fraction(1)
        rounded = self.rounded(base)
        relative = rounded.error - size(rounded.value) + math.log2(abs(n))
        if relative > -2:  # it cannot be told from zero
            if n < 0:
                raise Unresolved
            return Rounded(rounded.value**n, n * log_sum(size(rounded.value), rounded.error))
        value = rounded.value**n
        return Rounded(value, size(value) + log_sum(relative + 1, -self._precision))

    def _square_root(self, base: Number) -> Number:
        if self.sign(base) < 0:
            raise NoValue("complex value: the square root of a negative number")
        if isinstance(base, Fraction):
            root = Fraction(math.isqrt(base.numerator), math.isqrt(base.denominator))
            if root * root == base:
                return root
        return self.apply("sqrt", context.sqrt, [base])

    def apply(self, name: str, function: Callable[..., Any], arguments: Sequence[Number]) -> Number:
        """A function of mpmath; its own rounding and the errors that it passes on add up to the error."""
        places = [self.rounded(argument) for argument in arguments]
        if any(size(place.value) > HUGE for place in places):
            raise NoValue(f"beyond what can be evaluated: the argument of {name} is too large")
        values = [place.value for place in places]
        value = _call(name, function, values)
        exact = [self._is_exact(argument) for argument in arguments]
        if all(exact) and context.isint(value) and (not value or not all(arguments)):
            return Fraction(int(value))  # as sin(0), cos(0) and log(1)
        errors = [size(value) - self._precision + 2]
        for index, place in enumerate(places):
            if not exact[index]:
                moved = values.copy()
                moved[index] += context.ldexp(1, math.ceil(place.error))
                errors.append(size(_call(name, function, moved) - value) + 1)
        return Rounded(value, log_sum(*errors))

    def _is_exact(self, number: Number) -> bool:
        """Whether it has an mpf without rounding."""
        if isinstance(number, Rounded):
            return False
        return number.denominator & (number.denominator - 1) == 0 and number.numerator.bit_length() <= self._precision


def _call(name: str, function: Callable[..., Any], values: Sequence[Any]) -> Any:
    """A real, finite value of a function of mpmath."""
    try:
        value = function(*values)
    except (ValueError, ZeroDivisionError, libmp.NoConvergence):
        raise NoValue(f"{_written(name, values)} has no value") from None
    if isinstance(value, context.mpc):
        raise NoValue(f"complex value: {_written(name, values)}")
    if not context.isfinite(value):
        raise NoValue(f"a pole: {_written(name, values)}")
    return value


def _written(name: str, values: Sequence[Any]) -> str:
    return f"{name}({', '.join(context.nstr(value, 6).removesuffix('.0') for value in values)})"
