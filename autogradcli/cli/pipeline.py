"""Lines to reports, in order, with several problems on their way at once.

While torch works on one problem, SymPy's process works on the next ones: a window of problems is begun before the
oldest is waited for. A thread reads ahead, so that finished reports come out while the input stands still.
"""

import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from autogradcli.compute.compute import Pending, Session
from autogradcli.compute.problem import Problem
from autogradcli.compute.report import failure
from autogradcli.compute.verdict import exit_code
from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.sources.jsonlines import Failure, read_lines, read_problem
from autogradcli.sources.settings import Settings

WINDOW = 32
"""Problems that are on their way at once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one line."""

    answer: dict[str, Any]
    """The JSON object that answers it."""
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


def run_pipeline(inputs: Iterable[BinaryIO], session: Session, settings: Settings) -> Iterator[Outcome]:
    """The outcome of every line, in order; each as soon as it and all before it are done."""
    lines = _Lines(inputs)
    window: deque[_Entry] = deque()
    while window or not lines.ended:
        line = lines.take(wait=not window) if len(window) < WINDOW else None
        if line is not None:
            window.append(_begin(line, session, settings))
        elif window:
            yield _finish(window.popleft())


class _Lines:
    """The lines of all inputs, read ahead by a thread."""

    def __init__(self, inputs: Iterable[BinaryIO]) -> None:
        self.ended = False
        self._queue: queue.Queue[bytes | Exception | None] = queue.Queue(2 * WINDOW)
        threading.Thread(target=self._read, args=(inputs,), daemon=True).start()

    def _read(self, inputs: Iterable[BinaryIO]) -> None:
        try:
            for stream in inputs:
                with stream:
                    for line in read_lines(stream):
                        self._queue.put(line)
            self._queue.put(None)
        except Exception as error:  # whatever it is, the caller must not wait for lines that will never come
            self._queue.put(error)

    def take(self, wait: bool) -> bytes | None:
        """The next line; None at the end, or if there is none yet and the caller does not want to wait for it."""
        if self.ended:
            return None
        try:
            line = self._queue.get(block=wait)
        except queue.Empty:
            return None
        if isinstance(line, OSError):
            raise GradcalcError("file", f"the input cannot be read: {line.strerror}") from line
        if isinstance(line, Exception):
            raise line
        self.ended = line is None
        return line


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line on its way."""

    work: tuple[Problem, Pending] | Failure
    size: int
    """Bytes of the line."""


def _begin(line: bytes, session: Session, settings: Settings) -> _Entry:
    """Start the line's problem in all engines."""
    problem = read_problem(line, settings)
    if isinstance(problem, Failure):
        return _Entry(problem, len(line))
    try:
        pending = session.start(problem)
        pending.evaluate()
    except Exception as error:
        return _Entry(_failure(problem, error), len(line))
    return _Entry((problem, pending), len(line))


def _finish(entry: _Entry) -> Outcome:
    """Wait for the line's answer."""
    if isinstance(entry.work, Failure):
        return _failed(entry.work, entry.size)
    problem, pending = entry.work
    try:
        report = pending.report()
    except Exception as error:
        return _failed(_failure(problem, error), entry.size)
    verdicts = tuple(gradient.verdict for gradient in report.gradients.values())
    return Outcome(report.to_dict(), verdicts, False, entry.size)


def _failed(line: Failure, size: int) -> Outcome:
    return Outcome(failure(line.id, line.expression, line.error.to_dict()), (), True, size)


def _failure(problem: Problem, error: Exception) -> Failure:
    """What became of a problem; a defect of gradcalc itself must not take the other lines with it."""
    if not isinstance(error, GradcalcError):
        hint = "this is a defect of gradcalc: please report it"
        error = GradcalcError("internal", f"{type(error).__name__}: {error}", hint=hint)
    return Failure(problem.id, problem.program.source, error)
