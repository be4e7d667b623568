"""Where a difference is zero along a line: between two places of a grid, enclosed to thousands of digits.

It changes its sign there, or only touches zero.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import arb, ctx, fmpq

from autogradcli.engines.arb.enclose import LAST_PRECISION

SCAN_PRECISION = 64
BISECTIONS = 60
"""Halvings of an interval before its zero is approached by secants."""
SECANT_PRECISIONS = (256, 1024, 4096, LAST_PRECISION + 64)
APART = arb(2) ** -80
"""Relative distance of the two places from which the first secant at each of them begins."""
SECANTS = 16
"""Steps at each of these precisions: the distance of two steps is squared, almost, by each."""
WIDTHS = (8100, 8000, 7900)
"""Binary digits to which a zero is enclosed, relative to it: fewer where the point itself is known to no more."""
TOUCHING = (6000, 5900, 3700, 3650)
"""The same for one where nothing changes its sign: sin(x) == 1."""
MOST_DENOMINATOR = 10_000
"""Of fractions that are tried for such a zero: 1/5 of x*x - 0.4*x + 0.04 == 0, which then is known to all digits."""
TOUCHING_STEP = arb(2) ** -2000
"""Distance of the values whose difference is zero there."""
DIP = 0.3
"""What a size must be, beside the larger of its neighbours, for a zero to be looked for there."""
MOST_DIPS = 6
THIRDS = 60
"""Steps in which such a zero is sought, before it is known to be one."""
TOUCHED = 1e-12
"""What is left there beside what was at the ends, if it is one."""
TIED = arb(2) ** -3600
"""Size, relative to two numbers, of a difference that is taken for zero."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where on a line a zero is."""

    low: float
    high: float
    touches: bool = False
    """Whether the difference has the same sign on both sides, if there is one at all."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A difference along a line."""

    at: Callable[[Any], arb]
    """The difference at a place of the line, at the precision in force."""
    text: str
    """The source of the condition."""
    grid: Sequence[float]
    values: Sequence[arb]
    """Those at the places of the grid."""

    @classmethod
    def of(cls, at: Callable[[Any], arb], text: str, grid: Sequence[float]) -> "Trace":
        """The difference with its values on a grid."""
        with ctx.workprec(SCAN_PRECISION):
            return cls(at, text, grid, [at(place) for place in grid])

    def change(self, place: Any) -> arb:
        """The change of the difference across the place; near zero where it touches zero without a change of sign."""
        return self.at(place + TOUCHING_STEP) - self.at(place - TOUCHING_STEP)

    def places(self) -> list[Place]:
        """Where zeros are; none if it is zero almost everywhere."""
        zeros = [Place(place, place) for place, each in zip(self.grid, self.values, strict=True) if each == 0]
        if len(zeros) > len(self.grid) // 2:
            return []
        changes = [Place(*each) for each in _changes(self.grid, self.values)]
        return zeros + changes + [Place(*each, touches=True) for each in _dips(self.grid, self.values)]

    def zero(self, place: Place) -> arb | None:
        """An enclosure of the zero; None if there is none, or it is not found."""
        if place.low == place.high:
            return arb(place.low)
        sharp = None if place.touches else _zero(self.at, place.low, place.high, WIDTHS)
        return sharp or self._blunt_zero(place)

    def _blunt_zero(self, place: Place) -> arb | None:
        """The same where the difference touches zero, or changes its sign more slowly than its argument."""
        near = _nearest_to_zero(self.at, place.low, place.high)
        if near is None:
            return None
        with ctx.workprec(LAST_PRECISION + 64):
            fraction = Fraction(near).limit_denominator(MOST_DENOMINATOR)
            short = arb(fmpq(fraction.numerator, fraction.denominator))
            if abs(self.at(short)) < TIED:
                return short
        zero = _zero(self.change, place.low, place.high, TOUCHING)
        with ctx.workprec(LAST_PRECISION):
            return zero if zero is not None and abs(self.at(zero)) < TIED else None


def _changes(grid: Sequence[float], values: Sequence[arb]) -> list[tuple[float, float]]:
    """Between which places there is a change of sign."""
    signs = [(place, _sign(each)) for place, each in zip(grid, values, strict=True)]
    return [(low, high) for (low, one), (high, other) in pairwise(signs) if one and other == -one]


def _dips(grid: Sequence[float], values: Sequence[arb]) -> list[tuple[float, float]]:
    """Between which places a difference comes near to zero without a change of sign that is seen: the deepest of them.

    A size that is not told from zero is deeper than all others.
    """
    signs = [_sign(each) for each in values]
    sizes = [_size(each, sign) for each, sign in zip(values, signs, strict=True)]
    found = []
    for i in range(1, len(grid) - 1):
        beside = sizes[i - 1], sizes[i + 1]
        alike = signs[i] is None or signs[i - 1] == signs[i] == signs[i + 1]
        if alike and sizes[i] <= min(beside) and sizes[i] < DIP * max(beside):
            found.append((sizes[i] / max(beside), (grid[i - 1], grid[i + 1])))
    return [each for _, each in sorted(found)[:MOST_DIPS]]


def _size(value: arb, sign: int | None) -> float:
    """The size of a value, 0 if it is not told from zero; NaN where it is zero or NaN."""
    return math.nan if sign == 0 or not value.is_finite() else float(abs(value)) if sign else 0.0


def _nearest_to_zero(at: Callable[[Any], arb], low: float, high: float) -> float | None:
    """Where the size of a difference is smallest between two places, sought by thirds; None if that is not about 0."""
    with ctx.workprec(SCAN_PRECISION):
        beside = max(float(abs(at(low))), float(abs(at(high))))
        for _ in range(THIRDS):
            one, other = low + (high - low) / 3, high - (high - low) / 3
            if float(abs(at(one))) < float(abs(at(other))):
                high = other
            else:
                low = one
        middle = (low + high) / 2
        return middle if float(abs(at(middle))) < TOUCHED * beside else None


def _sign(ball: arb) -> int | None:
    """-1 or 1; 0 for zero; None for what is none of them, or not known."""
    return 1 if ball > 0 else -1 if ball < 0 else 0 if ball == 0 else None


def _zero(at: Callable[[Any], arb], low: float, high: float, widths: Sequence[int]) -> arb | None:
    """An enclosure of the zero between two places, to as many of the binary digits as it can be; None if none is found.

    The smaller numbers of digits are for where the point itself, or what is evaluated, is known to no more.
    """
    with ctx.workprec(SCAN_PRECISION if widths == WIDTHS else LAST_PRECISION):
        sign = _sign(at(low))
        if sign is None or _sign(at(high)) != -sign:
            return None
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            here = _sign(at(middle))
            if here == 0:
                return arb(middle)
            if here is None or middle in (low, high):
                break
            low, high = (middle, high) if here == sign else (low, middle)
    zero = _by_secants(at, arb(low), arb(high))
    if zero is None:
        return None
    with ctx.workprec(LAST_PRECISION + 64):
        for radius in (abs(zero) * arb(2) ** -width for width in widths):
            if {_sign(at(zero - radius)), _sign(at(zero + radius))} == {1, -1}:
                return arb(zero, radius)
    return None


def _by_secants(at: Callable[[Any], arb], one: arb, other: arb) -> arb | None:
    """The place where a difference is zero, at growing precisions; None if secants do not approach one."""
    for precision in SECANT_PRECISIONS:
        with ctx.workprec(precision):
            if abs(other - one) < abs(other) * APART:
                one = other * (1 + APART)
            of_one, of_other = at(one).mid(), at(other).mid()
            for _ in range(SECANTS):
                if of_other in (0, of_one) or abs(other - one) < abs(other) * arb(2) ** -(precision * 9 // 10):
                    break
                one, other = other, (other - of_other * (other - one) / (of_other - of_one)).mid()
                of_one, of_other = of_other, at(other).mid()
                if not (other.is_finite() and of_other.is_finite()):
                    return None
    return other
