"""What `eval` is to hold beside the verdict: claims about derivatives, and the value of the user's own code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from autogradcli.checks.case import Case, CaseText, Expectation, Place
from autogradcli.checks.claims import ClaimText, ClaimVerdict, PendingClaim
from autogradcli.checks.judge import Judge
from autogradcli.cli.jobs import within
from autogradcli.compute.compute import Session, salvaged
from autogradcli.compute.problem import Problem
from autogradcli.compute.report import Report, plain
from autogradcli.compute.verdict import WORST_FIRST
from autogradcli.errors import visible
from autogradcli.processes.limits import Limits
from autogradcli.processes.work import Lost

SAID = {
    "proved": "proved: SymPy finds no difference to the derivative, and balls find none at any point looked at",
    "holds": "holds: equal to a hundred digits here, and at no point looked at is there a difference",
    "nearby": "holds: here there is no derivative; equal to a hundred digits nearby, and nowhere looked at different",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A report, and what came of what was to hold."""

    report: Report
    claims: Mapping[str, ClaimVerdict]
    failures: Sequence[str]
    """A sentence for each rule that does not hold."""

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values, with the claims if there are any."""
        claims = {name: plain(each) for name, each in self.claims.items()}
        return self.report.to_dict() | ({"claims": claims} if claims else {})

    def lines(self) -> list[str]:
        """What is said below the report."""
        passed = {name: each for name, each in self.claims.items() if each.passes}
        said = [
            f"claim    {visible(n)}: {SAID['nearby' if each.nearby else each.status]}" for n, each in passed.items()
        ]
        return said + [f"failed   {visible(failure)}" for failure in self.failures]


def hold(problem: Problem) -> Held:
    """The report on a problem, and whether the claims hold."""
    with Session(problem.symbolic) as session:
        pending = session.start(problem)
        begun = {
            name: PendingClaim(session, problem, ClaimText(name, formula), [pending])
            for name, formula in problem.claims.items()
        }
        report = pending.report()
        found = {name: each.verdict() for name, each in begun.items()}
    place = Place("", "", 0)
    case = Case(place, (problem,), Expectation())
    outcome = Judge(CaseText(place, {}, {}), case, WORST_FIRST).outcome([report], found, 0.0)
    return Held(report, found, [f"{each.rule}: {each.message}" for each in outcome.failures])


def held_within(limits: Limits, problem: Problem) -> Held:
    """The same in a process of its own; of what goes beyond the limits as much as was found."""
    found = within(limits, partial(hold, problem))
    if not isinstance(found, Lost):
        return found
    untold = ClaimVerdict("untold", f"it could not be told: {found.reason}")
    failures = [f"claim.{name}: {untold.message}" for name in problem.claims]
    return Held(salvaged(problem, found), dict.fromkeys(problem.claims, untold), failures)
