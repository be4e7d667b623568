"""Functions that put components to places that are values, as indices or as masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from autogradcli.functions.function import PLACE, Function, NoDefinition
from autogradcli.functions.handles import Array, Body, Handle, TapeBuilder, array, fold, handle
from autogradcli.functions.later import numpy as np

Parts = dict[tuple[int, ...], list[int]]
"""For each place what is put there."""


def known_indices(builder: TapeBuilder, index: Handle) -> Array:
    """Indices as numbers; raises NoDefinition if they are not known."""
    handles = array(index).ravel().tolist()
    constants = [builder.number(each) for each in handles]
    found = builder.estimates(handles) if None in constants else constants
    if found is None:
        raise NoDefinition("places that are variables")
    return np.array([int(each) for each in found if each is not None], dtype=np.intp).reshape(np.shape(index))


def known_mask(builder: TapeBuilder, mask: Handle, shape: Sequence[int]) -> Array:
    """A mask as True and False, broadcast to a shape; raises NoDefinition if it is not known."""
    zero, one = builder.literal(Fraction(0)), builder.literal(Fraction(1))
    found = builder.estimates(array(builder.call("where", mask, one, zero)).ravel().tolist())
    if found is None:
        raise NoDefinition("a mask that is a variable")
    return np.broadcast_to((np.array(found) != 0).reshape(np.shape(mask)), shape)


def _placed(x: Array, dim: int, index: Array, source: Array) -> Parts:
    """The components of the source by the places of an index along a dimension."""
    parts: Parts = {}
    axis = dim % x.ndim
    for place in np.ndindex(index.shape):
        target = (*place[:axis], int(index[place]) % x.shape[axis], *place[axis + 1 :])
        parts.setdefault(target, []).append(int(source[place]))
    return parts


def _put(x: Array, parts: Parts, join: Callable[[int, list[int]], int], shape: Sequence[int]) -> Handle:
    """A copy of x with something else at some places, in a shape."""
    changed = x.copy()
    for place, sources in parts.items():
        changed[place] = join(int(x[place]), sources)
    return handle(changed.reshape(shape))


Join = Callable[[TapeBuilder, int, list[int]], int]


def _last(_: TapeBuilder, __: int, sources: list[int]) -> int:
    return sources[-1]


def _sum(builder: TapeBuilder, own: int, sources: list[int]) -> int:
    return fold(builder, "add", [own, *sources])


def _scatter(join: Join) -> Body:
    def meaning(builder: TapeBuilder, x: Handle, dim: int, index: Handle, src: Handle) -> Handle:
        places, whole = np.atleast_1d(known_indices(builder, index)), np.atleast_1d(array(x))
        sources = np.broadcast_to(array(src), places.shape) if np.ndim(src) == 0 else array(src)
        parts = _placed(whole, dim, places, sources)
        return _put(whole, parts, lambda own, sources: join(builder, own, sources), np.shape(x))

    return meaning


JOINED = {"sum": "add", "prod": "mul", "mean": "add", "amax": "maximum", "amin": "minimum"}


def _joined(reduce: str, include_self: bool) -> Join:
    """What is put to a place, joined, with what is there or without it."""

    def join(builder: TapeBuilder, own: int, sources: list[int]) -> int:
        every = [own, *sources] if include_self else sources
        total = fold(builder, JOINED[reduce], every)
        if reduce != "mean":
            return total
        return int(builder.call("div", total, builder.literal(Fraction(len(every)))))

    return join


def scatter_reduce(
    builder: TapeBuilder, x: Handle, dim: int, index: Handle, src: Handle, reduce: str, include_self: bool
) -> Handle:
    """The components of src joined to those at the places of an index."""
    return _scatter(_joined(reduce, include_self))(builder, x, dim, index, src)


def index_reduce(
    builder: TapeBuilder, x: Handle, dim: int, index: Handle, source: Handle, reduce: str, include_self: bool
) -> Handle:
    """The slices joined to those that are there."""
    return _slices(builder, x, dim, index, source, _joined(reduce, include_self))


def known_places(builder: TapeBuilder, places: Handle) -> Array:
    """Places as numbers, or a mask as True and False."""
    handles = array(places)
    if handles.size and builder.is_condition(int(handles.flat[0])):
        return known_mask(builder, places, handles.shape)
    return known_indices(builder, places)


def getitem_at(builder: TapeBuilder, x: Handle, index: Sequence[Any], places: Sequence[Handle]) -> Handle:
    """The components at a subscript that holds values."""
    given = iter(known_places(builder, each) for each in places)
    subscript: Any = tuple(next(given) if each == PLACE else each for each in index)
    return handle(np.asarray(array(x)[subscript]))


def _places_of(builder: TapeBuilder, places: Sequence[Handle]) -> list[Array]:
    """For each dimension its list; a mask is one for each dimension that it has."""
    found: list[Array] = []
    for each in (known_places(builder, one) for one in places):
        found += list(each.nonzero()) if each.dtype == bool else [each]
    return found


def index_put(builder: TapeBuilder, x: Handle, indices: Sequence[Handle], values: Handle, accumulate: bool) -> Handle:
    """The components at places of which every dimension has its own list."""
    whole = array(x)
    places = np.broadcast_arrays(*_places_of(builder, indices))
    sources = np.broadcast_to(array(values), whole[tuple(places)].shape)
    parts: Parts = {}
    for one in np.ndindex(places[0].shape):
        target = tuple(int(each[one]) % size for each, size in zip(places, whole.shape, strict=False))
        for rest in np.ndindex(whole.shape[len(places) :]):
            parts.setdefault((*target, *rest), []).append(int(sources[(*one, *rest)]))
    join = _sum if accumulate else _last
    return _put(whole, parts, lambda own, new: join(builder, own, new), whole.shape)


def _slices(builder: TapeBuilder, x: Handle, dim: int, index: Handle, source: Handle, join: Join) -> Handle:
    """The slices of a source, put to places of a dimension."""
    whole, slices = np.atleast_1d(array(x)), np.atleast_1d(array(source))
    places = np.atleast_1d(known_indices(builder, index))
    axis = dim % whole.ndim
    slices = slices.reshape([len(places) if each == axis else size for each, size in enumerate(whole.shape)])
    along = np.broadcast_to(places.reshape([-1 if each == axis else 1 for each in range(whole.ndim)]), slices.shape)
    parts = _placed(whole, dim, along, slices)
    return _put(whole, parts, lambda own, sources: join(builder, own, sources), np.shape(x))


def index_add(builder: TapeBuilder, x: Handle, dim: int, index: Handle, source: Handle, alpha: int) -> Handle:
    """The slices, times alpha, added."""
    return _slices(builder, x, dim, index, builder.call("mul", source, alpha), _sum)


def index_copy(builder: TapeBuilder, x: Handle, dim: int, index: Handle, source: Handle) -> Handle:
    """The slices in place of those that are there."""
    return _slices(builder, x, dim, index, source, _last)


def index_fill(builder: TapeBuilder, x: Handle, dim: int, index: Handle, value: Handle) -> Handle:
    """One number in place of slices."""
    changed = np.atleast_1d(array(x)).copy()
    places = np.atleast_1d(known_indices(builder, index))
    subscript: Any = (*[slice(None)] * (dim % changed.ndim), places)
    changed[subscript] = array(value)
    return handle(changed.reshape(np.shape(x)))


def take(builder: TapeBuilder, x: Handle, index: Handle) -> Handle:
    """The components at places that are counted row by row."""
    return handle(np.asarray(array(x).ravel()[known_indices(builder, index)]))


def take_along_dim(builder: TapeBuilder, x: Handle, indices: Handle, dim: int | None) -> Handle:
    """The components at places along a dimension, in every line its own."""
    if dim is None:
        return take(builder, x, array(indices).ravel())
    whole, places = array(x), known_indices(builder, indices)
    axis = dim % whole.ndim
    outer = np.broadcast_shapes(
        *([1 if each == axis else size for each, size in enumerate(one.shape)] for one in (whole, places))
    )
    sizes = [[*outer[:axis], one.shape[axis], *outer[axis + 1 :]] for one in (whole, places)]
    return np.take_along_axis(np.broadcast_to(whole, sizes[0]), np.broadcast_to(places, sizes[1]), axis)


def put(builder: TapeBuilder, x: Handle, index: Handle, source: Handle, accumulate: bool) -> Handle:
    """The components of the source at places that are counted row by row."""
    whole = array(x).ravel()
    places = known_indices(builder, index).ravel()
    parts = _placed(whole, 0, places, array(source).ravel()) if len(places) else {}
    join = _sum if accumulate else _last
    return _put(whole, parts, lambda own, sources: join(builder, own, sources), np.shape(x))


def _written(place: Callable[..., tuple[object, ...]]) -> Body:
    """x with other components at a subscript that the options make."""

    def meaning(_: TapeBuilder, x: Handle, src: Handle, **options: int) -> Handle:
        changed = array(x).copy()
        subscript: Any = place(changed.ndim, **options)
        changed[subscript] = array(src)
        return changed

    return meaning


def _of_slice(dimensions: int, dim: int, start: int | None, end: int | None, step: int) -> tuple[object, ...]:
    return (*[slice(None)] * (dim % dimensions), slice(start, end, step))


def diagonal_scatter(_: TapeBuilder, x: Handle, src: Handle, offset: int, dim1: int, dim2: int) -> Handle:
    """x with another diagonal."""
    changed = np.moveaxis(array(x).copy(), (dim1, dim2), (-2, -1))
    places = np.arange(np.shape(src)[-1])
    changed[..., places + max(-offset, 0), places + max(offset, 0)] = array(src)
    return np.moveaxis(changed, (-2, -1), (dim1, dim2))


def masked_select(builder: TapeBuilder, x: Handle, mask: Handle) -> Handle:
    """The components where the mask is true."""
    shape = np.broadcast_shapes(np.shape(x), np.shape(mask))
    return np.broadcast_to(array(x), shape)[known_mask(builder, mask, shape)]


def masked_scatter(builder: TapeBuilder, x: Handle, mask: Handle, source: Handle) -> Handle:
    """The components of the source one after the other where the mask is true."""
    shape = np.broadcast_shapes(np.shape(x), np.shape(mask))
    chosen = known_mask(builder, mask, shape)
    changed = np.broadcast_to(array(x), shape).copy()
    changed[chosen] = array(source).ravel()[: int(chosen.sum())]
    return handle(changed)


REDUCTIONS = 'reduce: ("sum", "prod", "mean", "amax", "amin")'

ROWS: tuple[Function, ...] = (
    Function(
        "scatter",
        "x, dim: int, index: indices, src",
        "With the components of src at the places of an index along a dimension.",
        tensor=True,
        note="Where an index names a place twice, one of the components is taken.",
        body=_scatter(_last),
    ),
    Function(
        "scatter_add",
        "x, dim: int, index: indices, src",
        "With the components of src added at the places of an index along a dimension.",
        tensor=True,
        body=_scatter(_sum),
    ),
    Function(
        "scatter_reduce",
        f"x, dim: int, index: indices, src, {REDUCTIONS}, *, include_self: flag = True",
        "With the components of src joined to those at the places of an index along a dimension.",
        tensor=True,
        body=scatter_reduce,
    ),
    Function(
        "index_add",
        "x, dim: int, index: indices, source, *, alpha: number = 1",
        "With slices added at some places of a dimension.",
        tensor=True,
        body=index_add,
    ),
    Function(
        "index_copy",
        "x, dim: int, index: indices, source",
        "With slices at some places of a dimension.",
        tensor=True,
        body=index_copy,
    ),
    Function(
        "index_fill",
        "x, dim: int, index: indices, value",
        "With one number at some places of a dimension.",
        tensor=True,
        body=index_fill,
    ),
    Function(
        "index_reduce",
        f"x, dim: int, index: indices, source, {REDUCTIONS}, *, include_self: flag = True",
        "With slices joined to those at some places of a dimension.",
        tensor=True,
        body=index_reduce,
    ),
    Function(
        "index_put",
        "x, indices: subscripts, values, accumulate: flag = False",
        "With other components at places of which every dimension has its own list.",
        tensor=True,
        note="A mask names the places where it is true.",
        body=index_put,
    ),
    Function(
        "getitem_at",
        "x, index: index, *places: places",
        "Part of a tensor at places that are values: x[mask], x[x > 1], x[:, index].",
        torch="Tensor.__getitem__",
        tensor=True,
        body=getitem_at,
    ),
    Function("take", "x, index: indices", "The components at some places, counted row by row.", tensor=True, body=take),
    Function(
        "take_along_dim",
        "x, indices: indices, dim: int = None",
        "gather, with shapes that are broadcast; without a dimension take.",
        tensor=True,
        body=take_along_dim,
    ),
    Function(
        "put",
        "x, index: indices, source, accumulate: flag = False",
        "With the components of source at some places, counted row by row, or added there.",
        torch="Tensor.put",
        tensor=True,
        body=put,
    ),
    Function(
        "select_scatter",
        "x, src, dim: int, index: int",
        "With another slice at a place of a dimension.",
        tensor=True,
        body=_written(lambda dimensions, dim, index: (*[slice(None)] * (dim % dimensions), index)),
    ),
    Function(
        "slice_scatter",
        "x, src, dim: int = 0, start: int = None, end: int = None, step: int = 1",
        "With other slices at some places of a dimension.",
        tensor=True,
        body=_written(_of_slice),
    ),
    Function(
        "diagonal_scatter",
        "x, src, offset: int = 0, dim1: int = 0, dim2: int = 1",
        "With another diagonal.",
        tensor=True,
        body=diagonal_scatter,
    ),
    Function(
        "masked_select",
        "x, mask: boolean",
        "The components where a mask is true, as a vector.",
        tensor=True,
        body=masked_select,
    ),
    Function(
        "masked_scatter",
        "x, mask: boolean, source",
        "With the components of source, in order, where a mask is true.",
        tensor=True,
        body=masked_scatter,
    ),
)
