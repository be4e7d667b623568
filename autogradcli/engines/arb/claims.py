"""Claims at a point: whether a derivative is what somebody says it is, decided by balls."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.borders import (
    MOST_LINES,
    Border,
    Tied,
    borders,
    grid_of,
    lines,
    tied_values,
)
from autogradcli.engines.arb.enclose import LAST_PRECISION, Enclosures
from autogradcli.engines.arb.error_bounds import SAME_SLOPE, slope_together
from autogradcli.engines.arb.formulas import PRECISIONS, Formula
from autogradcli.engines.arb.kinks import sides
from autogradcli.engines.arb.plan import Plan, differentiated, moved, plan
from autogradcli.engines.arb.primitives import Point, point_of
from autogradcli.engines.arb.sweep import sweep
from autogradcli.engines.arb.zeros import SCAN_PRECISION
from autogradcli.engines.results import Array, flat, nested, shape
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.program import Direction, Program
from autogradcli.language.tape import Input

__all__ = ["Border", "Claim", "ClaimComparison", "differentiated", "plan"]

LEAST_SLOPE = arb(2) ** -1000
"""What slopes that shrink to zero do not tell from it."""
SPREAD = 4
"""Times as wide as the ball of all secants is one that holds their limit as well."""
DIGITS = (6, 12, 20, 40, 100)
"""Decimal digits of numbers in a sentence: as few of these as tell two numbers apart."""


@dataclass(frozen=True, slots=True)
class ClaimComparison:
    """A claim beside the derivative at one point."""

    status: str
    """`agrees`, `differs`, `valueless` where the claim has no value and the derivative has one, or `untold`.

    Of a component `unproven`, where there is no derivative, or none is known.
    """
    derivative: str = ""
    """The derivative of the component that differs, in decimal."""
    claimed: str = ""
    place: int = 0
    """Which component, row by row."""


AGREES = ClaimComparison("agrees")
UNTOLD = ClaimComparison("untold")
UNPROVEN = ClaimComparison("unproven")


class Claim:
    """A program and a formula that claims to be its derivative with respect to a name."""

    def __init__(
        self, plans: Sequence[Plan], along: Sequence[Direction], name: str, formula: Program, tolerance: float
    ) -> None:
        """The program is the last of the plans, with `name` among what is in `wrt`.

        The ones before are what it is the derivative of, each along one of the directions.
        """
        *self._lower, self._plan = plans
        prepared = self._plan
        self._along = along
        self._entries = prepared.asked[name]
        self._claim = formula
        self._formula = Formula(formula, prepared.shapes)
        self._tolerance = tolerance

    @property
    def misfit(self) -> str | None:
        """What is wrong with the claim's shape: it has a number for each component of the derivative, or one."""
        if not self._formula.shape or self._formula.size == len(self._entries):
            return None
        return f"the claim has {self._formula.size} components, the derivative {len(self._entries)}"

    @property
    def operations(self) -> int:
        """Scalar operations of the program."""
        return len(self._plan.tape.entries)

    def compare(self, at: Mapping[str, Array], precisions: Sequence[int] = PRECISIONS) -> ClaimComparison:
        """The claim beside the derivative where the variables are exactly the numbers `at`.

        More digits are tried until every component is settled. What no sweep proves is known from slopes, or not at
        all.
        """
        point = point_of(at)
        if not self._exists(point):
            return UNTOLD
        scales: dict[int, arb] = {}
        found: list[ClaimComparison] = []
        for number, precision in enumerate(precisions):
            with ctx.workprec(precision):
                proof = Enclosures(self._plan, point, DTYPES["float64"], precision, sweep(self._plan, point))
                found = self._by_sweep(proof, self._claimed(self._formula.at(point)), scales)
            if _first(found, "differs") or (number and _settled(found)):
                break
        if not proof.value.is_finite():
            return UNTOLD
        return self._overall(found, lambda: self._by_slopes(proof, self._formula.at(point)))

    def compare_at_border(self, border: Border) -> ClaimComparison:
        """The same where numbers are equal that a condition compares, at a point that is known to thousands of digits.

        Raises nothing; `untold` where the claim's own conditions are not decided there.
        """
        if self._lower:
            return UNTOLD  # whether the derivative before exists there, its slopes alone would tell
        with ctx.workprec(LAST_PRECISION):
            proof = Tied(self._plan, border.point, DTYPES["float64"], LAST_PRECISION, sweep(self._plan, border.point))
            if not proof.precise[self._plan.tape.output].is_finite():
                return UNTOLD
            values = self._formula.of(tied_values(self._formula.entries, border.point))
            found = self._by_sweep(proof, self._claimed(values), {})
        return self._overall(found, lambda: self._by_slopes(proof, values))

    def _exists(self, point: Point) -> bool:
        """Whether sweeps prove the derivatives of lower order that are differentiated again."""
        for lower, direction in zip(self._lower, self._along, strict=True):
            with ctx.workprec(PRECISIONS[0]):
                found = sweep(lower, point)
            adjoints = [(found.adjoints[entry], found.nonsmooth[entry]) for entry, _ in moved(lower, direction)]
            known = all(not tainted and (each is None or each.is_finite()) for each, tainted in adjoints)
            if not (known and found.values[lower.tape.output].is_finite()):
                return False
        return True

    def borders(self, points: Sequence[Mapping[str, Array]]) -> Iterator[Border]:
        """Points where what conditions of the program or of the claim compare is equal, on lines through `points`."""
        tapes = (self._plan.tape.entries, self._plan.program), (self._formula.entries, self._claim)
        return borders(tapes, points)

    def gaps(self, at: Mapping[str, Array]) -> Iterator[Mapping[str, Array]]:
        """Points on lines through a point where the claim has no value: the derivative may have one."""
        grid = grid_of([self._plan.tape.entries, self._formula.entries])
        for line in lines(point_of(at))[:MOST_LINES]:
            for place in grid:
                with ctx.workprec(SCAN_PRECISION):
                    values = self._claimed(self._formula.at(line.at(arb(place))))
                if not all(each.is_finite() for each in values):
                    components = flat(at[line.name])
                    components[line.place] = place
                    yield {**at, line.name: nested(components, shape(at[line.name]))}

    def _claimed(self, values: Sequence[Any]) -> list[arb]:
        """The claim's number for each component."""
        numbers = [each if isinstance(each, arb) else arb.nan() for each in values]
        return numbers if self._formula.shape else numbers * len(self._entries)

    def _by_sweep(self, proof: Enclosures, claimed: Sequence[arb], scales: dict[int, arb]) -> list[ClaimComparison]:
        """What one sweep says of each component; `unproven` where it proves no derivative."""
        pairs = enumerate(zip(self._entries, claimed, strict=True))
        return [self._component(proof, place, entry, claim, scales) for place, (entry, claim) in pairs]

    def _component(
        self, proof: Enclosures, place: int, entry: int, claim: arb, scales: dict[int, arb]
    ) -> ClaimComparison:
        derivative = proof.gradient(entry)
        if not (proof.value.is_finite() and proof.proves(entry) and derivative.is_finite()):
            return UNPROVEN
        if not claim.is_finite():
            return ClaimComparison("valueless", _decimal(derivative, DIGITS[0]), place=place)
        difference = derivative - claim
        scale = scales.setdefault(place, difference.rad() * arb(2) ** proof.precision)
        if abs(difference) > abs(derivative) * arb(self._tolerance):
            return _differs(place, derivative, claim)
        return AGREES if self._is_zero(difference, derivative, claim, scale) else UNTOLD

    def _is_zero(self, difference: arb, derivative: arb, claimed: arb, scale: arb) -> bool:
        """Whether the difference is negligible: beside both numbers, or beside what was rounded on the way to them.

        The latter, known from the ball at the first precision, is for zeros, which balls never reach.
        """
        if self._tolerance and abs(difference) <= abs(derivative) * arb(self._tolerance):
            return True
        largest = abs(derivative).max(abs(claimed)).upper().max(scale)
        return bool(difference.rad() <= largest * arb(2) ** -(ctx.prec // 2))

    def _by_slopes(self, proof: Enclosures, values: Sequence[Any]) -> list[ClaimComparison]:
        """What the slopes on both sides say of each component; `unproven` where there is no derivative."""
        claimed = self._claimed(values)
        pairs = enumerate(zip(self._entries, claimed, strict=True))
        return [self._beside_slope(common_slope(proof, entry), place, claim) for place, (entry, claim) in pairs]

    def _beside_slope(self, slope: arb | None, place: int, claim: arb) -> ClaimComparison:
        if slope is None:
            return UNPROVEN
        if not claim.is_finite():
            return ClaimComparison("valueless", _decimal(slope, DIGITS[0]), place=place)
        difference = abs(slope - claim)
        if difference > (abs(slope) * arb(self._tolerance)).max(LEAST_SLOPE):
            return _differs(place, slope, claim)
        return AGREES

    def _overall(
        self, found: Sequence[ClaimComparison], slopes: Callable[[], Sequence[ClaimComparison]]
    ) -> ClaimComparison:
        """What is to be said of all components; the slopes are only worked out where a sweep proves nothing."""
        if UNPROVEN in found and not _first(found, "differs"):
            with ctx.workprec(LAST_PRECISION):
                pairs = zip(found, slopes(), strict=True)
                found = [beside if each is UNPROVEN else each for each, beside in pairs]
        for status in ("differs", "valueless", "untold", "agrees"):
            if (first := _first(found, status)) is not None:
                return first
        return UNTOLD


def _first(found: Sequence[ClaimComparison], status: str) -> ClaimComparison | None:
    return next((each for each in found if each.status == status), None)


def _settled(found: Sequence[ClaimComparison]) -> bool:
    """Whether a higher precision cannot change the answer."""
    return AGREES in found and all(each.status in {"agrees", "unproven"} for each in found)


def common_slope(proof: Enclosures, entry: int) -> arb | None:
    """The derivative where the slopes on both sides are one, with what the secants may be off; None if they are not.

    The second secant is far nearer to the limit than the first, so their distance bounds what is left.
    """
    variable = proof.plan.tape.entries[entry]
    if not isinstance(variable, Input):
        return None
    left, right = (side.slope for side in sides(proof, variable))
    if left is None or right is None or abs(left - right) > abs(left).max(abs(right)) * SAME_SLOPE:
        return None
    if slope_together(proof) is not None:
        return None
    both = left.union(right)
    return arb(both.mid(), both.rad() * SPREAD)


def _differs(place: int, derivative: arb, claimed: arb) -> ClaimComparison:
    """The two numbers with as many digits as it takes to tell them apart."""
    texts = "", ""
    for digits in DIGITS:
        texts = _decimal(derivative, digits), _decimal(claimed, digits)
        if texts[0] != texts[1]:
            return ClaimComparison("differs", *texts, place)
    more = claimed - derivative
    return ClaimComparison(
        "differs", texts[0], f"{texts[1]} {'plus' if more > 0 else 'minus'} {_decimal(abs(more), 1)}", place
    )


def _decimal(ball: arb, digits: int) -> str:
    text: str = ball.mid().str(digits, radius=False)
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}{mark}{exponent}"
