"""Which operation made a ball that is not finite."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from autogradcli.engines.arb.plan import Plan
from autogradcli.engines.arb.primitives import selects, taken
from autogradcli.engines.arb.sweep import SUMS, Sweep
from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.results import Unbounding
from autogradcli.functions.table import row
from autogradcli.language.tape import Operation

WIDE = 2**20
"""Radius from which on exp of a ball, and what grows like it, has all sizes that there are."""
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


@dataclass(frozen=True, slots=True)
class DomainEnd:
    """An operation that rounding brings to a pole or to an end of its domain, or leaves without a bound."""

    entry: int
    """Its place on the tape."""
    operand: int
    """The operand that does it."""
    kind: Unbounding


def undefined(plan: Plan, sweep: Sweep) -> Mapping[int, int]:
    """For each entry that it is computed from, an entry that is not finite though its operands are.

    Of those that the output is made of, hence none where the output is finite. What is no part of such an entry has a
    derivative all the same: other terms of a sum do not matter to it. What only decides, or is in a branch that is not
    taken, is a part: log(clamp(x, 5, 9) - 7) at 1 is not a constant, but undefined. So is what meets such an entry in
    a product, or in a function that bends: floor(x)*log(-1) is no constant either.
    """
    broken = _broken(plan, sweep)
    births: dict[int, int] = {}
    for index in sorted(broken):  # operands come first
        births[index] = births[broken[index][0]] if broken[index] else index
    born = [(index, index) for index, birth in births.items() if index == birth]
    met = [(operand, births[index]) for index, below in broken.items() for operand in _meeting(plan, index, below)]
    return _first_above([*born, *met], lambda index: _operands(plan, index))


def _first_above(tops: Iterable[tuple[int, int]], operands: Callable[[int], Sequence[int]]) -> Mapping[int, int]:
    """For each entry that some entries are computed from, what stands beside the first of them."""
    found: dict[int, int] = {}
    for top, beside in tops:
        pending = [top]
        while pending:
            index = pending.pop()
            if index not in found:
                found[index] = beside
                pending.extend(operands(index))
    return found


def _broken(plan: Plan, sweep: Sweep) -> Mapping[int, Sequence[int]]:
    """The entries that are not finite and that the output is made of; for each its operands that are not."""
    found: dict[int, Sequence[int]] = {}
    pending = [entry for entry, _ in plan.tape.seeds if not _finite(sweep.values[entry])]
    while pending:
        index = pending.pop()
        if index not in found:
            found[index] = [each for each in _taken(plan, sweep, index) if not _finite(sweep.values[each])]
            pending.extend(found[index])
    return found


def _meeting(plan: Plan, index: int, broken: Sequence[int]) -> Sequence[int]:
    """The operands of an entry that meet one without a finite value otherwise than as terms of a sum beside it."""
    entry = plan.tape.entries[index]
    if not broken or not isinstance(entry, Operation) or selects(entry) or entry.function in SUMS:
        return ()
    if entry.function == "mul" or (entry.function == "div" and broken[0] == entry.operands[0]):
        return [each for each in entry.operands if broken != [each]]
    return entry.operands


def is_settled(plan: Plan, sweep: Sweep, index: int) -> bool:
    """Whether an entry stays without a finite value at any precision, though its operands are finite."""
    return _judge(plan, sweep, index).settled


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


def end_of_value(plan: Plan, rounded: Sweep, entry: int) -> DomainEnd | None:
    """The end of a domain, or the pole, that rounding reaches on the way to a value; None if it reaches none.

    Or where rounding makes an operand so wide that there is no bound: exp of what may be off by a million.
    """
    index = of_value(plan, rounded, entry).entry
    operation, rule = plan.tape.entries[index], plan.rules[index]
    if rule is None or not isinstance(operation, Operation):
        return None
    operands = [rounded.values[operand] for operand in operation.operands]
    moved = [each for each, ball in zip(operation.operands, operands, strict=True) if not _exact(ball)]
    if rule.domain is None or rule.domain(*operands).value is True:
        wide = [each for each in moved if _finite(rounded.values[each]) and rounded.values[each].rad() > WIDE]
        return next((DomainEnd(index, each, "unbounded") for each in wide), None)
    reached = [each for each in moved if rounded.values[each].contains(0)]
    return next((DomainEnd(index, each, "zero" if each in reached else "end") for each in (*reached, *moved)), None)


def end_of_gradient(plan: Plan, rounded: Sweep, entry: int) -> DomainEnd | None:
    """The same on the way to the derivative with respect to an entry."""
    index = of_gradient(plan, rounded, entry).entry
    return end_of_value(plan, rounded, index)


def first_ties(plan: Plan, sweep: Sweep) -> Mapping[int, int]:
    """For each entry below it, the one that chooses in a tie, jumps or is at an end: of several the last."""
    return _first_above(zip(sweep.ties, sweep.ties, strict=True), lambda index: _operands(plan, index))


def _operands(plan: Plan, index: int) -> tuple[int, ...]:
    entry = plan.tape.entries[index]
    return entry.operands if isinstance(entry, Operation) else ()


def _taken(plan: Plan, sweep: Sweep, index: int) -> tuple[int, ...]:
    """The operands that an entry's value is made of: for a decided `where` the branch alone."""
    entry = plan.tape.entries[index]
    return taken(entry, sweep.values.__getitem__) if isinstance(entry, Operation) else ()


def moving_operands(plan: Plan, sweep: Sweep, index: int, moving: Set[int]) -> Sequence[int]:
    """The operands with which an entry may change beside the point, where those in `moving` do.

    What is decided there stays as it is: a condition, and which branch is taken.
    """
    entry, value = plan.tape.entries[index], sweep.values[index]
    if not isinstance(entry, Operation) or (isinstance(value, Truth) and not value.tie):
        return ()
    return entry.operands if entry.operands[0] in moving else _taken(plan, sweep, index)


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
    exact = all(map(_exact, operands))
    return Culprit(index, settled=outside or (exact and native and not large), outside=outside, large=large)


def _exact(value: Any) -> bool:
    return isinstance(value, Truth) or bool(value.is_exact())


def _well_known(value: Any) -> bool:
    return _exact(value) or value.rel_accuracy_bits() >= WELL_KNOWN


def _finite(value: Any) -> bool:
    return not value.undefined if isinstance(value, Truth) else bool(value.is_finite())
