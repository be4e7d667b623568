"""What came of cases, as formats take it: one after the other, with counts over all of them and the worst."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from autogradcli.checks.outcome import Outcome
from autogradcli.errors import ExitCode, visible

STATUSES = ("passed", "failed", "error")


@dataclass(slots=True)
class Summary:
    """What came of all cases so far."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    points: int = 0
    worst: Outcome | None = None
    """The case with the gradient that is farthest from the truth."""
    codes: set[ExitCode] = field(default_factory=set)

    def add(self, outcome: Outcome) -> Outcome:
        """Take in one more; given back as it is."""
        self.counts[outcome.status] += 1
        self.points += outcome.points
        self.codes.add(outcome.code)
        if outcome.worst and (self.worst is None or outcome.worst.ulps > _ulps(self.worst)):
            self.worst = outcome
        return outcome

    @property
    def cases(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    def sentence(self) -> str:
        """`3 cases at 5 points: 2 passed, 1 failed`."""
        said = [f"{count} {status}" for status, count in self.counts.items() if count and status != "error"]
        if self.counts["error"]:
            said.append(_counted(self.counts["error"], "error"))
        return f"{_counted(self.cases, 'case')} at {_counted(self.points, 'point')}: {', '.join(said) or 'nothing'}"

    def worst_case(self) -> str | None:
        """The farthest gradient in a sentence; None if there is none to speak of."""
        if self.worst is None or self.worst.worst is None:
            return None
        worst = self.worst.worst
        where = f" at {worst.point}" if worst.point else ""
        gradient = visible(f"the gradient of {self.worst.place.name}{where}")
        if worst.rounded_off:
            return f"worst: {gradient}, {worst.rounded_off}"
        return f"worst: {worst.ulps:.3g} ulp, {gradient}"


@dataclass(slots=True)
class Outcomes:
    """What came of cases, as they come; it can be gone through once."""

    found: Iterable[Outcome]
    only_failures: bool = False
    """Whether cases that pass are only counted, by the formats that leave them out."""
    summary: Summary = field(default_factory=Summary)
    """Of those that have come."""

    def __iter__(self) -> Iterator[Outcome]:
        return map(self.summary.add, self.found)

    def shown(self) -> Iterator[Outcome]:
        """Those that a reader wants to see; all of them are counted."""
        return (each for each in self if not (self.only_failures and each.status == "passed"))


def _ulps(outcome: Outcome) -> float:
    return outcome.worst.ulps if outcome.worst else -1.0


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
