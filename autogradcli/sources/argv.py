"""A problem from the command line: an expression and a value for each of its variables."""

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from autogradcli.compute.problem import Problem
from autogradcli.errors import GradcalcError
from autogradcli.language.parser import parse, select_output
from autogradcli.language.program import Call, Program
from autogradcli.language.table import row
from autogradcli.sources.commandline import SET
from autogradcli.sources.files.source import MARK
from autogradcli.sources.point import Notation, check_names, check_wrt, parse_upstream, parse_value
from autogradcli.sources.settings import Settings


def build_problem(
    program: Program, values: Mapping[str, str], wrt: Sequence[str], settings: Settings, options: Collection[str]
) -> Problem:
    """The problem that a command line states; `options` are the ways to write the command's own options."""
    check_names(program, values, _notation(options))
    at = {name: _read_value(text, f"--{name}", parse_value) for name, text in values.items()}
    return settings.problem(program, at, check_wrt(program, wrt, "--wrt"))


def _read_value(text: str, label: str, parse: Callable[[str, str], Program]) -> Program:
    """What a word means: the numbers in a file, or an expression."""
    if not text.startswith(MARK):
        return parse(text, label)
    from autogradcli.sources.files.read import read_file

    return read_file(text, label)


def read_upstream(program: Program, text: str | None) -> Program | None:
    """What `--upstream` says: the numbers in a file, or an expression in which the output may stand."""
    if text is None:
        return None
    return _read_value(text, "--upstream", partial(parse_upstream, program))


def parse_program(expression: str, given: Collection[str], output: str | None) -> Program:
    """The program that an expression means, with the output that `--of` names."""
    program = parse(expression, given)
    _check_not_random(program)
    return program if output is None else select_output(program, output)


def _check_not_random(program: Program) -> None:
    for index, step in enumerate(program.steps):
        if isinstance(step, Call) and row(step.function).random:
            message = f"{step.function} draws random numbers, and an expression has none"
            hint = f'give them to a variable: --w "{program.text(index)}"'
            raise GradcalcError("value", message, source=program.source, span=step.span, hint=hint)


def split_assignments(assignments: Sequence[str]) -> dict[str, str]:
    """The values of `--set NAME=VALUE`, by name as the parser has it; an error if one is given twice."""
    values: dict[str, str] = {}
    for assignment in assignments:
        written, equals, value = assignment.partition("=")
        name = unicodedata.normalize("NFKC", written.strip())
        if not name or not equals:
            raise GradcalcError("usage", f"{SET} {assignment} gives no variable a value", hint=f"type {SET} NAME=VALUE")
        if name in values:
            message = f"{name} is given twice: {values[name]} and {value}"
            raise GradcalcError("value", message, hint="leave one of them out")
        values[name] = value
    return values


def split_names(text: str | None) -> tuple[str, ...]:
    """The names in `a,b`; an error if one is empty."""
    if text is None:
        return ()
    names = tuple(unicodedata.normalize("NFKC", name.strip()) for name in text.split(","))
    if not all(names):
        raise GradcalcError("usage", f"--wrt {text} leaves a name out", hint="type --wrt x or --wrt x,y")
    return names


def _notation(options: Collection[str]) -> Notation:
    def give(names: Sequence[str]) -> str:
        return " ".join(f"{SET} {name}=NUMBER" if f"--{name}" in options else f"--{name} NUMBER" for name in names)

    long_names = tuple(name for name in options if name.startswith("--"))
    return Notation(give, lambda name: f"--{name}", "is neither an option nor a variable", long_names)
