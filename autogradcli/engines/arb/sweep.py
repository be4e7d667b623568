"""The reverse sweep: values forward, adjoints backward, all in balls.

The adjoint of an entry is the derivative of the output with respect to it. Beside the numbers the sweep finds out where
they prove nothing: an adjoint that came through a tie (`abs` at 0) is tainted, one that met a partial derivative that
does not exist is not finite.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from flint import arb

from autogradcli.engines.arb.branches import Branches
from autogradcli.engines.arb.identities import ONE, ZERO, Identities
from autogradcli.engines.arb.plan import Plan, varying
from autogradcli.engines.arb.primitives import CORRECTLY_ROUNDED, Kind, Point, Rule, Value, rule, selects
from autogradcli.engines.arb.rounding import Rounding
from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.arb.wide import by_parts
from autogradcli.language.tape import (
    Entry,
    Literal,
    Operation,
    Tape,
)
from autogradcli.processes.limits import check

EITHER = arb(0.5, 0.5)
"""The partial derivative of `where` with respect to a branch that may or may not be the chosen one."""


Edge = tuple[int, int, arb]
"""An operation, one of its operands, and what the one adds to the adjoint of the other; plain, as there are many."""


@dataclass(frozen=True)
class Sweep:
    """One sweep at one precision."""

    values: list[Any]
    """A ball or a truth for each entry."""
    adjoints: list[arb | None]
    """None where nothing reaches an entry: its adjoint is zero."""
    nonsmooth: list[bool]
    """Whether the entry's influence on the output passes through a tie."""
    active: list[bool]
    """Whether the output depends on the entry's value: not through a branch that is not taken."""
    edges: list[Edge]
    unbroken: set[int]
    """Entries below which nothing jumps, of those that were looked at."""
    ties: list[int] = field(default_factory=list)
    """The operations that choose in a tie, jump or end, and that none such stands above; the last ones first."""
    both: Set[int] = frozenset()
    """Entries that choose and send their adjoint to both branches."""

    @cached_property
    def broken(self) -> Mapping[int, int]:
        """For each entry the first operation that adds to its adjoint what is not finite, if there is one."""
        return {operand: consumer for consumer, operand, sent in reversed(self.edges) if not sent.is_finite()}


BALLS_DECIDE = Branches({})


def sweep(
    plan: Plan,
    at: Point,
    rounding: Rounding | None = None,
    branches: Branches = BALLS_DECIDE,
    known: Mapping[int, Value] = MappingProxyType({}),
) -> Sweep:
    """Enclosures of every value and every adjoint at the point `at`, at the precision in force.

    With `rounding`, every elementary value and every partial derivative is rounded by it: then the balls hold what a
    computation can give whose operations err by that much. Constants that the dtype holds are left as they are.
    `branches` are taken where the balls leave it open; `known` gives values that need no balls.
    """
    values = _values(plan, at, rounding, branches, known)
    size = len(values)
    result = Sweep(values, [None] * size, [False] * size, [False] * size, [], set(), both=branches.both)
    _start(plan.tape, result, rounding)
    for index in range(size - 1, -1, -1):
        check()
        if result.active[index] and plan.varies[index] and not isinstance(values[index], Truth):
            _pull_back(plan, result, index, rounding)
    return result


def without(plan: Plan, found: Sweep, entry: int, moving: Set[int]) -> Plan:
    """The plan without the terms that are not finite, and that do not change with an entry, of sums that do.

    `moving` are the entry, which alone is asked about, and all that changes with it. Only sums are meant that the
    output is linear in, with a factor that does not change: else the derivative depends on what such a term is.
    """
    entries, rules = list(plan.tape.entries), list(plan.rules)
    for index in moving - _bent(plan, found, moving):
        each = entries[index]
        if isinstance(each, Operation) and each.function in TERMS:
            for place, operand in enumerate(each.operands):
                if operand not in moving and not found.values[operand].is_finite():
                    sign = TERMS[each.function][1 - place]
                    entries[index] = Operation(sign, (each.operands[1 - place],), each.step)
                    rules[index] = rule(sign) if sign == "neg" else ITSELF
    tape = replace(plan.tape, entries=tuple(entries))
    return replace(plan, tape=tape, rules=rules, varies=varying(entries, [entry]), asked={"": [entry]})


def _bent(plan: Plan, found: Sweep, moving: Set[int]) -> Set[int]:
    """The entries among those that move that go into the output in another way than as a term, times what rests."""
    bent: set[int] = set()
    for index in sorted(moving, reverse=True):
        each = plan.tape.entries[index]
        if isinstance(each, Operation) and found.active[index]:
            bent.update(
                operand
                for place, operand in enumerate(each.operands)
                if operand in moving and (index in bent or not _is_linear(each, place, found, moving))
            )
    return bent


def _is_linear(each: Operation, place: int, found: Sweep, moving: Set[int]) -> bool:
    """Whether an operation is its operand at a place times what does not move, or has that as a term."""
    if each.function in SUMS:
        return True
    if selects(each):
        truth = found.values[each.operands[0]]
        return truth.value is not None and not (truth.tie and each.operands[0] in moving)
    return (each.function == "mul" or (each.function == "div" and place == 0)) and each.operands[
        1 - place
    ] not in moving


TERMS = {"add": ("positive", "positive"), "sub": ("positive", "neg")}
"""Sums of two terms, and what is left of each term if there is no other."""
SUMS = (*TERMS, "neg", "positive")
"""Operations whose operands are terms, or the negative of one."""
ITSELF = Rule(kind=Kind.SMOOTH, value=lambda x: x, partials=(lambda _: arb(1),), domain=None)
"""The rule of what is left: `positive` has none of its own, as it is no operation."""


def _start(tape: Tape, result: Sweep, rounding: Rounding | None) -> None:
    """Give the components of the output what `backward` gives them: it is no operation, and nothing is rounded."""
    for entry, weight in tape.seeds:
        before = result.adjoints[entry]
        result.active[entry] = True
        if before is None:
            result.adjoints[entry] = arb(weight)
        else:
            total = before + weight
            result.adjoints[entry] = total if rounding is None else rounding(total)


def _values(
    plan: Plan, at: Point, rounding: Rounding | None, branches: Branches, known: Mapping[int, Value]
) -> list[Value]:
    values: list[Value] = []
    identities = Identities(plan.tape.entries, values.__getitem__)
    for index, (entry, each) in enumerate(zip(plan.tape.entries, plan.rules, strict=True)):
        check()
        if index in known:
            value = known[index]
        elif each is not None:
            value = each.value(*[values[operand] for operand in entry.operands])  # type: ignore[union-attr]
        elif index in plan.constants:
            value = plan.constants[index]()
        else:
            value = at[entry.name][entry.place]  # type: ignore[union-attr]
        if rounding is not None and _is_rounded(entry, each) and not _is_exact(plan, index, value, rounding.digits):
            if each is not None and not value.is_finite():
                value = _over_all(each, each.value, value, [values[operand] for operand in entry.operands])  # type: ignore[union-attr]
            value = rounding(value)
        if index in branches.decided and value.value is None:
            value = Truth(branches.decided[index], tie=True)
        elif index in branches.steps and value.is_finite() and value.contains(branches.steps[index]):
            value = branches.steps[index]
        values.append(identities.decided(entry, value) if rounding is None else value)
    return values


def _is_rounded(entry: Entry, each: Rule | None) -> bool:
    """Whether an entry is computed, or written, in the dtype: not a choice, a condition, or an input."""
    return each.kind is Kind.SMOOTH if each is not None else isinstance(entry, Literal)


def _is_exact(plan: Plan, index: int, value: arb, digits: int) -> bool:
    """Whether the dtype holds a constant as it is, or a whole number that correctly rounded arithmetic gives."""
    entry = plan.tape.entries[index]
    if isinstance(entry, Operation) and entry.function not in CORRECTLY_ROUNDED:
        return False
    return _holds_exactly(value, digits) and (not plan.varies[index] or bool(value.is_integer()))


def _holds_exactly(value: arb, digits: int) -> bool:
    return bool(value.is_exact()) and value.bits() <= digits


def _pull_back(plan: Plan, result: Sweep, index: int, rounding: Rounding | None) -> None:
    """Pass the adjoint of one operation on to its operands."""
    entry, each = plan.tape.entries[index], plan.rules[index]
    if each is None or not isinstance(entry, Operation):
        return
    if each.kind is Kind.SMOOTH:
        arguments = [result.values[operand] for operand in entry.operands]
        if rounding is None and each.domain is not None and _at_an_end(each, arguments):
            _tie(plan, result, index, entry.operands)
        for operand, partial in zip(entry.operands, each.partials, strict=True):
            if plan.varies[operand]:
                slope = partial(*arguments)
                if rounding is not None:
                    slope = rounding(slope if slope.is_finite() else _rounded(each, partial, slope, arguments))
                _send(result, index, operand, slope, rounding)
    elif each.kind is Kind.STEP:
        _step(plan, result, index, entry.operands[0])
    elif each.kind is Kind.SELECT:
        _branch(plan, result, index, entry.operands, rounding)


def _rounded(each: Rule, partial: Callable[..., arb], found: arb, arguments: Sequence[arb]) -> arb:
    """A slope that balls do not tell at once; 0 where it has no value and its operands are exact, as that of 0**x.

    Nothing is rounded on the way to it: what it should be, the sides of the point tell.
    """
    slope = _over_all(each, partial, found, arguments)
    return ZERO if slope.is_nan() and all(argument.is_exact() for argument in arguments) else slope


def _over_all(each: Rule, function: Callable[..., arb], found: arb, arguments: Sequence[arb]) -> arb:
    """A row's value or slope over balls, of which none was found as a whole: by parts, inside its domain."""
    finite = all(argument.is_finite() for argument in arguments)
    inside = finite and (each.domain is None or each.domain(*arguments).value is True)
    return by_parts(function, arguments) if inside else found


def _at_an_end(each: Rule, arguments: Sequence[arb]) -> bool:
    """Whether a row is at an end of its domain that its partial derivatives do not show by being infinite.

    Such ends lie where an operand is zero: x**1.5, atan2, hypot. To ask of each operation would double the cost.
    """
    assert each.domain is not None
    return any(argument.contains(ZERO) for argument in arguments) and each.domain(*arguments).value is not True


def _send(result: Sweep, index: int, operand: int, slope: arb, rounding: Rounding | None = None) -> None:
    adjoint = result.adjoints[index]
    result.active[operand] = True
    result.nonsmooth[operand] |= result.nonsmooth[index]
    if adjoint is None:
        return
    contribution = adjoint * slope if rounding is None else rounding.sent(adjoint * slope)
    result.edges.append((index, operand, contribution))
    before = result.adjoints[operand]
    if before is None:
        result.adjoints[operand] = contribution
    else:
        total = before + contribution
        result.adjoints[operand] = total if rounding is None else rounding(total)


def _tie(plan: Plan, result: Sweep, index: int, operands: Sequence[int]) -> None:
    """Note that an operation chooses in a tie, jumps or ends, and mark what it depends on."""
    if not result.nonsmooth[index]:
        result.ties.append(index)
    for operand in operands:
        _taint(plan, result, operand)


def _taint(plan: Plan, result: Sweep, entry: int) -> None:
    """Mark all that a condition or a step depends on: nothing is proven about the output's slope along it."""
    pending = [entry]
    while pending:
        each = pending.pop()
        if plan.varies[each] and not (result.active[each] and result.nonsmooth[each]):
            result.active[each] = result.nonsmooth[each] = True
            if isinstance(result.values[each], Truth):
                pending.extend(plan.tape.entries[each].operands)  # type: ignore[union-attr]


def _breaks_below(plan: Plan, result: Sweep, entry: int) -> bool:
    """Whether an entry, or what it hides, may jump or end here: then so may what depends on it."""
    seen: set[int] = set()
    pending = [entry]
    while pending:
        each = pending.pop()
        if each in seen or each in result.unbroken or not plan.varies[each]:
            continue
        if _breaks(plan, result, each):
            return True
        seen.add(each)
        below = plan.tape.entries[each]
        pending.extend(below.operands if isinstance(below, Operation) else ())
    result.unbroken.update(seen)
    return False


def _breaks(plan: Plan, result: Sweep, index: int) -> bool:
    """Whether an operation, in itself, jumps or is at an end of its domain; two branches that meet do not jump."""
    entry, each = plan.tape.entries[index], plan.rules[index]
    if each is None or not isinstance(entry, Operation):
        return False
    operands = [result.values[operand] for operand in entry.operands]
    if each.domain is not None and (each.domain(*operands).value is not True or _ends(plan, each, entry, operands)):
        return True
    first = operands[0]
    if each.kind is Kind.SELECT:
        return bool(first.tie and not operands[1].overlaps(operands[2]))
    return each.kind is Kind.STEP and bool(first.contains_integer() or not first.is_finite())


def _ends(plan: Plan, each: Rule, entry: Operation, operands: Sequence[Value]) -> bool:
    """Whether a row that is defined here is not beside the point: x**y with a negative x, along y."""
    slopes = zip(entry.operands, each.partials, strict=True)
    return any(plan.varies[operand] and not partial(*operands).is_finite() for operand, partial in slopes)


def any_open(plan: Plan, result: Sweep) -> bool:
    """Whether a higher precision may show that an operation neither jumps nor is at an end of its domain."""
    indices = range(len(plan.tape.entries))
    return any(plan.varies[each] and result.active[each] and _is_open(plan, result, each) for each in indices)


def _is_open(plan: Plan, result: Sweep, index: int) -> bool:
    entry, each = plan.tape.entries[index], plan.rules[index]
    if each is None or not isinstance(entry, Operation):
        return False
    operands = [result.values[operand] for operand in entry.operands]
    if each.domain is not None and each.domain(*operands).value is None:
        return True
    return each.kind is Kind.STEP and bool(operands[0].contains_integer() and not operands[0].is_exact())


def _step(plan: Plan, result: Sweep, index: int, operand: int) -> None:
    """`floor`: constant but for its jumps."""
    if _breaks_below(plan, result, index):
        _tie(plan, result, index, (operand,))


def _branch(plan: Plan, result: Sweep, index: int, operands: Sequence[int], rounding: Rounding | None) -> None:
    """`where`: the adjoint goes to the branch that is taken, to both by halves of [0, 1] where that is not decided.

    To choose rounds nothing; what meets at a branch is a sum, which does.
    """
    condition, yes, no = operands
    truth = result.values[condition]
    if plan.varies[condition] and (truth.tie or _breaks_below(plan, result, condition)):
        _tie(plan, result, index, operands)
    for branch, chosen in ((yes, True), (no, False)):
        if index in result.both or truth.value is chosen:
            slope = ONE
        elif truth.value is None:
            slope = arb.nan() if truth.undefined else EITHER
        else:
            continue
        if plan.varies[branch]:
            _send(result, index, branch, slope, rounding)
