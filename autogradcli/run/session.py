"""From the text of a snippet to its ledger: it is run, and what `backward` did in it is verified."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from autogradcli.compute import verdict
from autogradcli.compute.compute import Session, versions
from autogradcli.compute.verdict import worst
from autogradcli.errors import ExitCode, GradcalcError, Span
from autogradcli.run.execute import Raised, execute
from autogradcli.run.ledger import Failure, Ledger, TraceLine
from autogradcli.run.mistakes import explain, hint_for
from autogradcli.run.source import Source
from autogradcli.run.trace import Tracer
from autogradcli.run.verify import Demands, verify

if TYPE_CHECKING:
    from autogradcli.engines.torch.snippet.events import Event
    from autogradcli.engines.torch.snippet.recording import RecordingLibrary

Write = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a snippet is run."""

    seed: int | None = None
    """Where torch's random numbers start from; None for anywhere, as in Python."""
    trace: bool = False
    """Whether each line is noted with what it made."""


def run_snippet(source: Source, write: Write, wanted: Wanted, demands: Demands) -> Ledger:
    """The ledger of a snippet whose every gradient is verified."""
    with Session(demands.symbolic) as session:
        library = _recording(source)
        raised, trace = _execute(source, library, write, wanted)
        passes = verify(library.events, source, session, demands)
    return Ledger(
        name=source.name,
        passes=tuple(each.entry for each in passes),
        mistakes=explain(library.remarks, source, passes),
        failure=None if raised is None else _failure(raised, source, library.facts(raised.value)),
        verdict=worst(each.entry.verdict for each in passes),
        unverified_in_time=sum(not each.in_time for each in passes),
        backwards=library.backwards,
        trace=trace,
        versions=versions(),
    )


def record(source: Source, wanted: Wanted) -> "tuple[Sequence[Event], Failure | None]":
    """Every `backward` of a snippet, recorded and not verified, and the error that ended it; its output is dropped."""
    library = _recording(source)
    raised, _ = _execute(source, library, lambda _: None, wanted)
    failure = None if raised is None else _failure(raised, source, library.facts(raised.value))
    return library.events, failure


def run_alone(source: Source, write: Write, wanted: Wanted) -> Ledger:
    """The ledger of a snippet that is run and not verified."""
    from autogradcli.engines.torch.snippet.library import Library

    library = Library()
    raised, trace = _execute(source, library, write, wanted)
    return Ledger(
        name=source.name,
        passes=(),
        mistakes=explain(library.remarks, source, ()),
        failure=None if raised is None else _failure(raised, source, {}),
        verdict="unverified" if library.backwards else "verified",
        verifying=False,
        backwards=library.backwards,
        trace=trace,
        versions=versions(),
    )


def _recording(source: Source) -> "RecordingLibrary":
    from autogradcli.engines.torch.snippet.recording import RecordingLibrary

    return RecordingLibrary(_literals(source))


def _execute(source: Source, library: Any, write: Write, wanted: Wanted) -> tuple[Raised | None, tuple[TraceLine, ...]]:
    tracer = Tracer(source) if wanted.trace else None
    raised = execute(source, library, write, wanted.seed, tracer)
    return raised, () if tracer is None else tracer.lines()


def _literals(source: Source) -> dict[float, Fraction]:
    """The decimal fractions of the text, each as exact as it is written."""
    found: dict[float, Fraction] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            try:
                exact = Fraction(source.code(source.span(node)).replace("_", ""))
            except ValueError:
                continue
            found[node.value], found[-node.value] = exact, -exact
    return found


def _failure(raised: Raised, source: Source, facts: dict[str, Any]) -> Failure:
    line, code = source.line(raised.span), source.code(raised.span)
    lines = {name: source.line(facts[name]) for name in ("first", "changed") if facts.get(name)}
    hint = raised.hint or hint_for(raised.message, {**facts, **lines})
    return Failure(line, code, raised.type, raised.message, hint, (raised.span.start, raised.span.end))


def failure_error(failure: Failure, source: Source) -> GradcalcError:
    """The error that ended a snippet, to be drawn."""
    message = f"line {failure.line}: {failure.type}: {failure.message}"
    return GradcalcError("snippet", message, source=source.text, span=Span(*failure.span), hint=failure.hint)


def exit_code(ledger: Ledger, strict: bool) -> ExitCode:
    """1 for any mismatch; else 2 if an error ended the snippet; else 3 as for one report; else 0."""
    code = verdict.exit_code((each.verdict for each in ledger.passes), strict)
    return ExitCode.USAGE if ledger.failure is not None and code != ExitCode.MISMATCH else code
