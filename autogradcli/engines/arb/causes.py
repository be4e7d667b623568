"""Which operation a ball that is not finite comes from."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from autogradcli.engines.arb.sweep import Plan, Sweep
from autogradcli.engines.arb.truth import Truth
from autogradcli.language.table import row
from autogradcli.language.tape import Operation

WELL_KNOWN = 30
"""Binary digits of an operand beyond which more of them would not make the result finite."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """The operation at which finite numbers turned into one that is not."""

    entry: int
    """Its place on the tape."""
    settled: bool
    """Whether more digits cannot change it."""
    outside: bool
    """Whether its operands lie outside the row's domain beyond doubt."""
    large: bool = False
    """Whether they lie inside it, and are known so well that the result must be too large for the precision."""


def of_value(plan: Plan, sweep: Sweep, entry: int) -> Culprit:
    """The culprit behind an entry that is not finite."""
    while True:
        broken = [each for each in _taken(plan, sweep, entry) if not _finite(sweep.values[each])]
        if not broken:
            return _judge(plan, sweep, entry)
        entry = broken[0]


def of_gradient(plan: Plan, sweep: Sweep, entry: int) -> Culprit:
    """The culprit behind an adjoint of `entry` that is not finite: an operation whose partial derivative is not."""
    while True:
        entry = sweep.broken[entry]
        adjoint = sweep.adjoints[entry]
        if adjoint is None or adjoint.is_finite():
            return _judge(plan, sweep, entry)


def first_tie(sweep: Sweep, above: AbstractSet[int]) -> int | None:
    """Of some entries the one nearest to the output that chooses by a condition in a tie, jumps, or is at an end."""
    return next((index for index in sweep.ties if index in above), None)


def _taken(plan: Plan, sweep: Sweep, index: int) -> tuple[int, ...]:
    """The operands that an entry's value is made of: for a decided `where` the branch alone."""
    entry = plan.tape.entries[index]
    if not isinstance(entry, Operation):
        return ()
    truth = sweep.values[entry.operands[0]]
    if isinstance(truth, Truth) and len(entry.operands) == 3 and truth.value is not None:
        return (entry.operands[1 if truth.value else 2],)
    return entry.operands


def _judge(plan: Plan, sweep: Sweep, index: int) -> Culprit:
    entry, rule = plan.tape.entries[index], plan.rules[index]
    if rule is None or not isinstance(entry, Operation):
        return Culprit(index, settled=True, outside=False)
    operands = [sweep.values[operand] for operand in entry.operands]
    inside = None if rule.domain is None else rule.domain(*operands)
    outside = inside is not None and inside.value is False
    native = bool(row(entry.function).arb)
    grown = native and not isinstance(sweep.values[index], Truth) and not sweep.values[index].is_nan()
    large = grown and (inside is None or inside.value is True) and all(map(_well_known, operands))
    exact = all(isinstance(operand, Truth) or operand.is_exact() for operand in operands)
    return Culprit(index, settled=outside or (exact and native and not large), outside=outside, large=large)


def _well_known(value: Any) -> bool:
    return isinstance(value, Truth) or value.is_exact() or value.rel_accuracy_bits() >= WELL_KNOWN


def _finite(value: Any) -> bool:
    return not value.undefined if isinstance(value, Truth) else bool(value.is_finite())
