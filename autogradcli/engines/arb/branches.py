"""Which branches a computation takes: torch's decisions and steps, and the choices that an output is made of."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from flint import arb

from autogradcli.engines.arb.primitives import Kind, constant, rule, taken, value
from autogradcli.engines.arb.rounding import ROUNDINGS
from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.results import Array, flat
from autogradcli.language.tape import Entry, Literal, Operation, Tape, components


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches that a computation takes where balls leave it open."""

    decided: Mapping[int, bool]
    """How conditions came out."""
    steps: Mapping[int, arb] = field(default_factory=dict)
    """The whole numbers that `floor` gave."""
    both: Set[int] = frozenset()
    """Entries that choose in a tie and send their adjoint to both branches."""


TakenBranch = tuple[int, int]
"""An entry that chooses, and the entry that it takes its value from."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """How torch decided, as far as the numbers tell that it has for the program's steps."""

    conditions: Mapping[int, Truth]
    steps: Mapping[int, arb]
    """The whole numbers that `floor` gave."""


def decisions(tape: Tape, values: Sequence[Array], unit_roundoff: float) -> Decisions:
    """What torch decided, from the numbers that it has, at the precision in force.

    `values` are those of the program's steps; without them there are no decisions. What is decided within a step is
    worked out from the numbers that the step received. Of a step to which torch gave another number than comes of
    them it is not known which whole number torch took.
    """
    known = dict(_known(tape, values))
    found: list[Any] = []
    others: set[int] = set()
    for index, entry in enumerate(tape.entries if known else ()):
        number = known.get(index)
        if number is None or isinstance(entry, Operation):
            result = _result(entry, found)
            if isinstance(number, arb) and not _is_near(result, number, unit_roundoff):
                others.add(entry.step)
        found.append(result if number is None else number)
    conditions = {index: each for index, each in enumerate(found) if isinstance(each, Truth) and each.value is not None}
    return Decisions(conditions, dict(_steps(tape, found, others)))


def _is_near(result: arb, number: arb, unit_roundoff: float) -> bool:
    return bool(abs(result - number) <= abs(number) * (ROUNDINGS * unit_roundoff))


def _steps(tape: Tape, found: Sequence[Any], others: Set[int]) -> Iterator[tuple[int, arb]]:
    for index, (entry, each) in enumerate(zip(tape.entries, found, strict=False)):
        jumps = isinstance(entry, Operation) and rule(entry.function).kind is Kind.STEP
        if jumps and entry.step not in others and each.is_exact() and each.is_finite():
            yield index, each


def _known(tape: Tape, values: Sequence[Array]) -> Iterator[tuple[int, arb | Truth]]:
    """The entries that are components of a step's value, with torch's numbers for them."""
    for handle, result in zip(tape.results, values, strict=False):
        entries, numbers = components(handle), flat(result)
        if len(entries) == len(numbers):
            for entry, number in zip(entries, numbers, strict=True):
                if number is not None:
                    yield entry, Truth(number) if isinstance(number, bool) else arb(number)


def _result(entry: Entry, found: Sequence[Any]) -> arb | Truth:
    """The value of an entry that is no step's; as of floats, NaN is unequal to all."""
    if isinstance(entry, Literal):
        return constant(entry.value)()
    assert isinstance(entry, Operation)
    result = value(entry.function)(*(found[operand] for operand in entry.operands))
    return Truth(entry.function == "ne") if isinstance(result, Truth) and result.undefined else result


def choices(tape: Tape, look: Callable[[int], object]) -> set[TakenBranch]:
    """What is chosen on the way to the output, at a point where entries have these values.

    A choice whose condition is not decided is none.
    """
    found: set[TakenBranch] = set()
    seen: set[int] = set()
    pending = [entry for entry, _ in tape.seeds]
    while pending:
        index = pending.pop()
        entry = tape.entries[index]
        if index in seen or not isinstance(entry, Operation):
            continue
        seen.add(index)
        operands = taken(entry, look)
        if operands != entry.operands:
            found.add((index, operands[0]))
        pending.extend(operands)
    return found
