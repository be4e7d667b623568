"""Enclosures of the value and of the gradient at a point, and the rounding budget of the computation there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flint import arb, ctx

from autogradcli.engines.arb.sweep import Plan, Sweep, plan, sweep
from autogradcli.engines.arb.truth import Truth
from autogradcli.language.dtypes import Dtype
from autogradcli.language.program import Program
from autogradcli.language.tape import Operation

FIRST_PRECISION = 128
LAST_PRECISION = 8192
SPARE_DIGITS = 40
"""Binary digits beyond the dtype's that an enclosure must settle."""
ROUNDINGS = 4
"""Units of roundoff by which an elementary value or a partial derivative may honestly err."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What balls prove about one program at one point."""

    plan: Plan
    at: Mapping[str, arb]
    dtype: Dtype
    exact: Sweep
    """At the last precision that was tried."""
    rounded: Sweep
    """With every operation's rounding; its balls are the rounding budget."""
    precision: int
    """Binary digits of the exact sweep."""
    secants: dict[str, Any] = field(default_factory=dict)
    """One-sided slopes that were worked out, by variable."""

    @property
    def value(self) -> arb:
        """The output."""
        return self.exact.values[self.plan.tape.output]

    def gradient(self, name: str) -> arb:
        """The derivative with respect to a variable; a ball that is not finite where the sweep proves nothing."""
        index = self.plan.inputs[name]
        if self.exact.tainted[index]:
            return arb.nan()
        adjoint = self.exact.adjoints[index]
        return arb(0) if adjoint is None else adjoint

    def budget(self, name: str) -> arb:
        """What a computation with honest rounding may give for that derivative."""
        adjoint = self.rounded.adjoints[self.plan.inputs[name]]
        return arb(0) if adjoint is None else adjoint


def prove(program: Program, at: Mapping[str, float], wrt: Sequence[str], dtype: Dtype) -> Proof:
    """Enclosures at the point whose coordinates are exactly the numbers `at`.

    The precision doubles until every derivative is settled to well below half an ulp of `dtype`, or its ball is
    negligible beside the rounding budget, or more digits cannot help, or the last precision is reached.
    """
    prepared = plan(program, wrt)
    point = {name: arb(value) for name, value in at.items()}
    spread = arb(1, ROUNDINGS * dtype.unit_roundoff)
    with ctx.workprec(FIRST_PRECISION):
        rounded = sweep(prepared, point, spread, dtype.digits)
    precision = FIRST_PRECISION
    while True:
        with ctx.workprec(precision):
            proof = Proof(prepared, point, dtype, sweep(prepared, point), rounded, precision)
        if precision >= LAST_PRECISION or not _more_digits_help(proof, wrt):
            return proof
        precision *= 2


def _more_digits_help(proof: Proof, wrt: Sequence[str]) -> bool:
    """Whether some result is open and not for a reason that is settled already."""
    results = [(proof.value, proof.rounded.values[proof.plan.tape.output])]
    results += [(proof.gradient(name), proof.budget(name)) for name in wrt if name in proof.plan.inputs]
    if all(_settled(ball, budget, proof) for ball, budget in results):
        return False
    return _undecided_tie(proof.exact) or not all(ball.is_finite() for ball, _ in results) and not_settled_cause(proof) \
        or any(ball.is_finite() and not _settled(ball, budget, proof) for ball, budget in results)


def _settled(ball: arb, budget: arb, proof: Proof) -> bool:
    if not ball.is_finite():
        return False
    if ball.is_exact() or ball.rel_accuracy_bits() >= proof.dtype.digits + SPARE_DIGITS:
        return True
    return proof.precision > 2 * FIRST_PRECISION and bool(ball.rad() < budget.rad() * arb(2) ** -SPARE_DIGITS)
