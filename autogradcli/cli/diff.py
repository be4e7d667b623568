"""`gradcalc diff`: the symbolic derivative alone."""

from typing import Annotated

from autogradcli.cli import arguments as options
from autogradcli.cli.arguments import choice
from autogradcli.cli.inputs import read_expression
from autogradcli.cli.output import open_output, say
from autogradcli.compute.derivatives import STYLES, derivatives, output_shape, taken_for_numbers, wanted
from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.language.program import Program
from autogradcli.problems.argv import command_line
from autogradcli.problems.point import enumerate_names
from autogradcli.render.equations import draw_equations

EXAMPLES = """\b
Examples:
  gradcalc diff "x**2*sin(x)"
  gradcalc diff "a*exp(-b*t)" --wrt t,b --format python
  gradcalc diff "x**2*y**3" --wrt x,x,y --format latex

\b
Exit status: 0; 2 if the input makes no sense; 3 if SymPy finds no formula.
"""

Style = Annotated[str, choice("--format", STYLES, "The language of the formula.")]


def diff(
    expression: options.Expression,
    wrt: options.Wrt = None,
    of: options.Of = None,
    order: options.Order = 1,
    format: Style = "text",
    timeout: options.Timeout = 10.0,
    output: options.Output = None,
) -> ExitCode:
    """The derivative as a formula, found by SymPy.

    One derivative: the bare formula. Several: an equation for each, such as
    df/dx = 2*x, or in Python df_dx = 2*x. Of a list each component has its own.
    """
    stated = command_line({"expression": read_expression(expression), "wrt": wrt, "of": of, "order": order})
    program = stated.program(())
    variables = stated.wrt(program)
    if not variables:
        raise GradcalcError("value", "there is nothing to differentiate: the expression has no variables")
    _say_what_is_a_number(program)
    beyond = stated.beyond(variables)
    sizes = output_shape(program)
    asked = wanted(variables, beyond.order, beyond.mixed, sizes)
    found = derivatives(program, asked, sizes, format, timeout)
    names = {each: (each.within(program, sizes), ",".join(each.names)) for each in asked}
    formulas = {names[each]: one.formula for each, one in found.items() if one.formula is not None}
    with open_output(output) as place:
        place.write(draw_equations(formulas, format, alone=len(asked) == 1))
    for each, one in found.items():
        about = f"with respect to {names[each][1]}, "
        for note in one.notes:
            say(f"note: {note}" if len(asked) == 1 else f"note: {about}{note}")
        if one.formula is None:
            say(f"no derivative with respect to {names[each][1]}: {one.reason}")
    return ExitCode.OK if len(formulas) == len(found) else ExitCode.UNDEFINED


def _say_what_is_a_number(program: Program) -> None:
    """A note for each function of tensors that is applied to variables, which here stand for numbers."""
    steps: dict[int, list[str]] = {}
    for name, step in taken_for_numbers(program).items():
        steps.setdefault(step, []).append(name)
    for step, names in steps.items():
        taken = "is taken for a number" if len(names) == 1 else "are taken for numbers"
        say(f"note: {enumerate_names(names)} {taken} in {program.text(step)}; gradcalc eval knows tensors")
