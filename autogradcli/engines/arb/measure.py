"""The rigorous opinion on the numbers that torch gave, as plain data."""

import math
from dataclasses import replace

from flint import arb, ctx

from autogradcli.engines.arb.causes import first_tie, of_gradient, of_value
from autogradcli.engines.arb.enclose import Proof
from autogradcli.engines.arb.kinks import AGREEMENT, Side, sides
from autogradcli.engines.opinions import Ball, Cause, Enclosure
from autogradcli.language.program import Call, Constant

DECIMALS = 40
"""Digits that a ball's midpoint is printed with."""
MEASURING = 256
"""Binary digits for the arithmetic of distances."""
SAME_SLOPE = arb(2) ** -AGREEMENT


def measure_value(proof: Proof, number: float) -> Enclosure:
    """The opinion on the output."""
    with ctx.workprec(max(MEASURING, proof.precision)):
        if proof.value.is_finite():
            return _regular(proof, proof.value, proof.value_budget, number)
        return Enclosure(cause=_cause_of_value(proof))


def measure_gradient(proof: Proof, name: str, number: float) -> Enclosure:
    """The opinion on the derivative with respect to one variable."""
    with ctx.workprec(max(MEASURING, proof.precision)):
        if not proof.value.is_finite():
            return Enclosure(cause=_cause_of_value(proof))
        if proof.proves(name) and proof.gradient(name).is_finite():
            return _regular(proof, proof.gradient(name), proof.budget(name), number)
        return _singular(proof, name, number)


def _regular(proof: Proof, truth: arb, budget: arb, number: float) -> Enclosure:
    """A proven number beside torch's."""
    nearest = float(truth)
    ball = as_text(truth)
    if not math.isfinite(number):
        return Enclosure(ball, nearest)
    distance = abs(truth - arb(number))
    error = (
        max(0.0, float(distance.lower())),
        math.nextafter(float(distance.upper()), math.inf) if distance > 0 else 0.0,
    )
    ulp = proof.dtype.ulp(nearest)
    ulps = error[1] / ulp if math.isfinite(ulp) else None
    inside = bool(budget.contains(arb(number))) or not budget.is_finite() or (ulps is not None and ulps <= 1)
    return Enclosure(ball, nearest, error, ulps, inside)


def as_text(ball: arb) -> Ball:
    """A ball in decimal; its radius also holds what the decimals of its midpoint leave out."""
    digits = _decimal(ball.mid(), DECIMALS)
    radius = (ball - arb(digits)).abs_upper() if not ball.is_exact() or arb(digits) != ball else arb(0)
    return Ball(digits, _decimal(radius * arb("1.01"), 3))


def _decimal(number: arb, digits: int) -> str:
    text: str = number.mid().str(digits, radius=False)
    mantissa, mark, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + mark + exponent


def _singular(proof: Proof, name: str, number: float) -> Enclosure:
    """Where the sweep proves nothing: what the slopes on both sides say."""
    left, right = sides(proof, name)
    if left.slope is None or right.slope is None:
        return Enclosure(cause=_cause_of_gradient(proof, name, left, right))
    slopes = (float(left.slope), float(right.slope))
    step = proof.plan.tape.entries[_singular_culprit(proof, name)].step
    size = abs(left.slope).max(abs(right.slope))
    if abs(left.slope - right.slope) <= size * SAME_SLOPE:
        regular = _regular(proof, left.slope.union(right.slope), proof.budget(name), number)
        return replace(regular, slopes=slopes, step=step)
    return Enclosure(slopes=slopes, step=step)


def _cause_of_value(proof: Proof) -> Cause:
    culprit = of_value(proof.plan, proof.exact)
    text, where, step = _place(proof, culprit.entry)
    if culprit.outside:
        return Cause("undefined", "GC111", f"{text} is not defined{where}", step)
    if culprit.settled:
        return Cause("undefined", "GC115", f"{text} has no finite value{where}", step)
    return Cause("unverified", "GC501", f"{text} could not be enclosed{where}", step)


def _cause_of_gradient(proof: Proof, name: str, left: Side, right: Side) -> Cause:
    """In the order of how much they say: a jump, an infinite slope, one side only, neither."""
    text, where, step = _place(proof, _singular_culprit(proof, name))
    kinds = {left.kind: "left", right.kind: "right"} | ({left.kind: "both sides"} if left.kind == right.kind else {})
    if "jump" in kinds:
        return Cause("undefined", "GC113", f"{text} jumps{where} ({kinds['jump']})", step)
    if "unbounded" in kinds:
        return Cause("undefined", "GC112", f"{text} has a vertical tangent{where}", step)
    if "unsettled" in kinds:
        return Cause("unverified", "GC501", f"the slope of {text} could not be told{where}", step)
    if kinds["outside"] == "both sides":
        return Cause(
            "undefined", "GC114", f"{text} is defined on neither side of {name} = {_short(proof.at[name])}", step
        )
    side = kinds["outside"]
    return Cause(
        "undefined", "GC114", f"{text} is not defined to the {side} of {name} = {_short(proof.at[name])}", step
    )


def _singular_culprit(proof: Proof, name: str) -> int:
    """The entry that the sweep could not pass: a tie on the way, or a partial derivative that does not exist."""
    if proof.proves(name):
        return of_gradient(proof.plan, proof.exact, proof.plan.inputs[name]).entry
    return first_tie(proof.plan, proof.exact)


def _place(proof: Proof, entry: int) -> tuple[str, str, int]:
    """Text of the program step that an entry belongs to, the values of its operands, and the step."""
    program, tape = proof.plan.program, proof.plan.tape
    index = tape.entries[entry].step
    step = program.steps[index]
    operands = step.operands if isinstance(step, Call) else ()
    known = [each for each in operands if not isinstance(program.steps[each], Constant)]
    values = [(program.text(each), proof.exact.values[tape.results[each]]) for each in known]
    where = ", ".join(f"{text} = {_short(ball)}" for text, ball in values if isinstance(ball, arb) and ball.is_finite())
    return program.text(index), f" at {where}" if where else "", index


def _short(ball: arb) -> str:
    """A few digits of a ball, for a sentence."""
    return _decimal(ball, 6)
