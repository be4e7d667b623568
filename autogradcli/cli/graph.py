"""`gradcalc graph`: the graph that autograd built, with numbers on it, as text or as a picture."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from autogradcli.cli import arguments as options
from autogradcli.cli.arguments import choice, whole
from autogradcli.cli.inputs import read_expression
from autogradcli.cli.output import file_error, open_output, say
from autogradcli.cli.run import choose_target, compiled, to_standard_error
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import Report
from autogradcli.engines.backward import Backward, Detail
from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.program import component
from autogradcli.language.tape import MAX_OPERATIONS
from autogradcli.problems.argv import command_line
from autogradcli.processes.limits import MAX_MEMORY, TIMEOUT, Limits
from autogradcli.processes.work import Lost
from autogradcli.render.graph import PICTURES, TEXTS
from autogradcli.render.graph.cut import cut
from autogradcli.render.graph.mermaid import MOST_ARROWS
from autogradcli.render.terminal import FILE

EXAMPLES = """\b
Examples:
  gradcalc graph "5*x**3 + 2*x**2 + 4*x + 8" --x 2
  gradcalc graph "h = tanh(w*x); sum(h)" --w "[1, 2]" --x 0.5 -o layer.svg
  gradcalc graph --run train.py --backward 1 -o first.svg

\b
Exit status: 0; 1 if a gradient is wrong; 2 if the input makes no sense;
3 if there is no finite derivative.
"""

MOST_LEVELS = 1_000_000
"""More than any graph has."""

FORMATS = (*TEXTS.names, *PICTURES.names)

Format = Annotated[
    str | None,
    choice("--format", FORMATS, "How the graph is written; else the name of FILE tells, or it is a tree."),
]
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
    context: typer.Context,
    expression: Expression = None,
    snippet: Snippet = None,
    backward: Number = None,
    assignments: options.Assignments = [],  # noqa: B006
    wrt: options.Wrt = None,
    of: options.Of = None,
    upstream: options.Upstream = None,
    order: options.Order = 1,
    dtype: options.DtypeOption = "float64",
    saved: Saved = False,
    depth: Depth = None,
    timeout: options.Timeout = TIMEOUT,
    max_memory: options.MaxMemory = MAX_MEMORY,
    max_operations: options.MaxOperations = MAX_OPERATIONS,
    format: Format = None,
    json: options.Json = False,
    full: options.Full = False,
    output: options.Output = None,
) -> ExitCode:
    """The graph that autograd built, with numbers on it.

    It goes from the output down to the leaves. Each node shows its grad_fn, the
    text that it came from, its value and the gradient that reached it; each
    edge the local derivative. The verdict stands at the variables, and what
    went wrong at the operation that did. With --order 2 it is the graph of the
    gradient.
    """
    form = choose_form(format, json, output)
    check_place(form, output)
    detail = Detail(derivatives=True, saved=saved)
    if snippet is not None:
        _check_alone(expression, assignments)
        return draw_program(
            snippet, backward, detail, partial(write_graph, form=form, depth=depth, full=full, output=output)
        )
    if backward is not None:
        raise GradcalcError("usage", "--backward is for a program", hint="type --run FILE")
    if expression is None:
        raise GradcalcError("usage", "EXPR is missing", hint='type gradcalc graph "x**2" --x 2, or --run FILE')
    said = {"expression": read_expression(expression), "at": assignments, "wrt": wrt, "of": of, "upstream": upstream}
    spellings = [spelling for parameter in context.command.params for spelling in parameter.opts]
    stated = command_line(said, spellings)
    asked = Options(dtype, symbolic=False, timeout=timeout, max_operations=max_operations)
    problem = of_order(stated.problem(asked, Backward(detail=detail)), order)
    return draw_graph(problem, Limits(timeout, max_memory), form, depth, full, output)


def of_order(problem: Problem, order: int) -> Problem:
    """The problem whose graph is that of its derivative of order n - 1. GradcalcError for several variables."""
    if order == 1:
        return problem
    if len(problem.wrt) > 1:
        message = "the graph of a derivative is that of one, and there are several variables"
        raise GradcalcError("usage", message, hint=f"type --wrt {problem.wrt[0]}")
    along = (component(problem.wrt[0], 0, 1),) * (order - 1)
    return replace(problem, backward=replace(problem.backward, along=along))


def _check_alone(expression: str | None, assignments: Sequence[str]) -> None:
    if expression is not None:
        raise GradcalcError("usage", "--run takes the graph from a program, and there is an expression as well")
    if assignments:
        name = assignments[0].partition("=")[0]
        raise GradcalcError("usage", f"--run takes the graph from a program, and {name} is given a value")


def draw_program(file: str, number: int | None, detail: Detail, write: Callable[[Report], None]) -> ExitCode:
    """Run a program and write the graph of one of its `backward`s; the exit status is that of its verdicts."""
    program = compiled(choose_target(file, None, None, ()))
    if program is None:
        return ExitCode.USAGE
    from autogradcli.compute.verdict import exit_code
    from autogradcli.programs.graphs import graph_report

    report = graph_report(program, number, detail, to_standard_error)
    write(report)
    return exit_code({report.verdict})


def draw_graph(
    problem: Problem, limits: Limits, form: str, depth: int | None, full: bool, output: str | None
) -> ExitCode:
    """Compute a problem and write its graph; the exit status is that of its verdicts."""
    # Only now, so that an error in the input does not wait for what drives the engines.
    from autogradcli.cli.jobs import within
    from autogradcli.compute.compute import compute, salvaged
    from autogradcli.compute.verdict import exit_code

    found = within(limits, partial(compute, problem))
    report = salvaged(problem, found) if isinstance(found, Lost) else found
    if not report.nodes:
        raise _no_graph(problem)
    write_graph(report, form, depth, full, output)
    return exit_code({report.verdict})


def write_graph(report: Report, form: str, depth: int | None, full: bool, output: str | None) -> None:
    """Write the graph of a report in one of `FORMATS`."""
    excerpt = cut(report, depth)
    if form in PICTURES.names:
        write_bytes(PICTURES[form].render(excerpt, FILE), output)
    else:
        with open_output(output) as place:
            place.write(TEXTS[form].render(excerpt, place.terminal.endless if full else place.terminal.tall))
    edges = sum(len(node.inputs) for node in excerpt.nodes)
    if form == "mermaid" and edges > MOST_ARROWS:
        limit = f"Mermaid draws {MOST_ARROWS} edges unless maxEdges is raised"
        say(f"note: {limit}, and here are {edges:,}: try --depth 10")


def choose_form(format: str | None, json: bool, output: str | None) -> str:
    """The format that the options ask for, or that the name of the file means; a tree if neither does."""
    if json and format not in {None, "json"}:
        message = f"--json is short for --format json, and --format is {format}"
        raise GradcalcError("usage", message, hint="leave one of them out")
    if json or format is not None:
        return "json" if json else format or "tree"
    if output is None or output == "-":
        return "tree"
    root, suffix = os.path.splitext(output)
    suffixes = TEXTS.suffixes() | PICTURES.suffixes()
    if suffix.lower() in suffixes:
        return suffixes[suffix.lower()]
    if os.path.isdir(output):
        raise _directory(output)
    meant = did_you_mean(suffix, suffixes) if suffix else None
    message = f"the name {output} does not end in a format" if not suffix else f"{suffix} is no format of a graph"
    known = ", ".join(suffixes)
    raise GradcalcError("usage", message, hint=meant or f"type -o {root}.svg, or another of {known}; or say --format")


def check_place(form: str, output: str | None) -> None:
    """Raises GradcalcError, before anything is computed, if the result cannot go where it is to go."""
    if output is None or output == "-":
        if form in PICTURES.names and sys.stdout.isatty():
            message = f"a terminal cannot show {form}"
            raise GradcalcError("usage", message, hint=f"type -o graph.{form}, or --format tree")
        return
    if os.path.isdir(output):
        raise _directory(output, form)
    folder = os.path.dirname(output) or "."
    if not os.path.isdir(folder):
        message = f"{output} cannot be written: there is no folder {folder}"
        raise GradcalcError("file", message, hint=f"type mkdir -p {folder}, or write to another place")
    if not os.access(output if os.path.exists(output) else folder, os.W_OK):
        message = f"{output} cannot be written: Permission denied"
        raise GradcalcError("file", message, hint=f"write to a folder of your own: -o ~/{os.path.basename(output)}")


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
        failure = file_error(output or "standard output", error, "written")
        failure.hint = "write to a folder of your own: -o ~/graph.svg"
        raise failure from error


def _directory(path: str, form: str = "svg") -> GradcalcError:
    suffix = (PICTURES if form in PICTURES.names else TEXTS)[form].suffixes[0]
    hint = f"type -o {os.path.join(path, f'graph{suffix}')}"
    return GradcalcError("file", f"{path} is a directory", hint=hint)


def _no_graph(problem: Problem) -> GradcalcError:
    """The error for an output that does not require a gradient."""
    program = problem.program
    span = program.steps[program.output].span
    message = "there is no graph: the output does not require a gradient"
    if not program.variables:
        message = "there is no graph: the expression has no variables"
        hint = 'type gradcalc graph "x**2" --x 2'
    elif set(problem.wrt) < set(program.variables):
        hint = f"it does not depend on {', '.join(problem.wrt)}: leave --wrt out"
    else:
        hint = "it does not depend on the variables in a way that torch differentiates"
    return GradcalcError("value", message, source=program.source, span=span, hint=hint)
