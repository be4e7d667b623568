"""The entries of a pass: what reached each tensor, and the verdict that follows from what was found."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autogradcli.compute.report import Gradient, Reason
from autogradcli.compute.verdict import worst
from autogradcli.engines.results import Array
from autogradcli.engines.torch.record.below import reaches
from autogradcli.engines.torch.record.calls import Arrival, BackwardPass, CallOutput, Given
from autogradcli.engines.torch.record.replay import gradients
from autogradcli.engines.torch.record.transforms import TransformCall
from autogradcli.programs.conditioning import contradiction
from autogradcli.programs.ledger import GradientEntry
from autogradcli.programs.steps import BySteps, StepFinding
from autogradcli.programs.verified import Verified

WRITTEN = 2_000
"""Components of a tensor that a ledger writes out."""


def bare(arrival: Arrival, reason: Reason | None) -> GradientEntry:
    """The entry of a tensor before anything is verified."""
    before = arrival.before
    return GradientEntry(
        name=arrival.name or "a tensor without a name",
        before=written(before),
        added=written(arrival.added),
        after=written(arrival.after),
        verdict="unverified",
        reason=reason,
        shape=arrival.shape,
        norm=_norm(arrival.added),
        zeroed=before is None or not bool(before.data.any()),
    )


def _norm(given: Given | None) -> float | None:
    if given is None:
        return None
    return float(given.data.double().norm()) if not given.data.is_complex() else float(given.data.abs().double().norm())


def written(given: Given | None) -> Array:
    """A tensor as nested lists; None if there is none, or it is too large to be written out."""
    if given is None or given.data.numel() > WRITTEN or given.data.is_complex():
        return None
    return given.data.tolist() if given.data.ndim else float(given.data)


def given_to(arrival: Arrival) -> Array:
    """What torch gave to a tensor: zeros if it gave nothing."""
    if arrival.added is None:
        return _zeros(arrival.shape)
    return arrival.added.data.tolist()


def _zeros(shape: Sequence[int]) -> Array:
    return 0.0 if not shape else [_zeros(shape[1:]) for _ in range(shape[0])]


def derivative(call: TransformCall, place: int) -> Arrival:
    """A derivative that a transform gave, as what arrived at a tensor."""
    given = call.results[place]
    assert given is not None
    named = len(call.names) == len(call.results)
    name = call.names[place] if named else None
    otherwise = call.made.name if len(call.results) == 1 else f"{call.made.name}[{place}]"
    return Arrival(given, name or otherwise, None, given, None, tuple(given.data.shape))


def of_proof(arrival: Arrival, gradient: Gradient | None) -> GradientEntry:
    """The entry of a tensor; one that the output does not depend on has no gradient, as torch says as well."""
    if gradient is None:
        return replace(bare(arrival, None), verdict="verified")
    return replace(bare(arrival, gradient.reason), verdict=gradient.verdict, gradient=gradient)


def of_steps(event: BackwardPass, found: BySteps, place: int) -> GradientEntry:
    """The entry of a tensor: the worst of the steps between it and the output, and of the pass as a whole."""
    arrival = event.arrivals[place]
    on_the_way = [each for each in found.findings if _is_on_the_way(each, arrival.value)]
    verdict = worst(each.verdict for each in on_the_way)
    reason = next((each.reason for each in on_the_way if each.verdict == verdict), None)
    whole = found.conditioned.get(place)
    if whole is not None and worst([whole.verdict, verdict]) != verdict:
        verdict, reason = whole.verdict, whole.reason
    return replace(bare(arrival, None), verdict=verdict, reason=reason)


def _is_on_the_way(finding: StepFinding, value: Any) -> bool:
    """Whether the gradient of a value went through what a finding is about."""
    if not finding.through:
        return reaches(finding.call, value)
    return any(
        each is value or (isinstance(each, CallOutput) and reaches(each.call, value)) for each in finding.through
    )


def hooked(event: BackwardPass, again: Any, entries: tuple[GradientEntry, ...]) -> tuple[GradientEntry, ...]:
    """The entries, those `unverified` whose gradients the program's own hooks have changed."""
    if event.hooked is None:
        return entries

    found = []
    for arrival, entry, one in zip(event.arrivals, entries, gradients(event, again), strict=True):
        same = one is None or arrival.added is None or bool((one == arrival.added.data).all())
        verdict, reason = (entry.verdict, entry.reason) if same else contradiction(event, "autograd gives another one")
        found.append(replace(entry, verdict=verdict, reason=reason))
    return tuple(found)


def with_claims(event: BackwardPass, found: Verified, claims: Sequence[StepFinding]) -> Verified:
    """A pass with what was found of the backwards that the program brings along."""
    entries = []
    for arrival, entry in zip(event.arrivals, found.entry.entries, strict=True):
        reached = [each for each in claims if _is_on_the_way(each, arrival.value)]
        entries.append(_claimed(entry, reached))
    verdict = worst(entry.verdict for entry in entries)
    notes = dict.fromkeys(each.reason.message for each in claims if each.surrogate)
    changed = replace(found.entry, entries=tuple(entries), verdict=verdict, notes=(*found.entry.notes, *notes))
    return replace(found, entry=changed, findings=(*found.findings, *claims))


def _claimed(entry: GradientEntry, reached: Sequence[StepFinding]) -> GradientEntry:
    """The entry of a tensor whose gradient went through custom backwards."""
    if any(each.surrogate for each in reached):
        return replace(entry, verdict="verified", reason=None, declared=True)
    verdict = worst([entry.verdict, *(each.verdict for each in reached)])
    reason = next((each.reason for each in reached if each.verdict == verdict), entry.reason)
    return replace(entry, verdict=verdict, reason=reason)
