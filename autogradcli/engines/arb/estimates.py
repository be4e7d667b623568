"""Approximate values of the entries of a growing tape, for formulas that hold whichever component they begin with."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from flint import ctx

from autogradcli.engines.arb.primitives import extend, point_of
from autogradcli.engines.results import Array
from autogradcli.language.tape import Entry

PRECISION = 64
"""Binary digits."""


class Estimates:
    """The values at the point `at`, worked out as far as they are asked for."""

    def __init__(self, at: Mapping[str, Array]) -> None:
        self._point = point_of(at)
        self._values: list[Any] = []
        self.asked = False
        """Whether any were asked for: what is made by them is best for this point."""

    def __call__(self, entries: Sequence[Entry], asked: Sequence[int]) -> list[float]:
        """The values of some entries as doubles; minus infinity for NaN."""
        self.asked = True
        with ctx.workprec(PRECISION):
            extend(self._values, entries, self._point)
            return [size(self._values[index]) for index in asked]


def size(value: Any) -> float:
    """The middle of a ball as a double; minus infinity for NaN."""
    middle = float(value.mid())
    return -math.inf if math.isnan(middle) else middle
