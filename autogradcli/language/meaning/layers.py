"""Layers of neural networks: linear maps and normalisations."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from autogradcli.language.function import NoDefinition
from autogradcli.language.meaning.handles import Array, array

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle

Sizes = int | Sequence[int]


def plus(builder: "Builder", x: "Handle", bias: "Handle | None") -> "Handle":
    """x + bias, or x if there is none."""
    return x if bias is None else builder.call("add", x, bias)


def times(builder: "Builder", x: "Handle", weight: "Handle | None") -> "Handle":
    """x*weight, or x if there is none."""
    return x if weight is None else builder.call("mul", x, weight)


def linear(builder: "Builder", input: "Handle", weight: "Handle", bias: "Handle | None") -> "Handle":
    """The product of input and the transpose of weight, plus bias."""
    return plus(builder, builder.call("matmul", input, array(weight).T), bias)


def bilinear(
    builder: "Builder", input1: "Handle", input2: "Handle", weight: "Handle", bias: "Handle | None"
) -> "Handle":
    """For each output the sum of input1[i] weight[i, j] input2[j]."""
    return plus(builder, builder.call("einsum", input1, weight, input2, equation="...i,oij,...j->...o"), bias)


def _standardised(builder: "Builder", x: "Handle", axes: Sequence[int], eps: int) -> "Handle":
    """(x - mean)/sqrt(variance + eps) over some axes."""
    mean = builder.call("mean", x, dim=tuple(axes), keepdim=True)
    variance = builder.call("var", x, dim=tuple(axes), unbiased=False, keepdim=True)
    return _scaled(builder, builder.call("sub", x, mean), variance, eps)


def _scaled(builder: "Builder", distances: "Handle", variance: "Handle", eps: int) -> "Handle":
    return builder.call("div", distances, builder.call("sqrt", builder.call("add", variance, eps)))  # type: ignore[no-any-return]


def _last(sizes: Sizes) -> tuple[int, ...]:
    """The last axes, as many as there are sizes."""
    return tuple(range(-np.size(sizes), 0))


def layer_norm(
    builder: "Builder",
    input: "Handle",
    normalized_shape: Sizes,
    weight: "Handle | None",
    bias: "Handle | None",
    eps: int,
) -> "Handle":
    """Standardised over the last axes, each component with its own weight and bias."""
    standardised = _standardised(builder, input, _last(normalized_shape), eps)
    return plus(builder, times(builder, standardised, weight), bias)


def rms_norm(
    builder: "Builder", input: "Handle", normalized_shape: Sizes, weight: "Handle | None", eps: int | None
) -> "Handle":
    """The components over the root of the mean of their squares."""
    if eps is None:
        raise NoDefinition("rms_norm with the eps of the dtype")
    squares = builder.call("mean", builder.call("square", input), dim=_last(normalized_shape), keepdim=True)
    return times(builder, _scaled(builder, input, squares, eps), weight)


def group_norm(
    builder: "Builder", input: "Handle", num_groups: int, weight: "Handle | None", bias: "Handle | None", eps: int
) -> "Handle":
    """Standardised over groups of channels, each channel with its own weight and bias."""
    whole = array(input)
    groups = whole.reshape(len(whole), num_groups, -1)
    standardised = array(_standardised(builder, groups, (2,), eps)).reshape(whole.shape)
    return _by_channel(builder, standardised, weight, bias)


def batch_norm(
    builder: "Builder",
    input: "Handle",
    running_mean: "Handle | None",
    running_var: "Handle | None",
    weight: "Handle | None",
    bias: "Handle | None",
    training: bool,
    eps: int,
    **_: object,
) -> "Handle":
    """Standardised over all axes but that of the channels, or by the mean and variance that are given."""
    size = np.ndim(input)
    if training or running_mean is None or running_var is None:
        standardised = _standardised(builder, input, [axis for axis in range(size) if axis != 1], eps)
    else:
        mean, variance = (_channels(each, size) for each in (running_mean, running_var))
        standardised = _scaled(builder, builder.call("sub", input, mean), variance, eps)
    return _by_channel(builder, standardised, weight, bias)


def _by_channel(builder: "Builder", x: "Handle", weight: "Handle | None", bias: "Handle | None") -> "Handle":
    factor, summand = (None if each is None else _channels(each, np.ndim(x)) for each in (weight, bias))
    return plus(builder, times(builder, x, factor), summand)


def _channels(x: "Handle", dimensions: int) -> Array:
    """A vector along the second axis."""
    return array(x).reshape(-1, *[1] * (dimensions - 2))


LAYERS: Mapping[str, Callable[..., "Handle"]] = {
    "linear": linear,
    "bilinear": bilinear,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "group_norm": group_norm,
    "batch_norm": batch_norm,
}
"""By the name of the table's row."""
