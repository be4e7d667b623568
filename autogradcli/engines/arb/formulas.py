"""Formulas at a point: their values alone, without derivatives."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.primitives import forward, point_of, primitive
from autogradcli.engines.results import Array, nested, shape
from autogradcli.language.program import Program
from autogradcli.language.shapes import Shape
from autogradcli.language.tape import Entry, TapeWriter, components

PRECISIONS = (128, 512, 2048, 8192)
"""Binary digits, tried in turn."""
DIGITS = 60
"""Binary digits that a value must have to be rounded to a double."""


class Formula:
    """A program whose values are wanted at points of given shapes."""

    def __init__(self, program: Program, shapes: Mapping[str, Shape]) -> None:
        builder = TapeWriter(primitive, shapes)
        handle = builder.run(program)[program.output]
        self.shape: Shape = () if isinstance(handle, int) else handle.shape
        self.entries: Sequence[Entry] = builder.entries
        self._outputs = components(handle)

    @property
    def size(self) -> int:
        """How many components the output has."""
        return len(self._outputs)

    def at(self, point: Mapping[str, Sequence[arb]]) -> list[Any]:
        """The ball of each component of the output, at the precision in force."""
        return self.of(forward(self.entries, point))

    def of(self, values: Sequence[Any]) -> list[Any]:
        """The components of the output among the values of all entries."""
        return [values[each] for each in self._outputs]


def values(program: Program, at: Mapping[str, Array]) -> Array:
    """The program's value at exact numbers, rounded to doubles; nan where it is none, or none that can be told."""
    formula = Formula(program, {name: shape(value) for name, value in at.items()})
    point = point_of(at)
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            found = formula.at(point)
        if all(_settled(each) for each in found):
            break
    return nested([_nearest(each) for each in found], formula.shape)


def _settled(ball: Any) -> bool:
    return bool(isinstance(ball, arb) and (ball.is_exact() or ball.rel_accuracy_bits() >= DIGITS))


def _nearest(ball: Any) -> float:
    return float(ball) if isinstance(ball, arb) and (ball.is_finite() or ball.is_exact()) else math.nan
