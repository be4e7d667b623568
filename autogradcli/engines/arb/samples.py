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


def same_function(one: Program, other: Program, points: Iterable[Inputs], upstream: Sequence[float] | None) -> bool:
    """Whether `other` has the value of `one` at all points where `one` has one, which must be at least one point.

    All points have the same shapes. False where that cannot be told: a program without definition, or too long.
    """
    try:
        found = [_agree(one, other, at, upstream) for at in points]
    except (NoDefinition, TooLong):
        return False
    return True in found and False not in found


def _agree(one: Program, other: Program, at: Inputs, upstream: Sequence[float] | None) -> bool | None:
    """Whether two programs have one value at a point; None where the first has none, or too few digits are known."""
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            first, second = (_value(each, _balls(at), at, upstream) for each in (one, other))
            if not (isinstance(first, arb) and first.is_finite()):
                continue
            if not (isinstance(second, arb) and second.is_finite() and first.overlaps(second)):
                return False
            if min(first.rel_accuracy_bits(), second.rel_accuracy_bits()) > SHARP:
                return True
    return None


def fills(one: Program, other: Program, at: Inputs, beside: Iterable[Inputs], upstream: Sequence[float] | None) -> bool:
    """Whether `other` has at a point the value that `one` tends to from all points beside it where `one` has one."""
    try:
        with ctx.workprec(SECANT):
            limit = _value(other, _balls(at), at, upstream)
            values = [_value(one, _balls(each), each, upstream) for each in beside]
    except (NoDefinition, TooLong):
        return False
    known = [each for each in values if isinstance(each, arb) and each.is_finite()]
    return bool(known) and all(abs(each - limit) <= CLOSE * (1 + abs(limit)) for each in known)


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
