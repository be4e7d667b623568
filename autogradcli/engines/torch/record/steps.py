"""The steps of a pass, one by one: what each call's backward sent for the numbers that reached it, and the truth.

The truth of a step is its vector-Jacobian product in float64, of a custom call through its forward. What honest
rounding may do to it is known in closed form for sums of products; else it is found by evaluating the step again with
every number that went in changed by a few units of roundoff.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass, RecordedCall, Value, dense, mapped, tensors_in
from autogradcli.engines.torch.record.definitions import definition_of
from autogradcli.engines.torch.record.kinds import MASKING, kind_of
from autogradcli.engines.torch.record.mathematics import forward_of, is_custom
from autogradcli.engines.torch.record.replay import CASTS, LOW, Replay, gradients, quiet, replay, run_call, state_of

ROUNDINGS = 4
"""Units of roundoff by which a number may honestly err."""
SAMPLES = 3
"""How often a step is evaluated with its numbers changed."""
SLACK = 16
"""What rounding may do, in units of the largest change seen among the samples."""


@dataclass(slots=True, eq=False)
class RecordedStep:
    """A call with the numbers that reached it."""

    call: RecordedCall
    arguments: tuple[Any, ...]
    """As they were given, tensors without a graph."""
    keywords: dict[str, Any]
    upstreams: list[torch.Tensor | None] = field(default_factory=list)
    """The gradient that reached each of its outputs; None where none did."""
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    wanted: tuple[int, ...] = ()
    """Which of its tensors, in order, a gradient is sent to."""
    mask: torch.Tensor | None = None
    """Of a dropout, what it multiplied by."""
    view: tuple[Any, Any, int] | None = None
    """Of a change through a view, the view's sizes, strides and offset; the first argument is its base then."""

    @property
    def name(self) -> str:
        """What torch calls it."""
        return kind_of(self.call.function).name

    @property
    def inputs(self) -> list[torch.Tensor]:
        """The tensors that a gradient is sent to."""
        every = list(tensors_in([self.arguments, self.keywords]))
        return [every[place] for place in self.wanted]

    def value_of(self, place: int) -> Value:
        """What was recorded of one of the inputs."""
        which = self.wanted[place]
        if which == 0 and self.view is not None and self.call.base is not None:
            return self.call.base
        return list(self.call.values())[which]


@dataclass(frozen=True, slots=True)
class Off:
    """A component that a step sends back."""

    place: int
    """Which of the step's inputs."""
    index: tuple[int, ...]
    sent: float
    truth: float
    error: float
    """In units of what honest rounding explains."""
    matters: float
    """In units of the tolerance."""


def steps_of(event: BackwardPass) -> tuple[Replay, list[RecordedStep]]:
    """A pass run again, and its steps, each with what reached it in backward."""
    steps: dict[int, RecordedStep] = {}

    def observe(call: RecordedCall, arguments: Any, keywords: Any, outputs: Sequence[Any] | None) -> None:
        if outputs is None:
            steps[call.serial] = _step(call, arguments, keywords)
            return
        step = steps[call.serial]
        step.upstreams = [None] * len(outputs)
        through = 0 if step.view is None else 1  # what reaches a view reaches its base too
        step.shapes = [tuple(each.shape) if isinstance(each, torch.Tensor) else () for each in outputs]
        for place, each in enumerate(outputs):
            if place >= through and isinstance(each, torch.Tensor) and each.requires_grad:
                each.register_hook(_keep(step, place))  # type: ignore[no-untyped-call]

    found = replay(event, observe=observe)
    outputs = [found.of(each) for each in event.outputs]
    upstreams = [
        torch.ones_like(output) if each is None else each.data.to(output.dtype)
        for each, output in zip(event.upstreams, outputs, strict=True)
    ]
    with quiet():
        torch.autograd.backward(outputs, upstreams, retain_graph=True)
    if any(is_custom(step.call) for step in steps.values()):
        found = replay(event)  # one of them may keep a graph of its own, which has been used
    return found, [steps[serial] for serial in sorted(steps)]


def _keep(step: RecordedStep, place: int) -> Any:
    def keep(gradient: torch.Tensor | None) -> None:
        step.upstreams[place] = None if gradient is None else gradient.detach()

    return keep


def _step(call: RecordedCall, arguments: Any, keywords: Any) -> RecordedStep:
    every = list(tensors_in([arguments, keywords]))
    wanted = tuple(place for place, each in enumerate(every) if each.requires_grad)
    changed = call.changes or is_custom(call)  # a forward may change what it is given

    def kept(each: Any) -> Any:
        if not isinstance(each, torch.Tensor):
            return each
        return each.detach().clone() if changed else each.detach()

    view = None
    if call.base is not None and arguments and arguments[0]._base is not None:
        target = arguments[0]
        view = target.size(), target.stride(), target.storage_offset()
        arguments = [target._base, *arguments[1:]]
    step = RecordedStep(call, mapped(tuple(arguments), kept), mapped(dict(keywords), kept), wanted=wanted, view=view)
    if call.random is not None and step.name in MASKING and not changed:
        ones = torch.ones_like(every[0])
        with torch.random.fork_rng(devices=[]), state_of(call), torch.no_grad():
            swapped = mapped(step.arguments, lambda each: ones if isinstance(each, torch.Tensor) else each)
            step.mask = call.function(*swapped, **step.keywords)
    return step


Change = Callable[[torch.Tensor], torch.Tensor]
"""What is done to the numbers that go into a step."""


def sent(step: RecordedStep, double: bool = False, change: Change | None = None, pure: bool = False) -> list[Any]:
    """What the backward of a step sends to each of its inputs, on its own; None where it sends nothing.

    With `double` in float64; with `change` other numbers go in; with `pure` a custom call is differentiated through its
    forward.
    """
    return _sent(step, double, change, pure, create=False)[0]


def _sent(
    step: RecordedStep, double: bool, change: Change | None, pure: bool, create: bool
) -> tuple[list[Any], list[torch.Tensor]]:
    """The same, and the leaves that it is sent to; with `create` autograd follows it."""
    change = change or _same
    leaves: list[torch.Tensor] = []
    every = iter(range(10**9))

    def stand_in(each: Any) -> Any:
        if not isinstance(each, torch.Tensor):
            return torch.float64 if double and isinstance(each, torch.dtype) and each in LOW else each
        place = next(every)
        value = change(widened(each, double)) if each.is_floating_point() or each.is_complex() else each
        if place in step.wanted:
            leaves.append(value.requires_grad_() if value.is_leaf else value)
            return leaves[-1].clone() if step.call.changes or is_custom(step.call) else leaves[-1]
        return value

    with quiet(), torch.random.fork_rng(devices=[]), state_of(step.call, double), torch.enable_grad():
        arguments, keywords = mapped([step.arguments, step.keywords], lambda each: each)
        arguments, keywords = mapped(arguments, stand_in), mapped(keywords, stand_in)
        outputs = list(run_step(step, arguments, keywords, double, pure))
        pairs = [
            (output, change(upstream.to(output.dtype)))
            for output, upstream in zip(outputs, step.upstreams, strict=False)
            if upstream is not None and isinstance(output, torch.Tensor) and output.requires_grad
        ]
        if not pairs:
            return [None] * len(leaves), leaves
        outputs, upstreams = [each for each, _ in pairs], [each for _, each in pairs]
        found: Any = torch.autograd.grad(outputs, leaves, upstreams, allow_unused=True, create_graph=create)
    return [None if each is None else dense(each) for each in found], leaves


def widened(each: torch.Tensor, double: bool) -> torch.Tensor:
    """A copy of a tensor, with `double` in float64."""
    if double and each.dtype in LOW:
        return each.double()
    if double and each.is_complex():
        return each.to(torch.complex128, copy=True)
    return each.clone()


def parts(each: torch.Tensor) -> torch.Tensor:
    """A tensor of real numbers: of complex ones with the two parts along a last dimension."""
    return torch.view_as_real(each.resolve_conj()) if each.is_complex() else each


def _same(each: torch.Tensor) -> torch.Tensor:
    return each


def _shaken(size: float) -> Change:
    """A change of every number by this relative amount, up or down at random."""

    def change(each: torch.Tensor) -> torch.Tensor:
        signs = torch.randint(0, 2, each.shape, generator=_CHANCE, dtype=torch.int8).to(each.dtype) * 2 - 1
        return each * (1 + size * signs)

    return change


_CHANCE = torch.Generator().manual_seed(0)


def run_step(step: RecordedStep, arguments: Any, keywords: Any, double: bool, pure: bool) -> Iterator[Any]:
    """What a step gives for other arguments; with `pure` a custom call is its forward."""
    if step.view is not None:
        arguments = (arguments[0].as_strided(*step.view), *arguments[1:])
    if step.mask is not None and double:
        yield next(tensors_in(arguments)) * step.mask.double()
        return
    definition = definition_of(step.name, arguments) if pure else None
    if pure and (definition is not None or is_custom(step.call)):
        yield from tensors_in((definition or forward_of(step.call))(*arguments, **keywords))
        return
    if double and step.name in CASTS:
        yield next(tensors_in(arguments)).double()
        return
    result = run_call(step.call, arguments, keywords, double)
    if step.call.changes:
        yield next(tensors_in([arguments, keywords]))
        if step.view is not None:
            yield arguments[0]._base
    else:
        yield from tensors_in(result)


@dataclass(slots=True)
class StepComparison:
    """What a step sends beside the truth, for each of its inputs."""

    sent: list[torch.Tensor | None]
    truth: list[torch.Tensor | None]
    budget: list[torch.Tensor | None]
    """What honest rounding may do to each component."""
    tolerance: list[float]

    def worst(self) -> Off | None:
        """The component farthest beyond what rounding explains; None if all are explained."""
        found: Off | None = None
        for place, number in enumerate(self.sent):
            off = _worst(place, number, self.truth[place], self.budget[place], self.tolerance[place])
            if off is not None and off.matters > 1 and (found is None or off.matters > found.matters):
                found = off
        return found


def compare(step: RecordedStep) -> StepComparison:
    """What a step sends beside its truth in float64."""
    plain = sent(step)
    truth = sent(step, double=True, pure=True)
    unit = unit_of(step)
    tolerance = [tolerance_of(step, each) for each in truth]
    bare = StepComparison(plain, truth, [None for _ in truth], tolerance)
    off = bare.worst()
    if off is None or off.matters <= 1:  # what rounding may do need not be known
        return replace(bare, tolerance=[math.inf for _ in truth])
    return replace(bare, budget=_of_sums(step, unit) if step.name in BILINEAR else _by_samples(step, unit, truth))


BILINEAR = frozenset(
    {"linear", "matmul", "mm", "bmm", "mv", "dot", "inner", "outer", "einsum", "tensordot", "sum", "mean", "addmm"}
    | {"conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "baddbmm", "bilinear"}
)
"""Sums of products, whose backwards are sums of products again."""


def _of_sums(step: RecordedStep, unit: float) -> list[torch.Tensor | None]:
    """What rounding may do to sums of products: the sum of the sizes of the terms, for each level of additions."""
    sizes = sent(step, double=True, change=torch.Tensor.abs)
    count = max([each.numel() for each in tensors_in([step.arguments, step.upstreams])], default=1)
    factor = ROUNDINGS * unit * (2 + math.log2(max(count, 2)))
    return [None if each is None else each.abs() * factor for each in sizes]


def _by_samples(step: RecordedStep, unit: float, truth: Sequence[Any]) -> list[torch.Tensor | None]:
    spreads: list[Any] = [None if each is None else each.abs() * (SLACK * unit) for each in truth]
    for _ in range(SAMPLES):
        changed = sent(step, double=True, change=_shaken(ROUNDINGS * unit), pure=True)
        for place, (one, other) in enumerate(zip(truth, changed, strict=True)):
            if one is not None and other is not None:
                spreads[place] = torch.maximum(spreads[place], SLACK * (one - other).abs().nan_to_num())
    return spreads


def unit_of(step: RecordedStep) -> float:
    """The unit roundoff of the coarsest format that a step computes in."""
    dtypes = {each.dtype for each in tensors_in([step.arguments, step.keywords])}
    dtypes |= {each for each in step.call.dtypes if each is not None}
    dtypes = {each for each in dtypes if each.is_floating_point or each.is_complex}
    dtypes |= {step.call.autocast} if step.call.autocast is not None else set()
    return max((float(torch.finfo(each).eps) / 2 for each in dtypes), default=2.0**-53)


def coarsest(event: BackwardPass) -> float:
    """The tolerance of the coarsest format that a pass computes in."""
    calls = calls_below(event.outputs)
    dtypes = {each for call in calls for each in (*call.dtypes, call.autocast) if each is not None}
    dtypes |= {each.added.data.dtype for each in event.arrivals if each.added is not None}
    units = [float(torch.finfo(each).eps) / 2 for each in dtypes if each.is_floating_point or each.is_complex]
    return RTOL.get(max(units, default=2.0**-53), 1.3e-6)


RTOL = {2.0**-53: 1e-7, 2.0**-24: 1.3e-6, 2.0**-11: 1e-3, 2.0**-8: 1.6e-2}
"""The tolerance of `torch.testing.assert_close` by the unit roundoff."""


def tolerance_of(step: RecordedStep, truth: torch.Tensor | None) -> float:
    """The largest error that does not matter, relative to the largest component that the step sends."""
    if truth is None or not truth.numel():
        return 0.0
    largest = truth.abs().nan_to_num(posinf=0.0).max().item()
    return RTOL.get(unit_of(step), 1.3e-6) * largest


def smallest(tensor: torch.Tensor) -> float:
    """The smallest number above 0 of a tensor's format."""
    found = torch.finfo(tensor.dtype)
    return float(found.tiny * found.eps)


def matters_at_its_scale(step: RecordedStep, off: Off) -> bool:
    """Whether an error is beyond what the terms of the output come to at the scale of the operand: |f/x| of a step."""
    operand = step.inputs[off.place].abs().nan_to_num(posinf=0.0)
    largest = float(operand.max()) if operand.numel() else 0.0
    arguments, keywords = _copied(step)
    with quiet(), torch.random.fork_rng(devices=[]), state_of(step.call, double=True), torch.no_grad():
        outputs = run_step(step, arguments, keywords, double=True, pure=True)
        pairs = [(out, up) for out, up in zip(outputs, step.upstreams, strict=False) if up is not None]
        terms = sum(float((parts(out).double() * parts(up).double()).abs().sum()) for out, up in pairs)
    allowed = max(RTOL.get(unit_of(step), 1.3e-6) * terms / (largest or 1.0), smallest(operand))
    return not abs(off.sent - off.truth) <= allowed


def _copied(step: RecordedStep) -> Any:
    def wide(each: Any) -> Any:
        if isinstance(each, torch.Tensor):
            return widened(each, double=True)
        return torch.float64 if isinstance(each, torch.dtype) and each in LOW else each

    return mapped([step.arguments, step.keywords], wide)


def _worst(place: int, number: Any, truth: Any, budget: Any, tolerance: float) -> Off | None:
    if (number is None and truth is None) or tolerance == math.inf:
        return None
    if truth is None:
        truth = torch.zeros_like(widened(number, double=True))
    number = torch.zeros_like(truth) if number is None else number.to(truth.dtype)
    if number.shape != truth.shape or not truth.numel():
        return None
    if truth.is_complex():
        wide = None if budget is None else budget.unsqueeze(-1).expand(*budget.shape, 2)
        off = _worst(place, parts(number), parts(truth), wide, tolerance)
        return None if off is None else replace(off, index=off.index[:-1])
    error = (number - truth).abs()
    if float(error.max()) <= tolerance:  # most are: all that follows is about the others, and about NaN
        return None
    same = (number == truth) | (number.isnan() & truth.isnan()) | ~truth.isfinite()
    error = torch.where(same, torch.zeros_like(error), error.nan_to_num(nan=float("inf"), posinf=float("inf")))
    allowed = torch.zeros_like(error) if budget is None else budget
    beyond = torch.where(error > allowed, error, torch.zeros_like(error))
    at = int(beyond.flatten().argmax())
    worst = beyond.flatten()[at].item()
    if worst == 0:
        return None
    index = tuple(int(each) for each in torch.unravel_index(torch.tensor(at), truth.shape)) if truth.ndim else ()
    explained = float(allowed.flatten()[at])
    error_in_budgets = worst / explained if explained else float("inf")
    matters = worst / tolerance if tolerance else float("inf")
    return Off(place, index, float(number.flatten()[at]), float(truth.flatten()[at]), error_in_budgets, matters)


def second(step: RecordedStep, pure: bool) -> list[Any]:
    """The gradient of a random combination of what a step sends, in float64."""
    numbers, leaves = _sent(step, True, None, pure, create=True)
    chance = torch.Generator().manual_seed(1)
    total = sum(
        (parts(each) * torch.randn(parts(each).shape, generator=chance, dtype=torch.float64)).sum()
        for each in numbers
        if each is not None
    )
    if not isinstance(total, torch.Tensor) or not total.requires_grad:
        return [None for _ in leaves]
    with quiet():
        return list(torch.autograd.grad(total, leaves, allow_unused=True))


def by_component(
    step: RecordedStep, places: Sequence[int]
) -> tuple[list[torch.Tensor], torch.Tensor, list[Any]] | None:
    """Operands, upstream and sent gradient of a step that works component by component, at places of its output.

    None if it has no such places.
    """
    shape, upstream = step.shapes[0], step.upstreams[0]
    if upstream is None or step.call.base is not None or step.mask is not None:
        return None
    every = list(tensors_in([step.arguments, step.keywords]))
    try:
        wide = iter([each.broadcast_to(shape).contiguous() for each in every])
    except RuntimeError:
        return None
    widened = [
        mapped(each, lambda one: next(wide) if isinstance(one, torch.Tensor) else one)
        for each in (step.arguments, step.keywords)
    ]
    apart = RecordedStep(step.call, widened[0], widened[1], step.upstreams, step.shapes, step.wanted)
    numbers = sent(apart)
    chosen = torch.tensor(list(places))
    operands = [each.flatten()[chosen] for each in tensors_in(widened)]
    return operands, upstream.flatten()[chosen], [None if each is None else each.flatten()[chosen] for each in numbers]


def masks_in(steps: Sequence[RecordedStep]) -> dict[int, torch.Tensor]:
    """What each dropout multiplied by, by the serial number of its call."""
    return {step.call.serial: step.mask for step in steps if step.mask is not None}


def whole_in_double(event: BackwardPass, masks: Mapping[int, Any]) -> list[torch.Tensor | None]:
    """The gradients of a pass that is run again in float64."""
    return gradients(event, replay(event, masks, double=True))
