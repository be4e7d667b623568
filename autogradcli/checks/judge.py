"""Whether what is to hold does: the rules of a case, each asked of the report on each point."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autogradcli.checks.case import Case, CaseText, Expectation
from autogradcli.checks.claims import ClaimVerdict
from autogradcli.checks.describe import at, described
from autogradcli.checks.outcome import Failure, Outcome, Worst
from autogradcli.compute.report import Gradient, Report
from autogradcli.compute.ruling import MANY_ULPS
from autogradcli.compute.verdict import WORST_FIRST
from autogradcli.engines.opinions import Array, flat, shape
from autogradcli.errors import ExitCode
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.program import Program
from autogradcli.language.shapes import subscript, written

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
        """What came of the case, given the report on each of its points."""
        failures = [failure for report in reports for failure in self._failures(report)]
        failures += [self._failure(f"claim.{name}", each.message) for name, each in claims.items() if not each.passes]
        verdicts = Counter(report.verdict for report in reports)
        return Outcome(
            place=self.case.place,
            status="failed" if failures else "passed",
            failures=tuple(failures),
            verdicts={verdict: verdicts[verdict] for verdict in WORST_FIRST if verdict in verdicts},
            claims={name: each.status for name, each in claims.items()},
            worst=_worst(reports),
            seconds=seconds,
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
            yield from self._number(f"grad.{name}", report.gradients[name].autograd, formula, report)

    def _verdict(self, report: Report) -> Iterator[Failure]:
        stated = self.case.expected.verdicts
        if report.verdict in (stated or self.default):
            return
        gradient = next((name for name, each in report.gradients.items() if each.verdict == report.verdict), None)
        reason = None if gradient is None else report.gradients[gradient].reason
        said = f"{report.verdict}{_where(report)}"
        if stated:
            said += f", expected {' or '.join(stated)}"
        if reason is not None:
            said += f": {gradient}: {reason.message} ({reason.code})"
        broken = bool(stated) or report.verdict == "mismatch"
        yield self._failure("verdict", said, ExitCode.MISMATCH if broken else ExitCode.UNDEFINED)

    def _number(self, rule: str, found: Array, formula: Program, report: Report) -> Iterator[Failure]:
        """What torch gives beside what the case says."""
        from autogradcli.engines.arb.formulas import values

        wanted = values(formula, _point(report))
        sizes = shape(found)
        if shape(wanted) not in {(), sizes}:
            message = f"torch's shape is {written(sizes)}{_where(report)}, expected {written(shape(wanted))}"
            yield self._failure(rule, message)
            return
        pairs = zip(flat(found), _spread(wanted, math.prod(sizes)), strict=True)
        wrong = [
            (place, one, other)
            for place, (one, other) in enumerate(pairs)
            if not _near(one, other, _tolerance(self.case.expected, report))
        ]
        if wrong:
            place, one, other = max(wrong, key=lambda each: _distance(each[1], each[2]))
            yield self._failure(f"{rule}", _said(subscript(place, sizes), one, other, self.case.expected, report))

    def _failure(self, rule: str, message: str, code: ExitCode = ExitCode.MISMATCH) -> Failure:
        return Failure(rule, message, self.text.line(rule), code)


def _spread(wanted: Array, size: int) -> list[float]:
    """The components of what is expected; one number is expected of every component."""
    return flat(wanted) if shape(wanted) else [wanted] * size


def _tolerance(expected: Expectation, report: Report) -> float:
    dtype = next((variable.dtype for variable in report.variables.values()), "float64")
    return DTYPES[dtype].rtol if expected.tolerance is None else expected.tolerance


def _near(found: float, wanted: float, tolerance: float) -> bool:
    """Whether a number is what is expected: relative to that, or absolutely where 0 is expected."""
    if found == wanted:
        return True
    return abs(found - wanted) <= tolerance * (abs(wanted) or 1.0) and math.isfinite(wanted)


def _distance(found: float, wanted: float) -> float:
    distance = abs(found - wanted)
    return math.inf if math.isnan(distance) else distance


def _said(index: str, found: float, wanted: float, expected: Expectation, report: Report) -> str:
    where = f"{f' at {index}' if index else ''}{_where(report)}"
    if math.isnan(wanted):
        return f"torch gives {found!r}{where}, and what is expected has no value there"
    distance = f"off by {abs(found - wanted):.3g}, allowed {_tolerance(expected, report) * (abs(wanted) or 1.0):.3g}"
    return f"torch gives {found!r}{where}, expected {wanted!r} ({distance})"


def _where(report: Report) -> str:
    return at(_point(report))


def _point(report: Report) -> Mapping[str, Array]:
    return {name: each.value for name, each in report.variables.items()}


def _worst(reports: Sequence[Report]) -> Worst | None:
    """The gradient that is the most units in the last place from the truth."""
    found = [
        Worst(max(known), name, described(_point(report)), _rounded_off(gradient, max(known)))
        for report in reports
        for name, gradient in report.gradients.items()
        if (known := [each for each in flat(gradient.ulps) if each is not None])
    ]
    return max(found, key=lambda each: each.ulps, default=None)


def _rounded_off(gradient: Gradient, ulps: float) -> str:
    """How small the error of so many units in the last place is, if it is verified although digits differ."""
    found = gradient.rounded_off
    return "" if found is None or gradient.verdict != "verified" or not ulps > MANY_ULPS else found.sentence
