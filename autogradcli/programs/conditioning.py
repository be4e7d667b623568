"""A pass as a whole beside the same in float64: steps that are right can add up to a gradient that is not."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autogradcli.compute.problem import Options
from autogradcli.compute.reasons import contrast
from autogradcli.compute.report import Reason
from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass, CallOutput, Given, RecordedCall, Value
from autogradcli.engines.torch.record.comparison import coarsest, smallest
from autogradcli.engines.torch.record.kinds import is_elementwise
from autogradcli.engines.torch.record.replay import NotReplayed, Replay, gradients, replay
from autogradcli.engines.torch.record.steps import RecordedStep, parts
from autogradcli.engines.torch.record.transform_steps import TransformStep
from autogradcli.programs.texts import Texts

GROWTH = 16.0
"""How many times as far off as what went in a result must be for its operation to be named."""


@dataclass(frozen=True, slots=True)
class WholePass:
    """The verdict on one gradient of a pass as a whole."""

    verdict: str
    reason: Reason
    call: RecordedCall | None = None
    """The operation that loses most of the digits, if it is one."""


@dataclass(frozen=True, slots=True)
class Loss:
    """An operation that loses digits."""

    step: RecordedStep
    backward: bool
    before: float
    """How far what goes in is off, relatively to the largest of it."""
    after: float
    """How far what comes out is."""


def conditioned(
    event: BackwardPass, again: Sequence[Any], truth: Sequence[Any], options: Options
) -> dict[int, WholePass]:
    """By its place what is wrong with a gradient; `again` and `truth` are those of the pass run again, in float64."""
    value = event.values[0]
    size = 0.0 if value is None else float(parts(value.data).double().abs().sum())
    found: dict[int, WholePass] = {}
    for place, (arrival, one, true) in enumerate(zip(event.arrivals, again, truth, strict=True)):
        if arrival.added is not None and true is not None:
            again_parts, true_parts = None if one is None else parts(one), parts(true)
            allowed = _allowed(event, arrival, true_parts, size, options)
            judged = _judged(event, arrival, again_parts, true_parts, allowed)
            found |= {} if judged is None else {place: judged}
    return found


def _judged(event: BackwardPass, arrival: Any, again: Any, true: Any, allowed: Any) -> WholePass | None:
    data = parts(arrival.added.data)
    given = data.double()
    error = (given - true).abs()
    if not bool(given.isfinite().all()):
        return _not_finite(data, true, event.values[0])
    bad = (error > allowed) & true.isfinite()
    if not bool(bad.any()):
        return None
    at = int((error * bad).flatten().argmax())
    number, truth = float(given.flatten()[at]), float(true.flatten()[at])
    one, other = contrast(number, truth)
    message = f"autograd gives {one}, the whole pass in float64 {other}"
    if again is not None and abs(float(again.flatten()[at]) - number) <= float(allowed.flatten()[at]):
        return WholePass("imprecise", Reason("GC302", message))
    return WholePass(*contradiction(event, message))


def _allowed(event: BackwardPass, arrival: Any, true: Any, size: float, options: Options) -> Any:
    """What each component of a gradient may be off, in the coarsest format that the pass computes in."""
    rtol = coarsest(event) if options.rtol is None else options.rtol
    largest = float(arrival.value.data.abs().max()) if isinstance(arrival.value, Given) else 0.0
    scale = size / largest if largest else size
    absolute = max(options.atol or 0.0, smallest(arrival.added.data))
    return rtol * true.abs().clamp(min=scale if math.isfinite(scale) else 0.0) + absolute


def _not_finite(given: Any, true: Any, loss: Given | None) -> WholePass:
    """The verdict on a gradient that is not finite: wrong where it is finite in float64, and not too large.

    NaN in float64 as well may come of infinity times 0, so that of a finite loss it says nothing of the derivative.
    """
    wrong = ~given.isfinite() & true.isfinite()
    place = int((wrong if bool(wrong.any()) else ~given.isfinite()).flatten().nonzero()[0])
    number, truth = float(given.flatten()[place]), float(true.flatten()[place])
    one, other = contrast(number, truth)
    message = f"autograd gives {one}, the whole pass in float64 {other}"
    if math.isfinite(truth) and not given.new_tensor(truth).isfinite():
        return WholePass("undefined", Reason("GC115", f"{message}, which is too large for its format"))
    if math.isfinite(truth):
        return WholePass("mismatch", Reason("GC202", message))
    if math.isnan(truth) and loss is not None and bool(loss.data.isfinite().all()):
        return WholePass("unverified", Reason("GC501", f"{message}, and the loss is finite: there may be a derivative"))
    return WholePass("undefined", Reason("GC111", message))


def contradiction(event: BackwardPass, message: str) -> tuple[str, Reason]:
    """The verdict on a gradient that the same pass, run again, does not give.

    What a hook does is no mathematics, and what a function given to `torch.func` has at hand may not all be known.
    """
    if event.hooked is not None:
        return "unverified", Reason("GC505", f"not verified: a hook on line {event.hooked.line} changes it; {message}")
    if any(isinstance(call.function, TransformStep) for call in calls_below(event.outputs)):
        return "unverified", Reason("GC505", f"not verified: run again, a transform gives another gradient; {message}")
    return "mismatch", Reason("GC303", f"{message}, and so does the same pass when it is run again")


def located(found: Mapping[int, WholePass], loss: Loss | None, texts: Texts) -> dict[int, WholePass]:
    """The verdicts, those on lost digits with the operation that loses most of them."""
    end = "rounding on the way adds up to this" if loss is None else _lost(loss, texts)
    return {
        place: replace(
            each,
            reason=replace(each.reason, message=f"{each.reason.message}: {end}"),
            call=None if loss is None else loss.step.call,
        )
        if each.reason.code == "GC302"
        or (loss is not None and each.verdict == "mismatch" and each.reason.code == "GC202")
        else each
        for place, each in found.items()
    }


def _lost(loss: Loss, texts: Texts) -> str:
    place = loss.step.call.place
    where = "" if place is None else f" ({texts.where(place.file, place.line)})"
    text = f"{texts.code(place) or loss.step.name}{where}"
    what = "what reaches its backward" if loss.backward else "what goes in"
    given = "what that sends" if loss.backward else "what it gives"
    return f"most digits are lost in {text}: {what} is off by {loss.before:.1g}, {given} by {loss.after:.1g}"


def greatest_loss(event: BackwardPass, again: Replay, steps: Sequence[RecordedStep], masks: Any) -> Loss | None:
    """The operation whose result is off by most beside what went in, forward or backward; None if none stands out."""
    adjoints: dict[tuple[int, int], Any] = {}

    def observe(call: RecordedCall, _: Any, __: Any, outputs: Sequence[Any] | None) -> None:
        for place, each in enumerate(outputs or ()):
            if getattr(each, "requires_grad", False):
                each.register_hook(lambda gradient, key=(call.serial, place): adjoints.__setitem__(key, gradient))

    try:
        double = replay(event, masks, double=True, observe=observe)
        gradients(event, double)
    except (NotReplayed, RuntimeError):
        return None
    losses = [*_forward(steps, again, double), *_backward(steps, adjoints, again, double)]
    lossy = [each for each in losses if each.after > coarsest(event)]
    found = max(lossy, key=lambda each: each.after / each.before, default=None)
    if found is None or found.after <= GROWTH * found.before:
        return None
    return found if found.backward else _traced_back(found, steps, again, double)


def _forward(steps: Sequence[RecordedStep], again: Replay, double: Replay) -> Iterator[Loss]:
    for step in steps:
        before = max((_off(again.of(each), double.of(each)) for each in step.call.values()), default=0.0)
        output = CallOutput(step.call, 0)
        yield Loss(step, False, max(before, ROUNDOFF), _off(again.of(output), double.of(output)))


def _backward(
    steps: Sequence[RecordedStep], adjoints: Mapping[tuple[int, int], Any], again: Replay, double: Replay
) -> Iterator[Loss]:
    """Of each step what it sends to what another step gave, beside what reaches it and what had gone in."""
    reached = {(step.call.serial, place): each for step in steps for place, each in enumerate(step.upstreams)}
    for step in steps:
        outputs = [(step.call.serial, place) for place in range(len(step.upstreams))]
        inputs: list[Value] = list(step.call.values())
        before = [_off(reached[each], adjoints.get(each)) for each in outputs]
        before += [_off(again.of(each), double.of(each)) for each in inputs]
        for each in inputs:
            if isinstance(each, CallOutput):
                key = (each.call.serial, each.index)
                yield Loss(step, True, max([*before, ROUNDOFF]), _off(reached.get(key), adjoints.get(key)))


ROUNDOFF = 2.0**-24
"""What is off by less is as good as exact."""


def _traced_back(loss: Loss, steps: Sequence[RecordedStep], again: Replay, double: Replay) -> Loss:
    """The loss, or that of an operation before it: where the number that is off by most in the end was lost.

    A tensor may have that number beside others that are much larger, so that it is not seen until it counts.
    """
    by_serial = {step.call.serial: step for step in steps}
    output = CallOutput(loss.step.call, 0)
    at, found = _most_off(again.of(output), double.of(output)), loss
    while at is not None and is_elementwise(found.step.call.function):
        found, worst = _at_one(found.step, at, again, double)
        if found.before < found.after / GROWTH or not isinstance(worst, CallOutput):
            return found
        found = replace(found, step=by_serial[worst.call.serial])
    before = max((_off(again.of(each), double.of(each)) for each in found.step.call.values()), default=0.0)
    return replace(found, before=max(before, ROUNDOFF)) if before < found.after / GROWTH else loss


def _at_one(step: RecordedStep, at: tuple[Any, int], again: Replay, double: Replay) -> tuple[Loss, Value | None]:
    """What an operation loses at one component, and the operand that is off by most there."""
    output = CallOutput(step.call, 0)
    inputs = [(_off_at(again.of(each), double.of(each), at), each) for each in step.call.values()]
    before, worst = max(inputs, key=lambda each: each[0], default=(0.0, None))
    return Loss(step, False, max(before, ROUNDOFF), _off_at(again.of(output), double.of(output), at)), worst


def _most_off(one: Any, true: Any) -> tuple[Any, int] | None:
    """The sizes of a tensor, and the place in it of the component that is off by most."""
    if one is None or true is None or one.shape != true.shape or not one.is_floating_point() or not one.numel():
        return None
    return one.shape, int((one.detach().double() - true.detach().double()).abs().argmax())


def _off_at(one: Any, true: Any, at: tuple[Any, int]) -> float:
    """How far one component of what may be broadcast is off, relatively; 0 if there is none, or it is not known."""
    sizes, place = at
    try:
        number, truth = (float(each.detach().broadcast_to(sizes).flatten()[place]) for each in (one, true))
    except (RuntimeError, TypeError):
        return 0.0
    off = abs(number - truth) / abs(truth) if truth else 0.0
    return off if math.isfinite(off) else 0.0


def _off(one: Any, true: Any) -> float:
    """How far a tensor is from what it is in float64, relatively to the largest component; 0 if that is not known."""
    if one is None or true is None or one.shape != true.shape or not one.is_floating_point() or not one.numel():
        return 0.0
    true = true.detach().double()
    error, size = float((one.detach().double() - true).abs().max()), float(true.abs().max())
    return error / size if size and math.isfinite(error) and math.isfinite(size) else 0.0
