"""Images sampled at places that are values: grid_sample, affine_grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import floor, isfinite

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Handle, TapeBuilder, array
from autogradcli.functions.later import numpy as np

Weights = dict[int, int]
"""For each place along an axis that counts, its weight: an entry of the tape."""


def grid_sample(
    builder: TapeBuilder, input: Handle, grid: Handle, mode: str, padding_mode: str, align_corners: bool | None
) -> Handle:
    """The image between its pixels, at coordinates from -1 to 1; the first coordinate is that of the last axis."""
    images, places = array(input), array(grid)
    setting = mode, padding_mode, bool(align_corners)
    result = np.empty((*images.shape[:2], *places.shape[1:-1]), dtype=np.intp)
    for place in np.ndindex(places.shape[:-1]):
        pairs = zip(places[place][::-1].tolist(), images.shape[2:], strict=True)
        weights = [_weights(builder, x, size, setting) for x, size in pairs]
        for channel in range(images.shape[1]):
            result[(place[0], channel, *place[1:])] = _sum(builder, images[place[0], channel], weights)
    return result


def _sum(builder: TapeBuilder, image: Array, weights: Sequence[Weights]) -> int:
    total = builder.literal(Fraction(0))
    for place in product(*weights):
        term = int(image[place])
        for axis, each in enumerate(place):
            term = builder.call("mul", term, weights[axis][each])
        total = builder.call("add", total, term)
    return total


def _weights(builder: TapeBuilder, x: int, size: int, setting: tuple[str, str, bool]) -> Weights:
    """What the pixels along an axis count at a coordinate; one outside counts as its image inside, or nothing."""
    mode, padding, corners = setting
    text = "(x + 1)/2*(size - 1)" if corners else "((x + 1)*size - 1)/2"
    place = builder.formula(text, x=x, size=builder.literal(Fraction(size)))
    if mode != "bicubic":
        place = INSIDE[padding](builder, place, size, corners)
    found: Weights = {}
    for pixel, weight in KERNELS[mode](builder, place).items():
        inside = _pixel_inside(pixel, size, padding, corners) if mode == "bicubic" else pixel
        if 0 <= inside < size:
            found[inside] = builder.call("add", found[inside], weight) if inside in found else weight
    return found


def _estimate(builder: TapeBuilder, place: int) -> float:
    sizes = builder.estimates([place])
    if sizes is None or not isfinite(sizes[0]):
        raise NoDefinition("a place that is not known")
    return sizes[0]


def _as_it_is(_: TapeBuilder, place: int, __: int, ___: bool) -> int:
    return place


def _clipped(builder: TapeBuilder, place: int, size: int, _: bool) -> int:
    return int(builder.formula("clamp(place, 0, last)", place=place, last=builder.literal(Fraction(size - 1))))


def _reflected(builder: TapeBuilder, place: int, size: int, corners: bool) -> int:
    """Reflected at the centres of the outer pixels, or at their outer sides, as often as it takes; then clipped."""
    low, span = (Fraction(0), size - 1) if corners else (Fraction(-1, 2), size)
    if not span:
        return builder.literal(Fraction(0))
    period = 2 * span * round((_estimate(builder, place) - low) / (2 * span))
    numbers = {"low": low, "period": Fraction(period), "span": Fraction(span)}
    handles = {name: builder.literal(each) for name, each in numbers.items()}
    inside = builder.formula("low + span - abs(span - abs(place - low - period))", place=place, **handles)
    return _clipped(builder, inside, size, corners)


INSIDE: Mapping[str, Callable[[TapeBuilder, int, int, bool], int]] = {
    "zeros": _as_it_is,
    "border": _clipped,
    "reflection": _reflected,
}
"""By the padding: what a place outside the image stands for."""


def _pixel_inside(pixel: int, size: int, padding: str, corners: bool) -> int:
    """The pixel that one outside stands for."""
    if padding == "reflection":
        period, last = (2 * size - 2, 2 * size - 2) if corners else (2 * size, 2 * size - 1)
        turned = pixel % max(period, 1)
        return min(turned, last - turned)
    return min(max(pixel, 0), size - 1) if padding == "border" else pixel


def _nearest(builder: TapeBuilder, place: int) -> Weights:
    size = _estimate(builder, place)
    if abs(size - floor(size) - 0.5) < 1e-9:
        raise NoDefinition("a place half way between two pixels")
    return {round(size): builder.literal(Fraction(1))}


def _linear(builder: TapeBuilder, place: int) -> Weights:
    """The hats of the pixels around, so that a place on a pixel has both slopes."""
    return _kernel(builder, place, 1, "relu(1 - abs(place - pixel))")


CUBIC = (
    "where(abs(t) <= 1, (5/4*abs(t) - 9/4)*t*t + 1, where(abs(t) < 2, -3/4*(((abs(t) - 5)*abs(t) + 8)*abs(t) - 4), 0))"
).replace("t", "(place - pixel)")
"""Keys, Cubic convolution interpolation, 1981, formula 4, with torch's a = -3/4."""


def _cubic(builder: TapeBuilder, place: int) -> Weights:
    return _kernel(builder, place, 2, CUBIC)


def _kernel(builder: TapeBuilder, place: int, reach: int, text: str) -> Weights:
    middle = round(_estimate(builder, place))
    return {
        pixel: builder.formula(text, place=place, pixel=builder.literal(Fraction(pixel)))
        for pixel in range(middle - reach, middle + reach + 1)
    }


KERNELS: Mapping[str, Callable[[TapeBuilder, int], Weights]] = {
    "nearest": _nearest,
    "bilinear": _linear,
    "bicubic": _cubic,
}
"""By the mode: what pixels count at a place."""


def affine_grid(builder: TapeBuilder, theta: Handle, size: Sequence[int], align_corners: bool | None) -> Handle:
    """theta times the coordinates of the pixels of an image of this size, from -1 to 1, and 1."""
    lines = [_coordinates(each, bool(align_corners)) for each in size[2:]]
    grid = np.stack(np.meshgrid(*lines, indexing="ij")[::-1], axis=-1)
    literal = np.vectorize(lambda each: builder.literal(each), otypes=[np.intp])
    ones = np.full((*grid.shape[:-1], 1), builder.literal(Fraction(1)), dtype=np.intp)
    base = np.concatenate([literal(grid), ones], axis=-1)
    return builder.call("einsum", base, theta, equation="...k,nik->n...i")


def _coordinates(size: int, corners: bool) -> Array:
    if size == 1:
        return np.array([Fraction(0)], dtype=object)
    last = size - 1 if corners else size
    return np.array([Fraction(2 * place + (not corners), last) - 1 for place in range(size)], dtype=object)


ROWS: tuple[Function, ...] = (
    Function(
        "grid_sample",
        'input, grid, mode: ("bilinear", "nearest", "bicubic") = "bilinear", '
        'padding_mode: ("zeros", "border", "reflection") = "zeros", align_corners: flag = None',
        "Images between their pixels, at coordinates from -1 to 1.",
        torch="nn.functional.grid_sample",
        tensor=True,
        body=grid_sample,
    ),
    Function(
        "affine_grid",
        "theta, size: ints, align_corners: flag = None",
        "The coordinates for grid_sample of which affine maps make an image.",
        torch="nn.functional.affine_grid",
        tensor=True,
        body=affine_grid,
    ),
)
