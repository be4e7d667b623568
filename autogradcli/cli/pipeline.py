"""Lines to reports, as an executor takes them: each line is begun in all engines, and finished when SymPy is done."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from autogradcli.compute.compute import Pending, Session, error_of, salvaged
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import Report, failure
from autogradcli.compute.verdict import exit_code
from autogradcli.errors import ExitCode, GradcalcError, defect
from autogradcli.problems.jsonlines import Failure, identify, read_lines, read_problem
from autogradcli.processes.work import Lost

Draw = Callable[[Mapping[str, Any]], str]
"""Writes the object that answers a line; what is worked out in another process is drawn there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one line."""

    answer: str
    """The text that answers it."""
    verdicts: tuple[str, ...]
    """One for each gradient; none if the line made no sense."""
    failed: bool
    size: int
    """Bytes of the line."""


@dataclass(slots=True)
class Status:
    """What came of all lines so far."""

    verdicts: set[str] = field(default_factory=set)
    failed: bool = False

    def add(self, outcome: Outcome) -> None:
        """Take in one more line."""
        self.verdicts.update(outcome.verdicts)
        self.failed |= outcome.failed

    def exit_code(self, strict: bool = False) -> ExitCode:
        """1 for any mismatch; else 2 for any line that made no sense; else 3 as for one report; else 0."""
        code = exit_code(self.verdicts, strict)
        return ExitCode.USAGE if self.failed and code != ExitCode.MISMATCH else code


def lines_of(inputs: Iterable[BinaryIO]) -> Iterator[bytes]:
    """The lines of all inputs, one input after the other; GradcalcError if one cannot be read."""
    try:
        for stream in inputs:
            with stream:
                yield from read_lines(stream)
    except OSError as error:
        raise GradcalcError("file", f"the input cannot be read: {error.strerror}") from error


class LineWork:
    """From lines to what comes of them."""

    def __init__(self, options: Options, draw: Draw) -> None:
        self._options = options
        self._draw = draw
        self._session = Session(options.symbolic)

    def begin(self, line: bytes) -> "Entry":
        """Start the line's problem in all engines."""
        return _begin(line, self._session, self._options)

    def finish(self, entry: "Entry") -> Outcome:
        """Wait for the line's answer."""
        return _finish(entry, self._draw)

    def close(self) -> None:
        """End SymPy's process."""
        self._session.close()


def outcome_of_lost(line: bytes, lost: Lost, options: Options, draw: Draw) -> Outcome:
    """The outcome of a line that no process survived: a report of what was found, or else an error."""
    try:
        # Only a line that was read once can be read again without harm.
        problem = None if lost.part is None else read_problem(line, options)
        if isinstance(problem, Problem):
            return _reported(salvaged(problem, lost), len(line), draw)
        raise error_of(lost)
    except GradcalcError as error:
        return _failed(Failure(*identify(line), error), len(line), draw)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line on its way."""

    work: tuple[Problem, Pending] | Failure
    size: int
    """Bytes of the line."""


def _begin(line: bytes, session: Session, options: Options) -> Entry:
    """Start the line's problem in all engines."""
    problem = read_problem(line, options)
    if isinstance(problem, Failure):
        return Entry(problem, len(line))
    try:
        pending = session.start(problem)
        pending.evaluate()
    except Exception as error:
        return Entry(_failure(problem, error), len(line))
    return Entry((problem, pending), len(line))


def _finish(entry: Entry, draw: Draw) -> Outcome:
    """Wait for the line's answer."""
    if isinstance(entry.work, Failure):
        return _failed(entry.work, entry.size, draw)
    problem, pending = entry.work
    try:
        report = pending.report()
    except Exception as error:
        return _failed(_failure(problem, error), entry.size, draw)
    return _reported(report, entry.size, draw)


def _reported(report: Report, size: int, draw: Draw) -> Outcome:
    return Outcome(draw(report.to_object()), (report.verdict,), False, size)


def _failed(line: Failure, size: int, draw: Draw) -> Outcome:
    return Outcome(draw(failure(line.id, line.expression, line.error.to_dict())), (), True, size)


def _failure(problem: Problem, error: Exception) -> Failure:
    """What became of a problem; a defect of gradcalc itself must not take the other lines with it."""
    known = error if isinstance(error, GradcalcError) else defect(error)
    return Failure(problem.id, problem.program.source, known)
