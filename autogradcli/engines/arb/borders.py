"""Points where two numbers are equal that a condition compares, whether or not a double is there: x**2 == 2.

They are looked for along lines through given points: where a difference changes its sign between two places of a grid,
its zero is enclosed to thousands of digits. What is that small there is taken for zero, so that conditions have the
truth that they have in a tie; a step away from the point they are decided as anywhere.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import count, islice, pairwise
from typing import Any

from flint import arb, ctx, fmpq

from autogradcli.engines.arb.enclose import LAST_PRECISION, Enclosures
from autogradcli.engines.arb.kinks import DISTANCES
from autogradcli.engines.arb.primitives import constant, forward, value
from autogradcli.engines.arb.sweep import Point
from autogradcli.engines.arb.ternary import CONDITIONS
from autogradcli.engines.results import Array, flat, nested, shape
from autogradcli.language.program import Program
from autogradcli.language.tape import Entry, Input, Literal, Operation

COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
DIFFERENCES = frozenset({"add", "sub"})
"""Rows below a comparison whose own zeros are looked for as well: (x**2 - 2)**2 == 0 changes no sign."""

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

LOGARITHMIC = tuple(each * 10.0**power for power in range(-6, 13) for each in (1, 3))
LINEAR = tuple(each / 4 for each in range(1, 41))
"""Places on a line, and their negatives, between which a change of sign is looked for."""
PER_LINE = 16
"""Borders on one line that are looked at, those nearest to where it starts."""
MOST_LINES = 24
MOST_OPERATIONS = 3_000
"""Entries of both tapes beyond which no borders are looked for."""


@dataclass(frozen=True, slots=True)
class Border:
    """A point where the truth of a condition changes."""

    point: Point
    """Balls."""
    near: Mapping[str, Array]
    """The nearest doubles."""
    text: str
    """The source of the operation that has the condition."""
    line: int
    """The line on which it was found."""
    name: str
    """The variable that changes along the line."""
    place: int
    """Its component."""

    @property
    def along(self) -> float:
        """Where it is on its line."""
        return float(self.point[self.name][self.place])


@dataclass(frozen=True)
class Tied(Enclosures):
    """What balls prove at a border: there, what is compared is equal."""

    @cached_property
    def precise(self) -> Sequence[Any]:
        """The value of every entry at the last precision."""
        with ctx.workprec(LAST_PRECISION):
            return tied_values(self.plan.tape.entries, self.at)


def tied_values(entries: Sequence[Entry], point: Point) -> list[Any]:
    """The value of every entry at a border, at the precision in force.

    Two numbers are taken for equal if they cannot be told apart there, and can a step away: tanh(x) and 1 are not.
    """
    beside = forward(entries, _a_step_away(point))
    values: list[Any] = []
    for index, entry in enumerate(entries):
        if isinstance(entry, Input):
            values.append(point[entry.name][entry.place])
        elif isinstance(entry, Literal):
            values.append(constant(entry.value)())
        else:
            operands = [values[operand] for operand in entry.operands]
            tied = _tied(entry.function, operands) if _is_decided(beside, index, entry) else None
            values.append(value(entry.function)(*operands) if tied is None else tied)
    return values


def _a_step_away(point: Point) -> Point:
    """The point with every component moved, by steps whose quotients no formula has by chance."""
    steps = (arb(number).log() * arb(2) ** -DISTANCES[0] for number in count(2))
    return {name: [each + next(steps) for each in components] for name, components in point.items()}


def _is_decided(values: Sequence[Any], index: int, entry: Operation) -> bool:
    if entry.function in COMPARISONS:
        return values[index].value is not None and not values[index].tie
    return entry.function == "floor" and not values[entry.operands[0]].contains_integer()


def _tied(function: str, operands: Sequence[Any]) -> Any:
    """What a comparison, or a step, is in a tie; None if it is in none."""
    if function in COMPARISONS and _are_equal(*operands):
        return CONDITIONS[function](arb(0), arb(0))
    if function == "floor" and (whole := operands[0].unique_fmpz()) is not None and _are_equal(operands[0], arb(whole)):
        return arb(whole)
    return None


def _are_equal(x: arb, y: arb) -> bool:
    """Whether two numbers cannot be told apart."""
    difference = x - y
    return bool(difference.contains(0) and abs(difference) < TIED * abs(x).max(abs(y)).max(arb(1)))


@dataclass(frozen=True, slots=True)
class _Difference:
    """Two entries of a tape whose values are compared; one beside zero if there is no other."""

    entries: Sequence[Entry]
    needed: Sequence[int]
    """The entries that the two are made of, in the order of evaluation."""
    one: int
    other: int | None
    text: str

    def at(self, point: Point) -> arb:
        """The difference of the two, at the precision in force."""
        values: dict[int, Any] = {}
        for index in self.needed:
            entry = self.entries[index]
            if isinstance(entry, Input):
                values[index] = point[entry.name][entry.place]
            elif isinstance(entry, Literal):
                values[index] = constant(entry.value)()
            else:
                values[index] = value(entry.function)(*[values[operand] for operand in entry.operands])
        return values[self.one] - (0 if self.other is None else values[self.other])


@dataclass(frozen=True, slots=True)
class PointLine:
    """All points that differ from one in one component."""

    start: Point
    name: str
    place: int

    @property
    def along(self) -> arb:
        """Where the point itself is."""
        return self.start[self.name][self.place]

    def at(self, coordinate: arb) -> Point:
        """The point of that component."""
        components = list(self.start[self.name])
        components[self.place] = coordinate
        return {**self.start, self.name: components}


def borders(
    tapes: Sequence[tuple[Sequence[Entry], Program]], points: Sequence[Mapping[str, Array]]
) -> Iterator[Border]:
    """The borders on lines through the points, and on lines through the borders that were found there."""
    differences = [each for entries, program in tapes for each in _differences(entries, program)]
    if not differences or sum(len(entries) for entries, _ in tapes) > MOST_OPERATIONS:
        return
    grid = grid_of([entries for entries, _ in tapes])
    sizes = {name: shape(value) for name, value in points[0].items()}
    pending = [line for point in points for line in lines(point_of(point))]
    seen: set[str] = set()
    for number, line in enumerate(pending):  # it grows
        if number == MOST_LINES:
            return
        for zero, text in _zeros(differences, line, grid):
            point = line.at(zero)
            near = {name: nested([float(each) for each in point[name]], sizes[name]) for name in point}
            if repr(near) not in seen:
                seen.add(repr(near))
                yield Border(point, near, text, number, line.name, line.place)
                pending += [each for each in lines(point) if (each.name, each.place) != (line.name, line.place)]


def point_of(at: Mapping[str, Array]) -> Point:
    """The exact numbers of a point as balls."""
    return {name: [arb(each) for each in flat(value)] for name, value in at.items()}


def lines(start: Point) -> list[PointLine]:
    """The lines through a point, one for each component of a variable."""
    return [PointLine(start, name, place) for name in start for place in range(len(start[name]))]


def _differences(entries: Sequence[Entry], program: Program) -> Iterator[_Difference]:
    seen: set[int] = set()
    for entry in entries:
        if isinstance(entry, Operation) and entry.function in COMPARISONS:
            text, needed = program.text(entry.step), _needed(entries, entry.operands)
            below = [each for each in needed if each not in seen and _is_difference(entries[each])]
            yield from (_Difference(entries, _needed(entries, (each,)), each, None, text) for each in below)
            seen.update(below)
            yield _Difference(entries, needed, entry.operands[0], entry.operands[1], text)


def _is_difference(entry: Entry) -> bool:
    return isinstance(entry, Operation) and entry.function in DIFFERENCES


def _needed(entries: Sequence[Entry], of: Sequence[int]) -> list[int]:
    found: set[int] = set()
    pending = list(of)
    while pending:
        each = pending.pop()
        if each not in found:
            found.add(each)
            entry = entries[each]
            pending.extend(entry.operands if isinstance(entry, Operation) else ())
    return sorted(found)


def grid_of(tapes: Sequence[Sequence[Entry]]) -> list[float]:
    """Places on a line: about the constants of the text, and others."""
    literals = {entry.value for entries in tapes for entry in entries if isinstance(entry, Literal)}
    constants = {abs(float(each)) for each in literals if not isinstance(each, str)}
    sizes = {*LOGARITHMIC, *LINEAR, *constants, *(2 * each for each in constants)}
    sizes |= {(one + other) / 2 for one, other in pairwise(sorted(constants))}
    return sorted({0.0, *sizes, *(-each for each in sizes)})


def _zeros(differences: Sequence[_Difference], line: PointLine, grid: Sequence[float]) -> Iterator[tuple[arb, str]]:
    """The zeros of all differences on a line, each with the source of its condition; about the nearest ones first.

    One of several differences, as (x - 1/5)**2 and x - 1/5, is known to as many digits as by the best of them.
    """
    traces = (_Trace.of(each, line, grid) for each in differences)
    places = [(trace, place) for trace in traces for place in trace.places()]
    along = float(line.along)
    places.sort(key=lambda each: min(abs(each[1].low - along), abs(each[1].high - along)))
    found = ((trace.zero(place), trace.difference.text) for trace, place in places)
    sharpest: dict[float, tuple[arb, str]] = {}
    for zero, text in islice(((zero, text) for zero, text in found if zero is not None), PER_LINE):
        other = sharpest.setdefault(float(zero), (zero, text))[0]
        if zero.rel_accuracy_bits() > other.rel_accuracy_bits():
            sharpest[float(zero)] = zero, text
    yield from sharpest.values()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where on a line a zero is."""

    low: float
    high: float
    touches: bool = False
    """Whether the difference has the same sign on both sides, if there is one at all."""


@dataclass(frozen=True, slots=True)
class _Trace:
    """A difference along a line."""

    difference: _Difference
    line: PointLine
    grid: Sequence[float]
    values: Sequence[arb]

    @classmethod
    def of(cls, difference: _Difference, line: PointLine, grid: Sequence[float]) -> "_Trace":
        """The difference with its values on a grid."""
        with ctx.workprec(SCAN_PRECISION):
            return cls(difference, line, grid, [difference.at(line.at(arb(place))) for place in grid])

    def at(self, place: Any) -> arb:
        """The difference at a place of the line, at the precision in force."""
        return self.difference.at(self.line.at(arb(place)))

    def change(self, place: Any) -> arb:
        """The change of the difference across the place; near zero where it touches zero without a change of sign."""
        return self.at(place + TOUCHING_STEP) - self.at(place - TOUCHING_STEP)

    def places(self) -> list[_Place]:
        """Where zeros are; none if it is zero almost everywhere."""
        zeros = [_Place(place, place) for place, each in zip(self.grid, self.values, strict=True) if each == 0]
        if len(zeros) > len(self.grid) // 2:
            return []
        changes = [_Place(*each) for each in _changes(self.grid, self.values)]
        return zeros + changes + [_Place(*each, touches=True) for each in _dips(self.grid, self.values)]

    def zero(self, place: _Place) -> arb | None:
        """An enclosure of the zero; None if there is none, or it is not found."""
        if place.low == place.high:
            return arb(place.low)
        sharp = None if place.touches else _zero(self.at, place.low, place.high, WIDTHS)
        return sharp or self._blunt_zero(place)

    def _blunt_zero(self, place: _Place) -> arb | None:
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
