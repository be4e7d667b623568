"""Counts over all cases, and the worst of them."""

from dataclasses import dataclass, field

from autogradcli.checks.outcome import Outcome
from autogradcli.errors import ExitCode

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
        return f"farthest from the truth: {worst.ulps:.3g} ulp, the gradient of {self.worst.place.name}{where}"


def _ulps(outcome: Outcome) -> float:
    return outcome.worst.ulps if outcome.worst else -1.0


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
