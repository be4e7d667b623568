"""How each elementary row of the table works on balls: its value and its partial derivatives.

Everything but the comparisons (`ternary.py`) and the values in `special_values.py` is text of the table, or a method of
`arb`.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import cache, lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from flint import arb, fmpq

from autogradcli.engines.arb.identities import Identities
from autogradcli.engines.arb.special_values import SPECIAL
from autogradcli.engines.arb.ternary import CONDITIONS, Truth
from autogradcli.engines.arb.wide import bounded
from autogradcli.engines.results import Array, flat
from autogradcli.functions.function import Function
from autogradcli.functions.table import row
from autogradcli.language.parser import parse_formula
from autogradcli.language.program import Program
from autogradcli.language.tape import Entry, Input, Literal, Operation, definition, partial_programs, scalarise
from autogradcli.processes.limits import check

Value = Any
"""An `arb`, or a `Truth` for a condition."""


CORRECTLY_ROUNDED = frozenset({"add", "sub", "mul", "div", "neg", "positive", "sqrt"})
"""The rows that IEEE 754 rounds correctly: a result that the dtype holds is not rounded at all."""

NOT_SMOOTH = frozenset(CONDITIONS) | {"where", "floor"}
"""The rows that the exact engine takes as they are though they have no partial derivatives."""


def primitive(function: Function) -> bool:
    """Whether the row is one operation here, and not expanded by its definition."""
    return function.elementary or function.name in NOT_SMOOTH


class Kind(Enum):
    """What an operation is for the exact engine."""

    SMOOTH = "smooth"
    """It has partial derivatives."""
    STEP = "step"
    """It is constant but for its jumps: `floor`."""
    SELECT = "select"
    """It takes one of its operands by a condition: `where`."""
    CONDITION = "condition"
    """It is true or false."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row on balls."""

    kind: Kind
    value: Callable[..., Any]
    """Of the operands."""
    partials: tuple[Callable[..., arb], ...]
    """Of the operands; one for each of them, none unless the rule is smooth."""
    domain: Callable[..., Truth] | None
    """Of the operands: whether the row is defined and differentiable there; None for everywhere."""


@cache
def rule(name: str) -> Rule:
    """The rule for a row, made of the row's texts."""
    function = row(name)
    names = function.operand_names
    return Rule(
        kind=_kind(function),
        value=value(name),
        partials=tuple(bounded(name, compiled(program, names)) for program in partial_programs(function)),
        domain=_condition(function, function.domain),
    )


def _kind(function: Function) -> Kind:
    if function.elementary:
        return Kind.SMOOTH
    if function.returns == "boolean":
        return Kind.CONDITION
    return Kind.SELECT if function.chooses else Kind.STEP


def selects(entry: Entry) -> bool:
    """Whether an entry takes one of its operands by a condition."""
    return isinstance(entry, Operation) and rule(entry.function).kind is Kind.SELECT


def taken(entry: Operation, look: Callable[[int], Any]) -> tuple[int, ...]:
    """The operands that the value of an operation is made of: of a choice that is decided one branch alone.

    `look` gives the value of an entry.
    """
    if not selects(entry):
        return entry.operands
    condition, yes, no = entry.operands
    truth = look(condition)
    decided = isinstance(truth, Truth) and truth.value is not None
    return ((yes if truth.value else no),) if decided else entry.operands


def _condition(function: Function, text: str) -> Callable[..., Truth] | None:
    return compiled(parse_formula(text, function.parameters), function.operand_names) if text else None


@cache
def value(name: str) -> Callable[..., Any]:
    """The value of a row as a function of its operands; partial derivatives are made of such values."""
    function = row(name)
    if function.name in CONDITIONS:
        return CONDITIONS[function.name]
    native = function.arb or function.name
    if native in SPECIAL:
        return SPECIAL[native]
    if not function.arb:
        return compiled(definition(function), function.operand_names)
    return attrgetter(function.arb.removeprefix("operator."))(operator if "." in function.arb else arb)  # type: ignore[no-any-return]


def compiled(program: Program, names: Sequence[str]) -> Callable[..., Any]:
    """A function of operands in the order of `names` that runs `program` on them."""
    tape = scalarise(program, primitive)
    first = len(names)
    places = [names.index(entry.name) if isinstance(entry, Input) else first for entry in tape.entries]
    calls: list[tuple[Callable[..., Any], tuple[int, ...]]] = []
    for index, entry in enumerate(tape.entries):
        if not isinstance(entry, Input):
            places[index] = first + len(calls)
            calls.append(_bound(entry, places))
    output = places[tape.output]
    if output < first:
        return lambda *operands: operands[output]
    if isinstance(tape.entries[tape.output], Literal):
        call, _ = calls[output - first]
        return lambda *_: call()

    def run(*operands: Value) -> Value:
        values = list(operands)
        for call, arguments in calls:
            values.append(call(*[values[argument] for argument in arguments]))
        return values[output]

    return run


def _bound(entry: Literal | Operation, places: Sequence[int]) -> tuple[Callable[..., Any], tuple[int, ...]]:
    """An entry as a call, and the places of its arguments."""
    if isinstance(entry, Literal):
        return constant(entry.value), ()
    return value(entry.function), tuple(places[operand] for operand in entry.operands)


Point = Mapping[str, Sequence[arb]]
"""The components of each variable, row by row."""


def point_of(at: Mapping[str, Array]) -> dict[str, list[arb]]:
    """The exact numbers of a point as balls."""
    return {name: [arb(each) for each in flat(value)] for name, value in at.items()}


def forward(
    entries: Sequence[Entry], inputs: Mapping[str, Sequence[Value]], known: Mapping[int, Value] = MappingProxyType({})
) -> list[Any]:
    """The value of every entry of a tape, at the precision in force; `known` gives values that need no balls."""
    values: list[Any] = []
    extend(values, entries, inputs, known)
    return values


def extend(
    values: list[Any],
    entries: Sequence[Entry],
    inputs: Mapping[str, Sequence[Value]],
    known: Mapping[int, Value] = MappingProxyType({}),
) -> None:
    """Append the values of the entries beyond those whose values are there."""
    identities = Identities(entries, values.__getitem__)
    for entry in entries[len(values) :]:
        check()
        if len(values) in known:
            values.append(known[len(values)])
        elif isinstance(entry, Input):
            values.append(inputs[entry.name][entry.place])
        elif isinstance(entry, Literal):
            values.append(constant(entry.value)())
        else:
            found = value(entry.function)(*[values[operand] for operand in entry.operands])
            values.append(identities.decided(entry, found))


@lru_cache(maxsize=1000)
def constant(number: Fraction | str) -> Callable[[], arb]:
    """A constant as a function that gives its ball at the precision in force."""
    if isinstance(number, str):
        return NAMED[number]
    if number.denominator & (number.denominator - 1) == 0 and number.numerator.bit_length() <= FEW_DIGITS:
        exact = arb(number.numerator) / number.denominator
        return lambda: exact
    rational = fmpq(number.numerator, number.denominator)
    return lambda: arb(rational)


FEW_DIGITS = 53
"""Binary digits of a dyadic constant that is exact at every precision."""

NAMED: dict[str, Callable[[], arb]] = {
    "pi": arb.pi,
    "e": arb.const_e,
    "inf": arb.pos_inf,
    "nan": lambda: arb(math.nan),
}
