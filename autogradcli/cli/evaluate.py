"""`gradcalc eval`: value, gradient, graph and verdict at one point."""

from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from autogradcli.cli import arguments as options
from autogradcli.cli.inputs import check_values_apart, read_expression
from autogradcli.cli.jobs import within
from autogradcli.cli.output import say
from autogradcli.cli.writing import Writing
from autogradcli.compute.problem import BRIEF
from autogradcli.compute.verdict import exit_code
from autogradcli.engines.backward import Backward
from autogradcli.errors import ExitCode
from autogradcli.language.joined import joined_names
from autogradcli.problems.argv import command_line
from autogradcli.processes.work import Lost
from autogradcli.render.report import FORMATS
from autogradcli.render.terminal import Terminal

EXAMPLES = """\b
Examples:
  gradcalc eval "5*x**3 + 2*x**2 + 4*x + 8" --x 2
  gradcalc eval "y = x**2; z = exp(-y)" --x 0.5 --wrt x,y --format plain
  gradcalc eval "x**2" --x "[1, 2]" --upstream out --dtype float32 --json

\b
Exit status: 0; 1 if a gradient is wrong; 2 if the input makes no sense;
3 if there is no finite derivative, or with --strict if not all is verified.
"""

At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="FILE",
        help="Many points: a table in CSV, a column for each variable; - is standard input.",
        rich_help_panel=options.VALUES,
    ),
]
Claims = Annotated[
    list[str],
    typer.Option(
        "--claim",
        metavar="NAME=EXPR",
        help="Say what the derivative with respect to a name is; repeatable.",
        rich_help_panel=options.ASKED,
    ),
]
Function = Annotated[
    str | None,
    typer.Option(
        "--function",
        metavar="MODULE:NAME",
        help="Import a function of your own: it is to be what EXPR says.",
        rich_help_panel=options.ASKED,
    ),
]


def evaluate(
    *,
    context: typer.Context,
    expression: options.Expression,
    assignments: options.Assignments = [],  # noqa: B006
    at: At = None,
    wrt: options.Wrt = None,
    of: options.Of = None,
    upstream: options.Upstream = None,
    order: options.Order = 1,
    hessian: options.Hessian = False,
    jacobian: options.Jacobian = False,
    jvp: options.Jvp = [],  # noqa: B006
    hvp: options.Hvp = [],  # noqa: B006
    repeat: options.Repeat = 1,
    zero_grad: options.ZeroGrad = False,
    claim: Claims = [],  # noqa: B006
    function: Function = None,
    accuracy: options.Accuracy,
    computation: options.Computation,
    trace: options.Trace = False,
    chain: options.Chain = False,
    full: options.Full = False,
    writing: Writing,
) -> ExitCode:
    """Value and gradient at a point, and a verdict on the gradient.

    EXPR is one expression, or several statements separated by semicolons, the
    last of which is differentiated. Each variable takes its value from an option of its own name: --x 2,
    --x=-2, --x pi/4. A value is any constant expression.
    """
    form = writing.form(FORMATS)
    asked = replace(computation.options(accuracy), trace=trace)
    said = {
        "expression": read_expression(expression, writing.output),
        "at": assignments,
        "wrt": wrt,
        "of": of,
        "upstream": upstream,
    }
    further = {"order": order, "hessian": hessian, "jacobian": jacobian, "jvp": jvp, "hvp": hvp}
    spellings = [spelling for parameter in context.command.params for spelling in parameter.opts]
    stated = command_line({**said, **further, "claim": claim, "function": function}, spellings)
    check_values_apart([*stated.fields["at"].values(), upstream or ""], writing.output)
    if at is not None:
        # Only where there are many points.
        from autogradcli.cli.points import evaluate_points

        many = evaluate_points(at, stated.fields, replace(asked, remedies=BRIEF), computation.limits, form, writing)
        return many.exit_code(accuracy.strict)
    problem = stated.problem(asked, Backward(repeat=repeat, zero_grad=zero_grad))
    for note in joined_names(problem.program):
        say(f"note: {note}")

    # Only now, so that an error in the input does not wait for what drives the engines.
    from autogradcli.checks.checked import check, salvaged

    found = within(computation.limits, partial(check, problem))
    checked = salvaged(problem, found) if isinstance(found, Lost) else found
    if form not in {"text", "json", "html"} and not writing.quiet:
        # A person's report has no need of it.
        from autogradcli.render.report.plain import remarks

        for remark in [*(remarks(checked.report) if form == "plain" else ()), *checked.failures]:
            say(remark)
    shown = writing.shown(checked, form)
    with writing.open(form) as place:
        place.write("" if writing.quiet else FORMATS[form].render(shown, _room(place.terminal, chain, full)))
    code = exit_code({checked.report.verdict}, accuracy.strict)
    return ExitCode.MISMATCH if checked.failures else code


def _room(terminal: Terminal, chain: bool, full: bool) -> Terminal:
    """The terminal, as far as it limits what is shown."""
    return terminal.endless if full else terminal.tall if chain else terminal
