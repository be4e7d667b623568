"""Layers of neural networks, as functions of torch.nn.functional: linear maps and normalisations."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Handle, Sizes, TapeBuilder, array
from autogradcli.functions.later import numpy as np


def plus(builder: TapeBuilder, x: Handle, bias: Handle | None) -> Handle:
    """x + bias, or x if there is none."""
    return x if bias is None else builder.call("add", x, bias)


def times(builder: TapeBuilder, x: Handle, weight: Handle | None) -> Handle:
    """x*weight, or x if there is none."""
    return x if weight is None else builder.call("mul", x, weight)


def linear(builder: TapeBuilder, input: Handle, weight: Handle, bias: Handle | None) -> Handle:
    """The product of input and the transpose of weight, plus bias."""
    return plus(builder, builder.call("matmul", input, array(weight).T), bias)


def bilinear(builder: TapeBuilder, input1: Handle, input2: Handle, weight: Handle, bias: Handle | None) -> Handle:
    """For each output the sum of input1[i] weight[i, j] input2[j]."""
    return plus(builder, builder.call("einsum", input1, weight, input2, equation="...i,oij,...j->...o"), bias)


def _standardised(builder: TapeBuilder, x: Handle, axes: Sequence[int], eps: int) -> Handle:
    """(x - mean)/sqrt(variance + eps) over some axes."""
    mean = builder.call("mean", x, dim=tuple(axes), keepdim=True)
    variance = builder.call("var", x, dim=tuple(axes), unbiased=False, keepdim=True)
    return _scaled(builder, builder.call("sub", x, mean), variance, eps)


def _scaled(builder: TapeBuilder, distances: Handle, variance: Handle, eps: int) -> Handle:
    return builder.call("div", distances, builder.call("sqrt", builder.call("add", variance, eps)))


def _last(sizes: Sizes) -> tuple[int, ...]:
    """The last axes, as many as there are sizes."""
    return tuple(range(-np.size(sizes), 0))


def layer_norm(
    builder: TapeBuilder,
    input: Handle,
    normalized_shape: Sizes,
    weight: Handle | None,
    bias: Handle | None,
    eps: int,
) -> Handle:
    """Standardised over the last axes, each component with its own weight and bias."""
    standardised = _standardised(builder, input, _last(normalized_shape), eps)
    return plus(builder, times(builder, standardised, weight), bias)


def rms_norm(
    builder: TapeBuilder, input: Handle, normalized_shape: Sizes, weight: Handle | None, eps: int | None
) -> Handle:
    """The components over the root of the mean of their squares."""
    if eps is None:
        raise NoDefinition("rms_norm with the eps of the dtype")
    squares = builder.call("mean", builder.call("square", input), dim=_last(normalized_shape), keepdim=True)
    return times(builder, _scaled(builder, input, squares, eps), weight)


def group_norm(
    builder: TapeBuilder, input: Handle, num_groups: int, weight: Handle | None, bias: Handle | None, eps: int
) -> Handle:
    """Standardised over groups of channels, each channel with its own weight and bias."""
    whole = array(input)
    groups = whole.reshape(len(whole), num_groups, -1)
    standardised = array(_standardised(builder, groups, (2,), eps)).reshape(whole.shape)
    return _by_channel(builder, standardised, weight, bias)


def instance_norm(
    builder: TapeBuilder,
    input: Handle,
    running_mean: Handle | None,
    running_var: Handle | None,
    weight: Handle | None,
    bias: Handle | None,
    use_input_stats: bool,
    eps: int,
    **_: object,
) -> Handle:
    """Each channel of each example by itself, or as batch_norm does by the mean and variance that are given."""
    x = array(input)
    if not use_input_stats:
        given = running_mean, running_var, weight, bias
        return batch_norm(builder, x, *given, training=False, eps=eps)
    standardised = _standardised(builder, x, range(2, x.ndim), eps)
    return _by_channel(builder, standardised, weight, bias)


def local_response_norm(builder: TapeBuilder, input: Handle, size: int, alpha: int, beta: int, k: int) -> Handle:
    """Over a power of k plus alpha times the mean of the squares in so many channels around; outside stand zeros."""
    x = array(input)
    sides = [(0, 0), (size // 2, (size - 1) // 2), *[(0, 0)] * (x.ndim - 2)]
    squares = np.pad(array(builder.call("square", x)), sides, constant_values=builder.literal(Fraction(0)))
    means = builder.call("mean", np.lib.stride_tricks.sliding_window_view(squares, size, 1), dim=-1)
    return builder.formula("x/(k + alpha*means)**beta", x=x, means=means, alpha=alpha, beta=beta, k=k)


def batch_norm(
    builder: TapeBuilder,
    input: Handle,
    running_mean: Handle | None,
    running_var: Handle | None,
    weight: Handle | None,
    bias: Handle | None,
    training: bool,
    eps: int,
    **_: object,
) -> Handle:
    """Standardised over all axes but that of the channels, or by the mean and variance that are given."""
    size = np.ndim(input)
    if training or running_mean is None or running_var is None:
        standardised = _standardised(builder, input, [axis for axis in range(size) if axis != 1], eps)
    else:
        mean, variance = (_channels(each, size) for each in (running_mean, running_var))
        standardised = _scaled(builder, builder.call("sub", input, mean), variance, eps)
    return _by_channel(builder, standardised, weight, bias)


def _by_channel(builder: TapeBuilder, x: Handle, weight: Handle | None, bias: Handle | None) -> Handle:
    factor, summand = (None if each is None else _channels(each, np.ndim(x)) for each in (weight, bias))
    return plus(builder, times(builder, x, factor), summand)


def _channels(x: Handle, dimensions: int) -> Array:
    """A vector along the second axis."""
    return array(x).reshape(-1, *[1] * (dimensions - 2))


ROWS: tuple[Function, ...] = (
    Function(
        "linear",
        "input, weight, bias=None",
        "input @ weight.T + bias.",
        torch="nn.functional.linear",
        tensor=True,
        body=linear,
    ),
    Function(
        "bilinear",
        "input1, input2, weight, bias=None",
        "For each output, input1 @ weight[i] @ input2 + bias[i].",
        torch="nn.functional.bilinear",
        tensor=True,
        body=bilinear,
    ),
    Function(
        "layer_norm",
        "input, normalized_shape: ints, weight=None, bias=None, eps: number = 1e-5",
        "(input - mean)/sqrt(variance + eps) over the last dimensions, times weight, plus bias.",
        torch="nn.functional.layer_norm",
        tensor=True,
        fused=True,
        body=layer_norm,
    ),
    Function(
        "rms_norm",
        "input, normalized_shape: ints, weight=None, eps: number = None",
        "input/sqrt(mean(input**2) + eps) over the last dimensions, times weight.",
        torch="nn.functional.rms_norm",
        tensor=True,
        note="If no eps is given it is that of the dtype, and the gradient is not verified.",
        fused=True,
        body=rms_norm,
    ),
    Function(
        "group_norm",
        "input, num_groups: int, weight=None, bias=None, eps: number = 1e-5",
        "(input - mean)/sqrt(variance + eps) over groups of channels, times weight, plus bias.",
        torch="nn.functional.group_norm",
        tensor=True,
        fused=True,
        body=group_norm,
    ),
    Function(
        "instance_norm",
        "input, running_mean: fixed = None, running_var: fixed = None, weight=None, bias=None, "
        "use_input_stats: flag = True, momentum: number = 0.1, eps: number = 1e-5",
        "(input - mean)/sqrt(variance + eps) of each channel of each example, times weight, plus bias.",
        torch="nn.functional.instance_norm",
        tensor=True,
        fused=True,
        body=instance_norm,
    ),
    Function(
        "local_response_norm",
        "input, size: int, alpha: number = 1e-4, beta: number = 0.75, k: number = 1",
        "Over a power of k plus alpha times the mean of the squares in the channels around.",
        torch="nn.functional.local_response_norm",
        tensor=True,
        body=local_response_norm,
    ),
    Function(
        "batch_norm",
        "input, running_mean: fixed = None, running_var: fixed = None, weight=None, bias=None, training: flag = False, "
        "momentum: number = 0.1, eps: number = 1e-5",
        "(input - mean)/sqrt(variance + eps) of each channel, times weight, plus bias.",
        torch="nn.functional.batch_norm",
        tensor=True,
        note="With training=True mean and variance are the batch's, and the running ones cannot be given.",
        fused=True,
        body=batch_norm,
    ),
)
