"""Comparisons of equal numbers that became a bool: beyond such a tie another branch may be taken."""

from typing import Any

import torch

from autogradcli.engines.torch.record.calls import CallOutput, CallSite, Given, RecordedCall, Tie
from autogradcli.engines.torch.record.conditions import Conditions
from autogradcli.engines.torch.record.kinds import kind_of
from autogradcli.engines.torch.record.memory import Memory
from autogradcli.engines.torch.record.places import Places

COMPARISONS = frozenset(
    {"gt", "lt", "ge", "le", "eq", "ne", "greater", "less", "greater_equal", "less_equal", "not_equal"}
)


class Ties(Memory, Places):
    """Takes note of the comparisons that become a bool, and of numbers that conditions compare."""

    def __init__(self) -> None:
        Memory.__init__(self)
        Places.__init__(self)
        self.cuts = 0
        """How often something that autograd follows was turned into what it does not."""
        self.conditions: Conditions | None = None
        """The conditions of the program; None if they are not looked at."""
        self._ties: dict[CallSite | None, Tie | None] = {}
        """Where a comparison became a bool, the comparison if it tied since the last backward, or the last time."""
        self._new: set[CallSite | None] = set()
        """Where one tied since the last backward."""

    def ties_until_now(self) -> dict[CallSite, Tie]:
        """Where a comparison tied since the backward before, or the last time; what comes now belongs to the next."""
        self._new.clear()
        if self.conditions is not None:
            self.conditions.forget()
        return {place: tie for place, tie in self._ties.items() if tie is not None and place is not None}

    def note_bool(self, function: Any, args: Any, kwargs: Any) -> Any:
        """What makes a bool of a tensor gives."""
        result = function(*args, **kwargs)
        tensor, found = args[0], self._fact(args[0])
        if isinstance(found, CallOutput):
            self._decided(self.place(), found.call, ties(found.call))
        elif tensor.requires_grad:
            self._decided(self.place(), self._comparison(torch.ne, tensor, 0), not result)
        return result

    def note_equal(self, function: Any, args: Any, kwargs: Any) -> Any:
        """What `torch.equal` gives, a comparison that gives a bool itself."""
        result = function(*args, **kwargs)
        if any(isinstance(each, torch.Tensor) and (each.requires_grad or self._fact(each)) for each in args):
            self._decided(self.place(), self._comparison(torch.eq, *args), result)
        return result

    def note_number(self, function: Any, args: Any, kwargs: Any) -> Any:
        """What `.item()`, `.numpy()` and the like give: numbers that are cut off."""
        tensor = args[0]
        if isinstance(tensor, torch.Tensor) and tensor.dtype == torch.bool:
            return self.note_bool(function, args, kwargs)
        result = function(*args, **kwargs)
        if isinstance(tensor, torch.Tensor) and tensor.requires_grad:
            self.cuts += 1
            self._note_conditions(tensor, result)
        return result

    def _note_conditions(self, tensor: torch.Tensor, number: Any) -> None:
        """Take note of the conditions that a number decides which was read off a tensor."""
        frame = self.frame()
        if self.conditions is None or frame is None:
            return
        jumps = isinstance(number, int) and bool(tensor == number)
        for each in self.conditions.decided(frame, number, self.value(tensor), jumps):
            self._decided(each.place, self._comparison(torch.eq, *each.tensors), each.tied)

    def _comparison(self, function: Any, *args: Any) -> RecordedCall:
        values = tuple(self.value(each) if isinstance(each, torch.Tensor) else each for each in args)
        return RecordedCall(function, values, {}, self.place(), next(self._serial))

    def _decided(self, place: CallSite | None, comparison: RecordedCall, tied: bool) -> None:
        """Take note that a comparison became a bool."""
        if tied:
            self._ties[place] = Tie(comparison, self.callers())
            self._new.add(place)
        elif place not in self._new:
            self._ties[place] = None


def ties(call: RecordedCall) -> bool:
    """Whether a comparison, or one that a condition is made of, has equal numbers on both sides somewhere."""
    sides = [each for each in call.arguments if isinstance(each, Given | CallOutput | int | float)][:2]
    if len(sides) == 2 and kind_of(call.function).name.strip("_") in COMPARISONS:
        left, right = (_numbers(each) for each in sides)
        known = left is not None and right is not None
        if known and not _is_one(left, right) and bool(torch.as_tensor(left == right).any()):
            return True
    conditions = [each for each in call.values() if isinstance(each, CallOutput) and _is_condition(each)]
    return any(ties(each.call) for each in conditions)


def _is_one(left: Any, right: Any) -> bool:
    """Whether two tensors are one, which is compared with itself to find NaN, as distributions do."""
    return left is right or (
        isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor) and left.is_set_to(right)
    )


def _is_condition(value: CallOutput) -> bool:
    return value.call.dtypes[value.index] == torch.bool


def _numbers(value: Any) -> Any:
    if isinstance(value, Given):
        return value.data
    return value.call.outputs[value.index] if isinstance(value, CallOutput) else value
