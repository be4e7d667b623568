"""Records what a snippet does with tensors that autograd follows, as calls of rows of the table."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count
from typing import Any

import torch

from autogradcli.engines.torch.snippet.bind import Binder, Bound, Slot, Unbindable
from autogradcli.engines.torch.snippet.operation import Operation
from autogradcli.engines.torch.snippet.origins import (
    Given,
    Made,
    Operand,
    Origin,
    Record,
    Unknown,
    cut_of,
    is_chosen,
    record_of,
)
from autogradcli.errors import Span
from autogradcli.language.function import FIELD

MAX_KEPT = 20_000_000
"""Components of tensors that are kept as they were."""
SHARED = (
    "a tensor on the way was changed in place through another tensor that shares its memory: y[0] = 2*y[0] is followed,"
    " y[0] *= 2 is not"
)
"""Why nothing is known of a tensor that has changed since."""
PARTS = frozenset({"split", "chunk", "tensor_split", "unbind"})
"""Operations that take a tensor apart."""
CASTS = frozenset({"float", "double", "half", "bfloat16", "int", "long", "to", "type_as"})
"""Operations that make numbers of True and False."""
CONDITIONS = frozenset({"boolean", "mask"})
"""Kinds of parameters that a tensor of True and False is meant for."""


class Recorder:
    """What is known of the tensors of one run."""

    def __init__(self, literals: Mapping[float, Fraction]) -> None:
        self._binder = Binder(literals)
        self._serial = count()
        self._touched: dict[int, int] = {}
        """How often the memory at an address was changed in place."""
        self._epoch = 0
        self.kept = 0
        """Components that are kept."""
        self.changed: Span | None = None
        """Where a tensor was last changed in place."""

    # What is noted.

    def note(
        self, operation: Operation, arguments: Sequence[Any], keywords: Mapping[str, Any], result: Any, span: Span
    ) -> None:
        """Take note of what an operation gave, if autograd follows it."""
        if any(each is result for each in arguments):
            return
        if not torch.is_grad_enabled() or operation.name == "Tensor.detach":
            self._note_cut(arguments, result)
            return
        if not any(self._followed(each, arguments, keywords) for each in _tensors(result)):
            self._carry_cut(arguments, result)
            return
        name = operation.name.rpartition(".")[2]
        if name in CASTS and _is_condition(arguments[0]):
            self._note_cast(arguments[0], result, span)
        elif name in PARTS:
            self._note_parts(arguments, keywords, result, span)
        else:
            self._note_call(operation, arguments, keywords, result, span)

    def _note_call(
        self, operation: Operation, arguments: Sequence[Any], keywords: Mapping[str, Any], result: Any, span: Span
    ) -> None:
        """Take note of what a row of the table gave."""
        outputs = [each for each in _tensors(result) if self._followed(each, arguments, keywords)]
        try:
            several = not isinstance(result, torch.Tensor)
            bound, slots = self._binder.bind(operation, arguments, keywords, several)
            operands = self._operands(bound, slots, span)
        except Unbindable as reason:
            for output in outputs:
                self._set_unknown(output, str(reason))
            return
        for output in outputs:
            options = bound.options
            if not isinstance(result, torch.Tensor):
                field = _field(bound, result, output)
                if field is None:
                    self._set_unknown(output, f"one of the results of {operation.name} is not verified")
                    continue
                options = (*options, (FIELD, field))
            made = self._made(bound, operands, options, span, output)
            made.tie = made.condition and _ties(arguments)
            self._set(output, made)

    def _note_cast(self, condition: torch.Tensor, result: torch.Tensor, span: Span) -> None:
        """Take note that a result is 1 where a condition holds, and 0 elsewhere."""
        operands = (self.origin(condition, span), Fraction(1), Fraction(0))
        self._set(result, Made("where", operands, (), span, next(self._serial), dtype=result.dtype))

    def _note_parts(
        self, arguments: Sequence[Any], keywords: Mapping[str, Any], parts: Sequence[torch.Tensor], span: Span
    ) -> None:
        """Take note that tensors are what another falls into along a dimension, one after the other."""
        whole = arguments[0]
        apart = parts[0].ndim < whole.ndim
        dim = keywords.get("dim", next(iter(arguments[1 if apart else 2 :]), 0))
        origin, start = self.origin(whole, span), 0
        for part in parts:
            length = 1 if apart else part.shape[dim]
            options = (
                (("dim", dim), ("index", start)) if apart else (("dim", dim), ("start", start), ("length", length))
            )
            name = "select" if apart else "narrow"
            self._set(part, Made(name, (origin,), options, span, next(self._serial), dtype=part.dtype))
            start += length

    def note_changes(
        self, operation: Operation, arguments: Sequence[Any], keywords: Mapping[str, Any], result: Any, span: Span
    ) -> None:
        """Take note that an operation has changed some of its arguments in place, where its name does not say so."""
        for each in _tensors((arguments, keywords)):
            self.touch(each, span)
        for output in _tensors(result):
            self._set(output, Unknown(f"{operation.name} changes its arguments in place here"))

    def _note_cut(self, arguments: Sequence[Any], result: Any) -> None:
        """Take note that a result is cut off from the graph of what it was made of."""
        reason = "no_grad" if not torch.is_grad_enabled() else "detach"
        if any(each.requires_grad or cut_of(each) for each in _tensors(arguments)):
            for output in _tensors(result):
                record_of(output).cut = reason

    def _carry_cut(self, arguments: Sequence[Any], result: Any) -> None:
        """Take note that a result is made of what was cut off from the graph."""
        reason = next(filter(None, map(cut_of, _tensors(arguments))), None)
        if any(each.requires_grad for each in _tensors(arguments)):
            reason = "discrete"
        if reason is not None:
            for output in _tensors(result):
                record_of(output).cut = reason

    def before_change(self, operation: Operation, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
        """What must be known of the arguments of an operation before it changes the first of them."""
        if not torch.is_grad_enabled() or not any(each.requires_grad for each in _tensors((arguments, keywords))):
            return None
        try:
            bound, slots = self._binder.bind(operation, arguments, keywords)
            return bound, self._operands(bound, slots, Span(0, 0))
        except Unbindable as reason:
            return Unknown(str(reason))

    def after_change(self, target: torch.Tensor, before: Any, span: Span) -> None:
        """Take note that an operation has changed a tensor in place."""
        self.touch(target, span)
        if before is None or not target.requires_grad or target.is_leaf:
            return
        if isinstance(before, Unknown):
            self._set(target, before)
        else:
            bound, operands = before
            self._set(target, self._made(bound, operands, bound.options, span, target))

    def touch(self, target: torch.Tensor, span: Span) -> None:
        """Take note that the memory of a tensor has changed."""
        address = _address(target)
        self._touched[address] = self._touched.get(address, 0) + 1
        record_of(target).changed = self.changed = span

    def touch_all(self) -> None:
        """Take note that any memory may have changed: that of an array, which tensors can share."""
        self._epoch += 1

    def pick(self, whole: torch.Tensor, parts: Sequence[torch.Tensor], span: Span) -> None:
        """Take note that tensors are the items of another, in order."""
        if whole.requires_grad and torch.is_grad_enabled():
            origin = self.origin(whole, span)
            for place, part in enumerate(parts):
                options = (("index", (place,)),)
                self._set(part, Made("getitem", (origin,), options, span, next(self._serial), dtype=part.dtype))

    def forget(self, tensor: torch.Tensor, reason: Unknown) -> None:
        """Take note that nothing can be verified of a tensor."""
        self._set(tensor, reason)

    # What is known.

    def origin(self, tensor: torch.Tensor, span: Span) -> Origin:
        """Where a tensor comes from, as it is now."""
        record = record_of(tensor)
        stamp = self._stamp(tensor)
        fresh = record.stamp == stamp
        if tensor.requires_grad and not tensor.is_leaf:
            if record.origin is None:
                return Unknown("the operation that made a tensor was not recorded")
            if not fresh:
                return Unknown(SHARED)
            return record.origin
        if fresh and isinstance(record.origin, Made):
            return record.origin
        if fresh and isinstance(record.origin, Given) and record.origin.differentiated == tensor.requires_grad:
            return record.origin
        return self._give(tensor, record, stamp, span)

    def _give(self, tensor: torch.Tensor, record: Record, stamp: int, span: Span) -> Origin:
        if self.kept + tensor.numel() > MAX_KEPT:
            return Unknown(f"more than {MAX_KEPT:,} numbers would have to be kept")
        if tensor.is_complex():
            return Unknown("complex numbers are not verified")
        self.kept += tensor.numel()
        data = tensor.detach().clone()
        record.origin, record.stamp = Given(record, data, tensor.requires_grad, span, next(self._serial)), stamp
        return record.origin

    def _set_unknown(self, tensor: torch.Tensor, reason: str) -> None:
        """Take note that nothing can be verified of a tensor; if it takes no gradient, that it is a constant."""
        if tensor.requires_grad:
            self._set(tensor, Unknown(reason))
        else:
            record_of(tensor).cut = "discrete"

    def _set(self, tensor: torch.Tensor, origin: Origin) -> None:
        record = record_of(tensor)
        record.origin, record.stamp = origin, self._stamp(tensor)

    def _stamp(self, tensor: torch.Tensor) -> int:
        return self._touched.get(_address(tensor), 0) + self._epoch

    def _followed(self, output: torch.Tensor, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> bool:
        """Whether autograd follows a result; and whether it is a condition on, or made of one on, what it follows."""
        if output.requires_grad:
            return True
        if output.dtype == torch.bool:
            return any(each.requires_grad or is_chosen(each) for each in _tensors((arguments, keywords)))
        return any(
            isinstance(record_of(each).origin, Made) for each in _tensors((arguments, keywords)) if is_chosen(each)
        )

    # Operands.

    def _made(
        self, bound: Bound, operands: tuple[Operand, ...], options: Any, span: Span, output: torch.Tensor
    ) -> Made:
        condition = bound.function.returns == "boolean"
        return Made(bound.function.name, operands, options, span, next(self._serial), condition, dtype=output.dtype)

    def _operands(self, bound: Bound, slots: Sequence[Slot], span: Span) -> tuple[Operand, ...]:
        found: list[Operand] = []
        for parameter, place in bound.operands:
            value = place if isinstance(place, Fraction) else slots[place]
            if not isinstance(value, torch.Tensor):
                found.append(value)
            elif parameter.kind == "number":
                raise Unbindable(f"{parameter.name} of {bound.function.name} is given as a tensor")
            else:
                found.append(self._operand(value, parameter.kind in CONDITIONS, span))
        return tuple(found)

    def _operand(self, tensor: torch.Tensor, condition: bool, span: Span) -> Origin:
        """Where an operand comes from, made a condition or a number where it is the other and that is needed."""
        origin = self.origin(tensor, span)
        if isinstance(origin, Unknown) or tensor.dtype != torch.bool:
            return origin
        is_condition = isinstance(origin, Made) and origin.condition
        if condition and not is_condition:
            return Made("ne", (origin, Fraction(0)), (), span, next(self._serial), condition=True)
        if not condition and is_condition:
            return Made("where", (origin, Fraction(1), Fraction(0)), (), span, next(self._serial))
        return origin


def versions(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> list[int]:
    """How often each of the tensors among some arguments was changed in place, as torch counts it."""
    found = [each._version for each in arguments if isinstance(each, torch.Tensor)]
    return (
        found + [each._version for each in keywords.values() if isinstance(each, torch.Tensor)] if keywords else found
    )


def _address(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _is_condition(tensor: Any) -> bool:
    origin = record_of(tensor).origin if isinstance(tensor, torch.Tensor) else None
    return isinstance(origin, Made) and origin.condition


def _ties(arguments: Sequence[Any]) -> bool:
    """Whether a comparison has equal numbers on both sides somewhere."""
    return len(arguments) == 2 and bool(torch.as_tensor(arguments[0] == arguments[1]).any())


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in arguments or results."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _field(bound: Bound, result: Any, output: torch.Tensor) -> str | None:
    """Which of several results a tensor is; None if the row has no names for them."""
    names = bound.function.fields
    return next((name for name in names if getattr(result, name, None) is output), None)
