"""One case after the other through the engines, several on their way at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from autogradcli.checks.case import Case, CaseText
from autogradcli.checks.claims import PendingClaim, begin_claims
from autogradcli.checks.judge import Judge
from autogradcli.checks.outcome import Outcome, unusable
from autogradcli.checks.wording import in_keys
from autogradcli.compute.compute import Pending, Session
from autogradcli.errors import GradcalcError, defect


@dataclass(frozen=True, slots=True)
class Begun:
    """A case on its way."""

    judge: Judge
    reports: Sequence[Pending]
    claims: Mapping[str, PendingClaim]
    since: float


class CaseWork:
    """From the texts of cases to their outcomes."""

    def __init__(self, build: Callable[[CaseText], Case], default: Sequence[str], symbolic: bool) -> None:
        self._build = build
        self._default = default
        self._session = Session(symbolic)

    def begin(self, text: CaseText | Outcome) -> Begun | Outcome:
        """Start the case in all engines, SymPy in its own process; the outcome, if the case makes no sense."""
        if isinstance(text, Outcome):
            return text
        try:
            case = self._build(text)
            pending = [self._session.start(problem) for problem in case.problems]
            import_module("autogradcli.engines.torch.engine")  # seconds that are not the first case's own
            since = time.perf_counter()
            for each in pending:
                each.evaluate()
            claims = begin_claims(self._session, case.problems[0], pending, case.expected.tolerance)
        except Exception as error:
            return _failed(text, error)
        return Begun(Judge(text, case, self._default), pending, claims, since)

    def finish(self, begun: Begun | Outcome) -> Outcome:
        """The outcome of the case."""
        if isinstance(begun, Outcome):
            return begun
        try:
            reports = [pending.report() for pending in begun.reports]
            claims = {name: claim.verdict() for name, claim in begun.claims.items()}
            return begun.judge.outcome(reports, claims, time.perf_counter() - begun.since)
        except Exception as error:
            return _failed(begun.judge.text, error)

    def close(self) -> None:
        """End SymPy's process."""
        self._session.close()


def _failed(text: CaseText, error: Exception) -> Outcome:
    """The outcome of a case that makes no sense; a defect of gradcalc itself must not take the others with it."""
    known = in_keys(error) if isinstance(error, GradcalcError) else defect(error)
    line = text.line("function") if known.kind == "function" else None
    return unusable(text.place, known, getattr(error, "line", line))
