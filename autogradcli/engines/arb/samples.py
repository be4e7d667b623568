"""Programs at other points than the one that is asked about: whether two are one function, and slopes by secants."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.rules import forward
from autogradcli.engines.arb.sweep import plan
from autogradcli.engines.opinions import Array, flat
from autogradcli.language.program import Program

PRECISIONS = (256, 4096)
"""Binary digits at which values are compared, until they have digits enough."""
SHARP = 100
"""Binary digits of a ball from which on it says something."""
SECANT = 1024
"""Binary digits at which secants are drawn."""
STEP = arb(2) ** -256
"""Distance of their ends."""
AGREEMENT = arb(2) ** -128
"""Relative difference up to which the secants on both sides are one slope."""

CLOSE = arb("1e-6")
"""Difference of values so near to each other that it would be far larger if they did not tend to one."""

Inputs = Mapping[str, Array]


class Sampled:
    """A program at other points of the same shapes, at which what only picks components is the same."""

    def __init__(self, program: Program, at: Inputs, upstream: Sequence[float] | None) -> None:
        """`at` is one of the points. NoDefinition or TooLong if there is no tape of the program."""
        self._tape = plan(program, (), at, upstream).tape

    def value(self, point: Mapping[str, Any]) -> Any:
        """The ball of its value, at the precision in force; something else where there is no number."""
        return forward(self._tape.entries, point)[self._tape.output]


def same_function(one: Sampled, other: Sampled, points: Iterable[Inputs]) -> bool:
    """Whether `other` has the value of `one` at all points where `one` has one, which must be at least one point."""
    known = False
    for at in points:
        agree = _agree(one, other, at)
        if agree is False:
            return False
        known = known or agree is True
    return known


def _agree(one: Sampled, other: Sampled, at: Inputs) -> bool | None:
    """Whether two programs have one value at a point; None where the first has none, or too few digits are known."""
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            first = one.value(_balls(at))
            if not (isinstance(first, arb) and first.is_finite()):
                continue
            second = other.value(_balls(at))
            if not (isinstance(second, arb) and second.is_finite() and first.overlaps(second)):
                return False
            if min(first.rel_accuracy_bits(), second.rel_accuracy_bits()) > SHARP:
                return True
    return None


def fills(one: Sampled, other: Sampled, at: Inputs, beside: Iterable[Inputs]) -> bool:
    """Whether `other` has at a point the value that `one` tends to from all points beside it where `one` has one."""
    with ctx.workprec(SECANT):
        limit = other.value(_balls(at))
        values = [one.value(_balls(each)) for each in beside]
        known = [each for each in values if isinstance(each, arb) and each.is_finite()]
        return bool(known) and all(abs(each - limit) <= CLOSE * (1 + abs(limit)) for each in known)


def slope(program: Sampled, at: Inputs, name: str, place: int) -> float | None:
    """The derivative with respect to a component of a variable, as the secants on both sides tell; None if they differ.

    A function that is given by a guard at the point itself has its slope from what stands around it.
    """
    with ctx.workprec(SECANT):
        values = []
        for move in (-STEP, arb(0), STEP):
            point = _balls(at)
            point[name][place] += move
            values.append(program.value(point))
        if not all(isinstance(each, arb) and each.is_finite() for each in values):
            return None
        left, right = (values[1] - values[0]) / STEP, (values[2] - values[1]) / STEP
        return float(right) if abs(left - right) <= abs(right).max(arb(1)) * AGREEMENT else None


def _balls(at: Inputs) -> dict[str, list[Any]]:
    return {name: [arb(each) for each in flat(value)] for name, value in at.items()}
