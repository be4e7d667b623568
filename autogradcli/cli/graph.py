"""`gradcalc graph`: the graph that autograd built, with numbers on it, as text or as a picture."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from autogradcli.cli import arguments as options
from autogradcli.cli.arguments import whole
from autogradcli.cli.inputs import check_values_apart, read_expression
from autogradcli.cli.output import file_error, say
from autogradcli.cli.run import choose_target, compiled, to_standard_error
from autogradcli.cli.writing import Writing, unwritable
from autogradcli.compute.problem import GRADIENT, Problem
from autogradcli.compute.report import Report
from autogradcli.compute.verdict import exit_code
from autogradcli.engines.backward import Backward, Detail
from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.language.program import component
from autogradcli.language.tape import lacking
from autogradcli.problems.argv import command_line
from autogradcli.processes.limits import Limits
from autogradcli.processes.work import Lost
from autogradcli.render.equations import derivative_of
from autogradcli.render.graph import FORMATS, PICTURES, TEXTS
from autogradcli.render.graph.cut import cut
from autogradcli.render.graph.mermaid import MOST_ARROWS
from autogradcli.render.terminal import FILE

EXAMPLES = """\b
Examples:
  gradcalc graph "5*x**3 + 2*x**2 + 4*x + 8" --x 2
  gradcalc graph "h = tanh(w*x); sum(h)" --w "[1, 2]" --x 0.5 -o layer.svg
  gradcalc graph --run train.py --backward 1 -o net.svg

\b
Exit status: 0; 1 if a gradient is wrong; 2 if the input makes no sense;
3 if there is no finite derivative.
"""

MOST_LEVELS = 1_000_000
"""More than any graph has."""

Saved = Annotated[bool, typer.Option("--saved", help="Show what each node has saved for backward.")]
Depth = Annotated[
    int | None,
    typer.Option(
        "--depth",
        metavar="N",
        help="Leave out what is more than N edges away from the output.",
        parser=whole("--depth", MOST_LEVELS),
    ),
]


Expression = Annotated[
    str | None, typer.Argument(metavar="EXPR", help="The expression, in quotes; - reads it from standard input.")
]
Snippet = Annotated[
    str | None,
    typer.Option("--run", metavar="FILE", help="Take the graph from a PyTorch program instead, which Python runs."),
]
Number = Annotated[
    int | None,
    typer.Option(
        "--backward",
        metavar="N",
        help="Of the program's backward calls the N-th; the last if nothing is said.",
        parser=whole("--backward", MOST_LEVELS),
    ),
]


def graph(
    *,
    context: typer.Context,
    expression: Expression = None,
    snippet: Snippet = None,
    backward: Number = None,
    assignments: options.Assignments = [],  # noqa: B006
    wrt: options.Wrt = None,
    of: options.Of = None,
    upstream: options.Upstream = None,
    order: options.Order = 1,
    saved: Saved = False,
    depth: Depth = None,
    computation: options.Computation,
    full: options.Full = False,
    writing: Writing,
) -> ExitCode:
    """The graph that autograd built, with numbers on it.

    It goes from the output down to the leaves. Each node shows its grad_fn, the
    text that it came from, its value and the gradient that reached it; each
    edge the local derivative. The verdict stands at the variables, and what
    went wrong at the operation that did. With --order 2 it is the graph of the
    gradient. Of a program the nodes of each module (net.fc1) stand together.
    """
    form = writing.form(FORMATS)
    _check_shown(form, writing.output)
    write = partial(write_graph, form=form, depth=depth, full=full, writing=writing)
    detail = Detail(derivatives=True, saved=saved)
    if snippet is not None:
        _check_alone(expression, assignments, context)
        seed = computation.seed if _is_given("seed", context) else None
        return draw_program(snippet, backward, computation, seed, detail, write)
    if backward is not None:
        raise GradcalcError("usage", "--backward is for a program", hint="type --run FILE")
    if expression is None:
        raise GradcalcError("usage", "EXPR is missing", hint='type gradcalc graph "x**2" --x 2, or --run FILE')
    said = {
        "expression": read_expression(expression, writing.output),
        "at": assignments,
        "wrt": wrt,
        "of": of,
        "upstream": upstream,
        "order": order,
    }
    spellings = [spelling for parameter in context.command.params for spelling in parameter.opts]
    stated = command_line(said, spellings)
    check_values_apart([*stated.fields["at"].values(), upstream or ""], writing.output)
    asked = replace(computation.options(), symbolic=False)
    return draw_graph(differentiated_first(stated.problem(asked, Backward(detail=detail))), computation.limits, write)


def differentiated_first(problem: Problem) -> Problem:
    """The problem of what all derivatives that are asked for but the last give; its gradient is the last.

    Raises GradcalcError if there are several of the last order.
    """
    order = problem.beyond.order
    if order > 1 and len(problem.wrt) > 1:
        message = f"each variable has a graph of its own for its derivatives of order {order}"
        raise GradcalcError("usage", message, hint=f"type --wrt {problem.wrt[0]}")
    before = (problem.beyond.mixed or problem.wrt * order)[:-1] if order > 1 or problem.beyond.mixed else ()
    along = tuple(component(name, 0, 1) for name in before)
    return replace(problem, beyond=GRADIENT, backward=replace(problem.backward, along=along))


OF_EXPRESSIONS = ("wrt", "of", "upstream", "order", "dtype")
"""Options that say of an expression what a program says itself."""


def _check_alone(expression: str | None, assignments: Sequence[str], context: typer.Context) -> None:
    taken = "--run takes the graph from a program"
    if expression is not None:
        raise GradcalcError("usage", f"{taken}, and there is an expression as well")
    if assignments:
        name = assignments[0].partition("=")[0]
        raise GradcalcError("usage", f"{taken}, and {name} is given a value")
    given = next((each for each in OF_EXPRESSIONS if _is_given(each, context)), None)
    if given is not None:
        raise GradcalcError("usage", f"{taken}, and --{given} is about an expression", hint="leave it out")


def _is_given(option: str, context: typer.Context) -> bool:
    """Whether an option stands on the command line."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


def draw_program(
    file: str,
    number: int | None,
    computation: options.Computation,
    seed: int | None,
    detail: Detail,
    write: Callable[[Report], None],
) -> ExitCode:
    """Run a program and write the graph of one of its `backward`s; the exit status is that of its verdicts."""
    program = compiled(choose_target(file, None, None, ()))
    if program is None:
        return ExitCode.USAGE
    # Only where a program is run.
    from autogradcli.programs.demands import Demands
    from autogradcli.programs.graphs import graph_report
    from autogradcli.programs.session import Wanted

    demands = Demands(replace(computation.options(), symbolic=False), detail, memory=computation.max_memory)
    report = graph_report(program, number, Wanted(seed), demands, to_standard_error)
    write(report)
    return exit_code({report.verdict})


def draw_graph(problem: Problem, limits: Limits, write: Callable[[Report], None]) -> ExitCode:
    """Compute a problem and write its graph; the exit status is that of its verdicts."""
    # Only now, so that an error in the input does not wait for what drives the engines.
    from autogradcli.cli.jobs import within
    from autogradcli.compute.compute import compute, salvaged

    found = within(limits, partial(compute, problem))
    report = salvaged(problem, found) if isinstance(found, Lost) else found
    if not report.nodes:
        raise _no_graph(problem)
    write(_named(report, _derivative(problem)) if problem.backward.along else report)
    return exit_code({report.verdict})


def _derivative(problem: Problem) -> str:
    """The name of what is differentiated along the problem's directions: df/dx."""
    names = ",".join(direction.parts[0][0] for direction in problem.backward.along)
    return derivative_of(problem.program.output_name or "f", names)


def _named(report: Report, name: str) -> Report:
    """The report of a derivative, with its name as that of its output."""
    first, *others = report.nodes
    return replace(report, output=name, nodes=(replace(first, expression=name), *others))


def write_graph(report: Report, form: str, depth: int | None, full: bool, writing: Writing) -> None:
    """Write the graph of a report in one of `FORMATS`."""
    excerpt = cut(writing.shown(report, form), depth)
    if writing.quiet:
        return
    if form in PICTURES.names:
        write_bytes(PICTURES[form].render(excerpt, FILE), writing.output)
    else:
        with writing.open(form) as place:
            place.write(TEXTS[form].render(excerpt, place.terminal.endless if full else place.terminal.tall))
    edges = sum(len(node.inputs) for node in excerpt.nodes)
    if form == "mermaid" and edges > MOST_ARROWS:
        limit = f"Mermaid draws {MOST_ARROWS} edges unless maxEdges is raised"
        say(f"note: {limit}, and here are {edges:,}: try --depth 10")


def _check_shown(form: str, output: str | None) -> None:
    """Raises GradcalcError if a picture is to go to a terminal."""
    if form in PICTURES.names and output in {None, "-"} and sys.stdout.isatty():
        raise GradcalcError("usage", f"a terminal cannot show {form}", hint=f"type -o graph.{form}, or --format tree")


def write_bytes(data: bytes, output: str | None) -> None:
    """Write a picture to a file, or to standard output."""
    try:
        if output is None or output == "-":
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            with open(output, "wb") as file:
                file.write(data)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        if output is None or output == "-":
            raise file_error("standard output", error, "written") from error
        raise unwritable(output, getattr(error, "strerror", None) or str(error)) from error


def _no_graph(problem: Problem) -> GradcalcError:
    """The error for an output that does not require a gradient."""
    program = problem.program
    span = program.steps[program.output].span
    message = "there is no graph: the output does not require a gradient"
    missing = lacking(program)
    if missing is not None:
        message = f"there is no graph: torch has no {missing} that it can differentiate"
        hint = "gradcalc eval shows the derivative that SymPy and balls find"
    elif not program.variables:
        message = "there is no graph: the expression has no variables"
        hint = 'type gradcalc graph "x**2" --x 2'
    elif problem.backward.along:
        hint = f"{_derivative(problem)} does not depend on {', '.join(problem.wrt)}: ask for a lower order"
    elif set(problem.wrt) < set(program.variables):
        hint = f"it does not depend on {', '.join(problem.wrt)}: leave --wrt out"
    else:
        hint = "it does not depend on the variables in a way that torch differentiates"
    return GradcalcError("value", message, source=program.source, span=span, hint=hint)
