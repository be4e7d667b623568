"""`gradcalc run`: a PyTorch snippet, every `backward` of which is verified."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import typer

from autogradcli.cli import arguments as options
from autogradcli.cli.arguments import choice, choose_format
from autogradcli.cli.inputs import open_inputs
from autogradcli.cli.output import Output, check_output, open_output, say
from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.language.tape import MAX_OPERATIONS
from autogradcli.run.ledger import Ledger
from autogradcli.run.source import MAX_LENGTH, Source

EXAMPLES = """\b
Examples:
  gradcalc run snippet.py --trace --seed 0
  gradcalc run snippet.py --format json -o ledger.json
  gradcalc run - < snippet.py

\b
Standard output begins with what the snippet prints, line for line as Python
prints it; the report comes after it, or goes to the file that -o names. A
report in JSON or Markdown on standard output holds what was printed.

\b
Exit status: 1 if a gradient is wrong; else 2 if the snippet ends with an
error, as it does in Python, or is refused; else 3 if somewhere there is no
finite derivative, or with --strict if not all is verified; else 0.
"""

FORMATS = ("text", "json", "markdown")

File = Annotated[str, typer.Argument(metavar="FILE", help="The snippet; - reads it from standard input.")]
NoVerify = Annotated[bool, typer.Option("--no-verify", help="Run the snippet alone; no gradient is verified.")]
Trace = Annotated[bool, typer.Option("--trace", help="Show what each line made: its value and its grad_fn.")]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed",
        metavar="N",
        help="What random numbers start from, as torch.manual_seed does; from anywhere if nothing is said.",
        parser=options.whole("--seed", options.LARGEST_SEED, least=0),
    ),
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout", metavar="SECONDS", help="How long all gradients together may be verified.", parser=options.seconds
    ),
]
Format = Annotated[str | None, choice("--format", FORMATS, "How the report is written; text if nothing is said.")]


def run(
    file: File,
    no_verify: NoVerify = False,
    trace: Trace = False,
    seed: Seed = None,
    rtol: options.Rtol = None,
    atol: options.Atol = None,
    max_ulps: options.MaxUlps = None,
    strict: options.Strict = False,
    timeout: Timeout = 10.0,
    no_symbolic: options.NoSymbolic = False,
    max_operations: options.MaxOperations = MAX_OPERATIONS,
    format: Format = None,
    json: options.Json = False,
    output: options.Output = None,
    quiet: options.Quiet = False,
) -> ExitCode:
    """A PyTorch snippet: what it prints, and every backward verified.

    The snippet is a safe subset of Python over torch, numpy and math; nothing
    of it is run by Python itself. The report shows for each backward which
    gradients it added to which .grad, and whether they are right.
    """
    form = choose_format(format, json)
    check_output(output, quiet)
    source = read_source(file, output)

    # Only now, so that an error in the snippet does not wait for what drives the engines.
    from autogradcli.run.session import Wanted, exit_code, failure_error, run_alone, run_snippet
    from autogradcli.run.verify import Demands

    wanted = Wanted(seed, trace)
    demands = Demands(rtol, atol, max_ulps, not no_symbolic, timeout, max_operations)
    printed = io.StringIO()
    with open_output(None, quiet) as screen:
        alone = output is None and form != "text"
        write = _keeping(printed, None if alone else screen)
        ledger = run_alone(source, write, wanted) if no_verify else run_snippet(source, write, wanted, demands)
    ledger = replace(ledger, printed=printed.getvalue())
    if ledger.failure is not None:
        say(failure_error(ledger.failure, source).draw())
    with open_output(output, quiet) as place:
        place.write(_gap(printed.getvalue()) if form == "text" and output is None else "")
        place.write(_drawn(ledger, form, place))
    return exit_code(ledger, strict)


def read_source(file: str, output: str | None) -> Source:
    """The text of a snippet."""
    (stream,) = open_inputs([file], output)
    with stream:
        # A character takes up to four bytes; more than that is refused, and need not be read.
        data = stream.read(4 * MAX_LENGTH + 4)
    name = "standard input" if file == "-" else file
    try:
        return Source(data.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        raise GradcalcError("parse", f"{name} is not UTF-8: byte {error.start + 1}") from error


def _gap(printed: str) -> str:
    """What sets the report apart from what was printed before it: an empty line."""
    return "" if not printed else "\n" if printed.endswith("\n") else "\n\n"


def _keeping(printed: io.StringIO, screen: Output | None) -> Callable[[str], None]:
    """A way to print that keeps what it prints, and passes it on if there is somebody to read it."""

    def write(text: str) -> None:
        printed.write(text)
        if screen is not None:
            screen.write(text)

    return write


def _drawn(ledger: Ledger, form: str, place: Output) -> str:
    from autogradcli.render.json import draw_json
    from autogradcli.render.run.markdown import draw_markdown
    from autogradcli.render.run.text import draw_text

    if form == "json":
        return draw_json(ledger.to_dict())
    return draw_markdown(ledger) if form == "markdown" else draw_text(ledger, place.terminal)
