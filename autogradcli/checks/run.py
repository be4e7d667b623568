"""Many cases, through an executor."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import TypeAlias

from autogradcli.checks.case import CaseText
from autogradcli.checks.outcome import Outcome, unusable
from autogradcli.errors import GradcalcError
from autogradcli.processes.work import MEMORY, TIME, Executor, Lost, Make

CaseOrOutcome: TypeAlias = CaseText | Outcome
"""A case, or what is wrong with one."""


def run_cases(executor: Executor, make: Make, entries: Iterable[CaseOrOutcome]) -> Generator[Outcome, None, None]:
    """The outcome of each case, in order."""
    places: deque[CaseOrOutcome] = deque()

    def noted() -> Iterator[CaseOrOutcome]:
        for entry in entries:
            places.append(entry)
            yield entry

    for result in executor.run(make, noted()):
        entry = places.popleft()
        yield _lost(entry, result) if isinstance(result, Lost) else result


def _lost(entry: CaseOrOutcome, lost: Lost) -> Outcome:
    return unusable(entry.place, ENDS.get(lost.reason) or GradcalcError("lost", f"{ENDED}: {lost.reason}"))


ENDED = "the process that worked on this case ended twice"
ENDS = {
    TIME: GradcalcError("limit", "the case is out of time (GC506)", hint="type --timeout 60"),
    MEMORY: GradcalcError("limit", "the case is out of memory (GC507)", hint="type --max-memory 8GB"),
}
