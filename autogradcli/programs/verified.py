"""What was found of one pass, and the operations of the program that its verdicts are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from autogradcli.compute.report import Reason, Report
from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass, RecordedCall
from autogradcli.engines.torch.record.kinds import kind_of
from autogradcli.engines.torch.record.mathematics import is_custom, name_of
from autogradcli.engines.torch.record.transforms import TransformCall
from autogradcli.language.program import Program, Variable
from autogradcli.programs.ledger import Blamed, Pass
from autogradcli.programs.steps import StepFinding
from autogradcli.programs.texts import Texts


@dataclass(frozen=True, slots=True)
class Verified:
    """A pass, and what was found on the way that explanations need."""

    entry: Pass
    report: Report | None = None
    program: Program | None = None
    """That of the report."""
    in_time: bool = True
    steps: Mapping[int, int] = field(default_factory=dict)
    """The step of the report's program that each recorded call is, by its serial number."""
    findings: Sequence[StepFinding] = ()
    """Of a proof by steps, what is not as it should be."""


def located(event: BackwardPass | TransformCall, found: Verified, texts: Texts) -> Verified:
    """A pass whose entries say which operation is to blame, where that is known."""
    if isinstance(event, TransformCall):
        return found
    entries = list(found.entry.entries)
    for place, call in blamed(event, found).items():
        entries[place] = replace(entries[place], blamed=_told(call, texts))
    return replace(found, entry=replace(found.entry, entries=tuple(entries)))


def blamed(event: BackwardPass, found: Verified) -> Mapping[int, RecordedCall]:
    """For each entry that is not right, by its place, the call to blame, if one is known."""
    by_reason = {id(each.reason): each.call for each in found.findings}
    calls = {each.serial: each for each in calls_below(event.outputs)} if found.steps else {}
    known = {}
    for place, entry in enumerate(found.entry.entries):
        step = None if entry.reason is None or is_leaf(found, entry.reason) else entry.reason.step
        ends = [] if step is None else [(end, serial) for serial, end in found.steps.items() if end >= step]
        if id(entry.reason) in by_reason:
            known[place] = by_reason[id(entry.reason)]
        elif ends and min(ends)[1] in calls:
            known[place] = calls[min(ends)[1]]
    return known


def is_leaf(found: Verified, reason: Reason) -> bool:
    """Whether what a reason blames is no operation: the terms that reach a variable cancel each other."""
    if found.program is None or reason.step is None:
        return False
    return isinstance(found.program.steps[reason.step], Variable)


def _told(call: RecordedCall, texts: Texts) -> Blamed:
    site, operation = call.place, _operation(call)
    if site is None:
        return Blamed(None, None, None, "", operation)
    return Blamed(texts.where(site.file, site.line), site.line, site.file, texts.code(site), operation)


def _operation(call: RecordedCall) -> str:
    return name_of(call) if is_custom(call) else kind_of(call.function).name.strip("_")
