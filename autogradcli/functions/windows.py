"""Convolutions and pooling: what windows that move over the last axes see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Body, Handle, Sizes, TapeBuilder, array
from autogradcli.functions.later import numpy as np
from autogradcli.functions.layers import plus
from autogradcli.functions.products import Labelled, contract


def each_axis(sizes: Sizes, dimensions: int) -> tuple[int, ...]:
    """One size for each axis; one alone is that of all."""
    return tuple(np.broadcast_to(sizes, dimensions).tolist())


def windows(x: Array, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Array:
    """What the windows over the last axes see, as as many new last axes."""
    dimensions = len(kernel)
    reach = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    seen = np.lib.stride_tricks.sliding_window_view(x, reach, tuple(range(-dimensions, 0)))
    strides: tuple[Any, ...] = tuple(slice(None, None, step) for step in (*stride, *dilation))
    return seen[(..., *strides)]


def padded(x: Array, sides: Sequence[tuple[int, int]], value: int) -> Array:
    """With so many components before and after, along the last axes; a negative number takes some away."""
    kept: Any = [slice(max(-before, 0), size - max(-after, 0)) for (before, after), size in _with_sizes(sides, x)]
    whole = x[(..., *kept)]
    others = [(0, 0)] * (x.ndim - len(sides))
    return np.pad(whole, [*others, *((max(a, 0), max(b, 0)) for a, b in sides)], constant_values=value)


def _with_sizes(sides: Sequence[tuple[int, int]], x: Array) -> Iterator[tuple[tuple[int, int], int]]:
    return zip(sides, x.shape[x.ndim - len(sides) :], strict=True)


def _convolution(dimensions: int) -> Body:
    def meaning(
        builder: TapeBuilder,
        input: Handle,
        weight: Handle,
        bias: Handle | None,
        stride: Sizes,
        padding: Sizes | str,
        dilation: Sizes,
        groups: int,
    ) -> Handle:
        kernels, spread = array(weight), each_axis(dilation, dimensions)
        sides = _sides(padding, kernels.shape[2:], spread)
        x = padded(array(input), sides, builder.literal(Fraction(0)))
        seen = windows(x, kernels.shape[2:], each_axis(stride, dimensions), spread)
        result = _correlate(builder, seen, kernels, groups, dimensions)
        return plus(builder, result, None if bias is None else array(bias).reshape(-1, *[1] * dimensions))

    return meaning


def _sides(padding: Sizes | str, kernel: Sequence[int], dilation: Sequence[int]) -> list[tuple[int, int]]:
    """What is added before and after each axis; `same` keeps the sizes, and an odd one is added after."""
    if isinstance(padding, str):
        reach = [(size - 1) * step if padding == "same" else 0 for size, step in zip(kernel, dilation, strict=True)]
        return [(each // 2, each - each // 2) for each in reach]
    return [(each, each) for each in each_axis(padding, len(kernel))]


def _transposed_convolution(dimensions: int) -> Body:
    def meaning(
        builder: TapeBuilder,
        input: Handle,
        weight: Handle,
        bias: Handle | None,
        stride: Sizes,
        padding: Sizes,
        output_padding: Sizes,
        groups: int,
        dilation: Sizes,
    ) -> Handle:
        """A convolution with the kernels turned round, of the input with zeros between its components."""
        kernels, steps, spread = array(weight), each_axis(stride, dimensions), each_axis(dilation, dimensions)
        zero = builder.literal(Fraction(0))
        reach = [(size - 1) * step for size, step in zip(kernels.shape[2:], spread, strict=True)]
        before = [each - less for each, less in zip(reach, each_axis(padding, dimensions), strict=True)]
        after = [each + more for each, more in zip(before, each_axis(output_padding, dimensions), strict=True)]
        x = padded(_apart(array(input), steps, zero), list(zip(before, after, strict=True)), zero)
        seen = windows(x, kernels.shape[2:], [1] * dimensions, spread)
        result = _correlate(builder, seen, _turned(kernels, groups), groups, dimensions)
        return plus(builder, result, None if bias is None else array(bias).reshape(-1, *[1] * dimensions))

    return meaning


def _apart(x: Array, steps: Sequence[int], zero: int) -> Array:
    """The components so many steps apart along the last axes, and zeros between them."""
    first = x.ndim - len(steps)
    sizes = [max((size - 1) * step + 1, 0) for size, step in zip(x.shape[first:], steps, strict=True)]
    result = np.full((*x.shape[:first], *sizes), zero, dtype=np.intp)
    places: tuple[Any, ...] = tuple(slice(None, None, step) for step in steps)
    result[(..., *places)] = x
    return result


def _turned(kernels: Array, groups: int) -> Array:
    """Kernels from the outputs to the inputs, each turned round."""
    _, outputs, *sizes = kernels.shape
    grouped = kernels.reshape(groups, -1, outputs, *sizes).swapaxes(1, 2)
    turned = np.flip(grouped, tuple(range(3, grouped.ndim)))
    return turned.reshape(groups * outputs, -1, *sizes)


def _correlate(builder: TapeBuilder, seen: Array, kernels: Array, groups: int, dimensions: int) -> Array:
    """The sums of the products of windows and kernels; axes of `seen`: batch, channels, places, window."""
    batch = seen.shape[: -2 * dimensions - 1]
    places = seen.shape[-2 * dimensions : -dimensions]
    by_group = seen.reshape(*batch, groups, seen.shape[len(batch)] // groups, *seen.shape[-2 * dimensions :])
    outputs = kernels.reshape(groups, kernels.shape[0] // groups, *kernels.shape[1:])
    examples, group, channel, output = list(range(len(batch))), 48, 49, 50
    where, inside = list(range(10, 10 + dimensions)), list(range(20, 20 + dimensions))
    x = Labelled(by_group, [*examples, group, channel, *where, *inside])
    y = Labelled(outputs, [group, output, channel, *inside])
    result = contract(builder, x, y, [*examples, group, output, *where]).values
    return result.reshape(*batch, kernels.shape[0], *places)


class Pooling(NamedTuple):
    """How windows move over axes: a number for each axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    beyond: tuple[int, ...]
    """How far the last window reaches beyond the padding: with ceil_mode one that begins before the end counts too."""

    def seen(self, x: Array, value: int) -> Array:
        """What the windows see, as as many new last axes; `value` is seen outside."""
        sides = [(pad, pad + more) for pad, more in zip(self.padding, self.beyond, strict=True)]
        return windows(padded(x, sides, value), self.kernel, self.stride, self.dilation)


def _pooling(
    x: Array, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes, ceil_mode: bool, axes: int
) -> Pooling:
    kernel, spread, pad = (each_axis(each, axes) for each in (kernel_size, dilation, padding))
    steps = kernel if stride in {None, ()} else each_axis(stride, axes)
    sizes = x.shape[x.ndim - axes :]
    beyond = [_beyond(*each) if ceil_mode else 0 for each in zip(sizes, kernel, steps, pad, spread, strict=True)]
    return Pooling(kernel, steps, pad, spread, tuple(beyond))


def _beyond(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    reach = (kernel - 1) * dilation + 1
    count = -(-(size + 2 * padding - reach) // stride) + 1
    if (count - 1) * stride >= size + padding:
        count -= 1
    return max((count - 1) * stride + reach - size - 2 * padding, 0)


def _means(axes: int) -> Body:
    def meaning(
        builder: TapeBuilder,
        input: Handle,
        kernel_size: Sizes,
        stride: Sizes | None,
        padding: Sizes,
        ceil_mode: bool,
        count_include_pad: bool,
        divisor_override: int | None = None,
    ) -> Handle:
        x = array(input)
        pooling = _pooling(x, kernel_size, stride, padding, 1, ceil_mode, axes)
        counted = np.ones(x.shape[x.ndim - axes :], dtype=np.intp)
        sides = [(each, each) for each in pooling.padding]
        counts = pooling._replace(padding=(0,) * axes).seen(padded(counted, sides, int(count_include_pad)), 0)
        last = tuple(range(-axes, 0))
        shares = counts.sum(last) if divisor_override is None else np.full(counts.shape[:axes], divisor_override)
        divisors = np.vectorize(lambda each: builder.literal(Fraction(int(each))), otypes=[np.intp])(shares)
        sums = builder.call("sum", pooling.seen(x, builder.literal(Fraction(0))), dim=last)
        return builder.call("div", sums, divisors)

    return meaning


def _largest(axes: int) -> Body:
    def meaning(
        builder: TapeBuilder,
        input: Handle,
        kernel_size: Sizes,
        stride: Sizes | None,
        padding: Sizes,
        dilation: Sizes,
        ceil_mode: bool,
        field: str,
        **_: bool,
    ) -> Handle:
        if field == "indices":
            raise NoDefinition("the order of components")
        pooling = _pooling(array(input), kernel_size, stride, padding, dilation, ceil_mode, axes)
        around = builder.call("neg", builder.literal("inf"))
        return builder.call("amax", pooling.seen(array(input), around), dim=tuple(range(-axes, 0)))

    return meaning


def _norms(axes: int) -> Body:
    def meaning(
        builder: TapeBuilder,
        input: Handle,
        norm_type: Fraction,
        kernel_size: Sizes,
        stride: Sizes | None,
        ceil_mode: bool,
    ) -> Handle:
        """relu(mean(x**p)*count)**(1/p), as torch computes it; of no padding."""
        pooling = _pooling(array(input), kernel_size, stride, 0, 1, ceil_mode, axes)
        power = builder.literal(norm_type)
        powers = builder.call("pow", pooling.seen(array(input), builder.literal(Fraction(0))), power)
        sums = builder.call("sum", powers, dim=tuple(range(-axes, 0)))
        text = "(sign(sums)*relu(abs(sums)))**(1/power)"
        return builder.formula(text, sums=sums, power=power)

    return meaning


def _adaptive(axes: int, reduction: str) -> Body:
    def meaning(builder: TapeBuilder, input: Handle, output_size: Any, field: str = "values", **_: bool) -> Handle:
        """The reduction of parts of about one size: the i-th of n reaches from i/n of the size to (i + 1)/n."""
        if field == "indices":
            raise NoDefinition("the order of components")
        x = array(input)
        sizes = x.shape[x.ndim - axes :]
        wanted = output_size if isinstance(output_size, tuple) and len(output_size) == axes else (output_size,) * axes
        counts = [size if count is None else int(count) for size, count in zip(sizes, wanted, strict=True)]
        result = np.empty((*x.shape[: x.ndim - axes], *counts), dtype=np.intp)
        for place in np.ndindex(*counts):
            part: Any = [
                slice(i * size // count, -(-(i + 1) * size // count))
                for i, size, count in zip(place, sizes, counts, strict=True)
            ]
            result[(..., *place)] = builder.call(reduction, x[(..., *part)], dim=tuple(range(-axes, 0)))
        return result

    return meaning


OVER = {1: "sequences", 2: "images", 3: "volumes"}
"""What functions of windows work on, by the number of dimensions."""


ENDINGS = ("", "_with_indices")
"""Of the name of a maximum: whether its places stand beside it where they are asked for, or always."""


ROWS: tuple[Function, ...] = (
    *(
        Function(
            f"conv{axes}d",
            "input, weight, bias=None, stride: ints = 1, padding: padding = 0, dilation: ints = 1, groups: int = 1",
            f"The cross-correlation of {what} with kernels.",
            torch=f"nn.functional.conv{axes}d",
            tensor=True,
            body=_convolution(axes),
        )
        for axes, what in OVER.items()
    ),
    *(
        Function(
            f"conv_transpose{axes}d",
            "input, weight, bias=None, stride: ints = 1, padding: ints = 0, output_padding: ints = 0, "
            "groups: int = 1, dilation: ints = 1",
            f"The transpose of the cross-correlation of {what} with kernels.",
            torch=f"nn.functional.conv_transpose{axes}d",
            tensor=True,
            body=_transposed_convolution(axes),
        )
        for axes, what in OVER.items()
    ),
    *(
        Function(
            f"avg_pool{axes}d",
            "input, kernel_size: ints, stride: ints = None, padding: ints = 0, ceil_mode: flag = False, "
            f"count_include_pad: flag = True{', divisor_override: int = None' if axes > 1 else ''}",
            "The means of windows; padding counts as zeros.",
            torch=f"nn.functional.avg_pool{axes}d",
            tensor=True,
            body=_means(axes),
        )
        for axes in OVER
    ),
    *(
        Function(
            f"max_pool{axes}d{ending}",
            f"input, kernel_size: ints, stride: ints = None, padding: ints = 0, dilation: ints = 1, "
            f"ceil_mode: flag = False, return_indices: flag = {bool(ending)}",
            f"The largest components of windows{', and their places' if ending else ''}.",
            torch=f"nn.functional.max_pool{axes}d{ending}",
            tensor=True,
            body=_largest(axes),
            fields=("values", "indices"),
            returns="fields" if ending else "number",
            fields_if="" if ending else "return_indices",
        )
        for axes in OVER
        for ending in ENDINGS
    ),
    *(
        Function(
            f"lp_pool{axes}d",
            "input, norm_type: real, kernel_size: ints, stride: ints = None, ceil_mode: flag = False",
            "The norms of windows.",
            torch=f"nn.functional.lp_pool{axes}d",
            tensor=True,
            body=_norms(axes),
        )
        for axes in OVER
    ),
    *(
        Function(
            f"adaptive_avg_pool{axes}d",
            "input, output_size: sizes",
            "The means of as many windows of about one size.",
            torch=f"nn.functional.adaptive_avg_pool{axes}d",
            tensor=True,
            body=_adaptive(axes, "mean"),
        )
        for axes in OVER
    ),
    *(
        Function(
            f"adaptive_max_pool{axes}d{ending}",
            f"input, output_size: sizes, return_indices: flag = {bool(ending)}",
            f"The largest components of as many windows of about one size{', and their places' if ending else ''}.",
            torch=f"nn.functional.adaptive_max_pool{axes}d{ending}",
            tensor=True,
            body=_adaptive(axes, "amax"),
            fields=("values", "indices"),
            returns="fields" if ending else "number",
            fields_if="" if ending else "return_indices",
        )
        for axes in OVER
        for ending in ENDINGS
    ),
)
