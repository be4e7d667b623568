"""Enclosures of the value and of the gradient at a point, and the rounding budget of the computation there."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count, takewhile
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.branches import Branches, Decisions, decisions
from autogradcli.engines.arb.diagnose import first_ties, is_settled, moving_operands, of_gradient, of_value, undefined
from autogradcli.engines.arb.identities import ZERO
from autogradcli.engines.arb.plan import Plan
from autogradcli.engines.arb.primitives import Point, forward, point_of, selects
from autogradcli.engines.arb.roots import exact_numbers
from autogradcli.engines.arb.rounding import Rounding, Underflow
from autogradcli.engines.arb.sweep import Sweep, any_open, sweep, without
from autogradcli.engines.arb.ternary import UNDECIDED
from autogradcli.engines.results import Array
from autogradcli.language.dtypes import Dtype
from autogradcli.language.tape import Operation

FIRST_PRECISION = 128
LAST_PRECISION = 8192
MORE_DIGITS = 4 * LAST_PRECISION
"""Binary digits beside the point where fewer tell nothing."""
ZERO_PRECISION = 1024
"""Binary digits from which on a ball that is negligible beside the rounding budget is as good as settled."""
FEWER_DIGITS = 4096
"""Binary digits that the neighbours of the point are first looked at with: most slopes divide by one distance alone."""
SPARE_DIGITS = 40
"""Binary digits beyond the dtype's that an enclosure must settle."""


@dataclass(frozen=True)
class Enclosures:
    """What balls prove about one program at one point."""

    plan: Plan
    at: Point
    dtype: Dtype
    precision: int
    """Binary digits of the exact sweep."""
    exact: Sweep
    computed: Sequence[Array] = ()
    """What torch computed, step by step; empty if it is not known."""
    neighbours: "tuple[Enclosures, Enclosures] | None" = None
    """The same to the left and to the right of the point, if that is what counts there."""
    known: Mapping[int, Any] = field(default_factory=dict)
    """Values of entries that balls of no precision tell: see `roots`."""
    beside: int | None = None
    """Binary digits with which the neighbours of the point are looked at, if not as many as the order may need."""
    seen: dict[tuple[int, ...], Any] = field(init=False, default_factory=dict, compare=False, repr=False)
    """What `kinks` has seen along components that were moved together: many components ask for the same.

    Each proof has its own: it is no argument, so that `replace` begins with none.
    """

    @cached_property
    def decisions(self) -> Decisions:
        """What torch decided, as far as it is known."""
        return decisions(self.plan.tape, self.computed, self.dtype.unit_roundoff)

    @cached_property
    def decided(self) -> Mapping[int, bool]:
        """How torch decided conditions; not those in a function that only its rounded numbers make a tie.

        What torch's own formula gives there is a part of either branch.
        """
        found = self.decisions.conditions
        of_the_text, exact = set(self.deciding), self.exact.values
        return {
            index: bool(truth.value)
            for index, truth in found.items()
            if not truth.tie or exact[index].tie or index in of_the_text
        }

    @cached_property
    def ties(self) -> AbstractSet[int]:
        """The entries that choose in a tie between equal numbers, in the definition of a function.

        torch's own formula may take either branch there, or a part of both.
        """
        return {
            index
            for index, entry in enumerate(self.plan.tape.entries)
            if isinstance(entry, Operation) and selects(entry) and index not in self.choosing
            if self._meet(*(self.exact.values[operand] for operand in entry.operands))
        }

    def _meet(self, condition: Any, yes: Any, no: Any) -> bool:
        return bool(condition.tie and yes.is_finite() and no.is_finite() and yes.overlaps(no))

    @cached_property
    def rounded(self) -> Sweep:
        """A sweep with every operation's rounding, along the branches that torch took: its balls are the budget.

        Made only if it is needed.
        """
        with ctx.workprec(self.precision):
            return sweep(self.plan, self.at, Rounding.of(self.dtype), self._branches())

    @cached_property
    def rounded_in_ties(self) -> Sweep:
        """The same with both branches of all ties: its balls are as wide as whatever a tie comes to may be off."""
        with ctx.workprec(self.precision):
            return sweep(self.plan, self.at, Rounding.of(self.dtype), self._branches(self.ties))

    @cached_property
    def exact_in_ties(self) -> Sweep:
        """The same without rounding: what the balls of `rounded_in_ties` are around."""
        with ctx.workprec(self.precision):
            return sweep(self.plan, self.at, branches=self._branches(self.ties))

    @cached_property
    def underflowed(self) -> Sweep:
        """The same with what is lost below the dtype's normal numbers. Made only if it is needed."""
        with ctx.workprec(self.precision):
            return sweep(self.plan, self.at, Underflow.of(self.dtype), self._branches())

    def _branches(self, both: AbstractSet[int] = frozenset()) -> Branches:
        return Branches(self.decided, self.decisions.steps, both)

    @property
    def precision_beside(self) -> int:
        """Binary digits with which the neighbours of the point are looked at: each order divides by a distance more."""
        return self.beside or LAST_PRECISION * self.plan.order

    @cached_property
    def looks(self) -> "Sequence[Enclosures]":
        """The same with more and more digits beside the point: (1 - cos(x))/x**2 at 0 loses twice those of a distance.

        Each look costs about three times the one before it.
        """
        most = MORE_DIGITS * self.plan.order
        digits = takewhile(lambda each: each < most, (FEWER_DIGITS << doubled for doubled in count()))
        return [replace(self, beside=each) for each in (*digits, most)]

    @cached_property
    def closer(self) -> "Enclosures":
        """The same with so many digits that what is open may be decided: sigmoid(6612) is less than 1."""
        with ctx.workprec(MORE_DIGITS):
            exact = sweep(self.plan, self.at, known=self.known)
        return replace(self, precision=MORE_DIGITS, exact=exact)

    @cached_property
    def precise(self) -> Sequence[Any]:
        """The value of every entry at the precision of neighbours."""
        with ctx.workprec(self.precision_beside):
            return forward(self.plan.tape.entries, self.at, self.known)

    @cached_property
    def consumers(self) -> Sequence[Sequence[int]]:
        """For each entry the operations that it is an operand of."""
        found: list[list[int]] = [[] for _ in self.plan.tape.entries]
        for index, entry in enumerate(self.plan.tape.entries):
            for operand in entry.operands if isinstance(entry, Operation) else ():
                found[operand].append(index)
        return found

    @property
    def choosing(self) -> AbstractSet[int]:
        """The entries that choose between their operands; the plan lists them."""
        return self.plan.choosing

    @cached_property
    def deciding(self) -> Sequence[int]:
        """The entries that decide what `choosing` chooses, conditions and what they are made of, in order."""
        entries = self.plan.tape.entries
        pending = [entries[index].operands[0] for index in self.choosing]  # type: ignore[union-attr]
        found: set[int] = set()
        while pending:
            index = pending.pop()
            if self.plan.varies[index] and index not in found:
                found.add(index)
                entry = entries[index]
                pending.extend(entry.operands if isinstance(entry, Operation) else ())
        return sorted(found)

    @cached_property
    def undecided(self) -> bool:
        """Whether a condition, a step or an end of a domain is not decided at the precision of the exact sweep."""
        return UNDECIDED in self.exact.values or any_open(self.plan, self.exact)

    def above(self, entry: int) -> AbstractSet[int]:
        """The entries that change with an entry beside the point."""
        found = {entry}
        for index in range(entry + 1, len(self.plan.tape.entries)):
            if not found.isdisjoint(moving_operands(self.plan, self.exact, index, found)):
                found.add(index)
        return found

    @cached_property
    def first_ties(self) -> Mapping[int, int]:
        """For each entry the operation above it that chooses in a tie, jumps or ends, nearest to the output."""
        return first_ties(self.plan, self.exact)

    @cached_property
    def undefined(self) -> Mapping[int, int]:
        """For each entry that it is computed from, an entry that makes the output not finite.

        None of a derivative that is written out: it may have a limit where it has no value.
        """
        return undefined(self.plan, self.exact) if self.plan.order == 1 else {}

    def about(self, entry: int) -> "Enclosures":
        """The proof for the derivative with respect to one entry alone, without what is not finite beside it."""
        alone = without(self.plan, self.exact, entry, self.above(entry))
        return enclose_at(alone, self.at, self.dtype, self.computed)

    @property
    def value(self) -> arb:
        """The scalar that is differentiated."""
        return self.exact.values[self.plan.tape.output]

    def value_budget(self, entry: int) -> arb:
        """What a computation with honest rounding may give for an entry."""
        return self.rounded.values[entry]

    def proves(self, entry: int) -> bool:
        """Whether the sweep's derivative with respect to an entry holds: no tie was on the way."""
        return not self.exact.nonsmooth[entry]

    def gradient(self, entry: int) -> arb:
        """The derivative with respect to an entry, if no tie was on the way."""
        return _adjoint(self.exact, entry)

    def budget(self, entry: int) -> arb:
        """What a computation with honest rounding may give for that derivative."""
        return _adjoint(self.rounded, entry)

    def budget_in_ties(self, entry: int) -> arb:
        """How far honest rounding may move the derivative with respect to an entry where ties are on the way.

        Not the same to both sides where a ball is as wide as a bound on all slopes: rounding may turn a sine.
        """
        wide, exact = _adjoint(self.rounded_in_ties, entry), _adjoint(self.exact_in_ties, entry)
        return wide - (exact if exact.is_finite() else wide).mid()

    def underflow_budget(self, entry: int) -> arb:
        """The same as `budget` where numbers that are too small for the dtype lose their digits, or vanish."""
        return _adjoint(self.underflowed, entry)


def _adjoint(found: Sweep, entry: int) -> arb:
    adjoint = found.adjoints[entry]
    return arb(0) if adjoint is None else adjoint


def nearest(truth: arb) -> float:
    """The double nearest to a true number; 0 for one that is not told from 0, whatever its ball's middle is."""
    return 0.0 if truth.rel_accuracy_bits() < 1 and truth.contains(ZERO) else float(truth)


def enclose(prepared: Plan, at: Mapping[str, Array], dtype: Dtype, values: Sequence[Array] = ()) -> Enclosures:
    """Enclosures at the point whose coordinates are exactly the numbers `at`; tensors are nested lists.

    `values` are what torch computed, step by step, if it is known: they tell which branches torch took.
    The precision doubles until every result is settled to well below half an ulp of `dtype`, or its ball is negligible
    beside the rounding budget, or more digits cannot help, or the last precision is reached.
    """
    return enclose_at(prepared, point_of(at), dtype, values)


def enclose_at(prepared: Plan, point: Point, dtype: Dtype, values: Sequence[Array] = ()) -> Enclosures:
    """The same where the coordinates are balls of radius 0."""
    precision = FIRST_PRECISION
    while True:
        with ctx.workprec(precision):
            proof = Enclosures(prepared, point, dtype, precision, sweep(prepared, point), values)
            if not _more_digits_help(proof):
                return proof
            if precision >= LAST_PRECISION:
                known = exact_numbers(prepared, point)
                return replace(proof, exact=sweep(prepared, point, known=known), known=known) if known else proof
        precision *= 2


def _more_digits_help(proof: Enclosures) -> bool:
    if proof.plan.order > 1 and not proof.value.is_finite():
        return not of_value(proof.plan, proof.exact, proof.plan.tape.output).settled
    if not all(is_settled(proof.plan, proof.exact, each) for each in {*proof.undefined.values()}):
        return True
    if any(_value_is_open(proof, entry) for entry in proof.plan.outputs):
        return True
    return any(_gradient_is_open(proof, entry) for entries in proof.plan.asked.values() for entry in entries)


def _value_is_open(proof: Enclosures, entry: int) -> bool:
    value = proof.exact.values[entry]
    if not value.is_finite():
        return not of_value(proof.plan, proof.exact, entry).settled
    return not _settled(proof, value, lambda: proof.value_budget(entry))


def _gradient_is_open(proof: Enclosures, entry: int) -> bool:
    if not proof.proves(entry):
        return proof.undecided
    ball = proof.gradient(entry)
    if proof.undefined and (entry in proof.undefined or not ball.is_finite()):
        return False
    if ball.is_finite():
        return not _settled(proof, ball, lambda: proof.budget(entry))
    return not of_gradient(proof.plan, proof.exact, entry).settled


def _settled(proof: Enclosures, ball: arb, budget: Callable[[], arb]) -> bool:
    if ball.is_exact() or ball.rel_accuracy_bits() >= proof.dtype.digits + SPARE_DIGITS:
        return True
    if proof.precision < ZERO_PRECISION:
        return False
    return bool(ball.rad() < budget().rad() * arb(2) ** -SPARE_DIGITS)
