"""Shapes, pieces, places and constants."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from mpmath import mp

from tests.oracles.rows.tools import Array, axes, each, numbers, several


def whole(x: Any) -> Any:
    """Whole numbers of mpmath as Python's."""
    return np.vectorize(int, otypes=[np.intp])(x)


def filled(shape: Any, value: Any) -> Array:
    """One value everywhere."""
    result = np.empty(tuple(np.atleast_1d(shape)), dtype=object)
    result.fill(value[()] if isinstance(value, np.ndarray) else value)
    return result


def flatten(x: Array, start_dim: int, end_dim: int) -> Array:
    """Some dimensions as one."""
    sizes, last = x.shape, end_dim % x.ndim
    return x.reshape(*sizes[:start_dim], -1, *sizes[last + 1 :])


def unflatten(x: Array, dim: int, sizes: Any) -> Array:
    """One dimension as several."""
    return x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :])


def expand(x: Array, size: Sequence[int]) -> Array:
    """Broadcast; -1 keeps a size."""
    own = (1,) * (len(size) - x.ndim) + x.shape
    return np.broadcast_to(x, [old if new == -1 else new for old, new in zip(own, size, strict=True)])


def changed(x: Array, index: Any, value: Any) -> Array:
    """x with other components at an index."""
    result = np.array(x, dtype=object)
    result[index] = value
    return result


def along(dim: int, index: Any) -> tuple[Any, ...]:
    """The index that chooses along one dimension."""
    return (*[slice(None)] * dim, index)


def diag_embed(x: Array, offset: int, dim1: int, dim2: int) -> Array:
    """Matrices with these diagonals."""
    matrices = np.array([np.diag(line, offset) for line in x.reshape(-1, x.shape[-1])], dtype=object)
    result = matrices.reshape(*x.shape[:-1], *matrices.shape[1:])
    zeros = each(lambda a: a if a else mp.zero)(result)
    return np.moveaxis(zeros, (-2, -1), (dim1, dim2))


def triangle(x: Array, kept: Callable[[int], bool]) -> Array:
    """The components at those (row, column) whose difference column - row is kept."""
    places = np.fromfunction(lambda i, j: j - i, x.shape[-2:], dtype=int)
    return np.where(each(kept)(places).astype(bool), x, mp.zero)


def atleast_3d(x: Array) -> Array:
    """A vector along the second dimension, a matrix along the first two."""
    shapes = {0: (1, 1, 1), 1: (1, x.size, 1), 2: (*x.shape, 1)}
    return x.reshape(shapes.get(x.ndim, x.shape))


def pieces(x: Array, sizes: Sequence[int], dim: int) -> list[Array]:
    """The parts of these sizes."""
    return np.split(x, list(accumulate(sizes))[:-1], dim)


def split(x: Array, size: Any, dim: int) -> list[Array]:
    """Parts of one size, or of these."""
    length = x.shape[dim]
    return pieces(x, [min(size, length - i) for i in range(0, length, size)] if isinstance(size, int) else size, dim)


def joined(reduce: str, values: Sequence[Any]) -> Any:
    """What one number is made of several."""
    return {"sum": sum, "prod": mp.fprod, "mean": lambda all_: sum(all_) / len(all_), "amax": max, "amin": min}[reduce](
        values
    )


def scattered(x: Array, dim: int, index: Any, src: Array, join: Callable[[Any, Any], Any]) -> Array:
    """x with components of src joined to those at the places that the index names along a dimension."""
    result = np.array(x, dtype=object)
    for place in np.ndindex(index.shape):
        where = (*place[:dim], int(index[place]), *place[dim + 1 :])
        result[where] = join(result[where], src[place])
    return result


def scatter_reduce(x: Array, dim: int, index: Any, src: Array, reduce: str, include_self: bool) -> Array:
    """The same, with all that comes to one place joined at once."""
    coming: dict[Any, list[Any]] = {}
    for place in np.ndindex(index.shape):
        coming.setdefault((*place[:dim], int(index[place]), *place[dim + 1 :]), []).append(src[place])
    result = np.array(x, dtype=object)
    for where, values in coming.items():
        result[where] = joined(reduce, [*([result[where]] if include_self else []), *values])
    return result


def at_slices(x: Array, dim: int, index: Any, source: Array) -> tuple[Any, Array]:
    """The index of a scatter that names slices, and what it takes."""
    lines = [-1 if axis == dim else 1 for axis in range(x.ndim)]
    return np.broadcast_to(index.reshape(lines), source.shape), source


def index_add(x: Array, dim: int, index: Any, source: Array, alpha: Any) -> Array:
    """Slices times alpha, added."""
    return scattered(x, dim, *at_slices(x, dim, index, source * alpha), lambda old, new: old + new)


def index_reduce(x: Array, dim: int, index: Any, source: Array, reduce: str, include_self: bool) -> Array:
    """Slices, joined."""
    return scatter_reduce(x, dim, *at_slices(x, dim, index, source), reduce, include_self)


def index_put(x: Array, indices: Sequence[Any], values: Array, accumulate: bool) -> Array:
    """Components at places of which each dimension has its list."""
    result = np.array(x, dtype=object)
    places = zip(*(whole(each) for each in indices), strict=True)
    for where, value in zip(places, np.broadcast_to(values, np.shape(indices[0])), strict=True):
        result[where] = result[where] + value if accumulate else value
    return result


def put(x: Array, index: Any, source: Array, accumulate: bool) -> Array:
    """Components at places counted row by row."""
    return index_put(x.ravel(), [index], source, accumulate).reshape(x.shape)


def masked_scatter(x: Array, mask: Array, source: Array) -> Array:
    """The components of the source, in order, where the mask is true."""
    chosen = np.broadcast_to(mask, x.shape).astype(bool)
    return changed(x, chosen, source.ravel()[: int(chosen.sum())])


def gather(x: Array, dim: int, index: Any) -> Array:
    """What an index picks from each line."""
    return np.take_along_axis(x, index, dim)


def one_hot(x: Any, num_classes: int) -> Array:
    """A one at each place."""
    return each(lambda a, b: mp.mpf(a == b))(x[..., None], np.arange(num_classes))


def diagonal_scatter(x: Array, src: Array, offset: int, dim1: int, dim2: int) -> Array:
    """x with another diagonal."""
    if (offset, dim1, dim2) != (0, 0, 1):
        raise NotImplementedError
    places = np.arange(len(src))
    return changed(x, (places, places), src)


def pad(input: Array, pad: Sequence[int], mode: str, value: Any) -> Array:
    """More components on both sides, or fewer."""
    if mode != "constant":
        raise NotImplementedError
    x = input
    for place in range(len(pad) // 2):
        dim = x.ndim - 1 - place
        before, after = pad[2 * place : 2 * place + 2]
        x = np.take(x, range(max(-before, 0), x.shape[dim] - max(-after, 0)), dim)
        parts = [
            filled([max(n, 0) if axis == dim else size for axis, size in enumerate(x.shape)], _fill(value))
            for n in (before, after)
        ]
        x = np.concatenate([parts[0], x, parts[1]], dim)
    return x


def _fill(value: Any) -> Any:
    return mp.zero if value is None else value


def nan_to_num(x: Array, nan: Any, posinf: Any, neginf: Any) -> Array:
    """What is not finite, by numbers that are given."""

    def one(a: Any) -> Any:
        for value, number in ((mp.inf, posinf), (-mp.inf, neginf)):
            if a == value and number is not None:
                return number[()]
        return nan[()] if mp.isnan(a) else a

    return each(one)(x)


SHAPING: dict[str, Callable[..., Any]] = {
    "as_condition": lambda x: each(bool)(x),
    "nan_to_num": nan_to_num,
    "zeros": lambda size: filled(size, mp.zero),
    "ones": lambda size: filled(size, mp.one),
    "full": lambda size, fill_value: filled(size, fill_value),
    "eye": lambda n, m: each(lambda a: mp.mpf(int(a)))(np.eye(n, m)),
    "arange_to": lambda end: numbers(range(int(mp.ceil(mp.mpf(end.numerator) / end.denominator)))),
    "arange": lambda start, end, step: numbers([start + k * step for k in range(-(-(end - start) // step))]),
    "linspace": lambda start, end, steps: np.array(mp.linspace(start[()], end[()], steps), dtype=object),
    "zeros_like": lambda x: filled(x.shape, mp.zero),
    "ones_like": lambda x: filled(x.shape, mp.one),
    "full_like": lambda x, fill_value: filled(x.shape, fill_value),
    "stack_items": lambda components: np.stack(components),
    "tensor": lambda x: x,
    "clone": lambda x: x,
    "contiguous": lambda x: x,
    "reshape": lambda x, shape: x.reshape(shape),
    "view": lambda x, size: x.reshape(size),
    "flatten": flatten,
    "ravel": lambda x: x.reshape(-1),
    "unflatten": unflatten,
    "squeeze": lambda x, dim: np.squeeze(x, axes(dim)),
    "unsqueeze": lambda x, dim: np.expand_dims(x, dim),
    "transpose": lambda x, dim0, dim1: np.swapaxes(x, dim0, dim1),
    "t": lambda x: x.T,
    "adjoint": lambda x: np.swapaxes(x, -1, -2),
    "permute": lambda x, dims: np.transpose(x, dims),
    "movedim": lambda x, source, destination: np.moveaxis(x, source, destination),
    "expand": expand,
    "broadcast_to": expand,
    "expand_as": lambda x, other: np.broadcast_to(x, other.shape),
    "repeat": lambda x, repeats: np.tile(x, repeats),
    "tile": lambda x, dims: np.tile(x, dims),
    "repeat_interleave": lambda x, repeats, dim: np.repeat(x, repeats, dim),
    "flip": lambda x, dims: np.flip(x, axes(dims)),
    "fliplr": lambda x: x[:, ::-1],
    "flipud": lambda x: x[::-1],
    "roll": lambda x, shifts, dims: np.roll(x, shifts, axes(dims)),
    **dict.fromkeys(("type_as", "to", "to_as", "to_device"), lambda x, **_: x),
    **dict.fromkeys(("to_float64", "to_float32", "to_float16", "to_bfloat16"), lambda x, **_: x),
    "getitem": lambda x, index: x[index],
    "setitem": changed,
    "select": lambda x, dim, index: x[along(dim, index)],
    "narrow": lambda x, dim, start, length: x[along(dim, slice(start, start + length))],
    "diag": lambda x, diagonal: np.diagonal(x, diagonal) if x.ndim == 2 else diag_embed(x, diagonal, 0, 1),
    "linalg_diagonal": lambda A, offset, dim1, dim2: np.diagonal(A, offset, dim1, dim2),
    "diagonal": lambda x, offset, dim1, dim2: np.diagonal(x, offset, dim1, dim2),
    "diag_embed": diag_embed,
    "view_as": lambda x, other: x.reshape(other.shape),
    "reshape_as": lambda x, other: x.reshape(other.shape),
    "atleast_1d": lambda x: x if x.ndim else x.reshape(1),
    "atleast_2d": lambda x: x if x.ndim > 1 else x.reshape(1, -1),
    "atleast_3d": atleast_3d,
    "rot90": lambda x, k, dims: np.rot90(x, k, dims),
    "diagflat": lambda x, offset: diag_embed(x.ravel(), offset, 0, 1),
    "unfold": lambda x, dimension, size, step: np.stack(
        [x[along(dimension, slice(k, k + size))] for k in range(0, x.shape[dimension] - size + 1, step)], dimension
    ),
    "triu": lambda x, diagonal: triangle(x, lambda place: place >= diagonal),
    "tril": lambda x, diagonal: triangle(x, lambda place: place <= diagonal),
    "cat": lambda tensors, dim: np.concatenate(tensors, dim),
    "stack": lambda tensors, dim: np.stack(tensors, dim),
    "hstack": lambda tensors: np.hstack(tensors),
    "vstack": lambda tensors: np.vstack(tensors),
    "dstack": lambda tensors: np.dstack(tensors),
    "column_stack": lambda tensors: np.column_stack(tensors),
    "split": several(lambda x, split_size_or_sections, dim: split(x, split_size_or_sections, dim)),
    "split_with_sizes": several(lambda x, split_sizes, dim: pieces(x, split_sizes, dim)),
    "chunk": several(lambda x, chunks, dim: split(x, -(-x.shape[dim] // chunks), dim)),
    "tensor_split": several(lambda x, indices_or_sections, dim: np.array_split(x, indices_or_sections, dim)),
    "hsplit": several(lambda x, indices_or_sections: np.hsplit(x, indices_or_sections)),
    "vsplit": several(lambda x, indices_or_sections: np.vsplit(x, indices_or_sections)),
    "dsplit": several(lambda x, indices_or_sections: np.dsplit(x, indices_or_sections)),
    "unbind": several(lambda x, dim: list(np.moveaxis(x, dim, 0))),
    "meshgrid": several(lambda tensors, indexing: np.meshgrid(*tensors, indexing=indexing)),
    "broadcast_tensors": several(lambda tensors: np.broadcast_arrays(*tensors)),
    "one_hot": one_hot,
    "gather": gather,
    "index_select": lambda x, dim, index: np.take(x, index, dim),
    "scatter": lambda x, dim, index, src: scattered(x, dim, index, src, lambda _, new: new),
    "scatter_add": lambda x, dim, index, src: scattered(x, dim, index, src, lambda old, new: old + new),
    "scatter_reduce": scatter_reduce,
    "index_add": index_add,
    "index_copy": lambda x, dim, index, source: changed(x, along(dim, index), source),
    "index_fill": lambda x, dim, index, value: changed(x, along(dim, index), value),
    "index_reduce": index_reduce,
    "index_put": index_put,
    "take": lambda x, index: x.ravel()[index],
    "take_along_dim": lambda x, indices, dim: gather(x, dim, indices),
    "put": put,
    "select_scatter": lambda x, src, dim, index: changed(x, along(dim, index), src),
    "slice_scatter": lambda x, src, dim, start, end, step: changed(x, along(dim, slice(start, end, step)), src),
    "diagonal_scatter": diagonal_scatter,
    "masked_select": lambda x, mask: x[mask.astype(bool)],
    "masked_scatter": masked_scatter,
    "embedding": lambda input, weight, **_: weight[input],
}
"""By the names of the parameters."""
