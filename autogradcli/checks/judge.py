"""Whether the rules of a case hold: each is checked against the report on each point."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autogradcli.checks.case import Case, CaseText
from autogradcli.checks.claims import ClaimVerdict
from autogradcli.checks.describe import at, described, instead
from autogradcli.checks.numbers import difference, point
from autogradcli.checks.outcome import Failure, Outcome, Worst
from autogradcli.compute.gradients import MANY_ULPS
from autogradcli.compute.report import Gradient, Report
from autogradcli.compute.verdict import WORST_FIRST
from autogradcli.engines.results import Array, flat
from autogradcli.errors import ExitCode
from autogradcli.language.program import Program

LENIENT = tuple(verdict for verdict in WORST_FIRST if verdict not in {"mismatch", "undefined"})
"""The verdicts that are allowed where none are stated."""
STRICT = ("verified",)


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules of one case."""

    text: CaseText
    case: Case
    default: Sequence[str]
    """The verdicts that are allowed where the case states none: `LENIENT` or `STRICT`."""

    def outcome(self, reports: Sequence[Report], claims: Mapping[str, ClaimVerdict], seconds: float) -> Outcome:
        """The outcome of the case, given the report on each of its points."""
        failures = [failure for report in reports for failure in self._failures(report)]
        failures += [
            self._failure(f"claim.{name}", each.message + instead(name, each.status, reports[0]))
            for name, each in claims.items()
            if not each.passes
        ]
        verdicts = Counter(report.verdict for report in reports)
        return Outcome(
            place=self.case.place,
            status="failed" if failures else "passed",
            failures=tuple(failures),
            verdicts={verdict: verdicts[verdict] for verdict in WORST_FIRST if verdict in verdicts},
            claims={name: each.status for name, each in claims.items()},
            worst=_worst(reports),
            seconds=seconds,
            remarks=self.case.problems[0].remarks,
        )

    def _failures(self, report: Report) -> Iterator[Failure]:
        expected = self.case.expected
        yield from self._verdict(report)
        problem = self.case.problems[0]
        if problem.function is not None:
            yield from self._number("function", report.value, problem.program, report)
        if expected.value is not None:
            yield from self._number("value", report.value, expected.value, report)
        for name, formula in expected.grad.items():
            yield from self._number(f"grad.{name}", report.gradients[name].number, formula, report)
        for path, formula in expected.further.items():
            try:
                found = report.at(path).number
            except KeyError:
                message = "the report has no such derivative: type hessian.x.y for that of tensors, and see order"
                yield self._failure(".".join(path), message)
                continue
            yield from self._number(".".join(path), found, formula, report)

    def _verdict(self, report: Report) -> Iterator[Failure]:
        stated = self.case.expected.verdicts
        if report.verdict in (stated or self.default):
            return
        found = report.findings()
        gradient = next((name for name, each in found.items() if each.verdict == report.verdict), None)
        reason = None if gradient is None else found[gradient].reason
        said = f"{report.verdict}{at(point(report))}"
        if stated:
            said += f", expected {' or '.join(stated)}"
        if reason is not None:
            said += f": {gradient}: {reason.message} ({reason.code})"
        broken = bool(stated) or report.verdict == "mismatch"
        yield self._failure("verdict", said, ExitCode.MISMATCH if broken else ExitCode.UNDEFINED)

    def _number(self, rule: str, found: Array, formula: Program, report: Report) -> Iterator[Failure]:
        """What torch gives beside what the case says."""
        message = difference(found, formula, report, self.case.expected.tolerance)
        if message is not None:
            yield self._failure(rule, message)

    def _failure(self, rule: str, message: str, code: ExitCode = ExitCode.MISMATCH) -> Failure:
        return Failure(rule, message, self.text.line(rule), code)


def _worst(reports: Sequence[Report]) -> Worst | None:
    """The gradient that is the most units in the last place from the truth."""
    found = [
        Worst(max(known), name, described(point(report)), _rounded_off(gradient, max(known)))
        for report in reports
        for name, gradient in report.findings().items()
        if (known := [each for each in flat(gradient.ulps) if each is not None])
    ]
    return max(found, key=lambda each: each.ulps, default=None)


def _rounded_off(gradient: Gradient, ulps: float) -> str:
    """How small the error of so many units in the last place is, if it is verified although digits differ."""
    found = gradient.rounded_off
    return "" if found is None or gradient.verdict != "verified" or not ulps > MANY_ULPS else found.sentence
