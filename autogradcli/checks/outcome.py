"""The outcome of a case, as plain data that pickles and serialises."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autogradcli.checks.case import CasePlace
from autogradcli.compute.report import plain
from autogradcli.errors import ExitCode, GradcalcError


@dataclass(frozen=True, slots=True)
class Failure:
    """One rule that does not hold."""

    rule: str
    """The key of the case that states it: `verdict`, `value`, `grad.x`, `claim.x`."""
    message: str
    """One sentence with the numbers."""
    line: int
    """Where the rule stands, or else the case."""
    code: ExitCode
    """The exit status that it asks for: UNDEFINED where mathematics has no derivative, else MISMATCH."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The gradient of a case that is farthest from the truth."""

    ulps: float
    variable: str
    point: str
    rounded_off: str = ""
    """How small the error is, where it is verified although digits differ."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one case."""

    place: CasePlace
    status: str
    """`passed`, `failed`, or `error` for a case that makes no sense or could not be computed."""
    failures: tuple[Failure, ...] = ()
    error: Mapping[str, Any] | None = None
    """As from `GradcalcError.to_dict`, with the `source` that its span is in."""
    verdicts: Mapping[str, int] = field(default_factory=dict)
    """At how many points there was each verdict."""
    claims: Mapping[str, str] = field(default_factory=dict)
    """For each claim `proved`, `holds`, `wrong` or `untold`."""
    worst: Worst | None = None
    seconds: float = 0.0
    remarks: tuple[str, ...] = ()
    """Notes on how the case is written, a sentence each."""

    @property
    def code(self) -> ExitCode:
        """The exit status that this case alone would have."""
        if self.error is not None:
            return ExitCode.USAGE
        codes = {failure.code for failure in self.failures}
        return ExitCode.MISMATCH if ExitCode.MISMATCH in codes else max(codes, default=ExitCode.OK)

    @property
    def points(self) -> int:
        """At how many points it was computed."""
        return sum(self.verdicts.values())

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        found: dict[str, Any] = plain(self)
        return {**found.pop("place"), **found}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "Outcome":
        """The outcome that JSON values stand for. Raises KeyError or TypeError if they stand for none."""
        failures = tuple(
            Failure(each["rule"], each["message"], each["line"], ExitCode(each["code"])) for each in found["failures"]
        )
        worst = found["worst"]
        return cls(
            place=CasePlace(found["name"], found["file"], found["line"], found["digest"]),
            status=found["status"],
            failures=failures,
            error=found["error"],
            verdicts=found["verdicts"],
            claims=found["claims"],
            worst=None if worst is None else Worst(**{**worst, "ulps": float(worst["ulps"])}),
            seconds=found["seconds"],
            remarks=tuple(found.get("remarks", ())),
        )


def unusable(place: CasePlace, error: GradcalcError, line: int | None = None) -> Outcome:
    """The outcome of a case that makes no sense; `line` is where that shows."""
    where = place if line is None else replace(place, line=line)
    return Outcome(where, "error", error={**error.to_dict(), "source": error.source})


def exit_code(codes: set[ExitCode]) -> ExitCode:
    """1 if a case failed; else 2 if one makes no sense; else 3 if somewhere there is no derivative; else 0."""
    order = (ExitCode.MISMATCH, ExitCode.USAGE, ExitCode.UNDEFINED)
    return next((code for code in order if code in codes), ExitCode.OK)
