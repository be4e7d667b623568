"""Tensors as text: in rows and columns with their decimal points in line, or on one line with the middle left out.

What is too large for a screen keeps its first and last rows and columns, as in NumPy and torch.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from typing import Any

from autogradcli.engines.results import Array, flat, shape
from autogradcli.errors import columns
from autogradcli.render.numbers import entries

Write = Callable[[Any, int | None], str]
"""A component in at most so many significant digits, or in all that it has."""
Texts = Any
"""Nested lists of texts; the ellipsis stands for what is left out."""

FEW_DIGITS = 6
"""Significant digits of components that would not fit with all of theirs."""
VECTOR_LINES = 6
"""Lines that a vector may take before its middle is left out."""
LEAST_CELL = 3
"""Columns that a component takes at least, with what separates it from the next."""

_GAP = object()
"""Stands for components that are left out."""
GAPS = ("…", "...")
_ALIGNED = re.compile(r"([+-]?\d+)([.e].*)?|(nan|[+-]?inf|--|none|…|\.\.\.)()")
"""What is put in line at the end of its integer part. Anything else is a formula, and put in line at its beginning."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A tensor as lines of text."""

    lines: tuple[str, ...]
    whole: bool
    """Whether all components and all digits are shown."""


def draw_tensor(value: Array, write: Write, room: int | None, ellipsis: str) -> Drawn:
    """A tensor in at most `room` columns, if need be with fewer digits and components; whole if that is None."""
    if not shape(value):
        return Drawn((write(value, None),), True)
    if room is None:
        return Drawn(_lines(_write(value, write, None, ellipsis)), True)
    *wider, narrowest = _layouts(value, write, room, ellipsis)
    fitting = (each for each in wider if max(map(columns, each.lines)) <= room)
    return next(fitting, narrowest)


def _layouts(value: Array, write: Write, room: int, ellipsis: str) -> Iterator[Drawn]:
    """Layouts, each narrower than the one before: fewer digits, then several lines for a vector, then fewer columns."""
    *outer, last = shape(value)
    places = [_kept(size, *_limits(len(outer) - axis)) for axis, size in enumerate(outer)]
    most = min(last, room // LEAST_CELL * (1 if outer else VECTOR_LINES))
    whole = most == last and all(None not in each for each in places)

    def texts(count: int, digits: int | None) -> Texts:
        return _write(_select(value, [*places, _kept(last, count, count)]), write, digits, ellipsis)

    full, few = texts(most, None), texts(most, FEW_DIGITS)
    yield Drawn(_lines(full), whole)
    yield Drawn(_lines(few), whole and few == full)
    if whole and not outer:
        yield from (Drawn(_wrapped(few, length), few == full) for length in _lengths(last))
    for count in range(min(most, room // LEAST_CELL) - 1, 0, -1):
        yield Drawn(_lines(texts(count, FEW_DIGITS)), False)


def _limits(axes_below: int) -> tuple[int, int]:
    """How many items of an axis are shown without leaving any out, and how many of more than that."""
    return {1: (8, 6), 2: (3, 2)}.get(axes_below, (2, 1))


def _kept(size: int, most: int, shown: int) -> list[int | None]:
    """The places on an axis that are shown, with None for those between that are not."""
    if size <= most:
        return [*range(size)]
    return [*range((shown + 1) // 2), None, *range(size - shown // 2, size)]


def _lengths(size: int) -> range:
    """How many components a line of a vector may have, so that it takes a few lines, the most first."""
    return range(size - 1, (size - 1) // VECTOR_LINES, -1)


def _select(value: Array, places: Sequence[Sequence[int | None]]) -> Any:
    if not places:
        return value
    return [_GAP if place is None else _select(value[place], places[1:]) for place in places[0]]


def _write(value: Any, write: Write, digits: int | None, ellipsis: str) -> Texts:
    if isinstance(value, list | tuple):
        return [_write(each, write, digits, ellipsis) for each in value]
    return ellipsis if value is _GAP else write(value, digits)


def _wrapped(texts: Sequence[str], length: int) -> tuple[str, ...]:
    """A vector on lines of so many components each."""
    rows = _aligned([texts[i : i + length] for i in range(0, len(texts), length)])
    first, *others = [f"{row}," for row in rows[:-1]] + [f"{rows[-1]}]"]
    return (f"[{first}", *(f" {line}" for line in others))


def _lines(texts: Texts) -> tuple[str, ...]:
    """Row by row, with what is in one column one below the other."""
    dimensions = len(shape(texts))
    rows = iter(_aligned(list(_rows(texts, dimensions))))
    return tuple(_bracketed(texts, dimensions, rows))


def _rows(texts: Texts, dimensions: int) -> Iterator[list[str]]:
    """The innermost lists."""
    if dimensions == 1:
        yield texts
    else:
        for each in texts:
            if not isinstance(each, str):
                yield from _rows(each, dimensions - 1)


def _bracketed(texts: Texts, dimensions: int, rows: Iterator[str]) -> list[str]:
    """Lines with their brackets and commas, `rows` being what stands within the innermost."""
    if dimensions == 1:
        return [f"[{next(rows)}]"]
    items = [[each] if isinstance(each, str) else _bracketed(each, dimensions - 1, rows) for each in texts]
    for item, each in zip(items[:-1], texts, strict=False):
        item[-1] += "" if isinstance(each, str) else ","
    first, *others = [line for item in items for line in item]
    lines = [f"[{first}", *(f" {line}" for line in others)]
    return [*lines[:-1], f"{lines[-1]}]"]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Each row as one text; the last may be shorter than the others."""
    if len(rows) == 1:
        return [" ".join([*(f"{cell}{_comma(cell)}" for cell in rows[0][:-1]), *rows[0][-1:]])]
    cells = _split(rows)
    for row in cells:
        row[:-1] = [cell if (cell[0] or cell[1]) in GAPS else (cell[0], f"{cell[1]},") for cell in row[:-1]]
    slots = [tuple(map(_width, zip(*column, strict=True))) for column in zip_longest(*cells, fillvalue=("", ""))]
    # All cells of a row at once: there may be a million of them.
    form = [f"{{:>{before}}}{{:<{after}}}" for before, after in slots]
    return [_padded(row, slots, form).rstrip() for row in cells]


def _split(rows: Sequence[Sequence[str]]) -> list[list[tuple[str, str]]]:
    """Each cell in two, at the point, or at its beginning if one of them has none."""
    found = [[_ALIGNED.fullmatch(cell) for cell in row] for row in rows]
    if all(map(all, found)):
        return [[(each[1] or each[3], each[2] or "") for each in row if each] for row in found]
    return [[("", cell) for cell in row] for row in rows]


def _comma(text: str) -> str:
    return "" if text in GAPS else ","


def _width(texts: Sequence[str]) -> int:
    """Columns that the widest takes."""
    return max(map(len if "".join(texts).isascii() else columns, texts))


def _padded(row: Sequence[tuple[str, str]], slots: Sequence[tuple[int, ...]], form: Sequence[str]) -> str:
    """A row whose cells have their two parts on both sides of the same lines."""
    texts = [*chain.from_iterable(row)]
    if "".join(texts).isascii():
        return " ".join(form[: len(row)]).format(*texts)
    return " ".join(
        f"{' ' * (before - columns(left))}{left}{right}{' ' * (after - columns(right))}"
        for (left, right), (before, after) in zip(row, slots, strict=False)
    )


def _with_digits(write: Write, digits: int | None, each: Any) -> str:
    return write(each, digits)


def brief(value: Array, write: Write, room: int | None, ellipsis: str) -> str:
    """A tensor on one line: whole if it is no wider than `room`, or that is None; else its ends, or its beginning."""
    components = flat(value)
    if room is None:
        return entries(value, lambda each: write(each, None))
    if len(components) * LEAST_CELL <= room:
        wholes = (entries(value, partial(_with_digits, write, digits)) for digits in (None, FEW_DIGITS))
        fitting = next((text for text in wholes if columns(text) <= room), None)
        if fitting is not None:
            return fitting
    if len(components) == 1:
        return entries(value, partial(_with_digits, write, FEW_DIGITS))
    dimensions = len(shape(value))
    most = max(min(room // LEAST_CELL, len(components) - 1), 1)
    first, *others, last = (write(each, FEW_DIGITS) for each in [*components[:most], components[-1]])
    texts = [first, ellipsis, last]
    while others and columns(", ".join([*texts, others[0]])) + 2 * dimensions <= room:
        texts.insert(-2, others.pop(0))
    line = ", ".join(texts).replace(f"{ellipsis},", ellipsis)
    line = line if columns(line) + 2 * dimensions <= room else f"{first}, {ellipsis}"
    return f"{'[' * dimensions}{line}{']' * dimensions}"
