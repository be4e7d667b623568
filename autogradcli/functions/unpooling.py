"""Windows taken apart and put together again: unfold, fold, and what undoes a pooling."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Body, Handle, Sizes, TapeBuilder, array, filled, fold
from autogradcli.functions.later import numpy as np
from autogradcli.functions.scattering import known_indices
from autogradcli.functions.windows import each_axis, padded, windows


def _blocks(x: Array, kernel: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes, outside: int) -> Array:
    """What windows over the last two axes see; axes: batch, channels, window, places."""
    size = each_axis(kernel, 2)
    sides = [(each, each) for each in each_axis(padding, 2)]
    seen = windows(padded(x, sides, outside), size, each_axis(stride, 2), each_axis(dilation, 2))
    moved = np.moveaxis(seen, (-2, -1), (-4, -3))
    return moved.reshape(*x.shape[:-2], prod(size), prod(seen.shape[-4:-2]))


def unfold_blocks(
    builder: TapeBuilder, input: Handle, kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes
) -> Handle:
    """The components of each window as a column."""
    x = array(input)
    blocks = _blocks(x, kernel_size, dilation, padding, stride, builder.literal(Fraction(0)))
    return blocks.reshape(*x.shape[:-3], prod(blocks.shape[-3:-1]), blocks.shape[-1])


def fold_blocks(
    builder: TapeBuilder,
    input: Handle,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes,
    padding: Sizes,
    stride: Sizes,
) -> Handle:
    """For each component of an image the sum of those of the columns whose windows see it."""
    size, columns = each_axis(output_size, 2), array(input)
    channels = columns.shape[-2] // prod(each_axis(kernel_size, 2))
    places = _blocks(np.arange(prod(size)).reshape(1, *size), kernel_size, dilation, padding, stride, -1)[0]
    images = columns.reshape(-1, channels, *places.shape)
    result = filled((len(images), channels, prod(size)), builder.literal(Fraction(0)))
    for pixel in range(prod(size)):
        seen = images[..., places == pixel]
        for place in np.ndindex(seen.shape[:-1] if seen.shape[-1] else (0,)):
            result[(*place, pixel)] = fold(builder, "add", seen[place].tolist())
    return result.reshape(*columns.shape[:-2], channels, *size)


def _unpooling(axes: int) -> Body:
    def meaning(
        builder: TapeBuilder,
        input: Handle,
        indices: Handle,
        kernel_size: Sizes,
        stride: Sizes | None,
        padding: Sizes,
        output_size: Any,
    ) -> Handle:
        """Zeros but for the components at places that are counted row by row in each channel."""
        x, places = array(input), known_indices(builder, indices)
        size = _size_before(x.shape[-axes:], kernel_size, stride, padding) if output_size is None else output_size
        outer = x.shape[: x.ndim - axes]
        result = filled((prod(outer), prod(size[-axes:])), builder.literal(Fraction(0)))
        lines = (each.reshape(len(result), -1) for each in (x, places))
        for line, values, where in zip(result, *lines, strict=True):
            _put_apart(line, values, where)
        return result.reshape(*outer, *size[-axes:])

    return meaning


def _put_apart(line: Array, values: Array, places: Array) -> None:
    """Put values to places; NoDefinition if two of them have the same, as torch does not say which one stays."""
    if len(np.unique(places)) < places.size:
        raise NoDefinition("two components at one place")
    line[places] = values


def _size_before(sizes: Sequence[int], kernel: Sizes, stride: Sizes | None, padding: Sizes) -> tuple[int, ...]:
    """The sizes of which a pooling makes these."""
    axes = len(sizes)
    steps = each_axis(kernel if stride is None or stride == () else stride, axes)
    every = zip(sizes, each_axis(kernel, axes), steps, each_axis(padding, axes), strict=True)
    return tuple((size - 1) * step - 2 * pad + reach for size, reach, step, pad in every)


def _drawn(_: TapeBuilder, **__: Any) -> Handle:
    raise NoDefinition("what is drawn at random")


BLOCKS = "dilation: ints = 1, padding: ints = 0, stride: ints = 1"

ROWS: tuple[Function, ...] = (
    Function(
        "unfold_blocks",
        f"input, kernel_size: ints, {BLOCKS}",
        "The components of each window of images as a column.",
        aliases=("F.unfold", "functional.unfold"),
        torch="nn.functional.unfold",
        tensor=True,
        body=unfold_blocks,
    ),
    Function(
        "fold",
        f"input, output_size: ints, kernel_size: ints, {BLOCKS}",
        "The images of which the columns are windows: what windows share is added.",
        torch="nn.functional.fold",
        tensor=True,
        body=fold_blocks,
    ),
    *(
        Function(
            f"max_unpool{axes}d",
            "input, indices: indices, kernel_size: ints, stride: ints = None, padding: ints = 0, "
            "output_size: ints = None",
            "Zeros but for the components at the places that max_pool gives as indices.",
            torch=f"nn.functional.max_unpool{axes}d",
            tensor=True,
            note="Where an index names a place twice, torch does not say which component stays.",
            body=_unpooling(axes),
        )
        for axes in (1, 2, 3)
    ),
    *(
        Function(
            f"fractional_max_pool{axes}d",
            "input, kernel_size: ints, output_size: ints = None, output_ratio: reals = None, "
            "return_indices: flag = False",
            "The largest components of windows, some of whose distances are drawn.",
            torch=f"nn.functional.fractional_max_pool{axes}d",
            tensor=True,
            draws=True,
            fields=("values", "indices"),
            fields_if="return_indices",
            note="Where the windows stand is drawn by torch's generator: the gradient is not verified.",
            body=_drawn,
        )
        for axes in (2, 3)
    ),
)
