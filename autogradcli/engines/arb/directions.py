"""Programs with too many operations for a tape: the gradient along random directions, by balls.

Forward mode: each operation is worked out as it comes, a value and its tangents (Griewank and Walther, Evaluating
Derivatives, 2nd edition, chapter 3), and nothing is kept for a sweep back. A direction's components are normal random
numbers, each divided by what its component of the gradient may be off. So along a direction the errors that autograd
made add up to a normal random number, too; its deviation is at least the largest error, in units of what is allowed.

Of a derivative along a path, as of a row of a Hessian, the operations are written that it is made of: behind each
operation the sum of its partial derivatives times what its operands move by, which are formulas of the table.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial, reduce
from random import Random
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.estimates import size
from autogradcli.engines.arb.primitives import Kind, constant, point_of, primitive, rule, selects
from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.results import Array, shape
from autogradcli.functions.handles import Handle
from autogradcli.functions.table import row
from autogradcli.language.program import Direction, Program
from autogradcli.language.tape import Entry, Input, Literal, Operation, TapeOptions, TapeWriter, partial_programs
from autogradcli.processes.limits import check

DIRECTIONS = 2
PRECISION = 192
"""Binary digits."""
DENSITY = math.sqrt(2 / math.pi)
"""A normal random number of deviation 1 is smaller than s with a probability below this times s."""

ROUNDINGS = 4
"""Units of roundoff by which a value or a partial derivative may honestly err, as in the rounding budget."""

NOTHING = 1e-3
"""Errors, in units of what is allowed, that need no explanation."""

Weights = Mapping[str, Sequence[arb]]
"""A random direction: for each variable what its components move by."""


class Undirected(Exception):
    """A tie, a jump or an end of a domain is on the way: no direction says what the derivative is."""


@dataclass(frozen=True, slots=True)
class Errors:
    """What autograd's gradient is off along the directions, in units of what is allowed."""

    most: float
    """Upper bound for the largest."""
    least: float
    """Lower bound for the largest."""
    explained: bool
    """Whether they are almost nothing, or honest rounding explains them."""

    def missed(self, chance: float) -> float:
        """What a component may be off, in units of what is allowed, and be missed with at most that probability."""
        return float(DENSITY * self.most / chance ** (1 / DIRECTIONS))


@dataclass(frozen=True, slots=True)
class GradientClaim:
    """A gradient for each variable, and what each of its components may be off; row by row."""

    gradients: Mapping[str, Sequence[float]]
    allowed: Mapping[str, Sequence[float]]
    along: Sequence[Direction] = ()
    """The directions along which the program's scalar was differentiated before, one after the other."""


def along_directions(
    program: Program, at: Mapping[str, Array], layout: TapeOptions, claim: GradientClaim, rounding: float
) -> Errors:
    """The errors of a claimed gradient.

    `rounding` is the relative error of an honest operation. Raises Undirected if no derivative is proven,
    TooLong beyond the layout's limit.
    """
    with ctx.workprec(PRECISION):
        directions = [_direction(claim.allowed, Random(number)) for number in range(DIRECTIONS)]
        claimed = [_along(direction, claim.gradients) for direction in directions]
        true = _Duals(at, directions, claim.along, layout).slopes(program)
        errors = [abs(x - y) for x, y in zip(claimed, true, strict=True)]
        most, least = (max(float(getattr(each, end)()) for each in errors) for end in ("upper", "lower"))
        explained = most <= NOTHING
        if not explained:
            rounded = _Duals(at, directions, claim.along, layout, arb(1, rounding)).slopes(program)
            explained = all(not y.is_finite() or y.contains(x) for x, y in zip(claimed, rounded, strict=True))
        return Errors(most, least, explained)


def _direction(allowed: Mapping[str, Sequence[float]], chance: Random) -> Weights:
    smallest = min((each for sizes in allowed.values() for each in sizes if each > 0), default=1.0)
    return {
        name: [arb(chance.gauss(0, 1)) / arb(each or smallest) for each in sizes] for name, sizes in allowed.items()
    }


def _along(direction: Weights, gradients: Mapping[str, Sequence[float]]) -> arb:
    pairs = (pair for name in direction for pair in zip(direction[name], gradients[name], strict=True))
    return sum((part * arb(slope) for part, slope in pairs), arb(0))


def _is_whole(value: arb) -> bool:
    """Whether a constant is a whole number, which no rounding changes: 2 in the derivative of x**3."""
    return bool(value.is_exact() and value.is_integer())


class _Duals(TapeWriter):
    """A tape that is worked out as it grows: for each entry a value, and its tangents if it varies."""

    def __init__(
        self,
        at: Mapping[str, Array],
        directions: Sequence[Weights],
        along: Sequence[Direction],
        layout: TapeOptions,
        spread: arb | None = None,
    ) -> None:
        shapes = {name: shape(value) for name, value in at.items()}
        super().__init__(primitive, shapes, replace(layout, estimate=self._sizes))
        self._at = point_of(at)
        self._directions = directions
        self._along = [dict(each.parts) for each in along]
        self._moves: list[dict[int, int]] = [{} for _ in along]
        """For each direction of the path, and each entry that it moves, the entry of what that moves by."""
        self._order = 0
        """How many directions the entries that are being written are derivatives along."""
        self._spread = spread
        self._values: list[Any] = []
        self._tangents: list[tuple[arb, ...] | None] = []
        self._varies: list[bool] = []
        self._numbers: dict[int, Fraction] = {}

    def slopes(self, program: Program) -> tuple[arb, ...]:
        """The derivative along each direction of the program's scalar, or of its derivative along the path."""
        output: int | None = self.scalar(program, self.run(program)[program.output])[0]
        for moves in self._moves:
            output = None if output is None else moves.get(output)
        tangents = None if output is None else self._tangents[output]
        return tangents or (arb(0),) * len(self._directions)

    def number(self, index: int) -> Fraction | None:
        """The exact number that an entry is; None if it is no constant."""
        return self._numbers.get(index)

    def _own(self, value: Handle) -> Handle:  # noqa: ARG002
        """Nothing: entries are not kept, so that the text can differentiate with respect to none. Raises Undirected."""
        raise Undirected

    def is_condition(self, index: int) -> bool:
        """Whether an entry is true or false."""
        return isinstance(self._values[index], Truth)

    def _sizes(self, _: Sequence[Entry], asked: Sequence[int]) -> list[float]:
        return [size(self._values[index]) for index in asked]

    def _append(self, entry: Entry) -> int:
        check()
        if isinstance(entry, Operation):
            self._operate(entry)
        elif isinstance(entry, Literal):
            if isinstance(entry.value, Fraction):
                self._numbers[len(self._values)] = entry.value
            self._keep(constant(entry.value)(), None, varies=False)
        else:
            self._input_value(entry)
        index = len(self._values) - 1
        if self._varies[index]:
            self._move(index, entry)
        return index

    def _move(self, index: int, entry: Entry) -> None:
        """Append what an entry moves by along each direction of the path that it was not made by."""
        order = self._order
        for place in range(order, len(self._along)):
            self._order = place + 1
            found = self._moved(entry, place)
            if found is not None:
                self._moves[place][index] = found
        self._order = order

    def _moved(self, entry: Entry, place: int) -> int | None:
        """The entry of what another one moves by; None if it stays where it is."""
        if isinstance(entry, Input):
            weight = self._along[place][entry.name][entry.place] if entry.name in self._along[place] else 0.0
            return self.literal(Fraction(weight)) if weight else None
        assert isinstance(entry, Operation)
        moves = [self._moves[place].get(operand) for operand in entry.operands]
        if selects(entry):
            return moves[1 if self._values[entry.operands[0]].value else 2]
        bound = dict(zip(row(entry.function).operand_names, entry.operands, strict=True))
        terms = [
            self.call("mul", self._run_formula(slope, bound), moved)
            for slope, moved in zip(partial_programs(row(entry.function)), moves, strict=False)
            if moved is not None
        ]
        return reduce(partial(self.call, "add"), terms) if terms else None

    def _keep(self, value: Any, tangents: tuple[arb, ...] | None, *, varies: bool) -> None:
        self._values.append(value)
        self._tangents.append(tangents)
        self._varies.append(varies)

    def _input_value(self, entry: Input) -> None:
        asked = entry.name in self._directions[0]
        tangents = tuple(each[entry.name][entry.place] for each in self._directions) if asked else None
        varies = asked or any(entry.name in each for each in self._along)
        self._keep(self._at[entry.name][entry.place], tangents, varies=varies)

    def _operate(self, entry: Operation) -> None:
        each = rule(entry.function)
        operands = [self._values[operand] for operand in entry.operands]
        varies = any(self._varies[operand] for operand in entry.operands)
        value = each.value(*operands)
        if self._spread is not None and each.kind is Kind.SMOOTH and (varies or not _is_whole(value)):
            value = value * self._spread
        self._keep(value, self._pushed(entry, operands) if varies else None, varies=varies)

    def _pushed(self, entry: Operation, operands: Sequence[Any]) -> tuple[arb, ...] | None:
        """The tangents of an operation that varies."""
        each = rule(entry.function)
        if each.kind is Kind.SMOOTH:
            if each.domain is not None and each.domain(*operands).value is not True:
                raise Undirected
            moving = [(i, self._tangents[operand]) for i, operand in enumerate(entry.operands)]
            parts = [(each.partials[i](*operands), tangents) for i, tangents in moving if tangents is not None]
            sums = [sum((slope * each[d] for slope, each in parts), arb(0)) for d in range(len(self._directions))]
            return tuple(sums if self._spread is None else (each * self._spread for each in sums))
        if each.kind is Kind.STEP and (operands[0].contains_integer() or not operands[0].is_finite()):
            raise Undirected
        if each.kind is not Kind.SELECT:
            return None
        if self._varies[entry.operands[0]] and (operands[0].tie or operands[0].value is None):
            raise Undirected
        return self._tangents[entry.operands[1 if operands[0].value else 2]]
