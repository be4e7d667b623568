"""Slopes along a random direction, by central differences beside autograd: of a step, and of a whole pass."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from autogradcli.engines.torch.record.calls import BackwardPass, Given, mapped, tensors_in
from autogradcli.engines.torch.record.replay import gradients, in_double, quiet, replay, state_of
from autogradcli.engines.torch.record.steps import RecordedStep, parts, run_step, sent, widened

DISTANCES = (1e-6, 1e-7, 1e-8)
"""How far the numbers are moved, in units of the largest; closer by, fewer kinks lie between."""
AGREE = 1e-2
"""How far, relatively to the root of the sum of the squares of its terms, a slope by differences may be off."""
NOISE = 1e-14
"""What rounding may do to a sum in float64, relatively to its terms."""


@dataclass(frozen=True, slots=True)
class StepSlopes:
    """The slope of a step along a direction."""

    by_autograd: float
    """By autograd, of a custom call through its forward."""
    by_differences: float
    claimed: float
    """By its own backward."""
    allowed: float
    """How far the first two may honestly differ."""

    @property
    def agree(self) -> bool:
        """Whether autograd gives the slope that the forward has."""
        return abs(self.by_autograd - self.by_differences) <= self.allowed


def slopes(step: RecordedStep, agree: float = AGREE) -> StepSlopes | None:
    """The slopes of a step, at the first distance at which they agree; None if the forward cannot be run again."""
    try:
        moving = _Moving(step, agree)
        found = [moving.slopes(DISTANCES[0])]
        for distance in DISTANCES[1:]:
            if not found[-1].agree:
                found.append(moving.slopes(distance))
    except Exception:  # the program's own code, which may do anything
        return None
    return found[-1] if found[-1].agree else found[0]


class _Moving:
    """A step whose operands are moved along a direction."""

    def __init__(self, step: RecordedStep, agree: float) -> None:
        self._agree = agree
        chance = torch.Generator().manual_seed(0)
        self._step = step
        self._wide = [widened(each, double=True) for each in tensors_in([step.arguments, step.keywords])]
        self._directions = {
            place: torch.randn(self._wide[place].shape, generator=chance, dtype=self._wide[place].dtype)
            for place in step.wanted
        }
        moved = [self._wide[place].detach() for place in step.wanted]
        self._size = max((float(each.abs().max()) for each in moved if each.numel()), default=1.0) or 1.0
        self._by_autograd, self._spread = self._along(sent(step, double=True, pure=True))
        self._claimed, _ = self._along(sent(step))

    def slopes(self, distance: float) -> StepSlopes:
        """The slopes, with central differences over this distance."""
        way = distance * self._size
        (ahead, size), (behind, _) = self._value(way), self._value(-way)
        allowed = self._agree * self._spread + NOISE * size / way
        return StepSlopes(self._by_autograd, (ahead - behind) / (2 * way), self._claimed, allowed)

    def _value(self, way: float) -> tuple[float, float]:
        """The sum of the outputs times their upstream gradients, so far along the direction; and that of sizes."""
        places = iter(range(len(self._wide)))

        def moved(each: Any) -> Any:
            if not isinstance(each, torch.Tensor):
                return in_double(each)
            place = next(places)
            wide = self._wide[place]
            return wide + way * self._directions[place] if place in self._directions else wide.clone()

        step = self._step
        with quiet(), torch.random.fork_rng(devices=[]), state_of(step.call, double=True), torch.no_grad():
            arguments, keywords = mapped(step.arguments, moved), mapped(step.keywords, moved)
            outputs = list(run_step(step, arguments, keywords, double=True, pure=True))
        terms = [_paired(up, out) for out, up in zip(outputs, step.upstreams, strict=False) if up is not None]
        return sum(float(each.sum()) for each in terms), sum(float(each.abs().sum()) for each in terms)

    def _along(self, numbers: Sequence[Any]) -> tuple[float, float]:
        """The slope along the direction by a gradient, and the root of the sum of the squares of its terms."""
        pairs = zip(self._step.wanted, numbers, strict=True)
        terms = [_paired(each, self._directions[place]) for place, each in pairs if each is not None]
        return sum(float(each.sum()) for each in terms), math.hypot(*(float(each.norm()) for each in terms))


def _paired(gradient: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    """What changes of components come to by their gradients; of a complex number that of both of its parts.

    The gradient with respect to a + ib is that with respect to a plus i times that with respect to b, as on PyTorch's
    page "Autograd mechanics".
    """
    return parts(gradient.detach()).double() * parts(change.detach()).double()


def whole_slopes(event: BackwardPass, masks: Mapping[int, Any]) -> tuple[float, float]:
    """Along a random direction, the slope of a whole pass by autograd in float64 and by central differences."""
    chance = torch.Generator().manual_seed(0)
    found = replay(event, masks, double=True)
    given = gradients(event, found)
    pairs = [
        (arrival.value, each)
        for arrival, each in zip(event.arrivals, given, strict=True)
        if isinstance(arrival.value, Given) and each is not None
    ]
    size = max((float(value.data.abs().max()) for value, _ in pairs if value.data.numel()), default=1.0) or 1.0
    directions = {
        value.serial: torch.randn(value.data.shape, generator=chance, dtype=widened(value.data, double=True).dtype)
        for value, _ in pairs
    }
    distance = DISTANCES[0] * size

    def value_at(way: float) -> float:
        moved = {serial: way * each for serial, each in directions.items()}
        again = replay(event, masks, double=True, moved=moved)
        total = 0.0
        for value, upstream in zip(event.outputs, event.upstreams, strict=True):
            output = again.of(value)
            total += float(_paired(torch.ones_like(output) if upstream is None else upstream.data, output).sum())
        return total

    by_differences = (value_at(distance) - value_at(-distance)) / (2 * distance)
    return sum(float(_paired(each, directions[value.serial]).sum()) for value, each in pairs), by_differences
