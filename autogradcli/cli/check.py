"""`gradcalc check`: case files, for CI: what holds, what does not, and where."""

from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from autogradcli.checks.judge import LENIENT, STRICT
from autogradcli.checks.outcome import Outcome, exit_code
from autogradcli.checks.run import CaseOrOutcome, run_cases
from autogradcli.checks.work import CaseWork
from autogradcli.cli import arguments as options
from autogradcli.cli.inputs import check_apart
from autogradcli.cli.jobs import Jobs, Scheduler, executor
from autogradcli.cli.output import append_output, open_output
from autogradcli.cli.resume import check_resumable, done_cases
from autogradcli.cli.writing import Writing
from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.problems.cases.build import build_case
from autogradcli.problems.cases.read import find_case_files, read_cases
from autogradcli.processes.spare import stay_cold
from autogradcli.render.checks import FORMATS
from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.terminal import FILE

EXAMPLES = """\b
Examples:
  gradcalc check formulas.grad.toml
  gradcalc check tests/ --jobs 2 --only-failures --report junit=gradcalc.xml
  find . -name '*.grad.toml' | xargs gradcalc check --format github

\b
Exit status: 0 if all holds; 1 if a case fails; else 2 if a case makes no
sense; else 3 if somewhere there is no finite derivative, or with --strict if
not all is verified.
"""

Paths = Annotated[
    list[str], typer.Argument(metavar="FILE", help="Case files, or directories to be searched for *.grad.toml.")
]
Select = Annotated[
    str | None,
    typer.Option("--select", metavar="PATTERN", help="Only cases whose name has this in it, or matches it: 'log*'."),
]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Stop at the first case that does not pass.")]
OnlyFailures = Annotated[bool, typer.Option("--only-failures", help="Say nothing of the cases that pass.")]
Reports = Annotated[
    list[str],
    typer.Option("--report", metavar="FORMAT=FILE", help="Write a report to a file as well; repeatable."),
]


def check(
    *,
    paths: Paths,
    select: Select = None,
    fail_fast: FailFast = False,
    only_failures: OnlyFailures = False,
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    report: Reports = [],  # noqa: B006
    resume: options.Resume = None,
    accuracy: options.Accuracy,
    computation: options.Computation,
    writing: Writing,
) -> ExitCode:
    """Case files, for CI: pass or fail, and where.

    A case names an expression, a point or a sample of points, and what is to
    hold there: its value, its gradient, a derivative that you claim, a
    verdict. With nothing stated, autograd's gradient is to be right.
    """
    others = [_split_report(each) for each in report]
    asked = computation.options(accuracy)
    files = [file for path in paths for file in find_case_files(path)]
    check_apart(files, [writing.output, resume, *(path for _, path in others)])
    form = writing.form(FORMATS) if resume is None else _resumed(resume, writing)
    if any(map(_names_code, files)):
        stay_cold()
    make = partial(CaseWork, partial(build_case, options=asked), STRICT if accuracy.strict else LENIENT, asked.symbolic)
    entries: Iterator[CaseOrOutcome] = (
        entry for file in files for entry in read_cases(file) if _selected(entry, select)
    )
    found: list[Outcome] = []
    with append_output(resume) if resume else writing.open(form) as place:
        found += done_cases(entries, resume) if resume else []
        workers = executor(jobs, scheduler, computation.limits)
        with closing(run_cases(workers, make, entries)) as outcomes:
            noted = _noted(_until_failure(outcomes) if fail_fast else outcomes, found)
            for piece in FORMATS[form].render(Outcomes(noted, only_failures), place.terminal):
                place.write(piece)
    for name, path in others:
        with open_output(path) as place:
            place.write("".join(FORMATS[name].render(Outcomes(found, only_failures), FILE)))
    if not found:
        raise GradcalcError("usage", f"no case is called {select}" if select else "there are no cases")
    return exit_code({outcome.code for outcome in found})


def _resumed(path: str, writing: Writing) -> str:
    """The format of a file that a run goes on with: JSON Lines."""
    alone = writing.output is None and not writing.quiet and writing.form(FORMATS) in {"text", "jsonl"}
    check_resumable(path, alone)
    return "jsonl"


def _noted(outcomes: Iterable[Outcome], found: list[Outcome]) -> Iterator[Outcome]:
    for outcome in outcomes:
        found.append(outcome)
        yield outcome


def _until_failure(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """The outcomes up to and with the first that is none of success."""
    for outcome in outcomes:
        yield outcome
        if outcome.status != "passed":
            return


def _names_code(file: str) -> bool:
    """Whether a file may name functions of the user's; what cannot be read is told where it is read."""
    with suppress(OSError, ValueError):
        return b"function" in Path(file).read_bytes()
    return False


def _selected(entry: CaseOrOutcome, pattern: str | None) -> bool:
    """Whether a case is asked for; what is wrong with a file as a whole always is."""
    name = entry.place.name
    if pattern is None or not name:
        return True
    return pattern in name or fnmatchcase(name, pattern)


def _split_report(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise GradcalcError("usage", f"--report {text} names no file", hint="type --report junit=gradcalc.xml")
    return options.one_of("--report", FORMATS.names)(name), path
