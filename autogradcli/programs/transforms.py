"""What transforms of `torch.func` gave, beside the same derivatives without a transform, which are proven."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from autogradcli.compute.reasons import contrast
from autogradcli.compute.report import Reason
from autogradcli.compute.verdict import worst
from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass
from autogradcli.engines.torch.record.transform_steps import TransformStep
from autogradcli.engines.torch.record.transforms import TransformCall, are_equal, off
from autogradcli.engines.torch.record.watch import Watch
from autogradcli.errors import GradcalcError
from autogradcli.processes.limits import Budget, OutOfTime, limited_memory
from autogradcli.programs.ledger import Pass
from autogradcli.programs.steps import StepFinding

OUT_OF_TIME = Reason("GC506", "the time for verification was up; --timeout gives it more")
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
    backward: tuple[str, Reason | None] = ("verified", None)
    """The verdict on gradients of what it gave, if autograd follows that."""

    def worst(self) -> tuple[str, Reason | None]:
        """The verdict on a backward that goes through the call; digits lost within it show in the whole pass."""
        found = [each for each in (*self.verdicts, self.backward) if each[0] != "imprecise"]
        verdict = worst(each for each, _ in found)
        return next((each for each in found if each[0] == verdict), ("verified", None))


Prove = Callable[[BackwardPass, float], Pass]
"""The pass of a backward, found in so many seconds."""


@dataclass(slots=True)
class Transforms:
    """What was found of the calls of transforms of a program, each of which is looked at once."""

    prove: Prove
    memory: int | None
    """Bytes that it may take."""
    _found: dict[int, Judged] = field(default_factory=dict)

    def judged(self, call: TransformCall, left: float) -> Judged:
        """What is to be said of a call, in so many seconds."""
        if id(call) not in self._found:
            self._found[id(call)] = self._judged(call, left)
        return self._found[id(call)]

    def _judged(self, call: TransformCall, left: float) -> Judged:
        try:
            with Budget(max(left, 0.0)).running(), limited_memory(self.memory):
                return judged(call, self.prove, left)
        except OutOfTime:
            return late(call)
        except Exception as problem:  # the program's own code runs again here, and may raise anything
            said = problem.message if isinstance(problem, GradcalcError) else problem
            return _nothing(call, Reason("GC505", f"not verified: {said}"))

    def look(self, event: BackwardPass, deadline: float) -> Iterator[StepFinding]:
        """What is not as it should be of the calls that a pass goes through."""
        for call in calls_below(event.outputs):
            if isinstance(call.function, TransformStep):
                verdict, reason = self.judged(call.function.about, deadline - monotonic()).worst()
                if verdict != "verified" and reason is not None:
                    yield StepFinding(call, verdict, reason)


def judged(call: TransformCall, prove: Prove, left: float) -> Judged:
    """What is to be said of a call, in so many seconds."""
    deadline = monotonic() + left
    if left <= 0:
        return late(call)
    doubt = _doubt(call)
    if doubt is not None:
        return _nothing(call, Reason("GC505", f"not verified: {doubt}"))
    watch = Watch("all")
    with watch.watching():
        found = call.without()
        inner = watch.count
        if call.followed:
            found.differentiate()
    passes = [prove(each, deadline - monotonic()) for each in watch.finished()]
    verdict, reason = _worst(passes[:inner])
    verdicts = tuple(_beside(one, true, verdict, reason) for one, true in zip(found.given, found.truth, strict=True))
    proof = "whole" if all(each.proof == "whole" for each in passes[:inner]) else "steps"
    looked_at = f"{inner:,} gradients of the same function without a transform"
    return Judged(verdicts, proof if inner else None, looked_at, backward=_worst(passes[inner:]))


def _worst(passes: Sequence[Pass]) -> tuple[str, Reason | None]:
    verdict = worst(each.verdict for each in passes)
    return verdict, next((one.reason for each in passes for one in each.entries if one.verdict == verdict), None)


def late(call: TransformCall) -> Judged:
    """What is to be said of a call for which no time is left."""
    return _nothing(call, OUT_OF_TIME, in_time=False)


def _nothing(call: TransformCall, reason: Reason, in_time: bool = True) -> Judged:
    doubt = ("unverified", reason)
    return Judged(tuple(doubt for _ in call.results), in_time=in_time, backward=doubt)


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
    message = "torch.func gives {}, the same function without a transform {}, which is {}".format(
        *contrast(one, other), verdict
    )
    return ("mismatch", Reason("GC303", message)) if error > WRONG * size else ("imprecise", Reason("GC302", message))
