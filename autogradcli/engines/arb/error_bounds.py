"""The rigorous opinion on the numbers that torch gave, as plain data."""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flint import arb, ctx

from autogradcli.engines.arb.corners import corners
from autogradcli.engines.arb.decimals import EXPONENTS, as_text
from autogradcli.engines.arb.diagnose import DomainEnd, end_of_gradient, end_of_value
from autogradcli.engines.arb.enclose import MORE_DIGITS, SPARE_DIGITS, Enclosures, nearest
from autogradcli.engines.arb.guards import beyond, guard
from autogradcli.engines.arb.kinks import AGREEMENT, sides, sides_together, with_digits_enough
from autogradcli.engines.arb.neighbours import limit_of
from autogradcli.engines.arb.primitives import Kind
from autogradcli.engines.arb.singularities import no_gradient, no_gradient_of_intermediate, no_value, singular_culprit
from autogradcli.engines.results import Cause, Enclosure, Guard, Reached
from autogradcli.language.program import Call
from autogradcli.language.tape import Input, components

HUGE = arb(2) ** EXPONENTS
MEASURING = 256
"""Binary digits for the arithmetic of distances."""
MOST_TIED = 100
"""Components whose slopes are worked out one by one to see whether they add up."""
LITTLE = 1.99
"""Units in the last place that four times the unit roundoff is always larger than."""
SAME_SLOPE = arb(2) ** -AGREEMENT
ALMOST_ZERO = arb(2) ** -AGREEMENT
"""Radius of a ball around zero, at the last precision, that is taken for zero whatever rounding may do."""
COULD_NOT_ENCLOSE = Cause("unverified", "GC501", "the true number could not be enclosed", None)


@dataclass(frozen=True, slots=True)
class RoundingBudget:
    """What honest rounding may make of one number."""

    ball: Callable[[], arb]
    """All of it; worked out only if it is needed."""
    end: Callable[[], DomainEnd | None] = lambda: None
    """If it is not finite, the end of a domain that rounding reaches on the way: nothing else makes it explain all."""

    def holds(self, number: float) -> bool:
        """Whether it explains a number of torch's."""
        ball = self.ball()
        return self.end() is not None if not ball.is_finite() else bool(ball.contains(arb(number)))


def scalar(proof: Enclosures) -> float | None:
    """The scalar that is differentiated, to the nearest double; None if it is not finite."""
    if not proof.value.is_finite():
        return None
    return float(proof.value)


def measure_values(proof: Enclosures, numbers: Sequence[float]) -> list[Enclosure]:
    """The opinion on each component of the output, row by row."""
    with ctx.workprec(max(MEASURING, proof.precision)):
        return [_of_value(proof, entry, number) for entry, number in zip(proof.plan.outputs, numbers, strict=True)]


def measure_gradients(proof: Enclosures, name: str, numbers: Sequence[float]) -> list[Enclosure]:
    """The opinion on the derivative with respect to each component, row by row."""
    if proof.neighbours is not None:
        sides = [measure_gradients(each, name, numbers) for each in proof.neighbours]
        return [limit_of(*each) for each in zip(*sides, strict=True)]
    with ctx.workprec(max(MEASURING, proof.precision)):
        asked = zip(proof.plan.asked[name], numbers, strict=True)
        return [replace(_of_slope(proof, *each), farther=_farther(proof, *each)) for each in asked]


def _of_value(proof: Enclosures, entry: int, number: float) -> Enclosure:
    value = proof.exact.values[entry]
    if not value.is_finite():
        return Enclosure(cause=no_value(proof, entry))
    each = proof.plan.rules[entry]
    rounded = each is not None and each.kind is Kind.SMOOTH and not value.is_exact()
    budget = RoundingBudget(lambda: proof.value_budget(entry), lambda: end_of_value(proof.plan, proof.rounded, entry))
    return _regular(proof, value, budget, number, rounded)


def _of_slope(proof: Enclosures, entry: int, number: float) -> Enclosure:
    birth = proof.undefined.get(entry)
    if birth is not None:
        return Enclosure(cause=no_value(proof, birth))
    truth = proof.gradient(entry)
    # A derivative that is written out may have no value at a point where it has one as a limit.
    if not (proof.proves(entry) and truth.is_finite() and (proof.plan.order == 1 or proof.value.is_finite())):
        return _singular(proof, entry, number) if not proof.undefined else _beside_others(proof, entry, number)
    rounded = entry not in proof.plan.chosen
    found = _regular(proof, truth, _budget(proof, entry), number, rounded)
    return found if found.inside else _with_underflow(proof, entry, found, number)


def _budget(proof: Enclosures, entry: int) -> RoundingBudget:
    """The rounding budget of the derivative with respect to an entry."""
    return RoundingBudget(lambda: proof.budget(entry), lambda: end_of_gradient(proof.plan, proof.rounded, entry))


def _budget_around(proof: Enclosures, entry: int, slope: arb) -> RoundingBudget:
    """The rounding budget of a slope that is known from both sides of the point.

    At the point torch takes a branch, or a part of several, whose number may be another.
    """
    return RoundingBudget(
        lambda: slope + proof.budget_in_ties(entry), lambda: end_of_gradient(proof.plan, proof.rounded_in_ties, entry)
    )


def _beside_others(proof: Enclosures, entry: int, number: float) -> Enclosure:
    """Where something else is undefined, and the derivative with respect to this entry needs a closer look."""
    alone = proof.about(entry)
    if alone.undefined and not (alone.proves(entry) and alone.gradient(entry).is_finite()):
        return Enclosure(cause=no_value(alone, min(alone.undefined.values())))
    return _of_slope(alone, entry, number)


def _regular(proof: Enclosures, truth: arb, budget: RoundingBudget, number: float, rounded: bool = False) -> Enclosure:
    """A proven number beside torch's. `rounded` if all that makes it up is rounded at the end."""
    if not truth.abs_upper() <= HUGE:
        return Enclosure(cause=_beyond_numbers(truth))
    closest, ball = nearest(truth), as_text(truth)
    if not math.isfinite(number):
        if _tells_nothing(truth, budget.ball()):
            return Enclosure(cause=COULD_NOT_ENCLOSE)
        inside = math.isinf(number) and not budget.ball().is_finite() and budget.end() is not None
        return Enclosure(ball, closest, inside=inside, reached=_reached(proof, budget))
    distance = abs(truth - arb(number))
    least = distance.lower()
    most = 0.0 if distance == 0 else math.nextafter(float(distance.upper()), math.inf)
    ulps = _ulps(proof.dtype.ulp(closest), distance, most)
    if least <= 0 < most and truth.rad() < budget.ball().rad() * arb(2) ** -SPARE_DIGITS:
        return Enclosure(ball, closest, (0.0, 0.0), 0.0, inside=True)
    inside = ulps is not None and (ulps <= 1 or (rounded and _is_little(proof, closest, ulps)))
    error = max(0.0, float(least)), most
    if inside:
        return Enclosure(ball, closest, error, ulps, inside=True)
    return Enclosure(ball, closest, error, ulps, budget.holds(number), reached=_reached(proof, budget))


def _reached(proof: Enclosures, budget: RoundingBudget) -> Reached | None:
    """What makes a budget infinite, in terms of the program."""
    found = None if budget.ball().is_finite() else budget.end()
    if found is None:
        return None
    entries, results = proof.plan.tape.entries, proof.plan.tape.results
    step = proof.plan.program.steps[entries[found.entry].step]
    operands = step.operands if isinstance(step, Call) else ()
    own = [each for each in operands if found.operand in components(results[each])]
    return Reached(entries[found.entry].step, own[0] if own else entries[found.operand].step, found.kind)


def _beyond_numbers(truth: arb) -> Cause:
    if abs(truth) > HUGE:
        return Cause("undefined", "GC115", f"the true number is larger than 2**{EXPONENTS}", None)
    return COULD_NOT_ENCLOSE


def _tells_nothing(truth: arb, budget: arb) -> bool:
    """Whether a ball around zero is one of a number that is not known: of zero it is far smaller than the budget."""
    if truth.is_exact() or truth.rel_accuracy_bits() >= 1 or not truth.contains(0):
        return False
    return (
        not (budget.is_finite() and truth.rad() < budget.rad() * arb(2) ** -SPARE_DIGITS) and truth.rad() > ALMOST_ZERO
    )


def _ulps(ulp: float, distance: arb, most: float) -> float | None:
    """A distance, bounded by `most`, in units in the last place."""
    if not math.isfinite(ulp):
        return None
    return most / ulp if most == 0 or most > sys.float_info.min else float((distance / arb(ulp)).upper())


def _is_little(proof: Enclosures, closest: float, ulps: float) -> bool:
    """Whether the last rounding alone explains an error: most budgets need then not be worked out.

    A unit in the last place is at most twice the unit roundoff times the number, of which a budget grants four times.
    """
    return ulps <= LITTLE and abs(closest) >= proof.dtype.normal


def _with_underflow(proof: Enclosures, entry: int, found: Enclosure, number: float) -> Enclosure:
    """The same with whether underflow explains what rounding does not."""
    if found.error is None:
        return found
    budget = RoundingBudget(
        lambda: proof.underflow_budget(entry), lambda: end_of_gradient(proof.plan, proof.underflowed, entry)
    )
    return replace(found, underflow=budget.holds(number))


def _singular(proof: Enclosures, entry: int, number: float) -> Enclosure:
    """Where the sweep proves nothing: what the slopes on both sides say."""
    variable = proof.plan.tape.entries[entry]
    if not isinstance(variable, Input):
        return Enclosure(cause=no_gradient_of_intermediate(proof, entry))
    left, right = sides(proof, variable)
    if left.slope is None or right.slope is None:
        return Enclosure(cause=no_gradient(proof, entry, left, right))
    slopes = (float(left.slope), float(right.slope))
    size = abs(left.slope).max(abs(right.slope))
    if abs(left.slope - right.slope) > size * SAME_SLOPE:
        between = _is_between(proof, entry, slopes, number)
        return Enclosure(slopes=slopes, inside=between, guard=None if between else _guard(proof, variable))
    slope = left.slope.union(right.slope)
    regular = _regular(proof, slope, _budget_around(proof, entry, slope), number)
    if not regular.inside and proof.undecided and proof.precision < MORE_DIGITS and proof.closer.proves(entry):
        return _of_slope(proof.closer, entry, number)
    exact = regular.ulps is not None and regular.ulps <= LITTLE
    together = None if exact else slope_together(proof)
    if together is not None:
        return Enclosure(slopes=(slopes[0], together), together=True)
    found = None if regular.inside else _guard(proof, variable)
    return replace(regular, ball=None, slopes=slopes, guard=found)


def _guard(proof: Enclosures, variable: Input) -> Guard | None:
    """The guard that is there at the point alone, looked for with the digits that told the slopes."""
    return guard(with_digits_enough(proof, variable), variable)


def _is_between(proof: Enclosures, entry: int, slopes: tuple[float, float], number: float) -> bool:
    """Whether a number lies between two slopes, or as near to them as honest rounding at the point brings it."""
    low, high = min(slopes), max(slopes)
    if low <= number <= high or not math.isfinite(number):
        return low <= number <= high
    return _budget_around(proof, entry, arb(low).union(arb(high))).holds(number)


def _farther(proof: Enclosures, entry: int, number: float) -> Enclosure | None:
    """The opinion on a slope beyond a guard that holds only very near the point."""
    variable = proof.plan.tape.entries[entry]
    if not (proof.choosing and isinstance(variable, Input) and math.isfinite(number)):
        return None
    found = beyond(proof, variable)
    if found is None:
        return None
    left, right = found.slopes
    slopes = float(left), float(right)
    if found.guard.slope is None:
        return Enclosure(slopes=slopes, guard=found.guard)
    slope = left.union(right)
    regular = _regular(proof, slope, _budget_around(proof, entry, slope), number)
    return replace(regular, ball=None, slopes=slopes, guard=found.guard)


def slope_together(proof: Enclosures) -> float | None:
    """The slope along all components that tie, where it is not the sum of theirs: then there is no derivative.

    The median of three equal numbers does not move with any one of them, and moves with all of them.
    """
    tied = [entry for entries in proof.plan.inputs.values() for entry in entries if not proof.proves(entry)]
    if not 1 < len(tied) <= MOST_TIED:
        return None
    for right in (True, False):
        alone = [sides(proof, proof.plan.tape.entries[entry])[right].slope for entry in tied]  # type: ignore[arg-type]
        together = sides_together(proof, tied)[right].slope
        total = sum((slope for slope in alone if slope is not None), arb(0))
        if together is not None and None not in alone and abs(total - together) > abs(together) * SAME_SLOPE:
            return float(together)
    return None


def corner_steps(proof: Enclosures, name: str, place: int, hidden: bool) -> tuple[int, ...]:
    """The steps that have the corner along a component of a variable, in the order of the text; `hidden`: see corners.

    Where none is told apart, the one that the sweep could not pass.
    """
    entry = proof.plan.asked[name][place]
    proof = proof.about(entry) if proof.undefined else proof
    variable = proof.plan.tape.entries[entry]
    if isinstance(variable, Input) and (found := corners(with_digits_enough(proof, variable), variable, hidden)):
        return found
    return (proof.plan.tape.entries[singular_culprit(proof, entry)].step,)
