"""Other shapes and other places for the same components: NumPy's own functions on arrays of handles."""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradcli.language.meaning.handles import Array, Axes, array, axes_of, check_size, handle

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle


def _moved(move: Callable[..., Array]) -> Callable[..., "Handle"]:
    """The meaning of a row that only moves components about, by what follows x in its signature."""

    def meaning(_: "Builder", x: "Handle", **others: Any) -> "Handle":
        return handle(move(array(x), *others.values()))

    return meaning


def setitem(_: "Builder", x: "Handle", index: tuple[Any, ...], value: "Handle") -> "Handle":
    """The components of x, some replaced by those of value; leading dimensions of 1 that value has too many go."""
    changed, new = array(x).copy(), array(value)
    while new.ndim > changed[index].ndim and new.shape[0] == 1:
        new = new[0]
    changed[index] = new
    return handle(changed)


def _joined(join: Callable[..., Array]) -> Callable[..., "Handle"]:
    """The meaning of a row that puts several tensors together, by what follows them in its signature."""

    def meaning(_: "Builder", tensors: Sequence["Handle"], **others: Any) -> "Handle":
        return handle(join([array(each) for each in tensors], *others.values()))

    return meaning


def _flatten(x: Array, start_dim: int, end_dim: int) -> Array:
    if x.ndim == 0:
        return x.reshape(1)
    first, last = start_dim % x.ndim, end_dim % x.ndim
    return x.reshape(*x.shape[:first], -1, *x.shape[last + 1 :])


def _unflatten(x: Array, dim: int, sizes: int | Sequence[int]) -> Array:
    axis = dim % x.ndim
    return x.reshape(*x.shape[:axis], *np.atleast_1d(sizes), *x.shape[axis + 1 :])


def _squeeze(x: Array, dim: Axes) -> Array:
    """Dimensions of another size than 1 stay, as torch has it."""
    return np.squeeze(x, tuple(axis for axis in axes_of(x, dim) if x.shape[axis] == 1))


def _expand(x: Array, size: Sequence[int]) -> Array:
    """-1 keeps a size, as torch has it."""
    own = (*[1] * (len(size) - x.ndim), *x.shape)
    return np.broadcast_to(x, [old if new == -1 else new for old, new in zip(own, size, strict=True)])


def _tile(x: Array, repeats: Sequence[int]) -> Array:
    check_size(x.size * math.prod(repeats))
    return np.tile(x, repeats)


def _interleave(x: Array, repeats: int, dim: int | None) -> Array:
    check_size(x.size * repeats)
    return np.repeat(x, repeats, dim)


def _narrow(x: Array, dim: int, start: int, length: int) -> Array:
    first = start % x.shape[dim]
    return x.take(range(first, first + length), dim)


def _unfold(x: Array, dimension: int, size: int, step: int) -> Array:
    axis = dimension % max(x.ndim, 1)
    windows = np.lib.stride_tricks.sliding_window_view(np.atleast_1d(x), size, axis)
    found: Array = windows[(*[slice(None)] * axis, slice(None, None, step))]
    return found if x.ndim else found[0]


def _cat(tensors: Sequence[Array], dim: int) -> Array:
    """Empty vectors count as nothing, as torch has it."""
    return np.concatenate([each for each in tensors if each.shape != (0,)] or tensors, dim)


def _diagonals(builder: "Builder", x: Array, offset: int, dim1: int, dim2: int) -> Array:
    size = x.shape[-1] + abs(offset)
    result = np.full((*x.shape[:-1], size, size), builder.literal(Fraction(0)), dtype=np.intp)
    places = np.arange(x.shape[-1])
    result[..., places + max(-offset, 0), places + max(offset, 0)] = x
    return np.moveaxis(result, (-2, -1), (dim1, dim2))


def diag_embed(builder: "Builder", x: "Handle", offset: int, dim1: int, dim2: int) -> "Handle":
    """Zeros but for a diagonal."""
    return _diagonals(builder, array(x), offset, dim1, dim2)


def diag(builder: "Builder", x: "Handle", diagonal: int) -> "Handle":
    """The diagonal of a matrix, or the matrix with this diagonal."""
    whole = array(x)
    return np.diagonal(whole, diagonal) if whole.ndim == 2 else _diagonals(builder, whole, diagonal, -2, -1)


def _triangle(kept: Callable[..., Any]) -> Callable[..., "Handle"]:
    def meaning(builder: "Builder", x: "Handle", diagonal: int) -> "Handle":
        whole = array(x)
        mask = kept(np.ones(whole.shape[-2:], dtype=bool), diagonal)
        return np.where(mask, whole, builder.literal(Fraction(0))).astype(np.intp)

    return meaning


def stack_items(_: "Builder", components: Sequence["Handle"]) -> "Handle":
    """A list literal: its items along a new first axis."""
    return np.stack([array(each) for each in components])


SHAPING: Mapping[str, Callable[..., "Handle"]] = {
    "stack_items": stack_items,
    "reshape": _moved(lambda x, shape: x.reshape(shape)),
    "view": _moved(lambda x, size: x.reshape(size)),
    "flatten": _moved(_flatten),
    "unflatten": _moved(_unflatten),
    "squeeze": _moved(_squeeze),
    "unsqueeze": _moved(np.expand_dims),
    "transpose": _moved(lambda x, dim0, dim1: x if x.ndim == 0 else x.swapaxes(dim0, dim1)),
    "t": _moved(lambda x: x.T),
    "adjoint": _moved(lambda x: x if x.ndim == 0 else x.swapaxes(-2, -1)),
    "permute": _moved(lambda x, dims: x.transpose(dims)),
    "movedim": _moved(lambda x, source, destination: x if x.ndim == 0 else np.moveaxis(x, source, destination)),
    "expand": _moved(_expand),
    "broadcast_to": _moved(_expand),
    "expand_as": _moved(lambda x, other: np.broadcast_to(x, np.shape(other))),
    "view_as": _moved(lambda x, other: x.reshape(np.shape(other))),
    "reshape_as": _moved(lambda x, other: x.reshape(np.shape(other))),
    "atleast_1d": _moved(np.atleast_1d),
    "atleast_2d": _moved(np.atleast_2d),
    "atleast_3d": _moved(np.atleast_3d),
    "rot90": _moved(np.rot90),
    "unfold": _moved(_unfold),
    "repeat": _moved(_tile),
    "tile": _moved(_tile),
    "repeat_interleave": _moved(_interleave),
    "flip": _moved(lambda x, dims: x if x.ndim == 0 else np.flip(x, dims)),
    "fliplr": _moved(np.fliplr),
    "flipud": _moved(np.flipud),
    "roll": _moved(np.roll),
    "getitem": _moved(lambda x, index: x[index]),
    "setitem": setitem,
    "select": _moved(lambda x, dim, index: x.take(index, dim)),
    "narrow": _moved(_narrow),
    "diagonal": _moved(np.diagonal),
    "diag": diag,
    "diag_embed": diag_embed,
    "triu": _triangle(np.triu),
    "tril": _triangle(np.tril),
    "cat": _joined(_cat),
    "stack": _joined(np.stack),
    "hstack": _joined(np.hstack),
    "vstack": _joined(np.vstack),
    "dstack": _joined(np.dstack),
    "column_stack": _joined(np.column_stack),
}
"""By the name of the table's row."""
