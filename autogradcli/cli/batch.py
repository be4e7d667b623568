"""`gradcalc batch`: JSON Lines in, JSON Lines out."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import Annotated, Any

import typer

from autogradcli.cli import arguments as options
from autogradcli.cli.arguments import choice
from autogradcli.cli.inputs import open_inputs
from autogradcli.cli.jobs import Jobs, Scheduler, executor
from autogradcli.cli.output import append_output, open_output
from autogradcli.cli.pipeline import Answer, Draw, LineWork, Status, answer_of_lost, lines_of
from autogradcli.cli.progress import open_progress
from autogradcli.cli.resume import check_resumable, unfinished
from autogradcli.compute.problem import BRIEF, Options
from autogradcli.errors import ExitCode
from autogradcli.language.tape import MAX_OPERATIONS
from autogradcli.processes.limits import MAX_MEMORY, TIMEOUT, Limits
from autogradcli.processes.work import Executor, Lost
from autogradcli.render.formats import Stream
from autogradcli.render.json import draw_json_line
from autogradcli.render.report import FORMATS, STREAMED

EXAMPLES = """\b
Examples:
  echo '{"expression": "x**y", "at": {"x": 2, "y": "pi/4"}}' | gradcalc batch
  gradcalc batch cases.jsonl -o reports.jsonl
  tail -f queue.jsonl | gradcalc batch --dtype float32 --no-symbolic

\b
Exit status, over all lines: 1 if a gradient is wrong; else 2 if a line makes
no sense; else 3 if there is somewhere no finite derivative, or with --strict
if not all is verified; else 0.
"""

Files = Annotated[
    list[str], typer.Argument(metavar="FILE", help="Files of lines; standard input if there is none, or for -.")
]


Format = Annotated[
    str | None, choice("--format", STREAMED, "How the answers are written; JSON Lines if nothing is said.")
]


def batch(
    files: Files = [],  # noqa: B006
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    dtype: options.DtypeOption = "float64",
    rtol: options.Rtol = None,
    atol: options.Atol = None,
    max_ulps: options.MaxUlps = None,
    strict: options.Strict = False,
    timeout: options.Timeout = TIMEOUT,
    max_memory: options.MaxMemory = MAX_MEMORY,
    no_symbolic: options.NoSymbolic = False,
    seed: options.Seed = 0,
    max_operations: options.MaxOperations = MAX_OPERATIONS,
    format: Format = None,
    output: options.Output = None,
    resume: options.Resume = None,
    quiet: options.Quiet = False,
) -> ExitCode:
    """JSON Lines in, JSON Lines out: a report for each line.

    Reports come in the order of the lines, each as soon as it is done. A line
    is an object with "expression" and, as they are needed, "at", "wrt", "of",
    "id", "upstream", "dtype", "rtol", "atol", "max_ulps". A line that makes no
    sense is answered by an "error", and the run goes on. Blank lines are skipped.
    """
    asked = Options(
        dtype,
        rtol,
        atol,
        max_ulps,
        symbolic=not no_symbolic,
        timeout=timeout,
        seed=seed,
        max_operations=max_operations,
        remedies=BRIEF,
    )
    status = Status()
    form = format or "json"
    if resume is not None:
        check_resumable(resume, alone=output is None and not quiet and form == "json")
    inputs = open_inputs(files, output or resume)
    with (
        append_output(resume) if resume else open_output(output, quiet) as place,
        open_progress(inputs, place.stream) as advance,
    ):
        lines = lines_of(inputs)
        remaining = unfinished(lines, resume, status, asked) if resume else lines
        place.write(stream(form).begin)
        workers = executor(jobs, scheduler, Limits(timeout, max_memory))
        with closing(run_lines(remaining, workers, asked, partial(draw_answer, form))) as answers:
            for answer in answers:
                place.write(answer.text)
                status.add(answer)
                advance(answer.size)
        place.write(stream(form).end)
    return status.exit_code(strict)


def stream(form: str) -> Stream:
    """How answers are written in one of `STREAMED`."""
    found = FORMATS[form].stream
    assert found is not None
    return found


def draw_answer(form: str, answer: Mapping[str, Any]) -> str:
    """One answer."""
    return stream(form).draw(answer)


def run_lines(
    lines: Iterable[bytes], executor: Executor, options: Options, draw: Draw = draw_json_line
) -> Generator[Answer, None, None]:
    """What came of each line, in order; each as soon as it and all before it are done."""
    begun: deque[bytes] = deque()

    def noted() -> Iterator[bytes]:
        for line in lines:
            begun.append(line)
            yield line

    for result in executor.run(partial(LineWork, options, draw), noted()):
        line = begun.popleft()
        yield answer_of_lost(line, result, options, draw) if isinstance(result, Lost) else result
