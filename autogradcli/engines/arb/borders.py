"""Points where two numbers are equal that a condition compares, whether or not a double is there: x**2 == 2.

They are looked for along lines through given points: where a difference changes its sign between two places of a grid,
its zero is enclosed to thousands of digits. What is that small there is taken for zero, so that conditions have the
truth that they have in a tie; a step away from the point they are decided as anywhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.enclose import LAST_PRECISION, Proof
from autogradcli.engines.arb.rules import constant, value
from autogradcli.engines.arb.sweep import Point
from autogradcli.engines.arb.truth import CONDITIONS
from autogradcli.engines.opinions import Array, flat, nested, shape
from autogradcli.language.program import Program
from autogradcli.language.tape import Entry, Input, Literal, Operation

COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
DIFFERENCES = frozenset({"add", "sub"})
"""Rows below a comparison whose own zeros are looked for as well: (x**2 - 2)**2 == 0 changes no sign."""

SCAN_PRECISION = 64
BISECTIONS = 60
"""Halvings of an interval before its zero is approached by secants."""
SECANTS = 24
WIDTHS = (8100, 8000, 7900)
"""Binary digits to which a zero is enclosed, relative to it: fewer where the point itself is known to no more."""
TIED = arb(2) ** -7000
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
class Tied(Proof):
    """What balls prove at a border: there, what is compared is equal."""

    @cached_property
    def precise(self) -> Sequence[Any]:
        """The value of every entry at the last precision."""
        with ctx.workprec(LAST_PRECISION):
            return tied_values(self.plan.tape.entries, self.at)


def tied_values(entries: Sequence[Entry], point: Point) -> list[Any]:
    """The value of every entry at a border, at the precision in force."""
    values: list[Any] = []
    for entry in entries:
        if isinstance(entry, Input):
            values.append(point[entry.name][entry.place])
        elif isinstance(entry, Literal):
            values.append(constant(entry.value)())
        else:
            values.append(_tied(entry.function, [values[operand] for operand in entry.operands]))
    return values


def _tied(function: str, operands: Sequence[Any]) -> Any:
    found = _operated(function, operands)
    return arb(0) if isinstance(found, arb) and abs(found) < TIED and found.contains(0) else found


def _operated(function: str, operands: Sequence[Any]) -> Any:
    if function in COMPARISONS and _equal(*operands):
        return CONDITIONS[function](arb(0), arb(0))
    if function == "floor" and (whole := operands[0].unique_fmpz()) is not None and _equal(operands[0], arb(whole)):
        return arb(whole)
    return value(function)(*operands)


def _equal(x: arb, y: arb) -> bool:
    return bool(abs(x - y) < TIED * abs(x).max(abs(y)).max(arb(1)))


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
class _Line:
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
    grid = _grid([entries for entries, _ in tapes])
    sizes = {name: shape(value) for name, value in points[0].items()}
    starts = [{name: [arb(each) for each in flat(value)] for name, value in point.items()} for point in points]
    lines = [line for start in starts for line in _lines(start)]
    seen: set[str] = set()
    for number, line in enumerate(lines):  # it grows
        if number == MOST_LINES:
            return
        for zero, text in _zeros(differences, line, grid):
            point = line.at(zero)
            near = {name: nested([float(each) for each in point[name]], sizes[name]) for name in point}
            if repr(near) not in seen:
                seen.add(repr(near))
                yield Border(point, near, text, number, line.name, line.place)
                lines += [each for each in _lines(point) if (each.name, each.place) != (line.name, line.place)]


def _lines(start: Point) -> list[_Line]:
    return [_Line(start, name, place) for name in start for place in range(len(start[name]))]


def _differences(entries: Sequence[Entry], program: Program) -> Iterator[_Difference]:
    seen: set[int] = set()
    for entry in entries:
        if isinstance(entry, Operation) and entry.function in COMPARISONS:
            text, needed = program.text(entry.step), _needed(entries, entry.operands)
            yield _Difference(entries, needed, entry.operands[0], entry.operands[1], text)
            below = [each for each in needed if each not in seen and _is_difference(entries[each])]
            yield from (_Difference(entries, _needed(entries, (each,)), each, None, text) for each in below)
            seen.update(below)


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


def _grid(tapes: Sequence[Sequence[Entry]]) -> list[float]:
    """Places on a line: about the constants of the text, and others."""
    literals = {entry.value for entries in tapes for entry in entries if isinstance(entry, Literal)}
    constants = {abs(float(each)) for each in literals if not isinstance(each, str)}
    sizes = {*LOGARITHMIC, *LINEAR, *constants, *(2 * each for each in constants)}
    sizes |= {(one + other) / 2 for one, other in pairwise(sorted(constants))}
    return sorted({0.0, *sizes, *(-each for each in sizes)})


def _zeros(differences: Sequence[_Difference], line: _Line, grid: Sequence[float]) -> list[tuple[arb, str]]:
    """The zeros of all differences on a line, each with the source of its condition; the nearest ones first."""
    found = [(zero, each.text) for each in differences for zero in _zeros_of(each, line, grid)]
    return sorted(found, key=lambda zero: abs(float(zero[0] - line.along)))[:PER_LINE]


def _zeros_of(difference: _Difference, line: _Line, grid: Sequence[float]) -> list[arb]:
    """The zeros of one difference; none if it is zero almost everywhere."""

    def at(place: Any) -> arb:
        return difference.at(line.at(arb(place)))

    with ctx.workprec(SCAN_PRECISION):
        signs = [(place, _sign(at(place))) for place in grid]
    found = [arb(place) for place, sign in signs if sign == 0]
    if len(found) > len(grid) // 2:
        return []
    changes = [(low, high, one) for (low, one), (high, other) in pairwise(signs) if one and other == -one]
    zeros = (_zero(at, low, high, sign) for low, high, sign in changes)
    return found + [zero for zero in zeros if zero is not None]


def _sign(ball: arb) -> int | None:
    """-1 or 1; 0 for zero; None for what is none of them, or not known."""
    return 1 if ball > 0 else -1 if ball < 0 else 0 if ball == 0 else None


def _zero(at: Callable[[Any], arb], low: float, high: float, sign: int) -> arb | None:
    """An enclosure of the zero between two places, the sign at the first of which is given; None if it is not found."""
    with ctx.workprec(SCAN_PRECISION):
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            here = _sign(at(middle))
            if here == 0:
                return arb(middle)
            if here is None or middle in (low, high):
                break
            low, high = (middle, high) if here == sign else (low, middle)
    with ctx.workprec(LAST_PRECISION + 64):
        zero = _by_secants(at, arb(low), arb(high))
        if zero is None:
            return None
        for radius in (abs(zero) * arb(2) ** -width for width in WIDTHS):
            if {_sign(at(zero - radius)), _sign(at(zero + radius))} == {1, -1}:
                return arb(zero, radius)
    return None


def _by_secants(at: Callable[[Any], arb], one: arb, other: arb) -> arb | None:
    """The place where a difference is zero; None if secants do not approach one."""
    of_one, of_other = at(one).mid(), at(other).mid()
    for _ in range(SECANTS):
        if of_other in (0, of_one):
            break
        one, other = other, (other - of_other * (other - one) / (of_other - of_one)).mid()
        of_one, of_other = of_other, at(other).mid()
        if not (other.is_finite() and of_other.is_finite()):
            return None
        if abs(other - one) < abs(other) * arb(2) ** -(WIDTHS[0] + 40):
            break
    return other
