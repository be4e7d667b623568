"""Functions that give the same components another shape or other places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Array, Axes, Handle, TapeBuilder, array, axes_of, check_size, handle, moved
from autogradcli.functions.later import numpy as np


def setitem(_: TapeBuilder, x: Handle, index: tuple[Any, ...], value: Handle) -> Handle:
    """The components of x, some replaced by those of value; leading dimensions of 1 that value has too many go."""
    changed, new = array(x).copy(), array(value)
    while new.ndim > changed[index].ndim and new.shape[0] == 1:
        new = new[0]
    changed[index] = new
    return handle(changed)


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


def _at_least(dimensions: int, x: Array) -> Array:
    return (np.atleast_1d, np.atleast_2d, np.atleast_3d)[dimensions - 1](x)


FORMAT = "Where the format is less precise than that of the problem, torch's gradient is not verified."

ROWS: tuple[Function, ...] = (
    Function(
        "tensor",
        "x",
        "The number or the list itself.",
        torch="",
        aliases=("as_tensor", "array", "asarray", "Tensor", "FloatTensor", "DoubleTensor"),
        definition="x",
        tensor=True,
    ),
    Function("clone", "x", "The same components.", aliases=("copy", "alias_copy"), definition="x", tensor=True),
    Function("contiguous", "x", "The same components.", torch="Tensor.contiguous", definition="x", tensor=True),
    Function(
        "reshape",
        "x, shape: shape",
        "The same components, row by row, in another shape; -1 stands for what is left.",
        tensor=True,
        body=moved(lambda x, shape: x.reshape(shape)),
    ),
    Function(
        "view",
        "x, size: shape",
        "The same components, row by row, in another shape; -1 stands for what is left.",
        aliases=("view_copy",),
        torch="Tensor.view",
        tensor=True,
        body=moved(lambda x, size: x.reshape(size)),
    ),
    Function(
        "flatten",
        "x, start_dim: int = 0, end_dim: int = -1",
        "Some dimensions, one after the other, as one.",
        tensor=True,
        body=moved(_flatten),
    ),
    Function("ravel", "x", "All components as a vector.", definition="flatten(x)", tensor=True),
    Function("unflatten", "x, dim: int, sizes: ints", "One dimension as several.", tensor=True, body=moved(_unflatten)),
    Function(
        "squeeze",
        "x, dim: ints = None",
        "Without dimensions of size 1.",
        aliases=("squeeze_copy",),
        tensor=True,
        body=moved(_squeeze),
    ),
    Function(
        "unsqueeze",
        "x, dim: int",
        "With a new dimension of size 1.",
        aliases=("expand_dims", "unsqueeze_copy"),
        tensor=True,
        body=moved(lambda x, dim: np.expand_dims(x, dim)),
    ),
    Function(
        "transpose",
        "x, dim0: int, dim1: int",
        "With two dimensions exchanged.",
        aliases=("swapaxes", "swapdims", "transpose_copy"),
        tensor=True,
        body=moved(lambda x, dim0, dim1: x if x.ndim == 0 else x.swapaxes(dim0, dim1)),
    ),
    Function(
        "t",
        "x",
        "The transpose of a matrix; a vector or a number is left as it is.",
        aliases=("transpose", "t_copy"),
        properties=("T",),
        tensor=True,
        body=moved(lambda x: x.T),
    ),
    Function(
        "adjoint",
        "x",
        "With the last two dimensions exchanged.",
        aliases=("matrix_transpose",),
        properties=("mT", "mH"),
        tensor=True,
        body=moved(lambda x: x if x.ndim == 0 else x.swapaxes(-2, -1)),
    ),
    Function(
        "permute",
        "x, dims: shape",
        "With the dimensions in another order.",
        aliases=("transpose", "permute_copy"),
        tensor=True,
        body=moved(lambda x, dims: x.transpose(dims)),
    ),
    Function(
        "movedim",
        "x, source: ints, destination: ints",
        "With some dimensions moved to other places.",
        aliases=("moveaxis",),
        tensor=True,
        body=moved(lambda x, source, destination: x if x.ndim == 0 else np.moveaxis(x, source, destination)),
    ),
    Function(
        "expand",
        "x, size: shape",
        "Broadcast to a shape; -1 keeps a size.",
        aliases=("expand_copy",),
        torch="Tensor.expand",
        tensor=True,
        body=moved(_expand),
    ),
    Function("broadcast_to", "x, size: shape", "Broadcast to a shape.", tensor=True, body=moved(_expand)),
    Function(
        "expand_as",
        "x, other",
        "Broadcast to the shape of another.",
        torch="Tensor.expand_as",
        tensor=True,
        body=moved(lambda x, other: np.broadcast_to(x, np.shape(other))),
    ),
    Function(
        "repeat",
        "x, repeats: shape",
        "The whole, several times along each dimension.",
        torch="Tensor.repeat",
        tensor=True,
        note="NumPy's repeat is torch's repeat_interleave.",
        body=moved(_tile),
    ),
    Function(
        "tile", "x, dims: shape", "The whole, several times along each dimension.", tensor=True, body=moved(_tile)
    ),
    Function(
        "repeat_interleave",
        "x, repeats: int, dim: int = None",
        "Each component several times, along a dimension or all of them as a vector.",
        aliases=("np.repeat", "numpy.repeat", "jnp.repeat"),
        tensor=True,
        body=moved(_interleave),
    ),
    Function(
        "flip",
        "x, dims: shape",
        "In reverse order along some dimensions.",
        tensor=True,
        body=moved(lambda x, dims: x if x.ndim == 0 else np.flip(x, dims)),
    ),
    Function("fliplr", "x", "With the columns in reverse order.", tensor=True, body=moved(lambda x: np.fliplr(x))),
    Function("flipud", "x", "With the rows in reverse order.", tensor=True, body=moved(lambda x: np.flipud(x))),
    Function(
        "roll",
        "x, shifts: ints, dims: ints = None",
        "Moved along some dimensions; what leaves at one end comes in at the other.",
        tensor=True,
        body=moved(lambda x, shifts, dims: np.roll(x, shifts, dims)),
    ),
    Function(
        "getitem",
        "x, index: index",
        "Part of a tensor: x[0], x[1:, None], x[..., -1].",
        torch="Tensor.__getitem__",
        tensor=True,
        body=moved(lambda x, index: x[index]),
    ),
    Function(
        "setitem",
        "x, index: index, value",
        "A tensor with other components at some places; what x[0] = value means in a snippet.",
        torch="Tensor.__setitem__",
        tensor=True,
        body=setitem,
    ),
    Function(
        "select",
        "x, dim: int, index: int",
        "One slice along a dimension.",
        tensor=True,
        body=moved(lambda x, dim, index: x.take(index, dim)),
    ),
    Function(
        "narrow",
        "x, dim: int, start: int, length: int",
        "Some slices along a dimension.",
        aliases=("narrow_copy",),
        tensor=True,
        body=moved(_narrow),
    ),
    Function(
        "view_as",
        "x, other",
        "In the shape of another.",
        torch="Tensor.view_as",
        tensor=True,
        body=moved(lambda x, other: x.reshape(np.shape(other))),
    ),
    Function(
        "reshape_as",
        "x, other",
        "In the shape of another.",
        torch="Tensor.reshape_as",
        tensor=True,
        body=moved(lambda x, other: x.reshape(np.shape(other))),
    ),
    *(
        Function(
            name,
            f"x, {given}, non_blocking: flag = False, copy: flag = False",
            f"The same components, {doc}.",
            aliases=("to",) if name != "to" else ("Tensor.type",),
            torch="Tensor.to",
            definition="x",
            tensor=True,
            note=FORMAT,
        )
        for name, given, doc in (
            ("to", "dtype: dtype", "in another format"),
            ("to_as", "other", "in the format of another"),
            ("to_device", 'device: ("cpu",), dtype: dtype = None', "on the processor, perhaps in another format"),
        )
    ),
    *(
        Function(
            f"to_{dtype}",
            f'x, dtype: "{dtype}" = "{dtype}"',
            f"The same components in {dtype}.",
            aliases=(f"Tensor.{name}",),
            torch="Tensor.to",
            definition="x",
            tensor=True,
            note=FORMAT,
        )
        for name, dtype in {"double": "float64", "float": "float32", "half": "float16", "bfloat16": "bfloat16"}.items()
    ),
    Function(
        "type_as",
        "x, other",
        "The same components, in the format of another.",
        torch="Tensor.type_as",
        definition="x",
        tensor=True,
    ),
    *(
        Function(
            f"atleast_{dimensions}d",
            "x",
            f"With at least {dimensions} dimensions.",
            tensor=True,
            body=moved(partial(_at_least, dimensions)),
        )
        for dimensions in (1, 2, 3)
    ),
    Function(
        "rot90",
        "x, k: int = 1, dims: ints = (0, 1)",
        "Turned by so many right angles in the plane of two dimensions.",
        tensor=True,
        body=moved(lambda x, k, dims: np.rot90(x, k, dims)),
    ),
    Function(
        "unfold",
        "x, dimension: int, size: int, step: int",
        "The windows of a size along a dimension, as one more dimension.",
        aliases=("unfold_copy",),
        torch="Tensor.unfold",
        tensor=True,
        note="torch.nn.functional.unfold is another function.",
        body=moved(_unfold),
    ),
)
