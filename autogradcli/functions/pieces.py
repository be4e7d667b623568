"""Functions that give several tensors, of which a subscript chooses one: `split(x, 2)[0]`, `var_mean(x).mean`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Array, Body, Handle, Sizes, TapeBuilder, array, handle
from autogradcli.functions.later import numpy as np


def _part(x: Array, dim: int, start: int, end: int) -> Handle:
    axis = dim % x.ndim
    return x[(*[slice(None)] * axis, slice(start, end))]


def split(_: TapeBuilder, x: Handle, split_size_or_sections: Sizes, dim: int, field: str) -> Handle:
    """The part at a place: of one size, or of the sizes that are listed."""
    whole, place = array(x), int(field)
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        return _part(whole, dim, place * size, (place + 1) * size)
    ends = [0, *accumulate(split_size_or_sections)]
    return _part(whole, dim, ends[place], ends[place + 1])


def split_with_sizes(builder: TapeBuilder, x: Handle, split_sizes: Sizes, dim: int, field: str) -> Handle:
    """The part at a place, of the sizes that are listed."""
    return split(builder, x, split_sizes, dim, field)


def chunk(builder: TapeBuilder, x: Handle, chunks: int, dim: int, field: str) -> Handle:
    """The part at a place, each of the size over the number of chunks, rounded up."""
    size = max(-(-np.shape(x)[dim] // chunks), 1)
    return split(builder, x, size, dim, field)


def tensor_split(_: TapeBuilder, x: Handle, indices_or_sections: Sizes, dim: int, field: str) -> Handle:
    """The part at a place; the first parts are one longer where the size is no multiple of their number."""
    return np.array_split(array(x), indices_or_sections, dim)[int(field)]


def _along(dimension: Callable[[int], int]) -> Body:
    def meaning(builder: TapeBuilder, x: Handle, indices_or_sections: Sizes, field: str) -> Handle:
        return tensor_split(builder, x, indices_or_sections, dimension(np.ndim(x)), field)

    return meaning


def unbind(_: TapeBuilder, x: Handle, dim: int, field: str) -> Handle:
    """The slice at a place."""
    return handle(np.asarray(array(x).take(int(field), dim)))


def meshgrid(_: TapeBuilder, tensors: Sequence[Handle], indexing: str, field: str) -> Handle:
    """The coordinates along one axis, everywhere on the grid."""
    axes = [np.atleast_1d(array(each)) for each in tensors]
    return np.meshgrid(*axes, indexing=indexing)[int(field)]  # type: ignore[call-overload]


def broadcast_tensors(_: TapeBuilder, tensors: Sequence[Handle], field: str) -> Handle:
    """The tensor at a place, in the shape of all."""
    return handle(np.broadcast_arrays(*map(array, tensors))[int(field)])


def _with_mean(name: str) -> Body:
    def meaning(builder: TapeBuilder, x: Handle, field: str, **options: Any) -> Handle:
        if field == "mean":
            chosen = {key: each for key, each in options.items() if key in {"dim", "keepdim"}}
            return builder.call("mean", x, **chosen)
        return builder.call(name, x, **options)

    return meaning


def aminmax(builder: TapeBuilder, x: Handle, dim: int | None, keepdim: bool, field: str) -> Handle:
    """The smallest or the largest component."""
    return builder.call(f"a{field}", x, dim=dim, keepdim=keepdim)


PIECES = tuple(map(str, range(64)))
"""Names of tensors that have none, by their order."""


def _cut(name: str, signature: str, doc: str, body: Body) -> Function:
    copies = (f"{name}_copy", f"unsafe_{name}")
    return Function(name, signature, doc, aliases=copies, tensor=True, returns="fields", fields=PIECES, body=body)


ROWS: tuple[Function, ...] = (
    _cut("split", "x, split_size_or_sections: ints, dim: int = 0", "Parts of one size, or of these sizes.", split),
    _cut("split_with_sizes", "x, split_sizes: ints, dim: int = 0", "Parts of these sizes.", split_with_sizes),
    _cut("chunk", "x, chunks: int, dim: int = 0", "At most so many parts, of one size but for the last.", chunk),
    _cut(
        "tensor_split",
        "x, indices_or_sections: ints, dim: int = 0",
        "So many parts of about one size, or those between these places.",
        tensor_split,
    ),
    _cut(
        "hsplit",
        "x, indices_or_sections: ints",
        "tensor_split along the second dimension, of a vector the first.",
        _along(lambda dimensions: min(dimensions - 1, 1)),
    ),
    _cut("vsplit", "x, indices_or_sections: ints", "tensor_split along the first dimension.", _along(lambda _: 0)),
    _cut("dsplit", "x, indices_or_sections: ints", "tensor_split along the third dimension.", _along(lambda _: 2)),
    _cut("unbind", "x, dim: int = 0", "The slices along a dimension.", unbind),
    _cut(
        "meshgrid",
        '*tensors, indexing: ("ij", "xy") = "ij"',
        "Coordinates of a grid, one tensor for each axis.",
        meshgrid,
    ),
    _cut("broadcast_tensors", "*tensors", "The tensors, broadcast to one shape.", broadcast_tensors),
    *(
        Function(
            f"{name}_mean{variant}",
            signature,
            f"The {what} and the mean.",
            aliases=(f"{name}_mean",) if variant else (),
            torch=f"{name}_mean",
            tensor=True,
            returns="fields",
            fields=(name, "mean"),
            body=_with_mean(f"{name}{variant}"),
        )
        for name, what in {"var": "variance", "std": "standard deviation"}.items()
        for variant, signature in {
            "": "x, dim: ints = None, unbiased: flag = True, keepdim: flag = False",
            "_corrected": "x, dim: ints = None, *, correction: real = 1, keepdim: flag = False",
            "_all": "x, unbiased: flag",
        }.items()
    ),
    Function(
        "aminmax",
        "x, *, dim: int = None, keepdim: flag = False",
        "The smallest and the largest component.",
        tensor=True,
        returns="fields",
        fields=("min", "max"),
        body=aminmax,
    ),
)
