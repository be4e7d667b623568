"""Calls of a snippet as calls of rows of the table: which row is meant, and what of the call is an operand of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch

from autogradcli.engines.torch.snippet.operation import Operation
from autogradcli.engines.torch.snippet.origins import is_chosen
from autogradcli.errors import Span
from autogradcli.language.call_binding import Argument, Binding, Static, bind_first, parameter_at
from autogradcli.language.function import Function, Parameter
from autogradcli.language.lexer import Token

NOWHERE = Span(0, 0)
MOST_KEPT = 20_000
"""Bindings that are kept, for calls that are met again."""

Slot = torch.Tensor | float
"""A tensor, or a float that is infinite."""


class Unbindable(Exception):
    """A call that the table has no words for; the message says what of it."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A row, and its operands: places among the slots of the call, or exact numbers."""

    function: Function
    operands: tuple[tuple[Parameter, int | Fraction], ...]
    options: tuple[tuple[str, object], ...]


class Binder:
    """Binds calls; what it finds for one is kept for all that differ in their tensors alone."""

    def __init__(self, literals: Mapping[float, Fraction]) -> None:
        self._literals = literals
        """The numbers that are written in the text, exactly as they are written."""
        self._kept: dict[Any, Bound | None] = {}

    def bind(
        self, operation: Operation, arguments: Sequence[Any], keywords: Mapping[str, Any], several: bool = False
    ) -> tuple[Bound, list[Slot]]:
        """The row that a call means, and the tensors that are its operands; Unbindable if it means none.

        `several` says whether torch gave back several results: `max(x, 1)` is a reduction then, whose rows have fields.
        """
        slots: list[Slot] = []
        rows = tuple(row for row in operation.rows if bool(row.fields) is several)
        placed: list[tuple[int | str, Any]] = [*enumerate(arguments), *keywords.items()]
        values = [
            (place, self._value(rows, place, value, slots))
            for place, value in placed
            if not (place == "dtype" and value is None)
        ]
        key = (operation, several, tuple((place, _hashable(value)) for place, value in values))
        if key not in self._kept:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = _bound(rows, operation.name, values)
        found = self._kept[key]
        if found is None:
            raise Unbindable(f"{operation.name}, called so, is no row of gradcalc's table of functions")
        return found, slots

    def _value(self, rows: Sequence[Function], place: int | str, value: Any, slots: list[Slot]) -> Any:
        """What the binding of a text takes for an argument: places of operands, or what is fixed."""
        found = [parameter_at(row, place) for row in rows]
        kinds = {parameter.kind for parameter in found if parameter is not None}
        if "index" in kinds:
            return Static(index_of(value))
        if isinstance(value, torch.Tensor):
            slots.append(value)
            return len(slots) - 1
        if "sequence" in kinds and isinstance(value, list | tuple):
            return tuple(self._value((), place, each, slots) for each in value)
        if isinstance(value, float) and not math.isfinite(value) and kinds & {"tensor", "number"}:
            slots.append(value)
            return len(slots) - 1
        return Static(self._fixed(value))

    def _fixed(self, value: Any) -> Any:
        """A value that is no tensor, as the text of an expression would have it."""
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int):
            return Fraction(value)
        if isinstance(value, float) and math.isfinite(value):
            return self._literals.get(value) or Fraction(value)
        if isinstance(value, float) and not math.isnan(value):
            return "inf" if value > 0 else "-inf"
        if isinstance(value, list | tuple):
            return tuple(map(self._fixed, value))
        raise Unbindable(f"an argument of the type {type(value).__name__} is not verified")


def _bound(rows: Sequence[Function], name: str, values: Sequence[tuple[int | str, Any]]) -> Bound | None:
    arguments = [
        Argument(value, NOWHERE, Token("name", place, 0, 0) if isinstance(place, str) else None)
        for place, value in values
    ]
    found = bind_first(rows, name, arguments) if rows else None
    if not isinstance(found, Binding):
        return None
    return Bound(found.function, tuple((each, _place(value)) for each, value in found.operands), found.options)


def _place(argument: Argument | Fraction) -> int | Fraction:
    if isinstance(argument, Fraction):
        return argument
    value = argument.value.value if isinstance(argument.value, Static) else argument.value
    assert isinstance(value, int | Fraction)
    return value


def _hashable(value: Any) -> Any:
    """A key that tells fixed values apart: 1 and True are equal, and slices have no hash."""
    if isinstance(value, Static):
        return "fixed", _hashable(value.value)
    if isinstance(value, tuple):
        return tuple(map(_hashable, value))
    if isinstance(value, slice):
        return "slice", value.start, value.stop, value.step
    return type(value).__name__, value


def index_of(value: Any) -> tuple[Any, ...]:
    """A subscript as the table has it: whole numbers, slices, None, `...`, and tuples of whole numbers."""
    return tuple(map(_item, value if isinstance(value, tuple) else (value,)))


def _item(item: Any) -> Any:
    if item is None or item is Ellipsis:
        return item
    if isinstance(item, slice):
        return slice(*(None if each is None else int(each) for each in (item.start, item.stop, item.step)))
    if isinstance(item, torch.Tensor):
        return _of_tensor(item)
    if isinstance(item, range):
        return tuple(item)
    if isinstance(item, list):
        return tuple(map(_item, item))
    if isinstance(item, int) and not isinstance(item, bool):
        return item
    raise Unbindable("a subscript of this kind is not verified")


def _of_tensor(item: torch.Tensor) -> Any:
    if is_chosen(item):
        raise Unbindable("a subscript that depends on what is differentiated is not verified: type torch.where")
    if item.dtype == torch.bool:
        if item.ndim != 1:
            raise Unbindable("a mask as a subscript is not verified: type torch.where(mask, x, 0)")
        return tuple(item.nonzero().flatten().tolist())
    return _tuples(item.tolist())


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
