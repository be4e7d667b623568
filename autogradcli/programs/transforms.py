"""What transforms of `torch.func` gave, beside the same derivatives without a transform, which are proven."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from autogradcli.compute.report import Reason
from autogradcli.compute.verdict import worst
from autogradcli.engines.torch.record.calls import BackwardPass
from autogradcli.engines.torch.record.transforms import TransformCall, are_equal, off
from autogradcli.engines.torch.record.watch import Watch
from autogradcli.programs.ledger import Pass

WRONG = 1e-2
"""How far, relatively to the largest, a derivative may be off that is imprecise and not wrong."""
VMAPPED = frozenset({"vmap", "jacfwd", "hessian"})
"""Transforms that run the function on many samples, or along many directions, at once."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of the derivatives that one call gave."""

    verdicts: tuple[tuple[str, Reason | None], ...]
    """For each of them."""
    proof: str | None = None
    looked_at: str | None = None
    in_time: bool = True


def judged(call: TransformCall, prove: Callable[[BackwardPass, float], Pass], left: float) -> Judged:
    """What is to be said of a call, in so many seconds; `prove` gives the pass of a backward."""
    deadline = monotonic() + left
    if left <= 0:
        return late(call)
    doubt = _doubt(call)
    if doubt is not None:
        return _nothing(call, Reason("GC505", f"not verified: {doubt}"))
    watch = Watch("all")
    with watch.watching():
        truth, given = call.without()
    passes = [prove(each, deadline - monotonic()) for each in watch.finished()]
    verdict = worst(each.verdict for each in passes)
    reason = next((entry.reason for each in passes for entry in each.entries if entry.verdict == verdict), None)
    verdicts = tuple(_beside(one, true, verdict, reason) for one, true in zip(given, truth, strict=True))
    proof = "whole" if all(each.proof == "whole" for each in passes) else "steps"
    looked_at = f"{len(passes):,} gradients of the same function without a transform"
    return Judged(verdicts, proof if passes else None, looked_at)


def late(call: TransformCall) -> Judged:
    """What is to be said of a call for which no time is left."""
    reason = Reason("GC506", "the time for verification was up; --timeout gives it more")
    return _nothing(call, reason, in_time=False)


def _nothing(call: TransformCall, reason: Reason, in_time: bool = True) -> Judged:
    return Judged(tuple(("unverified", reason) for _ in call.results), in_time=in_time)


def _doubt(call: TransformCall) -> str | None:
    """Why the call cannot be looked at; None if it can."""
    if call.draws and call.made.name in VMAPPED:
        return "random numbers are drawn within the transform"
    again = call.again()
    same = len(again) == len(call.results) and all(
        one is not None and are_equal(one.data, other) for one, other in zip(call.results, again, strict=True)
    )
    return None if same else f"torch.func.{call.made.name} gives something else when it is run again"


def _beside(given: Any, true: Any, verdict: str, reason: Reason | None) -> tuple[str, Reason | None]:
    """The verdict on a derivative beside the one that has this verdict itself."""
    if given.shape != true.shape:
        return "unverified", Reason("GC505", "not verified: without the transform it has another shape")
    farthest = off(given.detach(), true.detach())
    if farthest is None or verdict not in {"verified", "imprecise"}:
        return verdict, reason
    error, size, one, other = farthest
    message = f"torch.func gives {one!r}, the same function without a transform {other!r}, which is {verdict}"
    return ("mismatch", Reason("GC303", message)) if error > WRONG * size else ("imprecise", Reason("GC302", message))
