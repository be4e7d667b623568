"""Shaping by places in memory, by combinations, and by sizes that are values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement, product

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Array, Body, Handle, Sizes, TapeBuilder, array, filled, handle
from autogradcli.functions.later import numpy as np
from autogradcli.functions.pieces import PIECES, tensor_split
from autogradcli.functions.scattering import known_indices


def _places(size: Sequence[int], stride: Sequence[int], offset: int | None) -> Array:
    """For each component its place among those of a tensor, row by row."""
    places = np.full(tuple(size), offset or 0, dtype=np.intp)
    for axis, step in enumerate(stride):
        along = step * np.arange(size[axis])
        places = places + along.reshape([-1 if each == axis else 1 for each in range(len(size))])
    return places


def as_strided(
    _: TapeBuilder, x: Handle, size: Sequence[int], stride: Sequence[int], storage_offset: int | None
) -> Handle:
    """The components at steps of their own along each dimension."""
    return handle(np.asarray(array(x).ravel()[_places(size, stride, storage_offset)]))


def as_strided_scatter(
    _: TapeBuilder, x: Handle, src: Handle, size: Sequence[int], stride: Sequence[int], storage_offset: int | None
) -> Handle:
    """The components of src in place of those that as_strided takes."""
    changed = array(x).ravel().copy()
    changed[_places(size, stride, storage_offset)] = array(src)
    return handle(changed.reshape(np.shape(x)))


def sum_to_size(builder: TapeBuilder, x: Handle, size: Sequence[int]) -> Handle:
    """The sum over the dimensions that broadcasting made of a size."""
    own = np.shape(x)
    added = len(own) - len(size)
    kept = (*range(added), *(added + axis for axis, each in enumerate(size) if each == 1 != own[added + axis]))
    total = builder.call("sum", x, dim=kept, keepdim=True) if kept else x
    return handle(array(total).reshape(tuple(size)))


def combinations_of(_: TapeBuilder, x: Handle, r: int, with_replacement: bool) -> Handle:
    """A row for each choice of r components, in their order."""
    choose = combinations_with_replacement if with_replacement else combinations
    chosen = list(choose(array(x).tolist(), r))
    return np.array(chosen, dtype=np.intp).reshape(len(chosen), r)


def cartesian_prod(_: TapeBuilder, tensors: Sequence[Handle]) -> Handle:
    """A row for each choice of one component of each; of one vector, that vector."""
    if len(tensors) == 1:
        return tensors[0]
    chosen = list(product(*(array(each).tolist() for each in tensors)))
    return np.array(chosen, dtype=np.intp).reshape(len(chosen), len(tensors))


def fill(_: TapeBuilder, x: Handle, value: Handle) -> Handle:
    """A number in place of every component."""
    return handle(filled(np.shape(x), int(array(value))))


def _counted(builder: TapeBuilder, index: Handle) -> int:
    return int(known_indices(builder, index).ravel()[0])


def narrow_from(builder: TapeBuilder, x: Handle, dim: int, start: Handle, length: int) -> Handle:
    """Some slices along a dimension, from one that is a value."""
    return builder.call("narrow", x, dim=dim, start=_counted(builder, start), length=length)


def repeat_interleave_each(
    builder: TapeBuilder, x: Handle, repeats: Handle, dim: int | None, **_: int | None
) -> Handle:
    """Each component as many times as a value says."""
    counts = known_indices(builder, repeats)
    return np.repeat(array(x), counts if counts.size > 1 else int(counts.ravel()[0]), dim)


def tensor_split_at(builder: TapeBuilder, x: Handle, indices_or_sections: Handle, dim: int, field: str) -> Handle:
    """The part at a place, by a value that says how many there are or where they begin."""
    given = known_indices(builder, indices_or_sections)
    places: Sizes = tuple(given.tolist()) if given.ndim else int(given)
    return tensor_split(builder, x, places, dim, field)


def _at_least_each(dimensions: int) -> Body:
    def meaning(builder: TapeBuilder, tensors: Sequence[Handle], field: str) -> Handle:
        return builder.call(f"atleast_{dimensions}d", tensors[int(field)])

    return meaning


def gradient(
    builder: TapeBuilder,
    x: Handle,
    spacing: object,
    dim: Sizes | None,
    edge_order: int,
    field: str,
) -> Handle:
    """Central differences along one dimension; at both ends one-sided ones, of the first or the second order."""
    whole = array(x)
    axes = range(whole.ndim) if dim is None else np.atleast_1d(dim).tolist()
    steps = np.broadcast_to(np.array(1 if spacing is None else spacing, dtype=object), len(axes))
    step = builder.literal(steps[int(field)])
    lines = np.moveaxis(whole, axes[int(field)], 0)
    inside = [_slope(builder, before, after, step, "(y - x)/(2*h)") for before, after in _apart(lines, 2)]
    ends = [_end(builder, lines, step, edge_order), _end(builder, lines[::-1], builder.call("neg", step), edge_order)]
    return np.moveaxis(np.stack([ends[0], *inside, ends[1]]), 0, axes[int(field)])


def _apart(lines: Array, distance: int) -> list[tuple[Array, Array]]:
    return list(zip(lines[:-distance], lines[distance:], strict=True))


def _slope(builder: TapeBuilder, before: Array, after: Array, step: int, text: str) -> Array:
    return array(builder.formula(text, x=before, y=after, h=step))


def _end(builder: TapeBuilder, lines: Array, step: int, order: int) -> Array:
    if order == 1:
        return _slope(builder, lines[0], lines[1], step, "(y - x)/h")
    text = "(-3*x + 4*y - z)/(2*h)"
    return array(builder.formula(text, x=lines[0], y=lines[1], z=lines[2], h=step))


AS_STRIDED = "x, size: ints, stride: ints, storage_offset: int = None"
MEMORY = "The components stand row by row, whatever x was made of."

ROWS: tuple[Function, ...] = (
    Function(
        "as_strided",
        AS_STRIDED,
        "The components at steps of their own along each dimension.",
        aliases=("as_strided_copy",),
        tensor=True,
        note=MEMORY,
        body=as_strided,
    ),
    Function(
        "as_strided_scatter",
        AS_STRIDED.replace("x,", "x, src,"),
        "With the components of src in place of those that as_strided takes.",
        tensor=True,
        note=MEMORY,
        body=as_strided_scatter,
    ),
    Function(
        "sum_to_size",
        "x, size: shape",
        "The sum over the dimensions that broadcasting made of a size.",
        torch="Tensor.sum_to_size",
        tensor=True,
        body=sum_to_size,
    ),
    Function(
        "combinations",
        "x, r: int = 2, with_replacement: flag = False",
        "A row for each choice of r components.",
        tensor=True,
        body=combinations_of,
    ),
    Function(
        "cartesian_prod",
        "*tensors",
        "A row for each choice of one component of each.",
        tensor=True,
        body=cartesian_prod,
    ),
    Function("fill", "x, value", "A number in place of every component.", tensor=True, body=fill),
    Function(
        "narrow_from",
        "x, dim: int, start: indices, length: int",
        "Some slices along a dimension, from one that is a value.",
        aliases=("narrow",),
        torch="narrow",
        tensor=True,
        body=narrow_from,
    ),
    Function(
        "repeat_interleave_each",
        "x, repeats: indices, dim: int = None, *, output_size: int = None",
        "Each component as many times as a value says.",
        aliases=("repeat_interleave",),
        torch="repeat_interleave",
        tensor=True,
        body=repeat_interleave_each,
    ),
    Function(
        "tensor_split_at",
        "x, indices_or_sections: indices, dim: int = 0",
        "So many parts of about one size, or those between places, by a value.",
        aliases=("tensor_split",),
        torch="tensor_split",
        tensor=True,
        returns="fields",
        fields=PIECES,
        body=tensor_split_at,
    ),
    Function(
        "gradient",
        "x, *, spacing: reals = None, dim: ints = None, edge_order: int = 1",
        "The derivatives along dimensions by differences of neighbours.",
        tensor=True,
        returns="fields",
        fields=PIECES,
        body=gradient,
    ),
    *(
        Function(
            f"atleast_{dimensions}d_each",
            "*tensors",
            f"Each with at least {dimensions} dimensions.",
            aliases=(f"atleast_{dimensions}d",),
            torch=f"atleast_{dimensions}d",
            tensor=True,
            returns="fields",
            fields=PIECES,
            body=_at_least_each(dimensions),
        )
        for dimensions in (1, 2, 3)
    ),
)
