"""The graph behind one `backward` of a snippet."""

from autogradcli.compute.report import Report
from autogradcli.engines.detail import Detail
from autogradcli.errors import GradcalcError
from autogradcli.run.session import Wanted, failure_error, record
from autogradcli.run.source import Source
from autogradcli.run.verify import Demands, verify_one


def graph_report(source: Source, number: int | None, detail: Detail) -> Report:
    """The report on a `backward`, counted from 1, or on the last one; what the snippet prints is dropped.

    GradcalcError if the snippet ends with an error, has no such `backward`, or does what its record cannot follow.
    """
    events, failure = record(source, Wanted(seed=0))
    if failure is not None:
        raise failure_error(failure, source)
    if not events:
        raise GradcalcError("snippet", f"{source.name} calls no backward", hint="a graph belongs to a backward")
    chosen = len(events) if number is None else number
    if chosen > len(events):
        message = f"there is no backward {chosen}: {source.name} calls {len(events)}"
        raise GradcalcError("usage", message, hint=f"type --backward {len(events)}, or leave it out")
    found = verify_one(events[chosen - 1], chosen, source, Demands(symbolic=False, detail=detail))
    if found.report is None:
        reason = next((entry.reason.message for entry in found.entry.entries if entry.reason), "it was not recorded")
        raise GradcalcError("snippet", f"line {found.entry.line}: {reason}")
    return found.report
