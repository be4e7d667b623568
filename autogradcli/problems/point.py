"""The point: a value for each variable of a program, and nothing else.

Argv, JSON Lines and case files say the same things, each in a notation of its own, in whose words errors are told.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autogradcli.errors import GradcalcError
from autogradcli.functions.table import is_function
from autogradcli.language.indices import NEVER, index_variables
from autogradcli.language.joined import taken_apart, written_apart
from autogradcli.language.names import CONSTANTS, MODULE_CONSTANTS
from autogradcli.language.nearest import did_you_mean, nearest
from autogradcli.language.parser import parse
from autogradcli.language.program import Call, Program
from autogradcli.language.program import Variable as VariableStep
from autogradcli.language.readings import LONGEST
from autogradcli.language.transforms import inlined

MARK = "@"
"""What a value begins with that names a file."""
SHOWN = 8
"""Names that an error lists before it only counts them."""


@dataclass(frozen=True, slots=True)
class Notation:
    """How one source writes problems down. A key has a dotted path: `wrt`, and `at.x` for the value of x."""

    label: Callable[[str], str]
    """What a key is called."""
    give: Callable[[Sequence[str]], str]
    """What to type to give variables their values."""
    unknown: str
    """What is said of a name that means nothing."""
    number: Callable[[Any, str], float]
    """The double that a value means which is no text and no list; GradcalcError, with its label, if it is none."""
    file: Callable[[str, str], Program]
    """What a text means that names a file; GradcalcError, with its label, where files are not read."""
    kind: Callable[[Any], str] = repr
    """What a value of the wrong kind is called."""
    table: str = "a table"
    """What holds values by their names."""
    names_example: str = '{} = ["x"]'
    """How a key is given names."""
    table_example: str = "{}.x = ..."
    """How a key is given values by name."""
    others: tuple[str, ...] = ()
    """What a name may have been meant for that is no variable."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """What to type for a name that is no variable, and that something else takes."""
    lenient: bool = False
    """Whether a value for a name that the text does not use is only remarked upon."""


def check_names(program: Program, given: Collection[str], notation: Notation) -> tuple[str, ...]:
    """A note for each name that is given a value in vain; raises GradcalcError if a variable is given no value.

    Where the notation is not `lenient`, a value in vain is an error as well.
    """
    if joined := taken_apart(program, given):
        raise _joined(program, joined, given, notation)
    missing = [name for name in program.variables if name not in given]
    superfluous = [_superfluous(program, name, notation) for name in given if name not in program.variables]
    if superfluous and not (notation.lenient and not missing):
        raise superfluous[0]
    if missing:
        raise _missing(program, missing, notation)
    return tuple(f"{error.message}{f': {error.hint}' if error.hint else ''}" for error in superfluous)


def _joined(program: Program, joined: Mapping[str, str], given: Collection[str], notation: Notation) -> GradcalcError:
    """The error for names without values that are joined of names with values."""
    name = next(iter(joined))
    text = written_apart(program.source, joined)
    hint = f"type {text if len(text) <= LONGEST else joined[name]}"
    if set(given) <= set(program.variables):
        hint += f", or give it one: {notation.give(list(joined))}"
    span = program.steps[program.variable_index(name)].span
    message = f"{name} is one name, and has no value"
    return GradcalcError("value", message, source=program.source, span=span, hint=hint)


def _superfluous(program: Program, name: str, notation: Notation) -> GradcalcError:
    label = notation.label(f"at.{name}")
    if name in program.assigned:
        return GradcalcError("value", f"{name} is computed in the text", hint=f"leave {label} out")
    if name in notation.elsewhere:
        return GradcalcError("value", f"{label} {notation.unknown}", hint=notation.elsewhere[name])
    meant = nearest(name, [*program.variables, *notation.others])
    if meant in program.variables:
        meant = notation.label(f"at.{meant}")
    hint = f"did you mean {meant}?" if meant else the_variables(program.variables)
    return GradcalcError("value", f"{label} {notation.unknown}", hint=hint)


def the_variables(names: Sequence[str]) -> str:
    """Which names could have been meant, for a hint."""
    match names:
        case []:
            return "the expression has no variables"
        case [name]:
            return f"the variable is {name}"
    return f"the variables are {enumerate_names(names)}"


def _missing(program: Program, missing: Sequence[str], notation: Notation) -> GradcalcError:
    step = program.steps[program.variable_index(missing[0])]
    assert isinstance(step, VariableStep)
    verb, plural = ("has", "") if len(missing) == 1 else ("have", "s")
    name = missing[0]
    meant = f"for the function type {name}(x), for a variable " if is_function(name) and len(name) > 1 else ""
    return GradcalcError(
        "value",
        f"{enumerate_names(missing)} {verb} no value{plural}",
        source=program.source,
        span=step.span,
        hint=f"{meant}type {notation.give(missing[:SHOWN])}",
    )


def enumerate_names(names: Sequence[str]) -> str:
    """The names as they are read out: `x`, `x and y`, `x, y and z`, and so many others."""
    if len(names) > SHOWN:
        return f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} others"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def bound_values(program: Program) -> tuple[Program, dict[str, Program]]:
    """The program with the names that its text gives numbers as variables, and those numbers: `x = 2; y = x**2`."""
    steps, values = list(program.steps), {}
    for name, index in program.assigned.items():
        span = program.steps[index].span
        text = program.source[span.start : span.end]
        if index != program.output and _is_constant(program, index):
            values[name] = parse(text)
            steps[index] = VariableStep(name, span)
    assigned = {name: index for name, index in program.assigned.items() if name not in values}
    return replace(program, steps=tuple(steps), variables=tuple(values), assigned=assigned), values


def _is_constant(program: Program, index: int) -> bool:
    """Whether a step is made of numbers alone, and stands for itself in the text."""
    named = set(program.assigned.values()) - {index}
    pending = [index]
    while pending:
        each = pending.pop()
        if each in named:
            return False
        step = program.steps[each]
        pending += step.operands if isinstance(step, Call) else ()
    return True


def parse_value(text: str, label: str) -> Program:
    """The value that a text means: a constant expression; errors point into the text."""
    value = _parse(text, label)
    if value.variables:
        raise _not_constant(value, label)
    return value


def parse_upstream(program: Program, text: str, label: str) -> Program:
    """The upstream gradient that a text means: a constant expression in which the output may stand, by name or `out`.

    `out` means nothing where the text of the program gives that name to something else.
    """
    upstream = _parse(text, label)
    other = OUTPUT in program.variables or program.assigned.get(OUTPUT, program.output) != program.output
    names = {program.output_name, None if other else OUTPUT}
    for name in upstream.variables:
        if name not in names:
            span = upstream.steps[upstream.variable_index(name)].span
            message = f"{label}: only the output can stand here, and {name} is not it"
            hint = f"the output is called {' or '.join(sorted(filter(None, names)))}" if names != {None} else None
            raise GradcalcError("value", message, source=upstream.source, span=span, hint=hint)
    return upstream


def parse_expected(program: Program, text: str, label: str) -> Program:
    """A claimed value or derivative: an expression in the variables and names of the program."""
    known = [*program.variables, *program.assigned]
    try:
        formula = parse(text, known)
    except GradcalcError as error:
        message = f"{label}: {error.message}"
        raise GradcalcError(error.kind, message, source=error.source, span=error.span, hint=error.hint) from error
    for name in formula.variables:
        if name not in known:
            span = formula.steps[formula.variable_index(name)].span
            hint = did_you_mean(name, known) or the_variables(program.variables)
            message = f"{label}: {name} is not a variable of the expression"
            raise GradcalcError("name", message, source=text, span=span, hint=hint)
    return inlined(formula, program)


OUTPUT = "out"
"""The name of any output."""


def _parse(text: str, label: str) -> Program:
    if not text.strip():
        raise GradcalcError("value", f"{label} is empty", hint="a value is a number or a constant expression: 2, pi/4")
    if RANGE.fullmatch(text):
        message = f"{label}: a value is no range, as {text} is"
        raise GradcalcError("value", message, hint="for a list type linspace(0, 1, 11)")
    try:
        return parse(text)
    except GradcalcError as error:
        raise GradcalcError(
            "value", f"{label}: {error.message}", source=error.source, span=error.span, hint=error.hint
        ) from error


RANGE = re.compile(r"\s*[-+]?\d[\d.e]*\s*(?::|\.\.\.?)\s*[-+]?\d[-+\d.e:]*\s*")
"""`1:10`, `0..1`."""
_CONSTANTS_BY_ANY_NAME = {name.casefold(): constant for name, constant in MODULE_CONSTANTS.items()}
"""The constants that other libraries spell differently."""


def _not_constant(value: Program, label: str) -> GradcalcError:
    name = value.variables[0]
    message = f"{label}: a value is a constant expression, and {name} is a variable"
    constant = _CONSTANTS_BY_ANY_NAME.get(name.casefold())
    hint = f"type {constant}" if constant else did_you_mean(name, CONSTANTS) or "type a number, such as 2 or pi/4"
    span = value.steps[value.variable_index(name)].span
    return GradcalcError("value", message, source=value.source, span=span, hint=hint)


def check_wrt(program: Program, wrt: Sequence[str], label: str) -> tuple[str, ...]:
    """What to differentiate with respect to, all variables if nothing is named; raises GradcalcError for unknown names.

    A name may be that of a variable, or one that the text gives to an intermediate; but torch does not differentiate
    indices, and says so.
    """
    known = [*program.variables, *program.assigned]
    indices = index_variables(program, NEVER)
    for name in wrt:
        if name in indices:
            message = f"{label}: {name} picks components or weights them, and torch does not differentiate it"
            span = program.steps[indices[name]].span
            raise GradcalcError("value", message, source=program.source, span=span, hint=f"leave {name} out")
        if name not in known:
            hint = did_you_mean(name, known) or the_variables(program.variables)
            raise GradcalcError("value", f"{label}: there is no variable {name}", hint=hint)
    unasked = index_variables(program)
    return tuple(wrt) or tuple(name for name in program.variables if name not in unasked)
