"""Which branches a computation takes: torch's decisions, and the choices that an output is made of."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence

from autogradcli.engines.arb.ternary import Truth
from autogradcli.engines.results import Array, flat
from autogradcli.language.tape import Literal, Operation, Tape, components

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    name: getattr(operator, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")
}
"""The comparisons of two floats."""

Choice = tuple[int, int]
"""An entry that chooses, and the entry that it takes its value from."""


def decisions(tape: Tape, values: Sequence[Array]) -> Mapping[int, bool]:
    """How torch decided conditions: as its own steps say, or as the two numbers say that it compared within a step.

    `values` are those of the program's steps; without them there are no decisions.
    """
    known = dict(_known(tape, values))
    found = {entry: value for entry, value in known.items() if isinstance(value, bool)}
    for index, entry in enumerate(tape.entries if known else ()):
        if isinstance(entry, Operation) and entry.function in COMPARE and index not in found:
            sides = [_number(tape, known, operand) for operand in entry.operands]
            if None not in sides:
                found[index] = COMPARE[entry.function](*sides)  # type: ignore[arg-type]
    return found


def _known(tape: Tape, values: Sequence[Array]) -> Iterator[tuple[int, float | bool]]:
    """The entries that are components of a step's value, with torch's numbers for them."""
    for handle, value in zip(tape.results, values, strict=False):
        entries, numbers = components(handle), flat(value)
        if len(entries) == len(numbers):
            yield from ((entry, each) for entry, each in zip(entries, numbers, strict=True) if each is not None)


def _number(tape: Tape, known: Mapping[int, float | bool], index: int) -> float | None:
    entry = tape.entries[index]
    if isinstance(entry, Literal):
        return None if isinstance(entry.value, str) else float(entry.value)
    return known.get(index)


def choices(tape: Tape, value: Callable[[int], object]) -> set[Choice]:
    """What is chosen on the way to the output, at a point where entries have these values.

    A choice whose condition is not decided is none.
    """
    found: set[Choice] = set()
    seen: set[int] = set()
    pending = [entry for entry, _ in tape.seeds]
    while pending:
        index = pending.pop()
        entry = tape.entries[index]
        if index in seen or not isinstance(entry, Operation):
            continue
        seen.add(index)
        truth = value(entry.operands[0])
        if isinstance(truth, Truth) and len(entry.operands) == 3 and truth.value is not None:
            chosen = entry.operands[1 if truth.value else 2]
            found.add((index, chosen))
            pending.append(chosen)
        else:
            pending.extend(entry.operands)
    return found
