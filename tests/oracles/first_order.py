"""What honest rounding does to a gradient, to first order, by mpmath: a crude rounding budget to judge the engine's by.

Every elementary value and every partial derivative may be off by some units of roundoff. To first order the gradient is
then off by no more than the sum of its sensitivities to each of them.
"""

from collections.abc import Mapping
from typing import Any

from mpmath import mp

from autogradcli.language.program import Program
from autogradcli.language.tape import Input, Literal, Operation, Tape
from tests.oracles.truth import CHOICES, Point, Values, apply, run, tape_of

DIGITS = 800
NUDGE = mp.mpf(10) ** -120
"""Relative size of the perturbations."""
EXACT = CHOICES | {"neg"}
"""Rows without rounding."""
CORRECT = frozenset({"add", "sub", "mul", "div", "sqrt"})
"""Rows that IEEE 754 rounds correctly, so that what can be exact is exact."""
JUMP = mp.mpf(10) ** 50
"""Times its own size: what moves a gradient more than this has moved it over a step."""


def sensitivity(program: Program, at: Mapping[str, float], name: str, digits: int) -> Any:
    """By how many units of roundoff, times the gradient's own unit, one unit in each operation moves the gradient.

    `digits` is how many binary digits the numbers have.
    """
    with mp.workdps(DIGITS):
        tape = tape_of(program)
        point = {each: mp.mpf(value) for each, value in at.items()}
        slopes = Slopes(tape, point, name, digits)
        moved = [
            abs(Slopes(tape, point, name, digits, {index: 1 + NUDGE}).gradient - slopes.gradient) / NUDGE
            for index in range(len(tape.entries))
            if slopes.rounds(index)
        ]
        steady = [each for each in moved if each <= JUMP * abs(slopes.gradient)]
        return sum(steady, mp.zero) + slopes.rounding_of_partials()


class Slopes:
    """Values, partial derivatives and tangents of a tape, one after the other, by differences."""

    def __init__(self, tape: Tape, at: Point, name: str, digits: int, bump: Mapping[int, Any] | None = None) -> None:
        self.tape = tape
        self.digits = digits
        self.values = run(tape, at, bump)
        self.tangents: Values = []
        self.partials: list[list[tuple[int, Any]]] = []
        for index, entry in enumerate(tape.entries):
            self.partials.append(self._partials(entry) if isinstance(entry, Operation) else [])
            self.tangents.append(self._tangent(index, name))

    @property
    def gradient(self) -> Any:
        """The slope of the output."""
        return self.tangents[self.tape.output]

    def rounds(self, index: int) -> bool:
        """Whether an entry's value is rounded at all."""
        entry, value = self.tape.entries[index], self.values[index]
        if isinstance(entry, Literal) or (entry.function in CORRECT if isinstance(entry, Operation) else False):
            if not mp.isfinite(value) or (self.tangents[index] != 0 and not mp.isint(value)):
                return True
            return not mp.isint(mp.ldexp(mp.frexp(value)[0], self.digits))
        return isinstance(entry, Operation) and entry.function not in EXACT

    def adjoints(self) -> Values:
        """The slope of the output along each entry."""
        return self._pulled_back()[0]

    def rounding_of_partials(self) -> Any:
        """The sum of the sizes of all that flows back through every edge that rounds, and of the sums of flows."""
        return self._pulled_back()[1]

    def _pulled_back(self) -> tuple[Values, Any]:
        """The adjoints, and what rounding of partial derivatives and of sums adds up to.

        Flows come together in the order of the sweep, as autograd adds them up: the small ones first cost nothing.
        """
        adjoints: Values = [mp.zero] * len(self.values)
        adjoints[self.tape.output] = mp.one
        total = mp.zero
        for index in range(self.tape.output, -1, -1):
            entry = self.tape.entries[index]
            rounds = isinstance(entry, Operation) and entry.function not in EXACT
            for operand, partial in self.partials[index]:
                flow, before = adjoints[index] * partial, adjoints[operand]
                adjoints[operand] += flow
                size = (abs(flow) if rounds else 0) + (abs(adjoints[operand]) if before and flow else 0)
                total += size * abs(self.tangents[operand])
        return adjoints, total

    def _tangent(self, index: int, name: str) -> Any:
        entry = self.tape.entries[index]
        if isinstance(entry, Input):
            return mp.one if entry.name == name else mp.zero
        return sum((slope * self.tangents[operand] for operand, slope in self.partials[index]), mp.zero)

    def _partials(self, entry: Operation) -> list[tuple[int, Any]]:
        """Each operand that is a number and varies, with the slope along it."""
        if entry.function == "floor":
            return []
        return [
            (operand, self._difference(entry, place))
            for place, operand in enumerate(entry.operands)
            if not isinstance(self.values[operand], bool) and self.tangents[operand] != 0
        ]

    def _difference(self, entry: Operation, place: int) -> Any:
        values = [self.values[operand] for operand in entry.operands]
        step = (abs(values[place]) or mp.mpf(10) ** -20) * NUDGE
        above, below = (
            apply(entry.function, [*values[:place], values[place] + each, *values[place + 1 :]])
            for each in (step, -step)
        )
        slope = (above - below) / (2 * step)
        # A branch that is not taken may have no value; nothing of it reaches the output.
        return slope if mp.isfinite(slope) else mp.zero
