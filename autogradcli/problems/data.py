"""Values that come as data and not as text: numbers, and nested lists of them."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from autogradcli.errors import GradcalcError, Span
from autogradcli.functions.handles import MAX_ELEMENTS
from autogradcli.language.parser import parse
from autogradcli.language.program import Constant, Program, Tensor
from autogradcli.language.shapes import MAX_DIMENSIONS, Shape, subscript, written

SOURCE = "[...]"
"""The text of a value that was given as data."""


def tensor(value: list[Any], label: str, read: Callable[[Any, str], float]) -> Program:
    """The value that nested lists mean.

    `read` gives the number that an item means, or an error; it is told what the item is called.
    """
    items: list[Any] = [value]
    shape: Shape = ()
    while isinstance(items[0], list):
        size = _size(items, shape, label)
        items = [item for row in items for item in row]
        shape = (*shape, size)
    for place, item in enumerate(items):
        if isinstance(item, list):
            raise _ragged(items, place, shape, label)
    return data([_component(item, place, shape, label, read) for place, item in enumerate(items)], shape)


def data(components: Sequence[float], shape: Shape) -> Program:
    """The value that components, row by row, and a shape mean."""
    if not shape:
        return scalar(components[0])
    span = Span(0, len(SOURCE))
    return Program(SOURCE, (Tensor(tuple(components), shape, span),), 0, None, {}, ())


def scalar(number: float) -> Program:
    """The value that a double is, exactly."""
    source = repr(number)
    if not number or not math.isfinite(number):  # a Fraction has no -0.0, no infinity and no NaN, the language has them
        return parse(source)
    return Program(source, (Constant(Fraction(number), Span(0, len(source))),), 0, None, {}, ())


def _size(rows: list[Any], shape: Shape, label: str) -> int:
    """The number of items that all rows have; raises GradcalcError if they differ, or are too many or none."""
    size = len(rows[0])
    for place, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != size:
            raise _ragged(rows, place, shape, label)
    if not size:
        raise GradcalcError("shape", f"{label} holds no number", hint="a list has at least one item")
    if len(shape) == MAX_DIMENSIONS:
        raise GradcalcError("limit", f"{label} is nested more than {MAX_DIMENSIONS} deep")
    if len(rows) * size > MAX_ELEMENTS:
        raise GradcalcError("limit", f"{label} has more than {MAX_ELEMENTS:,} components")
    return size


def _ragged(items: list[Any], place: int, shape: Shape, label: str) -> GradcalcError:
    described = [_described(item) for item in (items[place], items[0])]
    where = subscript(place, shape), subscript(0, shape)
    message = f"{label} is ragged: item {where[0]} {described[0]}, and item {where[1]} {described[1]}"
    return GradcalcError("shape", message, hint="the items of a list have one shape")


def _described(item: Any) -> str:
    return f"has shape {written((len(item),))}" if isinstance(item, list) else "is a number"


def _component(item: Any, place: int, shape: Shape, label: str, read: Callable[[Any, str], float]) -> float:
    if type(item) is float and math.isfinite(item):  # most are, and their names need not be written then
        return item
    return read(item, f"item {subscript(place, shape)} of {label}")
