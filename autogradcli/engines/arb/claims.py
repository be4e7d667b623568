"""Claims at a point: whether a derivative is what somebody says it is, decided by balls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.formulas import Formula
from autogradcli.engines.arb.sweep import Plan, sweep
from autogradcli.engines.opinions import Array, flat
from autogradcli.language.program import Program

PRECISIONS = (128, 512, 2048, 8192)
"""Binary digits, tried in turn; agreement counts from the second on."""
DIGITS = (6, 12, 20, 40, 100)
"""Decimal digits of numbers in a sentence: as few of these as tell two numbers apart."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A claim beside the derivative at one point."""

    status: str
    """`agrees`, `differs`, `valueless` where the claim has no value and the derivative has one, or `untold`."""
    derivative: str = ""
    """The derivative of the component that differs, in decimal."""
    claimed: str = ""
    place: int = 0
    """Which component, row by row."""


AGREES = Comparison("agrees")
UNTOLD = Comparison("untold")


class Claim:
    """A program and a formula that claims to be its derivative with respect to a name."""

    def __init__(self, prepared: Plan, name: str, formula: Program, tolerance: float) -> None:
        """The program is `prepared` with `name` among what is asked about."""
        self._plan = prepared
        self._entries = prepared.asked[name]
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

    def compare(self, at: Mapping[str, Array], precisions: Sequence[int] = PRECISIONS) -> Comparison:
        """The claim beside the derivative where the variables are exactly the numbers `at`."""
        point = {name: [arb(each) for each in flat(value)] for name, value in at.items()}
        scales: list[Any] = []
        valueless: int | None = None
        for precision in precisions:
            with ctx.workprec(precision):
                differences = self._differences(point)
                if differences is None:
                    continue
                valueless = next((i for i, (_, _, claim) in enumerate(differences) if not claim.is_finite()), None)
                if valueless is not None:
                    continue
                scales = scales or [each.rad() * arb(2) ** precision for each, _, _ in differences]
                wrong = next((place for place, each in enumerate(differences) if self._is_beyond(*each)), None)
                if wrong is not None:
                    return _differs(wrong, *differences[wrong][1:])
                settled = all(self._is_zero(*each, scale) for each, scale in zip(differences, scales, strict=True))
                if settled and precision >= precisions[min(1, len(precisions) - 1)]:
                    return AGREES
        if valueless is not None and differences is not None:
            return Comparison("valueless", _decimal(differences[valueless][1], DIGITS[0]), place=valueless)
        return UNTOLD

    def _differences(self, point: Mapping[str, Sequence[arb]]) -> list[tuple[arb, arb, arb]] | None:
        """For each component: derivative minus claim, derivative, claim; None where a derivative has no value."""
        claimed = [each if isinstance(each, arb) else arb.nan() for each in self._formula.at(point)]
        swept = sweep(self._plan, point)
        if not swept.values[self._plan.tape.output].is_finite() or any(swept.tainted[each] for each in self._entries):
            return None
        found = [swept.adjoints[each] for each in self._entries]
        truth = [arb(0) if each is None else each for each in found]
        if not all(each.is_finite() for each in truth):
            return None
        if not self._formula.shape:
            claimed = claimed * len(truth)
        return [(one - other, one, other) for one, other in zip(truth, claimed, strict=True)]

    def _is_beyond(self, difference: arb, derivative: arb, _: arb) -> bool:
        """Whether the claim is wrong beyond doubt."""
        return bool(abs(difference) > abs(derivative) * arb(self._tolerance))

    def _is_zero(self, difference: arb, derivative: arb, claimed: arb, scale: arb) -> bool:
        """Whether the difference is negligible: beside both numbers, or beside what was rounded on the way to them.

        The latter, known from the ball at the first precision, is for zeros, which balls never reach.
        """
        if self._tolerance and abs(difference) <= abs(derivative) * arb(self._tolerance):
            return True
        largest = abs(derivative).max(abs(claimed)).upper().max(scale)
        return bool(difference.rad() <= largest * arb(2) ** -(ctx.prec // 2))


def _differs(place: int, derivative: arb, claimed: arb) -> Comparison:
    """The two numbers with as many digits as it takes to tell them apart."""
    texts = "", ""
    for digits in DIGITS:
        texts = _decimal(derivative, digits), _decimal(claimed, digits)
        if texts[0] != texts[1]:
            return Comparison("differs", *texts, place)
    more = claimed - derivative
    return Comparison(
        "differs", texts[0], f"{texts[1]} {'plus' if more > 0 else 'minus'} {_decimal(abs(more), 1)}", place
    )


def _decimal(ball: arb, digits: int) -> str:
    text: str = ball.mid().str(digits, radius=False)
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}{mark}{exponent}"
