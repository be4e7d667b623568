"""The tape: a program as scalar operations in elementary functions, for the engines that know nothing of tensors."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from autogradcli.language.function import Function
from autogradcli.language.parser import parse_formula
from autogradcli.language.program import Call, Constant, Program, Variable
from autogradcli.language.table import row


@dataclass(frozen=True, slots=True)
class Input:
    """A leaf: the value of a variable."""

    name: str
    step: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A leaf: an exact number, or one of the names `pi`, `e`, `inf`."""

    value: Fraction | str
    step: int


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the table applied to earlier entries."""

    function: str
    operands: tuple[int, ...]
    """Indices of earlier entries."""
    step: int
    """The program step that it came from."""


Entry = Input | Literal | Operation


@dataclass(frozen=True, slots=True)
class Tape:
    """Scalar operations in the order of evaluation."""

    entries: tuple[Entry, ...]
    output: int
    results: tuple[int, ...]
    """For each program step, the index of the entry that holds its value."""


def scalarise(program: Program, primitive: Callable[[Function], bool]) -> Tape:
    """The program as a tape; rows that are not `primitive` are replaced by their definitions, as deep as it takes."""
    entries: list[Entry] = []
    results = _append(program, primitive, entries, {}, None)
    return Tape(tuple(entries), results[program.output], tuple(results))


def _append(
    program: Program,
    primitive: Callable[[Function], bool],
    entries: list[Entry],
    bound: dict[str, int],
    blamed: int | None,
) -> list[int]:
    """Append the program's operations; `bound` gives its variables' entries, `blamed` the step they all belong to."""
    results: list[int] = []
    for index, step in enumerate(program.steps):
        origin = index if blamed is None else blamed
        if isinstance(step, Variable) and step.name in bound:
            results.append(bound[step.name])
            continue
        if isinstance(step, Call):
            function = row(step.function)
            operands = tuple(results[operand] for operand in step.operands)
            if not primitive(function):
                names = function.operand_names
                inner = _append(
                    definition(function), primitive, entries, dict(zip(names, operands, strict=True)), origin
                )
                results.append(inner[definition(function).output])
                continue
            entries.append(Operation(step.function, operands, origin))
        elif isinstance(step, Constant):
            entries.append(Literal(step.value, origin))
        else:
            entries.append(Input(step.name, origin))
        results.append(len(entries) - 1)
    return results


@cache
def definition(function: Function) -> Program:
    """The row's definition as a program whose variables are its parameters."""
    return parse_formula(function.definition, function.parameters)


@cache
def partial_programs(function: Function) -> tuple[Program, ...]:
    """The row's partial derivatives, one program for each parameter that has one."""
    return tuple(parse_formula(text, function.parameters) for text in function.partials)
