"""Numbers as text: as short as they can be told apart in their dtype, or cut to a number of digits."""

import math
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, Overflow
from typing import Any

from autogradcli.engines.results import Array, flat
from autogradcli.language.dtypes import DTYPES, Dtype

ALL_DIGITS = 30
"""Significant digits of SymPy's values."""
DOUBLE_DIGITS = 17
"""Significant digits that tell any two doubles apart."""
FINITE, INFINITE, NAN = "", "inf", "NaN"
"""The worst that is among the components of a tensor, as a reader is told."""


def entries(value: Array, draw: Callable[[Any], str]) -> str:
    """A scalar, or a tensor as nested lists row by row, each entry drawn by `draw`."""
    if not isinstance(value, list | tuple):
        return draw(value)
    rows = value and isinstance(value[0], list | tuple)
    return f"[{', '.join(entries(item, draw) for item in value) if rows else ', '.join(map(draw, value))}]"


def state(value: Array) -> str:
    """`NaN` or `inf` if one of the components is, else nothing."""
    numbers = [each for each in flat(value) if isinstance(each, float)]
    if any(map(math.isnan, numbers)):
        return NAN
    return INFINITE if any(map(math.isinf, numbers)) else FINITE


def shortest(value: Array, dtype: str) -> str:
    """The shortest decimal that is read back as this number of this dtype, as Python writes it; None is `none`."""
    return entries(value, lambda number: _shortest(number, DTYPES[dtype]))


def _shortest(number: float | bool | None, dtype: Dtype) -> str:
    if number is None:
        return "none"
    if isinstance(number, bool) or not math.isfinite(number) or dtype.name == "float64":
        return str(number)
    candidates = (float(f"{number:.{digits}e}") for digits in range(9))
    return repr(next((each for each in candidates if _rounded(each, dtype) == number), number))


def _rounded(number: float, dtype: Dtype) -> float:
    """The nearest number of the dtype, ties to even."""
    unit = dtype.ulp(number)
    return round(number / unit) * unit


def significant(text: Array, digits: int) -> str:
    """A decimal number in at most so many significant digits, without trailing zeros; other text as it is."""
    return entries(text, lambda number: _significant(str(number), digits))


def _significant(text: str, digits: int) -> str:
    try:
        number = _context(digits).create_decimal(text)
    except (InvalidOperation, Overflow):
        return text
    return _plain(number, digits) if number.is_finite() else text


def shorter(text: str, digits: int) -> str:
    """A number in so many digits, unless it is about as short as it is."""
    return text if len(text) <= digits + 2 else significant(text, digits)


def _plain(number: Decimal, digits: int) -> str:
    """A decimal of so many digits as Python writes a float, but an integer without a point."""
    if not number:
        return "0"
    if -5 < number.adjusted() < min(digits, 16):
        return _trim(f"{number:f}")
    mantissa, _, exponent = f"{number:e}".partition("e")
    return f"{_trim(mantissa)}e{int(exponent):+03d}"


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def enclosure(value: str, radius: str, digits: int) -> str:
    """A ball `value ± radius` in at most so many digits: what cutting the value adds to its radius is added."""
    centre = _context(digits).create_decimal(value)
    up = _context(1000, ROUND_CEILING)
    wider = up.add(Decimal(radius), up.abs(up.subtract(Decimal(value), centre)))
    return f"{_plain(centre, digits)} ± {_plain(_context(2, ROUND_CEILING).plus(wider), 16)}"


def _context(digits: int, rounding: str = ROUND_HALF_EVEN) -> Context:
    """Decimal arithmetic of so many digits, without overflow."""
    return Context(prec=digits, rounding=rounding, Emax=MAX_EMAX, Emin=MIN_EMIN)


def ulps(distance: Array) -> str:
    """A distance in units in the last place."""
    return entries(distance, lambda number: "" if number is None else f"{_count(number)} ulp")


def _count(number: float) -> str:
    """A number in two digits, in full as long as a person reads it so: `210,000`."""
    return f"{float(f'{number:.2g}'):,.0f}" if 99 < number < 1e6 else f"{number:.2g}"
