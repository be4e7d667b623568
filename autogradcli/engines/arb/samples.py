"""Programs at other points than the one that is asked about: whether two are one function, and slopes by secants."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.rules import forward
from autogradcli.engines.arb.sweep import plan
from autogradcli.engines.opinions import Array, flat
from autogradcli.language.function import NoDefinition
from autogradcli.language.program import Program
from autogradcli.language.tape import TooLong

PRECISION = 256
SHARP = 100
"""Binary digits of a ball from which on it says something."""
SECANT = 1024
"""Binary digits at which secants are drawn."""
STEP = arb(2) ** -256
"""Distance of their ends."""
AGREEMENT = arb(2) ** -128
"""Relative difference up to which the secants on both sides are one slope."""

Inputs = Mapping[str, Array]


def same_function(one: Program, other: Program, points: Iterable[Inputs], upstream: Sequence[float] | None) -> bool:
    """Whether `other` has the value of `one` at all points where `one` has one, which must be at least one point.

    All points have the same shapes. False where that cannot be told: a program without definition, or too long.
    """
    agreed = 0
    with ctx.workprec(PRECISION):
        for at in points:
            try:
                first, second = _value(one, _balls(at), at, upstream), _value(other, _balls(at), at, upstream)
            except (NoDefinition, TooLong):
                return False
            if not (isinstance(first, arb) and first.is_finite()):
                continue
            if not (isinstance(second, arb) and second.is_finite() and first.overlaps(second)):
                return False
            agreed += first.rel_accuracy_bits() > SHARP and second.rel_accuracy_bits() > SHARP
    return agreed > 0


def slope(program: Program, at: Inputs, name: str, place: int, upstream: Sequence[float] | None) -> float | None:
    """The derivative with respect to a component of a variable, as the secants on both sides tell; None if they differ.

    A function that is given by a guard at the point itself has its slope from what stands around it.
    """
    with ctx.workprec(SECANT):
        values = []
        for move in (-STEP, arb(0), STEP):
            point = _balls(at)
            point[name][place] += move
            values.append(_value(program, point, at, upstream))
        if not all(isinstance(each, arb) and each.is_finite() for each in values):
            return None
        left, right = (values[1] - values[0]) / STEP, (values[2] - values[1]) / STEP
        return float(right) if abs(left - right) <= abs(right).max(arb(1)) * AGREEMENT else None


def _balls(at: Inputs) -> dict[str, list[Any]]:
    return {name: [arb(each) for each in flat(value)] for name, value in at.items()}


def _value(program: Program, point: Mapping[str, Any], at: Inputs, upstream: Sequence[float] | None) -> Any:
    tape = plan(program, (), at, upstream).tape
    return forward(tape.entries, point)[tape.output]
