"""Convolutions and pooling: what windows that move over the last axes see."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradcli.language.meaning.handles import Array, array
from autogradcli.language.meaning.layers import plus
from autogradcli.language.meaning.products import Factor, contract

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle

Sizes = int | Sequence[int]


def _each(sizes: Sizes, dimensions: int) -> tuple[int, ...]:
    """One size for each axis; one alone is that of all."""
    return tuple(np.broadcast_to(sizes, dimensions).tolist())


def _windows(x: Array, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Array:
    """What the windows over the last axes see, as as many new last axes."""
    dimensions = len(kernel)
    reach = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    seen = np.lib.stride_tricks.sliding_window_view(x, reach, tuple(range(-dimensions, 0)))
    strides: tuple[Any, ...] = tuple(slice(None, None, step) for step in (*stride, *dilation))
    return seen[(..., *strides)]


def _padded(x: Array, padding: Sequence[int], value: int) -> Array:
    before = [(0, 0)] * (x.ndim - len(padding))
    return np.pad(x, [*before, *((size, size) for size in padding)], constant_values=value)


def _convolution(dimensions: int) -> Callable[..., "Handle"]:
    def meaning(
        builder: "Builder",
        input: "Handle",
        weight: "Handle",
        bias: "Handle | None",
        stride: Sizes,
        padding: Sizes,
        dilation: Sizes,
        groups: int,
    ) -> "Handle":
        kernels = array(weight)
        x = _padded(array(input), _each(padding, dimensions), builder.literal(Fraction(0)))
        steps = _each(stride, dimensions), _each(dilation, dimensions)
        seen = _windows(x, kernels.shape[2:], *steps)
        builder.foresee(seen.size)
        result = _correlate(builder, seen, kernels, groups, dimensions)
        return plus(builder, result, None if bias is None else array(bias).reshape(-1, *[1] * dimensions))

    return meaning


def _correlate(builder: "Builder", seen: Array, kernels: Array, groups: int, dimensions: int) -> Array:
    """The sums of the products of windows and kernels; axes of `seen`: batch, channels, places, window."""
    batch = seen.shape[: -2 * dimensions - 1]
    places = seen.shape[-2 * dimensions : -dimensions]
    by_group = seen.reshape(*batch, groups, -1, *seen.shape[-2 * dimensions :])
    outputs = kernels.reshape(groups, -1, *kernels.shape[1:])
    examples, group, channel, output = list(range(len(batch))), 48, 49, 50
    where, inside = list(range(10, 10 + dimensions)), list(range(20, 20 + dimensions))
    x = Factor(by_group, [*examples, group, channel, *where, *inside])
    y = Factor(outputs, [group, output, channel, *inside])
    return contract(builder, x, y, [*examples, group, output, *where]).values.reshape(*batch, -1, *places)


def _pooling(dimensions: int, reduction: str, pad: str | None) -> Callable[..., "Handle"]:
    def meaning(
        builder: "Builder", input: "Handle", kernel_size: Sizes, stride: Sizes | None, padding: Sizes
    ) -> "Handle":
        kernel = _each(kernel_size, dimensions)
        around = builder.literal(Fraction(0)) if pad is None else builder.call("neg", builder.literal(pad))
        x = _padded(array(input), _each(padding, dimensions), around)
        steps = kernel if stride is None else _each(stride, dimensions)
        seen = _windows(x, kernel, steps, [1] * dimensions)
        builder.foresee(seen.size)
        return builder.call(reduction, seen, dim=tuple(range(-dimensions, 0)))  # type: ignore[no-any-return]

    return meaning


WINDOWS: Mapping[str, Callable[..., "Handle"]] = {
    "conv1d": _convolution(1),
    "conv2d": _convolution(2),
    "avg_pool1d": _pooling(1, "mean", None),
    "avg_pool2d": _pooling(2, "mean", None),
    "max_pool1d": _pooling(1, "amax", "inf"),
    "max_pool2d": _pooling(2, "amax", "inf"),
}
"""By the name of the table's row."""
