"""Lines to reports, as an executor takes them: each line is begun in all engines, and finished when SymPy is done."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from autogradcli.checks.checked import Checked, PendingCheck, begin_check, salvaged
from autogradcli.checks.wording import in_fields
from autogradcli.compute.compute import Session, error_of
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import failure
from autogradcli.compute.verdict import exit_code
from autogradcli.errors import ExitCode, GradcalcError, defect
from autogradcli.problems.jsonlines import BadLine, identify, read_problem
from autogradcli.problems.tables import problem_lines
from autogradcli.processes.work import Lost

Draw = Callable[[Mapping[str, Any]], str]
"""Writes the object that answers a line; what is worked out in another process is drawn there."""


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What came of one line."""

    text: str
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

    def add(self, answer: LineAnswer) -> None:
        """Take in one more line."""
        self.verdicts.update(answer.verdicts)
        self.failed |= answer.failed

    def exit_code(self, strict: bool = False) -> ExitCode:
        """1 for any mismatch; else 2 for any line that made no sense; else 3 as for one report; else 0."""
        code = exit_code(self.verdicts, strict)
        return ExitCode.USAGE if self.failed and code != ExitCode.MISMATCH else code


def lines_of(inputs: Iterable[BinaryIO]) -> Iterator[bytes]:
    """The lines of all inputs, one input after the other; raises GradcalcError if one cannot be read."""
    try:
        for stream in inputs:
            with stream:
                yield from problem_lines(stream)
    except OSError as error:
        raise GradcalcError("file", f"the input cannot be read: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class BegunLine:
    """A line on its way."""

    work: tuple[Problem, PendingCheck] | BadLine
    size: int
    """Bytes of the line."""


class LineWork:
    """From lines to their answers."""

    def __init__(self, options: Options, draw: Draw) -> None:
        self._options = options
        self._draw = draw
        self._session = Session(options.symbolic)

    def begin(self, line: bytes) -> BegunLine:
        """Start the line's problem in all engines."""
        problem = read_problem(line, self._options)
        if isinstance(problem, BadLine):
            return BegunLine(problem, len(line))
        try:
            pending = begin_check(self._session, problem)
        except Exception as error:
            return BegunLine(_failed(problem, error), len(line))
        return BegunLine((problem, pending), len(line))

    def finish(self, begun: BegunLine) -> LineAnswer:
        """Wait for the line's answer."""
        if isinstance(begun.work, BadLine):
            return _error(begun.work, begun.size, self._draw)
        problem, pending = begun.work
        try:
            checked = pending.checked()
        except Exception as error:
            return _error(_failed(problem, error), begun.size, self._draw)
        return _answer(checked, begun.size, self._draw)

    def close(self) -> None:
        """End SymPy's process."""
        self._session.close()


def answer_of_lost(line: bytes, lost: Lost, options: Options, draw: Draw) -> LineAnswer:
    """The answer to a line that no process survived: a report of what was found, or else an error."""
    try:
        # Only a line that was read once can be read again without harm.
        problem = None if lost.part is None else read_problem(line, options)
        if isinstance(problem, Problem):
            return _answer(salvaged(problem, lost), len(line), draw)
        raise error_of(lost)
    except GradcalcError as error:
        return _error(BadLine(*identify(line), error), len(line), draw)


def _answer(checked: Checked, size: int, draw: Draw) -> LineAnswer:
    verdicts = (checked.report.verdict, *(["mismatch"] if checked.failures else []))
    return LineAnswer(draw(checked.to_object()), verdicts, False, size)


def _error(line: BadLine, size: int, draw: Draw) -> LineAnswer:
    return LineAnswer(draw(failure(line.id, line.expression, in_fields(line.error).to_dict())), (), True, size)


def _failed(problem: Problem, error: Exception) -> BadLine:
    """What became of a problem; a defect of gradcalc itself must not take the other lines with it."""
    known = error if isinstance(error, GradcalcError) else defect(error)
    return BadLine(problem.id, problem.program.source, known)
