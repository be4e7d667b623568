"""The steps of a pass, one by one: what each call's backward sent for the numbers that reached it, and the truth.

The truth of a step is its vector-Jacobian product in float64, of a custom call through its forward. What honest
rounding may do to it is known in closed form for sums of products; else it is found by evaluating the step again with
every number that went in changed by a few units of roundoff.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from autogradcli.engines.torch.record.calls import BackwardPass, RecordedCall, Value, dense, mapped, tensors_in
from autogradcli.engines.torch.record.definitions import definition_of
from autogradcli.engines.torch.record.kinds import MASKING, kind_of
from autogradcli.engines.torch.record.mathematics import forward_of, is_custom
from autogradcli.engines.torch.record.replay import (
    CASTS,
    LOW,
    Replay,
    gradients,
    in_double,
    quiet,
    replay,
    run_call,
    state_of,
)


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
            return in_double(each) if double else each
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
