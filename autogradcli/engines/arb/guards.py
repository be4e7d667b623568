"""Guards: choices that take one branch at the point, or very near it, and another one everywhere around it.

`1 if x == 0 else expm1(x)/x` mends a value at 0. Autograd differentiates the branch that it took, a constant, and what
the function does beside the point is something else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from flint import arb, ctx

from autogradcli.engines.arb.branches import TakenBranch, choices
from autogradcli.engines.arb.enclose import Enclosures
from autogradcli.engines.arb.kinks import (
    AGREEMENT,
    MAX_WORK,
    Secants,
    Side,
    Values,
    beside,
    both_sides,
    entries_above,
    leave,
    limit,
    look,
)
from autogradcli.engines.arb.primitives import value
from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.results import Guard
from autogradcli.language.program import Call
from autogradcli.language.tape import Input, Operation, components

THIN = 1e-6
"""How far a branch reaches at most, beside the larger of 1 and the point's size, that is called a guard's."""
NARROWER = 20
"""How often that distance is divided by ten to say how far a branch reaches."""
FAR_PRECISION = 1024
"""Binary digits with which conditions are looked at so far from the point as a guard may reach."""
CONTINUED = (600, 1200, 2400)
"""Binary logarithms of distances, negated, at which the function beyond a guard is looked at as it would go on."""
SAME = arb(2) ** -AGREEMENT


def guard(proof: Enclosures, entry: Input) -> Guard | None:
    """The guard nearest to the output that is there at the point alone, along one component of a variable.

    It has a branch whose slope is another than that of what is chosen beside the point.
    """
    way = _way(proof, entry)
    if way is None:
        return None
    with both_sides(proof, way.moved, way.above) as beside_it:
        for choice in way.alone(*(each.places[0] for each in beside_it)):
            sides = [way.leave(each, choice) for each in beside_it]
            if any(_differ(branch, whole) for branch, whole in sides):
                return _named(proof, choice, _common(*(whole for _, whole in sides)), 0.0)
    return None


@dataclass(frozen=True, slots=True)
class Continuation:
    """The function beyond a guard, as it would go on to the point."""

    guard: Guard
    slopes: tuple[arb, arb]
    """Its slopes at the point, from the left and from the right."""


def beyond(proof: Enclosures, entry: Input) -> Continuation | None:
    """The function beyond a guard that holds only very near the point, along one component; None without such a guard.

    What is beyond must go on to the function's value: a step of that size belongs to the function.
    """
    reach = THIN * max(1.0, abs(float(proof.at[entry.name][entry.place])))
    if not all(_decides_otherwise(proof, entry, sign * reach) for sign in (-1, 1)):
        return None
    way = _way(proof, entry)
    if way is None:
        return None
    with ctx.workprec(proof.precision_beside):
        far = way.places([arb(-reach), arb(reach)])
        widths = {choice: way.width(choice, reach) for choice in way.alone(*far)}
        widths = {choice: width for choice, width in widths.items() if way.is_made_within(choice, width / 100)}
        sides = [way.go_on(values, sign) for values, sign in zip(far, (-1, 1), strict=True)]
        slopes = [side.slope(proof.plan.tape.output, max(widths.values(), default=0.0)) for side in sides]
        left, right = slopes
        if not widths or left is None or right is None:
            return None
        choice = next((each for each in widths if any(side.differs(each) for side in sides)), next(iter(widths)))
        slope = float(left) if abs(left - right) <= abs(left).max(abs(right)) * SAME else None
        named = _named(proof, choice, slope, widths[choice])
        return None if named is None else Continuation(named, (left, right))


def _decides_otherwise(proof: Enclosures, entry: Input, step: float) -> bool:
    """Whether a condition of the text comes out differently a step away from the point."""
    values = {proof.plan.inputs[entry.name][entry.place]: proof.at[entry.name][entry.place] + arb(step)}
    exact = proof.exact.values
    with ctx.workprec(proof.precision):
        for index in proof.deciding:
            operation = proof.plan.tape.entries[index]
            if isinstance(operation, Operation) and not values.keys().isdisjoint(operation.operands):
                operands = [values.get(each, exact[each]) for each in operation.operands]
                values[index] = value(operation.function)(*operands)
                if isinstance(values[index], Truth) and values[index].value is not exact[index].value:
                    return True
    return False


@dataclass(frozen=True, slots=True)
class _Way:
    """The neighbourhood of the point along one component of a variable."""

    proof: Enclosures
    moved: Sequence[int]
    above: Sequence[int]

    def places(self, steps: Sequence[arb]) -> list[Values]:
        """The values that change, at each step; they tell what is chosen there."""
        with ctx.workprec(FAR_PRECISION):
            return [beside(self.proof, self.moved, self.above, step) for step in steps]

    def alone(self, *places: Values) -> Iterator[TakenBranch]:
        """The choices of the text that are made at the point and at none of these places, from the output back."""
        tape = self.proof.plan.tape
        found = choices(tape, self.proof.precise.__getitem__)
        for values in places:
            found -= choices(tape, partial(look, self.proof, values))
        yield from sorted((each for each in found if each[0] in self.proof.choosing), reverse=True)

    def width(self, choice: TakenBranch, reach: float) -> float:
        """Within which distance a choice is made, as a power of ten of the reach; 0 if it is at the point alone."""
        narrower = (reach / 10**count for count in range(1, NARROWER))
        return next((10 * each for each in narrower if not self._is_alone(choice, each)), 0.0)

    def is_made_within(self, choice: TakenBranch, reach: float) -> bool:
        """Whether a choice is made everywhere so near the point on one side: what comes and goes is no guard."""
        intervals = self.places([arb(sign * reach / 2, reach / 2) for sign in (-1, 1)])
        tape = self.proof.plan.tape
        return any(choice in choices(tape, partial(look, self.proof, each)) for each in intervals)

    def _is_alone(self, choice: TakenBranch, reach: float) -> bool:
        """Whether a choice is not made so far from the point."""
        return choice in self.alone(*self.places([arb(-reach), arb(reach)]))

    def go_on(self, far: Values, sign: int) -> "_Continued":
        """The function, as it chooses far away, on its way back to the point."""
        proof = self.proof
        made = choices(proof.plan.tape, partial(look, proof, far))
        held = {index: chosen for index, chosen in made if index in proof.choosing}
        steps = [sign * arb(2) ** -distance for distance in CONTINUED]
        return _Continued(proof, steps, [beside(proof, self.moved, self.above, step, held) for step in steps])

    def leave(self, taken: Secants, choice: TakenBranch) -> tuple[Side, Side]:
        """How the branch that is taken at the point leaves it, and how what is chosen does."""
        index, branch = choice
        return leave(self.proof, taken, branch), leave(self.proof, taken, index)


@dataclass(frozen=True, slots=True)
class _Continued:
    """A function close to the point, with choices that it makes far away."""

    proof: Enclosures
    steps: Sequence[arb]
    places: Sequence[Values]

    def slope(self, index: int, reach: float) -> arb | None:
        """The slope with which an entry comes to its value at the point; None if it does not come to it.

        By as much as it changes within `reach` it may miss the value: so far the guard is there.
        """
        values = self._values(index)
        slope = self._limit(index)
        if slope is None or not values[-1].is_finite():
            return None
        near = abs(slope) * reach + abs(values[0] - values[-1])
        return None if abs(values[-1] - self.proof.precise[index]) > near else slope

    def differs(self, choice: TakenBranch) -> bool:
        """Whether what is chosen comes to the point with another slope than the branch that is taken there."""
        index, branch = choice
        one, other = self._limit(index), self._limit(branch)
        return one is None or other is None or bool(abs(one - other) > abs(one).max(abs(other)) * SAME)

    def _limit(self, index: int) -> arb | None:
        """The slope of an entry, from its values beside the point alone."""
        values, steps = self._values(index), self.steps
        return limit(*((values[i] - values[i + 1]) / (steps[i] - steps[i + 1]) for i in (0, 1))).slope

    def _values(self, index: int) -> list[arb]:
        return [look(self.proof, each, index) for each in self.places]


def _way(proof: Enclosures, entry: Input) -> _Way | None:
    """The neighbourhood, if the text chooses anything that changes with the component."""
    entries = proof.plan.inputs[entry.name]
    moved = [entries[entry.place]]
    above = entries_above(proof, moved, MAX_WORK // len(entries)) if proof.choosing else None
    return None if above is None or proof.choosing.isdisjoint(above) else _Way(proof, moved, above)


def _differ(one: Side, other: Side) -> bool:
    if one.slope is None or other.slope is None:
        return True
    return bool(abs(one.slope - other.slope) > abs(one.slope).max(abs(other.slope)) * SAME)


def _common(left: Side, right: Side) -> float | None:
    """The slope on both sides, if it is one."""
    return None if left.slope is None or _differ(left, right) else float(left.slope)


def _named(proof: Enclosures, choice: TakenBranch, slope: float | None, width: float) -> Guard | None:
    """The guard in terms of the program."""
    index, chosen = choice
    results = proof.plan.tape.results
    entry = proof.plan.tape.entries[index]
    call = proof.plan.program.steps[entry.step]
    assert isinstance(call, Call)
    branches = [each for each in call.operands if chosen in components(results[each])]
    return Guard(entry.step, branches[0], slope, width) if branches else None
