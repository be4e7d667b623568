"""What a step sends beside the truth in float64, and what honest rounding may do to it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass, tensors_in
from autogradcli.engines.torch.record.steps import Change, RecordedStep, parts, sent, widened

ROUNDINGS = 4
"""Units of roundoff by which a number may honestly err."""
SAMPLES = 3
"""How often a step is evaluated with its numbers changed."""
SLACK = 16
"""What rounding may do, in units of the largest change seen among the samples."""


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


def underflows(step: RecordedStep, off: Off) -> bool:
    """Whether an error is below what the format of the operand can tell from 0."""
    return abs(off.sent - off.truth) <= smallest(step.inputs[off.place])


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


def _shaken(size: float) -> Change:
    """A change of every number by this relative amount, up or down at random."""

    def change(each: torch.Tensor) -> torch.Tensor:
        signs = torch.randint(0, 2, each.shape, generator=_CHANCE, dtype=torch.int8).to(each.dtype) * 2 - 1
        return each * (1 + size * signs)

    return change


_CHANCE = torch.Generator().manual_seed(0)
