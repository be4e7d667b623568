"""`gradcalc batch`: JSON Lines in, JSON Lines out."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import typer

from autogradcli.cli import arguments as options
from autogradcli.cli.inputs import open_inputs
from autogradcli.cli.jobs import Jobs, Scheduler, executor
from autogradcli.cli.output import append_output
from autogradcli.cli.pipeline import Draw, LineAnswer, LineWork, Status, answer_of_lost, lines_of
from autogradcli.cli.progress import open_progress
from autogradcli.cli.resume import check_resumable, unfinished
from autogradcli.cli.writing import Endings, Writing
from autogradcli.compute.problem import BRIEF, Options
from autogradcli.errors import ExitCode
from autogradcli.processes.work import Executor, Lost
from autogradcli.render import report
from autogradcli.render.formats import Stream
from autogradcli.render.json import draw_json_line
from autogradcli.render.report import STREAMED

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
FORMATS = Endings(STREAMED, {".jsonl": "json", ".json": "json", ".csv": "csv", ".md": "markdown", ".tex": "latex"})
"""JSON Lines, or the rows of a table."""


def batch(
    *,
    files: Files = [],  # noqa: B006
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    resume: options.Resume = None,
    accuracy: options.Accuracy,
    computation: options.Computation,
    writing: Writing,
) -> ExitCode:
    """JSON Lines in, JSON Lines out: a report for each line.

    Reports come in the order of the lines, each as soon as it is done. A line
    is an object with "expression" and, as they are needed, "at", "wrt", "of",
    "upstream", "order", "claim", "id" and others: gradcalc explain json. A
    table in CSV is read as well: its columns are "expression" and variables. A
    line that makes no sense is answered by an "error", and the run goes on.
    """
    asked = replace(computation.options(accuracy), remedies=BRIEF)
    status = Status()
    form = writing.form(FORMATS)
    if resume is not None:
        check_resumable(resume, alone=writing.output is None and not writing.quiet and form == "json")
    inputs = open_inputs(files, writing.output or resume)
    with (
        append_output(resume) if resume else writing.open(form) as place,
        open_progress(inputs, place.stream) as advance,
    ):
        lines = lines_of(inputs)
        remaining = unfinished(lines, resume, status, asked) if resume else lines
        place.write(stream(form).begin)
        workers = executor(jobs, scheduler, computation.limits)
        with closing(run_lines(remaining, workers, asked, partial(draw_answer, form, writing))) as answers:
            for answer in answers:
                place.write(answer.text)
                status.add(answer)
                advance(answer.size)
        place.write(stream(form).end)
    return status.exit_code(accuracy.strict)


def stream(form: str) -> Stream:
    """How answers are written in one of `STREAMED`."""
    found = report.FORMATS[form].stream
    assert found is not None
    return found


def draw_answer(form: str, writing: Writing, answer: Mapping[str, Any]) -> str:
    """One answer."""
    return stream(form).draw(writing.shown(answer, form))


def run_lines(
    lines: Iterable[bytes], executor: Executor, options: Options, draw: Draw = draw_json_line
) -> Generator[LineAnswer, None, None]:
    """What came of each line, in order; each as soon as it and all before it are done."""
    begun: deque[bytes] = deque()

    def noted() -> Iterator[bytes]:
        for line in lines:
            begun.append(line)
            yield line

    for result in executor.run(partial(LineWork, options, draw), noted()):
        line = begun.popleft()
        yield answer_of_lost(line, result, options, draw) if isinstance(result, Lost) else result
