"""One-sided slopes where the sweep proves nothing: at ties, steps, and partial derivatives that do not exist.

Beside the point, at distances far smaller than any two doubles are apart, the function is smooth again unless it was
made to defeat this. So its secants there, in balls, tell how it leaves the point: two distances that give the same
slope, a slope that grows without bound, a step that does not shrink. Each secant is proven, that they tell the limit is
not: a derivative that is found so is reported without a ball.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.diagnose import of_value
from autogradcli.engines.arb.enclose import Enclosures
from autogradcli.engines.arb.identities import Identities
from autogradcli.engines.arb.primitives import rule, taken, value
from autogradcli.engines.arb.ternary import Truth
from autogradcli.language.tape import Input, Operation
from autogradcli.processes.limits import check

DISTANCES = (1200, 2400)
"""Binary logarithms of the distances, negated: the nearer is the square of the other. Doubles end at 2**-1074."""
NEAREST = 3600
"""The same of the place where a derivative is taken for its limit."""
BELOW_ALL_DOUBLES = arb(2) ** -1100
"""What is smaller than any double, and counts as 0."""
AGREEMENT = 100
"""Binary digits in which two slopes must agree to be one limit."""
GROWTH, LARGE = 1.9, 1000
"""By how much a value grows from the farther distance to the nearer, and its size there, that has no finite limit."""
MAX_WORK = 2_000_000
"""Operations that one secant along every component of a variable may take, all together."""


@dataclass(frozen=True, slots=True)
class Side:
    """How the function leaves the point on one side."""

    kind: str
    """slope, unbounded (a vertical tangent), jump, outside (not defined there) or unsettled."""
    slope: arb | None = None
    """An enclosure of both secants' slopes."""
    origin: int | None = None
    """The entry where it begins to be no slope."""
    limit: arb | None = None
    """Of a jump: what that entry tends to on this side, which may be infinite; None if it could not be told."""
    condition: int | None = None
    """The condition by which that entry takes another operand beside the point than at it; None if none does."""


Values = Mapping[int, Any]
"""Of the entries that change beside the point: their values there."""


Sides = tuple[Side, Side]
"""To the left and to the right."""


def sides(proof: Enclosures, entry: Input) -> Sides:
    """How the function leaves the point to the left and to the right along one component of a variable."""
    return _seen(proof, *_alone(proof, entry))[0]


def sides_together(proof: Enclosures, moved: Sequence[int]) -> Sides:
    """The same along several components that are moved at once, each by the same distance."""
    return _seen(proof, moved, MAX_WORK)[0]


def with_digits_enough(proof: Enclosures, entry: Input) -> Enclosures:
    """The proof with as many digits beside the point as `sides` needs along one component of a variable."""
    return _seen(proof, *_alone(proof, entry))[1]


def _alone(proof: Enclosures, entry: Input) -> tuple[Sequence[int], int]:
    """One component of a variable as what is moved; and the operations that this may take."""
    entries = proof.plan.inputs[entry.name]
    return [entries[entry.place]], MAX_WORK // len(entries)


def _seen(proof: Enclosures, moved: Sequence[int], most: int) -> tuple[Sides, Enclosures]:
    """How the function leaves the point on both sides, and with which digits that is seen."""
    key = tuple(moved)
    if key not in proof.seen:
        above = entries_above(proof, moved, most)
        nothing = (Side("unsettled"), Side("unsettled")), proof
        proof.seen[key] = nothing if above is None else _look_by_look(proof, moved, above)
    return proof.seen[key]  # type: ignore[no-any-return]


def _look_by_look(proof: Enclosures, moved: Sequence[int], above: Sequence[int]) -> tuple[Sides, Enclosures]:
    """What the fewest digits tell that tell how the function leaves the point on both sides.

    That it is not defined beside the point is what seems so where too few digits hide on which branch it is.
    """
    for look in proof.looks:
        found = _looked_at(look, moved, above)
        open_kinds = {"unsettled"} if look.precision_beside >= proof.precision_beside else {"unsettled", "outside"}
        if open_kinds.isdisjoint(side.kind for side in found):
            break
    return found, look


def _looked_at(proof: Enclosures, moved: Sequence[int], above: Sequence[int]) -> Sides:
    check()
    with both_sides(proof, moved, above) as (left, right):
        if _parts(proof, left, right):
            output = proof.plan.tape.output
            return _no_slope(proof, left, "jump", output), _no_slope(proof, right, "jump", output)
        return _side(proof, left, above), _side(proof, right, above)


def _parts(proof: Enclosures, left: "Secants", right: "Secants") -> bool:
    """Whether a derivative has another limit on either side: then what it is made of has a corner."""
    output = proof.plan.tape.output
    far = look(proof, left.places[-1], output) - look(proof, right.places[-1], output)
    near = look(proof, left.here, output) - look(proof, right.here, output)
    return bool(abs(near) > 0 and abs(near) > abs(far) / 2)


def entries_above(proof: Enclosures, moved: Sequence[int], most: int) -> Sequence[int] | None:
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


def _side(proof: Enclosures, taken: "Secants", above: Sequence[int]) -> Side:
    side = leave(proof, taken, proof.plan.tape.output)
    if side.slope is not None:
        return side
    outside = side.kind == "unsettled" and any(_leaves_domain(proof, values, above) for values in taken.places)
    return _no_slope(proof, taken, "outside" if outside else side.kind, _origin(proof, taken, side.kind))


def _no_slope(proof: Enclosures, taken: "Secants", kind: str, origin: int) -> Side:
    """A side that is no slope, with what is known of the entry where that begins."""
    tends_to = _limit_of_value(proof, taken, origin) if kind == "jump" else None
    return Side(kind, origin=origin, limit=tends_to, condition=_changed(proof, taken, origin))


def _limit_of_value(proof: Enclosures, taken: "Secants", index: int) -> arb | None:
    """What an entry tends to on one side, by its values at both distances."""
    far, near = (look(proof, values, index) for values in taken.places)
    if abs(near - far) <= abs(near).max(arb(1)) * arb(2) ** -AGREEMENT:
        return arb(0) if abs(near) < BELOW_ALL_DOUBLES else near
    if abs(near) > abs(far) * GROWTH and abs(near) > LARGE:
        return arb("inf") if near > 0 else arb("-inf")
    return None


def _changed(proof: Enclosures, taken: "Secants", index: int) -> int | None:
    """The condition of a choice of the text that is made otherwise beside the point; None if it is not."""
    if index not in proof.choosing:
        return None
    condition = _operation(proof, index).operands[0]
    here, there = proof.precise[condition], look(proof, taken.places[-1], condition)
    return condition if isinstance(here, Truth) and isinstance(there, Truth) and here.value is not there.value else None


@dataclass(frozen=True, slots=True)
class Secants:
    """What secants are made of, on one side of the point."""

    here: Values
    """Where they begin: the values of those entries for which they are not the proof's own."""
    places: Sequence[Values]
    """The values at both distances, the nearer place last."""
    steps: Sequence[arb]
    """The distances, with the sign of the side."""


@contextmanager
def both_sides(proof: Enclosures, moved: Sequence[int], above: Sequence[int]) -> Iterator[tuple[Secants, Secants]]:
    """What secants to the left and to the right are made of, and as many digits as they need while it is in use."""
    with ctx.workprec(proof.precision_beside):
        yield _secants(proof, moved, above, -1), _secants(proof, moved, above, 1)


def _secants(proof: Enclosures, moved: Sequence[int], above: Sequence[int], sign: int) -> Secants:
    """What secants along some inputs are made of, to the left (-1) or to the right (1).

    Those of a derivative begin with its limit on that side. At the point itself a derivative that is written out branch
    by branch may be another function's; but where it has a limit it is that, by the mean value theorem.
    """
    steps = [sign * arb(2) ** -distance for distance in DISTANCES]
    places = [beside(proof, moved, above, step) for step in steps]
    here = {} if proof.plan.order == 1 else beside(proof, moved, above, sign * arb(2) ** -NEAREST)
    return Secants(here, places, steps)


def leave(proof: Enclosures, taken: Secants, index: int) -> Side:
    """How the value of an entry leaves the point."""
    here, steps = look(proof, taken.here, index), taken.steps
    first, second = (look(proof, values, index) - here for values in taken.places)
    if not (first.is_finite() and second.is_finite()):
        return Side("unsettled")
    if abs(second) > abs(first) * (1 - arb(2) ** -AGREEMENT):
        return Side("jump")
    side = limit(first / steps[0], second / steps[1])
    # Wide balls may hide a jump: of a vertical tangent the differences themselves tend to zero beyond doubt.
    return Side("unsettled") if side.kind == "unbounded" and not abs(second) < abs(first) else side


def _origin(proof: Enclosures, taken: Secants, kind: str) -> int:
    """The entry that is the first to leave the point in this way, from the output back.

    A choice that goes over to another operand beside the point may jump where the operand alone does not: its own
    value at the point is what is left.
    """
    index = proof.plan.tape.output
    while _changed(proof, taken, index) is None or (kind != "jump" and _goes_on(proof, taken, index)):
        operands = [each for each in _moving(proof, taken.places[-1], index) if leave(proof, taken, each).kind == kind]
        if not operands:
            break
        index = operands[0]
    return index


def _goes_on(proof: Enclosures, taken: "Secants", index: int) -> bool:
    """Whether a choice has the value at the point of the operand that it takes beside it."""
    own = look(proof, taken.here, index)
    operands = _taken(proof, taken.places[-1], index)
    if len(operands) > 1 or not (isinstance(own, arb) and own.is_finite()):  # which it takes is not decided
        return True
    return bool(look(proof, taken.here, operands[0]).overlaps(own))


def _moving(proof: Enclosures, values: Values, index: int) -> Sequence[int]:
    """The operands that change beside the point, and that the value of an entry is made of there."""
    operands = _taken(proof, values, index)
    return [each for each in operands if each in values and not isinstance(values[each], Truth)]


def _taken(proof: Enclosures, values: Values, index: int) -> Sequence[int]:
    """The operands that the value of an entry is made of beside the point."""
    entry = proof.plan.tape.entries[index]
    return taken(entry, lambda each: look(proof, values, each)) if isinstance(entry, Operation) else ()


def limit(first: arb, second: arb) -> Side:
    """What two secants say, the second much nearer than the first."""
    tolerance = arb(2) ** -AGREEMENT
    if abs(second) < abs(first) * tolerance or max(abs(first).upper(), abs(second).upper()) < BELOW_ALL_DOUBLES:
        return Side("slope", arb(0))
    if abs(first - second) < abs(second) * tolerance:
        return Side("slope", first.union(second))
    return Side("unbounded" if abs(second) > abs(first) * 1.5 else "unsettled")


def beside(
    proof: Enclosures,
    moved: Sequence[int],
    above: Sequence[int],
    step: arb,
    held: Mapping[int, int] = MappingProxyType({}),
) -> Values:
    """The values a step away from the point, of those entries alone that depend on the moved inputs.

    An entry of `held` takes the value of that operand, whatever its condition says.
    """
    values = {each: proof.precise[each] + step for each in moved}
    identities = Identities(proof.plan.tape.entries, partial(look, proof, values))
    for index in above:
        if index in held:
            values[index] = look(proof, values, held[index])
        else:
            entry = _operation(proof, index)
            found = value(entry.function)(*_operands(proof, values, index))
            # What is held is not what its condition says.
            values[index] = found if held else identities.decided(entry, found)
    return values


def _leaves_domain(proof: Enclosures, values: Values, above: Sequence[int]) -> bool:
    """Whether an operation that was computed again is outside its domain, or takes a value that is, beyond doubt."""
    for index in above:
        domain = rule(_operation(proof, index).function).domain
        if domain is not None and domain(*_operands(proof, values, index)).value is False:
            return True
        if any(_is_outside(proof, operand) for operand in _taken(proof, values, index) if operand not in values):
            return True
    return False


def _is_outside(proof: Enclosures, index: int) -> bool:
    """Whether an entry that does not move has no value at all: NaN, or what is computed outside a domain."""
    value = proof.exact.values[index]
    if not isinstance(value, arb) or value.is_finite():
        return False
    culprit = of_value(proof.plan, proof.exact, index)
    return culprit.outside or proof.plan.rules[culprit.entry] is None


def _operation(proof: Enclosures, index: int) -> Operation:
    entry = proof.plan.tape.entries[index]
    assert isinstance(entry, Operation)
    return entry


def _operands(proof: Enclosures, values: Values, index: int) -> list[Any]:
    return [look(proof, values, operand) for operand in _operation(proof, index).operands]


def look(proof: Enclosures, values: Values, index: int) -> Any:
    """The value of an entry beside the point: its own at the point if it does not change."""
    return values.get(index, proof.precise[index])
