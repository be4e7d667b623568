"""The gradient as a program: from a tape, a tape that holds the derivatives of its output as well.

The adjoint of an entry is the derivative of the output with respect to it. Here it is *written out*: every product of
an adjoint and a partial derivative becomes entries of the tape, in the table's own formulas. So the gradient can be
evaluated, enclosed and differentiated like any other tape, and no row needs a second derivative by hand.

Equal entries are written once, and what is constant is worked out as it is written. An entry that only some branch
uses gets its adjoint behind that branch's condition: 0 where the branch is not taken, whatever the factors are there.
"""

import operator
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from autogradcli.functions.function import Function
from autogradcli.functions.handles import TooLong
from autogradcli.functions.table import row
from autogradcli.language.program import Call, Constant, Program, Variable
from autogradcli.language.tape import (
    MAX_OPERATIONS,
    Entry,
    Input,
    Literal,
    Operation,
    Tape,
    definition,
    number_of,
    partial_programs,
)

ZERO, ONE = Fraction(0), Fraction(1)
MAX_BITS = 256
"""Binary digits of a constant that is still worked out."""


def adjoint(
    tape: Tape, wrt: Sequence[int], primitive: Callable[[Function], bool], limit: int = MAX_OPERATIONS
) -> tuple[Tape, tuple[int, ...]]:
    """The tape with the derivatives of its output behind its entries; and where each one stands, in the order of `wrt`.

    `wrt` are entries; the derivative with respect to one that the output does not depend on is a literal 0. Rows that
    are not `primitive` are replaced by their definitions. The entries of the tape stay where they are; new ones belong
    to the program step whose derivative they are made of. Raises TooLong beyond `limit` new entries.
    """
    writer = _Writer(tape, wrt, primitive, limit)
    found = writer.gradient(wrt, writer.constants(tape.seeds))
    entries, places = _without_unused(writer.entries, len(tape.entries), found)
    return replace(tape, entries=entries), places


def derivative_along(
    tape: Tape, moved: Sequence[tuple[int, float]], primitive: Callable[[Function], bool], limit: int
) -> Tape:
    """The tape whose output is the derivative of the tape's along a direction. Raises TooLong beyond `limit` entries.

    `moved` are entries with what each moves by.
    """
    writer = _Writer(tape, [entry for entry, _ in moved], primitive, limit)
    slopes = writer.gradient([entry for entry, _ in moved], writer.constants(tape.seeds))
    output = writer.weighted(slopes, [weight for _, weight in moved])
    entries, (output,) = _without_unused(writer.entries, len(tape.entries), [output])
    return replace(tape, entries=entries, output=output, seeds=((output, 1.0),))


def appended(
    entries: Sequence[Entry],
    seeds: Sequence[tuple[int, int]],
    wrt: Sequence[int],
    primitive: Callable[[Function], bool],
    limit: int,
) -> tuple[tuple[Entry, ...], tuple[int, ...]]:
    """The entries with a vector-Jacobian product behind them; and where its components stand, in the order of `wrt`.

    `seeds` are entries, each with the one that its adjoint starts from. TooLong beyond `limit` new entries.
    """
    writer = _Writer(Tape(tuple(entries), 0, (), ()), wrt, primitive, limit)
    found = writer.gradient(wrt, seeds)
    return _without_unused(writer.entries, len(entries), found)


def _without_unused(
    entries: Sequence[Entry], kept: int, wanted: Sequence[int]
) -> tuple[tuple[Entry, ...], tuple[int, ...]]:
    """The entries without those beyond the first `kept` that no wanted one is made of; and the wanted ones' places."""
    used = set(wanted)
    for index in range(len(entries) - 1, kept - 1, -1):
        entry = entries[index]
        if index in used and isinstance(entry, Operation):
            used.update(entry.operands)
    left = [*range(kept), *sorted(index for index in used if index >= kept)]
    place = {index: new for new, index in enumerate(left)}
    moved = (
        entry._replace(operands=tuple(place[each] for each in entry.operands))
        if isinstance(entry, Operation)
        else entry
        for entry in map(entries.__getitem__, left)
    )
    return tuple(moved), tuple(place[each] for each in wanted)


class _Writer:
    """Appends to a tape, and finds what is there already."""

    def __init__(self, tape: Tape, wrt: Sequence[int], primitive: Callable[[Function], bool], limit: int) -> None:
        self.entries: list[Entry] = list(tape.entries)
        self._tape = tape
        self._primitive = primitive
        self._limit = limit
        self._step = 0
        # What is differentiated with respect to is no other name for the value that it has.
        apart = set(wrt)
        self._known = {key(entry): index for index, entry in enumerate(tape.entries) if index not in apart}

    def constants(self, seeds: Iterable[tuple[int, float]]) -> list[tuple[int, int]]:
        """Seeds with a literal in place of each number."""
        found = []
        for output, weight in seeds:
            self._step = self._tape.entries[output].step
            found.append((output, self._literal(Fraction(weight))))
        return found

    def gradient(self, wrt: Sequence[int], seeds: Iterable[tuple[int, int]]) -> tuple[int, ...]:
        """Write the adjoint of every entry between the seeds and `wrt`; the places of those of `wrt`."""
        varies = self._varies(wrt)
        adjoints: dict[int, int] = {}
        taken: dict[int, int | None] = {}
        for output, seed in seeds:
            self._step = self._tape.entries[output].step
            self._add(adjoints, output, seed)
            taken[output] = None
        for index in range(len(varies) - 1, -1, -1):
            entry = self._tape.entries[index]
            if index in adjoints and varies[index] and isinstance(entry, Operation):
                self._step = entry.step
                for operand, sent, condition in self._sent(entry, adjoints[index], taken[index]):
                    if varies[operand]:
                        self._add(adjoints, operand, sent)
                        taken[operand] = self._either(taken, operand, condition)
        return tuple(adjoints[each] if each in adjoints else self._literal(ZERO) for each in wrt)

    def weighted(self, entries: Sequence[int], weights: Sequence[float]) -> int:
        """Write the sum of entries, each times its weight."""
        total = self._literal(ZERO)
        for entry, weight in zip(entries, weights, strict=True):
            total = self._call("add", total, self._call("mul", entry, self._literal(Fraction(weight))))
        return total

    def _varies(self, wrt: Sequence[int]) -> list[bool]:
        """For each entry whether it depends on one of `wrt`."""
        varies = [False] * len(self._tape.entries)
        for index in wrt:
            varies[index] = True
        for index, entry in enumerate(self._tape.entries):
            if isinstance(entry, Operation) and any(varies[operand] for operand in entry.operands):
                varies[index] = True
        return varies

    def _sent(self, entry: Operation, arrived: int, taken: int | None) -> Iterator[tuple[int, int, int | None]]:
        """For each operand of an operation what it adds to the operand's adjoint, and on what condition."""
        if entry.function == "where":
            condition, yes, no = entry.operands
            for operand, chosen in ((yes, condition), (no, self._call("logical_not", condition))):
                both = chosen if taken is None else self._call("logical_and", taken, chosen)
                yield operand, self._guarded(chosen, arrived), both
            return
        for operand, program in zip(entry.operands, partial_programs(row(entry.function)), strict=False):
            product = self._call("mul", arrived, self._run(program, entry))
            yield operand, product if taken is None else self._guarded(taken, product), taken

    def _guarded(self, condition: int, value: int) -> int:
        return self._call("where", condition, value, self._literal(ZERO))

    def _either(self, taken: Mapping[int, int | None], operand: int, condition: int | None) -> int | None:
        """On what condition an operand is used, by what was found before or by one more operation."""
        before = taken.get(operand, condition)
        if before is None or condition is None:
            return None
        return before if before == condition else self._call("logical_or", before, condition)

    def _add(self, adjoints: dict[int, int], entry: int, sent: int) -> None:
        adjoints[entry] = self._call("add", adjoints[entry], sent) if entry in adjoints else sent

    def _run(self, program: Program, entry: Operation) -> int:
        """A formula of the table in the operands of an operation."""
        bound = dict(zip(row(entry.function).operand_names, entry.operands, strict=True))
        results: list[int] = []
        for step in program.steps:
            if isinstance(step, Call):
                results.append(self._call(step.function, *(results[operand] for operand in step.operands)))
            elif isinstance(step, Variable):
                results.append(bound[step.name])
            else:
                assert isinstance(step, Constant)
                results.append(self._literal(step.value))
        return results[program.output]

    def _call(self, function: str, *operands: int) -> int:
        """A row applied to entries: a primitive one as an entry, unless it is none after all; another by definition."""
        if not self._primitive(row(function)):
            return self._run(definition(row(function)), Operation(function, operands, self._step))
        simpler = self._simpler(function, operands)
        return self._place(Operation(function, operands, self._step)) if simpler is None else simpler

    def _literal(self, value: Fraction | str) -> int:
        return self._place(Literal(value, self._step))

    def _place(self, entry: Entry) -> int:
        """Where an entry stands: it is appended only if there is none like it."""
        like = key(entry)
        if like not in self._known:
            if len(self.entries) - len(self._tape.entries) >= self._limit:
                raise TooLong(self._limit)
            self._known[like] = len(self.entries)
            self.entries.append(entry)
        return self._known[like]

    def _simpler(self, function: str, operands: Sequence[int]) -> int | None:
        """The entry that an operation comes to without being written; None if there is no such."""
        if function == "where":
            return self._chosen(*operands)
        if function == "neg" and self._is(operands[0], "neg"):
            return self._operands(operands[0])[0]
        numbers = [number_of(self.entries[each]) for each in operands]
        if function in EXACT and None not in numbers:
            return self._worked_out(function, numbers)
        return self._neutral(function, operands, numbers)

    def _chosen(self, condition: int, yes: int, no: int) -> int | None:
        """The branch that is certain to be taken."""
        truth = True if yes == no else self._truth(condition)
        return None if truth is None else yes if truth else no

    def _neutral(self, function: str, operands: Sequence[int], numbers: Sequence[Fraction | None]) -> int | None:
        """What an operation with 0, 1 or -1 comes to."""
        match function, *numbers:
            case ["add", 0, _] | ["mul", 1, _]:
                return operands[1]
            case ["add" | "sub", _, 0] | ["mul" | "div" | "pow", _, 1]:
                return operands[0]
            case ["mul", 0, _] | ["mul", _, 0] | ["div", 0, _]:
                return self._literal(ZERO)
            case ["pow", _, 0]:
                return self._literal(ONE)
            case ["mul", -1, _] | ["sub", 0, _]:
                return self._call("neg", operands[1])
            case ["mul", _, -1]:
                return self._call("neg", operands[0])
        return None

    def _worked_out(self, function: str, numbers: Sequence[Fraction | None]) -> int | None:
        """A constant; None if it has no exact value, or too many digits."""
        try:
            value = EXACT[function](*numbers)
        except (ZeroDivisionError, OverflowError):
            return None
        return self._literal(value) if isinstance(value, Fraction) and _bits(value) <= MAX_BITS else None

    def _truth(self, index: int) -> bool | None:
        """Whether a comparison of two numbers holds; None of anything else."""
        entry = self.entries[index]
        if not isinstance(entry, Operation) or entry.function not in COMPARED:
            return None
        one, other = (number_of(self.entries[each]) for each in entry.operands)
        return None if one is None or other is None else bool(COMPARED[entry.function](one, other))

    def _is(self, index: int, function: str) -> bool:
        entry = self.entries[index]
        return isinstance(entry, Operation) and entry.function == function

    def _operands(self, index: int) -> tuple[int, ...]:
        entry = self.entries[index]
        assert isinstance(entry, Operation)
        return entry.operands


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """A power that is exact and short."""
    small = exponent.denominator == 1 and abs(exponent) * _bits(base) <= MAX_BITS
    return base ** int(exponent) if small else None


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def key(entry: Entry) -> Hashable:
    """What equal entries have in common, whichever step they belong to."""
    if isinstance(entry, Operation):
        operands = sorted(entry.operands) if entry.function in COMMUTATIVE else entry.operands
        return entry.function, *operands
    return ("input", entry.name, entry.place) if isinstance(entry, Input) else ("literal", entry.value)


EXACT: dict[str, Callable[..., Fraction | None]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "pow": _power,
}
"""Rows that make an exact number of exact numbers."""
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}
COMMUTATIVE = frozenset({"add", "mul", "eq", "ne", "logical_and", "logical_or"})
"""Rows whose operands may be exchanged."""
