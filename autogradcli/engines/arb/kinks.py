"""One-sided slopes where the sweep proves nothing: at ties, steps, and partial derivatives that do not exist.

Beside the point, at distances far smaller than any two doubles are apart, the function is smooth again unless it was
made to defeat this. So its secants there, in balls, tell how it leaves the point: two distances that give the same
slope, a slope that grows without bound, a step that does not shrink. Each secant is proven; that they tell the limit is
not, which is why no other verdict rests on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, ctx

from autogradcli.engines.arb.enclose import LAST_PRECISION, Proof
from autogradcli.engines.arb.rules import value
from autogradcli.language.tape import Input, Operation

DISTANCES = (1200, 2400)
"""Binary logarithms of the distances, negated: the nearer is the square of the other. Doubles end at 2**-1074."""
AGREEMENT = 100
"""Binary digits in which two slopes must agree to be one limit."""
MAX_WORK = 2_000_000
"""Operations that one secant along every component of a variable may take, all together."""


@dataclass(frozen=True, slots=True)
class Side:
    """How the function leaves the point on one side."""

    kind: str
    """slope, unbounded (a vertical tangent), jump, outside (not defined there) or unsettled."""
    slope: arb | None = None
    """An enclosure of both secants' slopes."""


def sides(proof: Proof, entry: Input) -> tuple[Side, Side]:
    """How the function leaves the point to the left and to the right along one component of a variable."""
    entries = proof.plan.inputs[entry.name]
    return _sides(proof, [entries[entry.place]], MAX_WORK // len(entries))


def sides_together(proof: Proof, moved: Sequence[int]) -> tuple[Side, Side]:
    """The same along several components that are moved at once, each by the same distance."""
    return _sides(proof, moved, MAX_WORK)


def _sides(proof: Proof, moved: Sequence[int], most: int) -> tuple[Side, Side]:
    above = _above(proof, moved, most)
    if above is None:
        return Side("unsettled"), Side("unsettled")
    with ctx.workprec(LAST_PRECISION):
        return _side(proof, moved, above, -1), _side(proof, moved, above, 1)


def _above(proof: Proof, moved: Sequence[int], most: int) -> Sequence[int] | None:
    """The entries whose values change with some inputs, in the order of evaluation; None if there are too many."""
    found: set[int] = set()
    pending = list(moved)
    while pending:
        if len(found) > most:
            return None
        new = set(proof.consumers[pending.pop()]) - found
        found |= new
        pending.extend(new)
    return sorted(found)


def _side(proof: Proof, moved: Sequence[int], above: Sequence[int], sign: int) -> Side:
    steps = [sign * arb(2) ** -distance for distance in DISTANCES]
    here = proof.precise[proof.plan.tape.output]
    rises = [_value(proof, moved, above, step) - here for step in steps]
    if not all(rise.is_finite() for rise in rises):
        return Side("outside")
    first, second = rises
    if abs(second) > abs(first) * 0.9:
        return Side("jump")
    return _limit(first / steps[0], second / steps[1])


def _limit(first: arb, second: arb) -> Side:
    """What two secants say, the second much nearer than the first."""
    tolerance = arb(2) ** -AGREEMENT
    below_all_doubles = arb(2) ** -1100
    if abs(second) < abs(first) * tolerance or max(abs(first).upper(), abs(second).upper()) < below_all_doubles:
        return Side("slope", arb(0))
    if abs(first - second) < abs(second) * tolerance:
        return Side("slope", first.union(second))
    return Side("unbounded" if abs(second) > abs(first) * 1.5 else "unsettled")


def _value(proof: Proof, moved: Sequence[int], above: Sequence[int], step: arb) -> arb:
    """The output a step away from the point; what does not depend on the moved inputs is not computed again."""
    values = {each: proof.precise[each] + step for each in moved}
    for index in above:
        entry = proof.plan.tape.entries[index]
        assert isinstance(entry, Operation)
        operands = [values.get(operand, proof.precise[operand]) for operand in entry.operands]
        values[index] = value(entry.function)(*operands)
    output = proof.plan.tape.output
    return values.get(output, proof.precise[output])
