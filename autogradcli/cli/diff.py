"""`gradcalc diff`: the symbolic derivative alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from autogradcli.cli import arguments as options
from autogradcli.cli.inputs import read_expression
from autogradcli.cli.output import say
from autogradcli.cli.writing import Endings, Writing
from autogradcli.compute.derivatives import (
    STYLES,
    WantedDerivative,
    derivatives,
    output_shape,
    taken_for_numbers,
    wanted,
)
from autogradcli.compute.report import SCHEMA_VERSION
from autogradcli.engines.sympy.process import SymbolicDerivative
from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.language.doubtful import doubtful_powers
from autogradcli.language.joined import joined_names
from autogradcli.language.program import Program
from autogradcli.problems.argv import command_line
from autogradcli.problems.point import enumerate_names
from autogradcli.processes.limits import MAX_MEMORY, TIMEOUT, Limits
from autogradcli.render.equations import draw_equations
from autogradcli.render.json import draw_json

EXAMPLES = """\b
Examples:
  gradcalc diff "x**2*sin(x)"
  gradcalc diff "a*exp(-b*t)" --wrt t,b --format python
  gradcalc diff "x**2*y**3" --wrt x,x,y --format latex

\b
Exit status: 0; 2 if the input makes no sense; 3 if SymPy finds no formula.
"""

FORMATS = Endings(
    (*STYLES, "json"),
    {".txt": "text", ".tex": "latex", ".py": "python", ".c": "c", ".h": "c", ".json": "json"},
)
"""The languages of formulas."""

Timeout = Annotated[
    float,
    typer.Option("--timeout", metavar="SECONDS", help="How long SymPy may take.", parser=options.seconds),
]
MaxMemory = Annotated[int, options.memory("How much memory SymPy may take: 2GB, 500MB.")]


def diff(
    *,
    expression: options.Expression,
    wrt: options.Wrt = None,
    of: options.Of = None,
    order: options.Order = 1,
    timeout: Timeout = TIMEOUT,
    max_memory: MaxMemory = MAX_MEMORY,
    writing: Writing,
) -> ExitCode:
    """The derivative as a formula, found by SymPy.

    One derivative: the bare formula. Several: an equation for each, such as
    df/dx = 2*x, or in Python df_dx = 2*x. Of a list each component has its own.
    """
    form = writing.form(FORMATS)
    stated = command_line(
        {"expression": read_expression(expression, writing.output), "wrt": wrt, "of": of, "order": order}
    )
    program = stated.program(())
    variables = stated.wrt(program)
    if not variables:
        raise GradcalcError("value", "there is nothing to differentiate: the expression has no variables")
    beyond = stated.beyond(variables)
    sizes = output_shape(program)
    asked = wanted(variables, beyond.order, beyond.mixed, sizes)
    found = derivatives(program, asked, sizes, "text" if form == "json" else form, Limits(timeout, max_memory))
    names = {each: (each.within(program, sizes), ",".join(each.names)) for each in asked}
    formulas = {names[each]: one.formula for each, one in found.items() if one.formula is not None}
    notes = [
        *doubtful_powers(program.source),
        *_taken_for_numbers(program),
        *joined_names(program),
        *_notes(names, found),
    ]
    with writing.open(form) as place:
        place.write(
            draw_json(_object(program, names, found, notes))
            if form == "json"
            else draw_equations(formulas, form, alone=len(asked) == 1)
        )
    for note in notes:
        say(f"note: {note}")
    for each, one in found.items():
        if one.formula is None:
            say(f"no derivative with respect to {names[each][1]}: {one.reason}")
    return ExitCode.OK if len(formulas) == len(found) else ExitCode.UNDEFINED


def _object(
    program: Program,
    names: Mapping[WantedDerivative, tuple[str, str]],
    found: Mapping[WantedDerivative, SymbolicDerivative],
    notes: Sequence[str],
) -> dict[str, Any]:
    """The derivatives as a JSON object."""
    derivatives = [
        {"of": names[each][0], "wrt": names[each][1].split(","), "formula": one.formula, "reason": one.reason}
        for each, one in found.items()
    ]
    return {
        "schema_version": SCHEMA_VERSION,
        "expression": program.source,
        "output": program.output_name,
        "derivatives": derivatives,
        "notes": notes,
    }


def _notes(
    names: Mapping[WantedDerivative, tuple[str, str]], found: Mapping[WantedDerivative, SymbolicDerivative]
) -> Iterator[str]:
    """What SymPy remarks, of several derivatives each with the names it is taken with respect to."""
    for each, one in found.items():
        about = "" if len(found) == 1 else f"with respect to {names[each][1]}, "
        yield from (f"{about}{note}" for note in one.notes)


def _taken_for_numbers(program: Program) -> Iterator[str]:
    """A note for each function of tensors that is applied to variables, which here stand for numbers."""
    steps: dict[int, list[str]] = {}
    for name, step in taken_for_numbers(program).items():
        steps.setdefault(step, []).append(name)
    for step, names in steps.items():
        taken = "is taken for a number" if len(names) == 1 else "are taken for numbers"
        yield f"{enumerate_names(names)} {taken} in {program.text(step)}; gradcalc eval knows tensors"
