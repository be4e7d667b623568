"""Points where two numbers are equal that a condition compares, whether or not a double is there: x**2 == 2.

They are looked for along lines through given points: where a difference changes its sign between two places of a grid,
its zero is enclosed to thousands of digits. What is that small there is taken for zero, so that conditions have the
truth that they have in a tie; a step away from the point they are decided as anywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import count, islice, pairwise
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.enclose import LAST_PRECISION, Enclosures
from autogradcli.engines.arb.kinks import DISTANCES
from autogradcli.engines.arb.primitives import Point, constant, forward, point_of, value
from autogradcli.engines.arb.ternary import CONDITIONS
from autogradcli.engines.arb.zeros import TIED, Trace
from autogradcli.engines.results import Array, nested, shape
from autogradcli.language.program import Program
from autogradcli.language.tape import Entry, Input, Literal, Operation

COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
DIFFERENCES = frozenset({"add", "sub"})
"""Rows below a comparison whose own zeros are looked for as well: (x**2 - 2)**2 == 0 changes no sign."""

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
    traces = (Trace.of(partial(_on_line, each, line), each.text, grid) for each in differences)
    places = [(trace, place) for trace in traces for place in trace.places()]
    along = float(line.along)
    places.sort(key=lambda each: min(abs(each[1].low - along), abs(each[1].high - along)))
    found = ((trace.zero(place), trace.text) for trace, place in places)
    sharpest: dict[float, tuple[arb, str]] = {}
    for zero, text in islice(((zero, text) for zero, text in found if zero is not None), PER_LINE):
        other = sharpest.setdefault(float(zero), (zero, text))[0]
        if zero.rel_accuracy_bits() > other.rel_accuracy_bits():
            sharpest[float(zero)] = zero, text
    yield from sharpest.values()


def _on_line(difference: _Difference, line: PointLine, place: Any) -> arb:
    return difference.at(line.at(arb(place)))
