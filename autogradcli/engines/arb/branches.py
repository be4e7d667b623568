"""Which branches a computation takes: torch's decisions, and the choices that an output is made of."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from flint import arb

from autogradcli.engines.arb.primitives import constant, taken, value
from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.results import Array, flat
from autogradcli.language.tape import Entry, Literal, Operation, Tape, components


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches that a computation takes where balls leave it open."""

    decided: Mapping[int, bool]
    """How conditions came out."""
    both: Set[int] = frozenset()
    """Entries that choose in a tie and send their adjoint to both branches."""


TakenBranch = tuple[int, int]
"""An entry that chooses, and the entry that it takes its value from."""


def decisions(tape: Tape, values: Sequence[Array]) -> Mapping[int, Truth]:
    """The truth of conditions for the numbers that torch has, at the precision in force.

    `values` are those of the program's steps; without them there are no decisions. What is compared within a step is
    worked out from the numbers that the step received.
    """
    known = dict(_known(tape, values))
    found: list[Any] = []
    for index, entry in enumerate(tape.entries if known else ()):
        number = known.get(index)
        found.append(_result(entry, found) if number is None else number)
    return {index: each for index, each in enumerate(found) if isinstance(each, Truth) and each.value is not None}


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
