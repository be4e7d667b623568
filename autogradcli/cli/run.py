"""`gradcalc run`: any PyTorch program, run by Python as it stands; every `backward` in it is verified."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, TextIO

import typer

from autogradcli.cli import arguments as options
from autogradcli.cli.output import Output, say
from autogradcli.cli.progress import counting
from autogradcli.cli.writing import Writing
from autogradcli.compute.problem import Options
from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.language.tape import MAX_OPERATIONS
from autogradcli.processes.limits import MAX_MEMORY
from autogradcli.programs.target import PythonProgram, Target, load
from autogradcli.render.programs import FORMATS

EXAMPLES = """\b
Examples:
  gradcalc run train.py --epochs 3
  gradcalc run --format json -o ledger.json -m package.train
  gradcalc run notebook.ipynb

\b
The program is run, as `python` would run it: it can do whatever it could do
there. Options of gradcalc stand before it, and all that stands after it is
its own. Its output goes where it always goes; the report goes to standard
error, or to the file that -o names; -o nan.pt keeps what went into the first
number that is not finite, and the report says how to look at it again. With
--format json or markdown and no -o the report is standard output, and what
the program prints goes to standard error.

\b
Exit status: 1 if a gradient is wrong; else 2 if the program fails (an
uncaught exception, or sys.exit with anything but 0); else 3 if somewhere
there is no finite derivative, or with --strict if not all is verified; else
0. After Ctrl-C it is 130, with the report of what was verified.
"""


File = Annotated[
    str | None,
    typer.Argument(metavar="PROGRAM", help="The program: a file, a notebook, or - for standard input."),
]
Arguments = Annotated[
    list[str] | None, typer.Argument(metavar="ARGS", help="What stands after it: the program's own arguments.")
]
Module = Annotated[
    str | None,
    typer.Option("--module", "-m", metavar="MODULE", help="Run a module, as python -m does; ARGS come after it."),
]
Code = Annotated[
    str | None, typer.Option("--code", "-c", metavar="CODE", help="Run code, as python -c does; ARGS come after it.")
]
NoVerify = Annotated[bool, typer.Option("--no-verify", help="Run the program alone; no gradient is verified.")]
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
MaxMemory = Annotated[
    int, options.memory("How much memory the verification may take beyond what the program holds: 2GB, 500MB.")
]
NoSymbolic = Annotated[bool, typer.Option("--no-symbolic", help="Leave SymPy out.")]
MaxOperations = Annotated[
    int,
    typer.Option(
        "--max-operations",
        metavar="N",
        help="Prove nothing about more scalar operations than this.",
        parser=options.whole("--max-operations", options.MOST_OPERATIONS),
    ),
]
Passes = Annotated[
    str,
    typer.Option(
        "--passes",
        metavar="WHICH",
        help="Which passes of each line are verified: first, all or N; else 1st, 2nd, 4th …, last, and all with NaN.",
        parser=lambda text: _passes(str(text)),
    ),
]
Surrogate = Annotated[
    list[str],
    typer.Option(
        "--surrogate",
        metavar="NAME",
        help="A function whose backward differs from the derivative on purpose; repeatable.",
    ),
]
WatchAlone = Annotated[
    bool, typer.Option("--watch", help="Verify nothing: look for the first number that is not finite, for long runs.")
]
StopAtNan = Annotated[
    bool, typer.Option("--stop-at-nan", help="End the program where a loss or a gradient stops being finite.")
]


def run(
    *,
    context: typer.Context,
    file: File = None,
    arguments: Arguments = None,
    module: Module = None,
    code: Code = None,
    no_verify: NoVerify = False,
    watch: WatchAlone = False,
    stop_at_nan: StopAtNan = False,
    trace: Trace = False,
    passes: Passes = "some",
    surrogate: Surrogate = [],  # noqa: B006
    seed: Seed = None,
    timeout: Timeout = 10.0,
    max_memory: MaxMemory = MAX_MEMORY,
    no_symbolic: NoSymbolic = False,
    max_operations: MaxOperations = MAX_OPERATIONS,
    accuracy: options.Accuracy,
    writing: Writing,
) -> ExitCode:
    """Any PyTorch program, run by Python, every backward verified.

    The report shows for each backward which gradients it added to which .grad,
    and whether they are right.
    """
    writing, keep = _kept_apart(writing)
    form = writing.form(FORMATS)
    target = choose_target(file, module, code, arguments or [])
    _note_misplaced(target, context)
    program = compiled(target)
    if program is None:
        return ExitCode.USAGE

    # A program with a syntax error waits for nothing of this.
    from autogradcli.programs.demands import Demands
    from autogradcli.programs.session import Wanted, exit_code, ledger_of, run_alone, unwatched, watch_program

    wanted = Wanted(seed, trace, "none" if watch else passes, stop_at_nan)
    demanded = (accuracy.rtol, accuracy.atol, accuracy.max_ulps)
    asked = Options("float64", *demanded, not no_symbolic, timeout, max_operations=max_operations)
    demands = Demands(asked, memory=max_memory, surrogates=tuple(surrogate), keep=keep)
    document = writing.output is None and form != "text" and not writing.quiet
    printed = io.StringIO()
    with _place(writing, form) as place:
        around = partial(to_standard_error, printed) if document else contextlib.nullcontext
        seen = run_alone(program, wanted, around) if no_verify else watch_program(program, wanted, around)
        if seen.ending.child:
            os._exit(seen.ending.status)
        if no_verify:
            ledger = unwatched(program, seen)
        else:
            with counting("passes verified") as advance:
                ledger = ledger_of(program, seen, demands, advance)
        ledger = replace(ledger, printed=printed.getvalue() if document else None)
        if not (no_verify and form == "text" and writing.output is None):
            place.write(FORMATS[form].render(writing.shown(ledger, form), place.terminal))
    return exit_code(ledger, accuracy.strict)


def _kept_apart(writing: Writing) -> tuple[Writing, str | None]:
    """Where the report goes, and a file `nan.pt` that is no report: what went into the first NaN."""
    if writing.output is None or not writing.output.endswith(".pt"):
        return writing, None
    writing.check_place(FORMATS)
    return replace(writing, output=None), writing.output


def _passes(text: str) -> str:
    if text in {"first", "all", "some"} or (text.isdigit() and int(text) > 0):
        return text
    hint = "it can be first, all or a number of passes"
    raise GradcalcError("usage", f"--passes cannot be {text}", hint=hint)


def choose_target(file: str | None, module: str | None, code: str | None, arguments: Sequence[str]) -> Target:
    """What is to be run; raises GradcalcError if nothing is, or two things are."""
    rest = tuple(arguments)
    if module is not None or code is not None:
        rest = rest if file is None else (file, *rest)
        if module is not None and code is not None:
            raise GradcalcError("usage", "-m and -c are both given", hint="leave one of them out")
        return Target(module, "module", module, rest) if module is not None else Target("-c", "code", code or "", rest)
    if file is None:
        raise GradcalcError(
            "usage", "PROGRAM is missing", hint="type gradcalc run program.py, or -m MODULE, or -c CODE"
        )
    if file == "-":
        return Target("standard input", "stdin", "-", rest)
    if file.startswith("-") and not os.path.exists(file):
        hint = "for code type -c CODE" if file in {"-e", "-p"} else "see gradcalc run --help"
        raise GradcalcError("usage", f"run has no option {file}", hint=hint)
    return Target(file, "notebook" if file.endswith(".ipynb") else "file", file, rest)


def compiled(target: Target) -> PythonProgram | None:
    """The program; None if it does not compile, which is said as Python says it."""
    try:
        return load(target)
    except SyntaxError as error:
        # Only where a program is run; most of it imports torch.
        from autogradcli.programs.runner import show_syntax_error

        show_syntax_error(error)
    except (ValueError, UnicodeDecodeError) as error:
        say(f"error: {target.name}: {error}")
    return None


def _note_misplaced(target: Target, context: typer.Context) -> None:
    """A note if an option of gradcalc stands after the program, where it is the program's."""
    known = {name for parameter in context.command.params for name in parameter.opts if name.startswith("--")}
    for word in target.arguments:
        if word.partition("=")[0] in known:
            where = f"options of gradcalc stand before {target.name}"
            say(f"note: {word} stands after the program and is given to it: {where}")
            return


@contextmanager
def _place(writing: Writing, form: str) -> Iterator[Output]:
    """Where the report goes; a document that goes to standard output finds it as it was before the program ran."""
    if writing.quiet or writing.output not in {None, "-"} or form != "text":
        with writing.open(form) as place:
            yield place
    else:
        yield Output("standard error", sys.stderr, writing.color, for_people=True)


@contextmanager
def to_standard_error(printed: TextIO | None = None) -> Iterator[None]:
    """A context in which what is printed goes to standard error, by child processes as well; `printed` keeps it."""
    before = sys.stdout
    sys.stdout = sys.stderr if printed is None else _Copied(sys.stderr, printed)
    descriptors = _descriptors(before)
    kept = os.dup(1) if descriptors else None
    if kept is not None:
        before.flush()
        os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout = before
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


class _Copied:
    """A stream of which a copy is kept."""

    def __init__(self, stream: TextIO, copy: TextIO) -> None:
        self._stream, self._copy = stream, copy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write to both, as long as the copy is not large."""
        if self._copy.tell() < MOST_PRINTED:
            self._copy.write(text)
        return self._stream.write(text)


MOST_PRINTED = 1_000_000
"""Characters of what a program prints that a report holds."""


def _descriptors(stream: Any) -> bool:
    """Whether a stream is the process's own standard output."""
    try:
        return bool(stream.fileno() == 1)
    except (OSError, ValueError, AttributeError):
        return False
