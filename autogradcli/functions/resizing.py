"""Functions that pad images, resize them, or move their pixels to channels and back; and dropout.

An interpolation is a matrix of weights for each dimension, which are made of the places of pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Body, Handle, TapeBuilder, array
from autogradcli.functions.later import numpy as np

Weights = dict[int, int]
"""What one place of a result takes from which places: the weights' handles."""


def pad(builder: TapeBuilder, input: Handle, pad: Sequence[int], mode: str, value: int | None) -> Handle:
    """Pairs of what is added before and after, from the last dimension on."""
    x = array(input)
    beyond = builder.literal(Fraction(0)) if value is None else value
    for place in range(len(pad) // 2):
        axis = x.ndim - 1 - place
        places = np.arange(-pad[2 * place], x.shape[axis] + pad[2 * place + 1])
        x = _taken(x, axis, places, mode, beyond)
    return x


def _taken(x: Array, axis: int, places: Array, mode: str, beyond: int) -> Array:
    """The components at places along an axis, some of which are outside."""
    size = x.shape[axis]
    if mode == "constant":
        inside = (places >= 0) & (places < size)
        shape = [-1 if each == axis else 1 for each in range(x.ndim)]
        held = x.take(np.where(inside, places, 0), axis) if size else _nothing(x, axis, len(places))
        return np.where(inside.reshape(shape), held, beyond).astype(np.intp)
    if mode == "replicate":
        return x.take(places.clip(0, size - 1), axis)
    if mode == "circular":  # torch takes away first, and goes around what is left
        first, last = max(places[0], 0), min(places[-1] + 1, size)
        return x.take(first + (places - first) % (last - first), axis)
    turned = np.abs(places)
    return x.take(np.where(turned < size, turned, 2 * (size - 1) - turned), axis)


def _nothing(x: Array, axis: int, size: int) -> Array:
    return np.zeros([size if each == axis else old for each, old in enumerate(x.shape)], dtype=np.intp)


def interpolate(
    builder: TapeBuilder,
    input: Handle,
    size: Any,
    scale_factor: Any,
    mode: str,
    align_corners: bool | None,
    recompute_scale_factor: bool | None,
    antialias: bool,
) -> Handle:
    """The weights of each dimension after the second, one dimension after the other."""
    if antialias:
        raise NoDefinition("interpolate with antialias")
    x = array(input)
    axes = range(2, x.ndim)
    factors = [None] * len(axes) if scale_factor is None else np.broadcast_to(scale_factor, len(axes)).tolist()
    sizes = [None] * len(axes) if size is None else np.broadcast_to(size, len(axes)).tolist()
    if mode == "area":
        wanted = [old if new is None else new for old, new in zip(_sizes(x, factors), sizes, strict=True)]
        return builder.call(f"adaptive_avg_pool{len(axes)}d", x, output_size=tuple(wanted))
    for axis, factor, new, scaled in zip(axes, factors, sizes, _sizes(x, factors), strict=True):
        old, count = x.shape[axis], scaled if new is None else new
        given = factor is not None and not recompute_scale_factor
        step = 1 / Fraction(float(factor)) if given else Fraction(old, count)
        weights = WEIGHTS[mode](builder, old, count, step, bool(align_corners))
        x = np.moveaxis(_weighted(builder, np.moveaxis(x, axis, -1), weights), -1, axis)
    return x


def _sizes(x: Array, factors: Sequence[Any]) -> list[int]:
    """The sizes after the second, times the factors, rounded down."""
    return [
        size if factor is None else math.floor(size * float(factor))
        for size, factor in zip(x.shape[2:], factors, strict=True)
    ]


def _weighted(builder: TapeBuilder, x: Array, weights: Sequence[Weights]) -> Array:
    """The sums along the last axis that the weights say; a component alone stands for itself."""
    columns = []
    for taken in weights:
        terms = [
            x[..., place] if builder.number(weight) == 1 else builder.call("mul", x[..., place], weight)
            for place, weight in taken.items()
        ]
        total = terms[0]
        for term in terms[1:]:
            total = builder.call("add", total, term)
        columns.append(array(total))
    return np.stack(columns, axis=-1)


HALF = Fraction(1, 2)


def _nearest(shift: Fraction) -> Callable[..., list[Weights]]:
    def weights(builder: TapeBuilder, old: int, count: int, step: Fraction, _: bool) -> list[Weights]:
        one = builder.literal(Fraction(1))
        return [{min(math.floor((place + shift) * step), old - 1): one} for place in range(count)]

    return weights


def _place(place: int, old: int, count: int, step: Fraction, align_corners: bool) -> Fraction:
    """Where the centre of a pixel of the result is among those of the image."""
    if align_corners:
        return Fraction(place * (old - 1), count - 1) if count > 1 else Fraction(0)
    return (place + HALF) * step - HALF


def _distance(builder: TapeBuilder, one: Fraction, other: Fraction) -> int:
    """The distance of two places, computed: torch rounds the larger numbers that it is the difference of."""
    places = [builder.literal(each + HALF) for each in sorted((one, other), reverse=True)]
    return int(builder.call("sub", *places))


def _linear(builder: TapeBuilder, old: int, count: int, step: Fraction, align_corners: bool) -> list[Weights]:
    """Of an image that keeps its size it is the image, whatever the step is."""
    one = builder.literal(Fraction(1))
    if old == count:
        return [{place: one} for place in range(count)]
    found: list[Weights] = []
    for place in range(count):
        source = max(_place(place, old, count, step, align_corners), Fraction(0))
        first = min(math.floor(source), old - 1)
        if source == first or first == old - 1:
            found.append({first: one})
        else:
            share = _distance(builder, source, Fraction(first))
            found.append({first: builder.call("sub", one, share), first + 1: share})
    return found


NEAR = "(1.25*t - 2.25)*t*t + 1"
FAR = "((-0.75*t + 3.75)*t - 6)*t + 3"
"""The kernel up to a distance of 1, and beyond: Keys, Cubic convolution interpolation, 1981, with torch's a, -3/4."""


def _cubic(builder: TapeBuilder, old: int, count: int, step: Fraction, align_corners: bool) -> list[Weights]:
    sources = (_place(place, old, count, step, align_corners) for place in range(count))
    return [_around(builder, source, old) for source in sources]


def _around(builder: TapeBuilder, source: Fraction, old: int) -> Weights:
    """Of the four pixels around a place; what lies outside is the pixel at the edge."""
    taken: Weights = {}
    first = math.floor(source)
    if source == first:
        return {min(max(first, 0), old - 1): builder.literal(Fraction(1))}
    for each in range(first - 1, first + 3):
        inside = min(max(each, 0), old - 1)
        distance = _distance(builder, source, Fraction(each))
        weight = builder.formula(NEAR if abs(source - each) < 1 else FAR, t=distance)
        taken[inside] = builder.call("add", taken[inside], weight) if inside in taken else weight
    return taken


WEIGHTS: Mapping[str, Callable[..., list[Weights]]] = {
    "nearest": _nearest(Fraction(0)),
    "nearest-exact": _nearest(HALF),
    "linear": _linear,
    "bilinear": _linear,
    "trilinear": _linear,
    "bicubic": _cubic,
}
"""By the mode: the weights along one dimension."""


def _upsampled(mode: str, align_corners: bool | None) -> Body:
    def meaning(builder: TapeBuilder, input: Handle, size: Any, scale_factor: Any) -> Handle:
        return interpolate(builder, input, size, scale_factor, mode, align_corners, None, False)

    return meaning


def pixel_shuffle(_: TapeBuilder, x: Handle, upscale_factor: int) -> Handle:
    """Channels, in order, as the rows and columns of a square."""
    *batch, channels, rows, columns = np.shape(x)
    r = upscale_factor
    split = array(x).reshape(*batch, channels // (r * r), r, r, rows, columns)
    moved = np.moveaxis(split, (-4, -3), (-3, -1))
    return moved.reshape(*batch, channels // (r * r), rows * r, columns * r)


def pixel_unshuffle(_: TapeBuilder, x: Handle, downscale_factor: int) -> Handle:
    """The rows and columns of squares as channels, in order."""
    *batch, channels, rows, columns = np.shape(x)
    r = downscale_factor
    split = array(x).reshape(*batch, channels, rows // r, r, columns // r, r)
    moved = np.moveaxis(split, (-3, -1), (-4, -3))
    return moved.reshape(*batch, channels * r * r, rows // r, columns // r)


def channel_shuffle(_: TapeBuilder, x: Handle, groups: int) -> Handle:
    """The first channel of each group, then the second of each."""
    examples, channels, *others = np.shape(x)
    grouped = array(x).reshape(examples, groups, channels // groups, *others)
    return grouped.swapaxes(1, 2).reshape(np.shape(x))


def glu(builder: TapeBuilder, x: Handle, dim: int) -> Handle:
    """One half times the sigmoid of the other."""
    first, second = np.split(array(x), 2, axis=dim)
    return builder.formula("x*sigmoid(y)", x=first, y=second)


def dropout(builder: TapeBuilder, input: Handle, p: Fraction, training: bool) -> Handle:
    """The input where nothing is dropped, and zeros where all is; what is dropped by chance has no definition."""
    if not training or p == 0:
        return input
    if p == 1:
        return builder.call("mul", input, builder.literal(Fraction(0)))
    raise NoDefinition("dropout")


def rrelu(builder: TapeBuilder, x: Handle, lower: Fraction, upper: Fraction, training: bool) -> Handle:
    """x where it is positive, else the mean of both slopes times x."""
    if training:
        raise NoDefinition("rrelu in training")
    return builder.call("leaky_relu", x, builder.literal((lower + upper) / 2))


RANDOM = "What it drops is drawn by torch's generator: only where nothing is dropped is the gradient verified."

ROWS: tuple[Function, ...] = (
    Function(
        "pad",
        'input, pad: ints, mode: ("constant", "reflect", "replicate", "circular") = "constant", value: number = None',
        "With more components before and after, from the last dimension on; a negative number takes some away.",
        torch="nn.functional.pad",
        tensor=True,
        body=pad,
    ),
    Function(
        "constant_pad_nd",
        "x, pad: ints, value: number = 0",
        "With more components of one number before and after, from the last dimension on.",
        definition="pad(x, pad=pad, value=value)",
        tensor=True,
    ),
    Function(
        "interpolate",
        "input, size: ints = None, scale_factor: reals = None, "
        'mode: ("nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic", "area") = "nearest", '
        "align_corners: flag = None, recompute_scale_factor: flag = None, antialias: flag = False",
        "In another size: each pixel from those that are nearest, in the dimensions after the first two.",
        torch="nn.functional.interpolate",
        tensor=True,
        body=interpolate,
    ),
    *(
        Function(
            f"upsample_{mode}",
            "input, size: ints = None, scale_factor: reals = None",
            f"interpolate with mode={mode!r}{end}.",
            torch=f"nn.functional.upsample_{mode}",
            tensor=True,
            body=_upsampled(mode, corners),
        )
        for mode, corners, end in (("nearest", None, ""), ("bilinear", True, " and align_corners=True"))
    ),
    Function(
        "pixel_shuffle",
        "x, upscale_factor: int",
        "Channels as pixels: images so many times as high and wide.",
        tensor=True,
        body=pixel_shuffle,
    ),
    Function(
        "pixel_unshuffle",
        "x, downscale_factor: int",
        "Pixels as channels, the inverse of pixel_shuffle.",
        tensor=True,
        body=pixel_unshuffle,
    ),
    Function(
        "channel_shuffle",
        "x, groups: int",
        "The channels of groups one after the other.",
        tensor=True,
        body=channel_shuffle,
    ),
    Function(
        "glu",
        "x, dim: int = -1",
        "The first half times the sigmoid of the second.",
        torch="nn.functional.glu",
        tensor=True,
        body=glu,
    ),
    *(
        Function(
            name,
            f"input, p: real = 0.5, training: flag = {'alpha' not in name}",
            f"{what} at random set to 0, and the others larger.",
            torch=f"nn.functional.{name}",
            tensor=True,
            draws=True,
            note=RANDOM,
            body=dropout,
        )
        for name, what in {
            "dropout": "Components",
            "dropout1d": "Channels",
            "dropout2d": "Channels",
            "dropout3d": "Channels",
            "alpha_dropout": "Components",
            "feature_alpha_dropout": "Channels",
        }.items()
    ),
    Function(
        "rrelu",
        "x, lower: real = 1/8, upper: real = 1/3, training: flag = False",
        "x where it is positive, else x times a slope that is drawn in training, and the mean of its bounds elsewhere.",
        torch="nn.functional.rrelu",
        tensor=True,
        draws=True,
        note=RANDOM,
        body=rrelu,
    ),
)
