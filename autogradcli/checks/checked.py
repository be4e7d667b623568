"""The results for one problem: the report, the claims about its derivatives, the user's own code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autogradcli.compute.problem import Problem
from autogradcli.compute.report import Report, plain

if TYPE_CHECKING:
    from autogradcli.checks.claims import ClaimVerdict, PendingClaim
    from autogradcli.compute.compute import Pending, Session
    from autogradcli.processes.work import Lost


@dataclass(frozen=True, slots=True)
class Checked:
    """A report, and the results of the claims."""

    report: Report
    claims: "Mapping[str, ClaimVerdict]" = field(default_factory=dict)
    failures: Sequence[str] = ()
    """A sentence for each rule that does not hold."""

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values, with the claims if there are any."""
        return plain(self.to_object())  # type: ignore[no-any-return]

    def to_object(self) -> dict[str, Any]:
        """The same with the report's fields as they are."""
        return self.report.to_object() | ({"claims": dict(self.claims)} if self.claims else {})


@dataclass(frozen=True, slots=True)
class PendingCheck:
    """A problem on its way through the engines, with its claims."""

    problem: Problem
    report: "Pending"
    claims: "Mapping[str, PendingClaim]"

    def checked(self) -> Checked:
        """Wait for the result."""
        # The engines come with it: only where something is computed.
        from autogradcli.checks.describe import instead
        from autogradcli.checks.numbers import difference

        report = self.report.report()
        found = {name: each.verdict() for name, each in self.claims.items()}
        other = None if self.problem.function is None else difference(report.value, self.problem.program, report)
        failures = [] if other is None else [f"function: {other}"]
        failures += [
            f"claim.{name}: {each.message}{instead(name, each.status, report)}"
            for name, each in found.items()
            if not each.passes
        ]
        return Checked(report, found, failures)


def begin_check(session: "Session", problem: Problem) -> PendingCheck:
    """Start a problem and its claims in all engines."""
    # The engines come with it: only where something is computed.
    from autogradcli.checks.claims import begin_claims

    pending = session.start(problem)
    pending.evaluate()
    return PendingCheck(problem, pending, begin_claims(session, problem, [pending]))


def check(problem: Problem) -> Checked:
    """The report on a problem, whether its claims hold, and whether the user's code computes the expression."""
    # The process that asks for this is not the one that computes it, and does not wait for the engines.
    from autogradcli.compute.compute import Session

    with Session(problem.options.symbolic) as session:
        return begin_check(session, problem).checked()


def salvaged(problem: Problem, lost: "Lost") -> Checked:
    """The results found before the process of a problem ended; `unverified` if a limit left none.

    Raises GradcalcError if there are none because the process ended by itself.
    """
    # The engines come with it: only where something is computed.
    from autogradcli.checks.claims import ClaimVerdict
    from autogradcli.compute import compute

    untold = ClaimVerdict("untold", f"it could not be told: {lost.reason}")
    failures = [f"claim.{name}: {untold.message}" for name in problem.claims]
    early = lost.part is None and lost.reason in compute.ENDED_EARLY
    report = compute.nothing_found(problem, lost) if early else compute.salvaged(problem, lost)
    return Checked(report, dict.fromkeys(problem.claims, untold), failures)
