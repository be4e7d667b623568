"""A recorded call as a call of a row of the table: which row is meant, and what of the call is an operand of it."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import torch

from autogradcli.engines.torch.record.calls import CallOutput, Given, RecordedCall, Unknown, Value
from autogradcli.engines.torch.record.kinds import SWAPPED, kind_of, rows_of
from autogradcli.errors import Span
from autogradcli.functions.function import LISTS, Function, Parameter
from autogradcli.language.call_binding import Argument, Binding, Static, bind_first, parameter_at
from autogradcli.language.lexer import Token

NOWHERE = Span(0, 0)

Slot = Value | float
"""A tensor, or a float that is infinite."""


class Unbindable(Exception):
    """A call that the table has no words for; the message says what of it."""


@dataclass(frozen=True, slots=True)
class BoundRow:
    """A row with its operands."""

    function: Function
    operands: tuple[tuple[Parameter, Slot | Fraction], ...]
    options: tuple[tuple[str, object], ...]


def bind(call: RecordedCall, dtype: torch.dtype | None = None) -> BoundRow:
    """The row that a call means, with numbers as the dtype holds them. Raises Unbindable if it means none."""
    name = kind_of(call.function).name
    if name.startswith("as_strided"):
        raise Unbindable(f"{name} reads memory, whose order is not known here")
    several = len(call.shapes) > 1 and call.base is None
    rows = tuple(row for row in rows_of(name) if bool(row.fields) is several)
    if not rows:
        raise Unbindable(f"{name} is no row of gradcalc's table of functions")
    arguments, keywords = _given(call, name, rows)
    slots: list[Slot] = []
    reader = _Reader(rows, slots, dtype)
    placed: list[tuple[int | str, Any]] = [*enumerate(arguments), *keywords.items()]
    values = [(place, reader.value(place, value)) for place, value in placed]
    found = bind_first(rows, name, [_argument(place, value) for place, value in values])
    if not isinstance(found, Binding):
        raise Unbindable(f"{name}, called so, is no row of gradcalc's table of functions")
    operands = tuple((parameter, _slot(argument, slots)) for parameter, argument in found.operands)
    return BoundRow(found.function, operands, found.options)


def _given(call: RecordedCall, name: str, rows: Sequence[Function]) -> tuple[Sequence[Any], dict[str, Any]]:
    """The arguments of a call, without those that only repeat a default: torch passes defaults on by their names."""
    arguments: Sequence[Any] = call.arguments[::-1] if name in SWAPPED else call.arguments
    defaults = defaults_of(call.function)
    known = {parameter.name for row in rows for parameter in row.parameters}
    keywords = {
        key: value
        for key, value in call.keywords.items()
        if (key in known and not (value is None and key == "dtype"))
        or not (key in SAYS_NOTHING or (key in defaults and _same(value, defaults[key])) or value is None)
    }
    if name in {"batch_norm"} and call.keywords.get("training", len(call.arguments) > 5 and call.arguments[5]):
        arguments = [*arguments[:1], None, None, *arguments[3:]]
        keywords |= {key: None for key in ("running_mean", "running_var") if key in keywords}
    return arguments, keywords


SAYS_NOTHING = frozenset({"inplace", "_stacklevel", "size_average", "reduce"})


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


@cache
def defaults_of(function: Callable[..., Any]) -> Mapping[str, Any]:
    """The defaults of a Python function's parameters; none for one that is built in."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {"dilation": 1, "ceil_mode": False, "return_indices": False}
    found = {name: each.default for name, each in parameters.items() if each.default is not inspect.Parameter.empty}
    return found or {"dilation": 1, "ceil_mode": False, "return_indices": False}


def _argument(place: int | str, value: Any) -> Argument:
    return Argument(value, NOWHERE, Token("name", place, 0, 0) if isinstance(place, str) else None)


def _slot(argument: Argument | Fraction, slots: Sequence[Slot]) -> Slot | Fraction:
    if isinstance(argument, Fraction):
        return argument
    value = argument.value.value if isinstance(argument.value, Static) else argument.value
    if isinstance(value, Fraction):
        return value
    assert isinstance(value, int)
    return slots[value]


class _Reader:
    """What the binding of a text takes for an argument: places of operands, or what is fixed."""

    def __init__(self, rows: Sequence[Function], slots: list[Slot], dtype: torch.dtype | None) -> None:
        self._rows, self._slots, self._dtype = rows, slots, dtype

    def value(self, place: int | str, value: Any) -> Any:
        """An argument by its place or name."""
        found = [parameter_at(row, place) for row in self._rows]
        return self._as(value, {parameter.kind for parameter in found if parameter is not None})

    def _as(self, value: Any, kinds: set[str]) -> Any:
        if "index" in kinds:
            return Static(index_of(value))
        if isinstance(value, Given | CallOutput | Unknown):
            if kinds and kinds <= {"int", "ints", "shape", "flag", "real", "order"}:
                return Static(self._fixed(_number(value)))
            self._slots.append(value)
            return len(self._slots) - 1
        if kinds & LISTS and isinstance(value, list | tuple):
            return tuple(self._as(each, set()) for each in value)
        if isinstance(value, float) and not math.isfinite(value) and kinds & {"tensor", "number"}:
            self._slots.append(value)
            return len(self._slots) - 1
        return Static(self._fixed(value))

    def _fixed(self, value: Any) -> Any:
        """A value that is no tensor, as the text of an expression would have it."""
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int):
            return Fraction(int(value))
        if isinstance(value, float) and math.isfinite(value):
            return Fraction(value if self._dtype is None else float(torch.tensor(value, dtype=self._dtype)))
        if isinstance(value, float) and not math.isnan(value):
            return "inf" if value > 0 else "-inf"
        if isinstance(value, list | tuple):
            return tuple(map(self._fixed, value))
        if type(value).__module__ == "numpy" and hasattr(value, "item"):
            return self._fixed(value.item())
        raise Unbindable(f"an argument of the type {type(value).__name__} is not verified")


def _number(value: Value) -> Any:
    if isinstance(value, Given) and not value.leaf and value.data.numel() == 1:
        return value.data.item()
    raise Unbindable("an argument that must be fixed is given as a tensor")


def index_of(value: Any) -> tuple[Any, ...]:
    """A subscript as the table has it: whole numbers, slices, None, `...`, and tuples of whole numbers."""
    return tuple(map(_item, value if isinstance(value, tuple) else (value,)))


def _item(item: Any) -> Any:
    if item is None or item is Ellipsis:
        return item
    if isinstance(item, slice):
        return slice(*(None if each is None else _whole(each) for each in (item.start, item.stop, item.step)))
    if isinstance(item, Given | CallOutput):
        return _of_tensor(item)
    if isinstance(item, range):
        return tuple(item)
    if isinstance(item, list):
        return tuple(map(_item, item))
    if isinstance(item, int) and not isinstance(item, bool):
        return item
    if hasattr(item, "tolist"):
        return _of_tensor(Given(torch.as_tensor(item), False, 0, 0))
    raise Unbindable("a subscript of this kind is not verified")


def _whole(each: Any) -> int:
    return int(_number(each)) if isinstance(each, Given) else int(each)


def _of_tensor(item: Value) -> Any:
    if not isinstance(item, Given) or item.cut == "discrete":
        raise Unbindable("a subscript that depends on what is differentiated is not verified: type torch.where")
    data = item.data
    if data.dtype == torch.bool:
        if data.ndim != 1:
            raise Unbindable("a mask as a subscript is not verified: type torch.where(mask, x, 0)")
        return tuple(data.nonzero().flatten().tolist())
    return tuples(data.tolist())


def tuples(value: Any) -> Any:
    """Nested lists as tuples."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value
