"""A problem with all that is to hold of it: the report, the claims about its derivatives, the user's own code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autogradcli.compute.problem import Problem
from autogradcli.compute.report import Report, plain

if TYPE_CHECKING:
    from autogradcli.checks.claims import ClaimVerdict
    from autogradcli.processes.work import Lost


@dataclass(frozen=True, slots=True)
class Checked:
    """A report, and what came of what was to hold."""

    report: Report
    claims: "Mapping[str, ClaimVerdict]" = field(default_factory=dict)
    failures: Sequence[str] = ()
    """A sentence for each rule that does not hold."""

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values, with the claims if there are any."""
        claims = {name: plain(each) for name, each in self.claims.items()}
        return self.report.to_dict() | ({"claims": claims} if claims else {})


def check(problem: Problem) -> Checked:
    """The report on a problem, and whether its claims hold, and the user's code is what the expression says."""
    # The process that asks for this is not the one that computes it, and does not wait for the engines.
    from autogradcli.checks.claims import begin_claims
    from autogradcli.checks.numbers import difference
    from autogradcli.compute.compute import Session

    with Session(problem.options.symbolic) as session:
        pending = session.start(problem)
        claims = begin_claims(session, problem, [pending])
        report = pending.report()
        found = {name: each.verdict() for name, each in claims.items()}
    other = None if problem.function is None else difference(report.value, problem.program, report)
    failures = [] if other is None else [f"function: {other}"]
    failures += [f"claim.{name}: {each.message}" for name, each in found.items() if not each.passes]
    return Checked(report, found, failures)


def salvaged(problem: Problem, lost: "Lost") -> Checked:
    """What had been found when the process ended that checked a problem. GradcalcError if that was nothing."""
    from autogradcli.checks.claims import ClaimVerdict
    from autogradcli.compute import compute

    untold = ClaimVerdict("untold", f"it could not be told: {lost.reason}")
    failures = [f"claim.{name}: {untold.message}" for name in problem.claims]
    return Checked(compute.salvaged(problem, lost), dict.fromkeys(problem.claims, untold), failures)
