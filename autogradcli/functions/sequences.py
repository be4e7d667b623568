"""Lines of components: trapezoidal rule, differences, sorted and cumulated ones."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate

from autogradcli.functions.function import Function
from autogradcli.functions.handles import PLACES, Array, Body, Handle, TapeBuilder, along, array
from autogradcli.functions.later import numpy as np
from autogradcli.functions.quantiles import sort, values


def trapezoid(builder: TapeBuilder, y: Handle, dx: Fraction, dim: int) -> Handle:
    """The sum of the means of neighbours, each times their distance."""
    axis = dim % np.ndim(y)
    return builder.call("sum", _trapezoids(builder, array(y), builder.literal(dx), axis), dim=axis)


def trapezoid_over(builder: TapeBuilder, y: Handle, x: Handle, dim: int) -> Handle:
    """The same with the places given."""
    axis = dim % np.ndim(y)
    return builder.call("sum", _over(builder, array(y), array(x), axis), dim=axis)


def cumulative_trapezoid(builder: TapeBuilder, y: Handle, dx: Fraction, dim: int) -> Handle:
    """The sums up to each component but the first."""
    axis = dim % np.ndim(y)
    return builder.call("cumsum", _trapezoids(builder, array(y), builder.literal(dx), axis), dim=axis)


def cumulative_trapezoid_over(builder: TapeBuilder, y: Handle, x: Handle, dim: int) -> Handle:
    """The same with the places given."""
    axis = dim % np.ndim(y)
    return builder.call("cumsum", _over(builder, array(y), array(x), axis), dim=axis)


def _over(builder: TapeBuilder, heights: Array, places: Array, axis: int) -> Array:
    """The areas at places that are given for all lines along the dimension or, broadcast, for each of them."""
    if places.ndim == 1:
        places = places.reshape([-1 if each == axis else 1 for each in range(heights.ndim)])
    else:
        places = places.reshape([*[1] * (heights.ndim - places.ndim), *places.shape])
    return _trapezoids(builder, heights, builder.call("sub", *_neighbours(places, axis)), axis)


def _neighbours(x: Array, axis: int) -> tuple[Array, Array]:
    """The components along an axis from the second on, and each one's predecessor."""
    before = (slice(None),) * axis
    return x[(*before, slice(1, None))], x[(*before, slice(None, -1))]


def _trapezoids(builder: TapeBuilder, heights: Array, widths: Handle, axis: int) -> Array:
    right, left = _neighbours(heights, axis)
    return array(builder.formula("widths*(left + right)/2", widths=widths, left=left, right=right))


def diff(builder: TapeBuilder, x: Handle, n: int, dim: int, prepend: Handle | None, append: Handle | None) -> Handle:
    """Each component less the one before it, n times over, with what is put before and after them."""
    if not n:
        return x
    parts = [array(each) for each in (prepend, x, append) if each is not None]
    result = np.concatenate(parts, dim)
    for _ in range(min(n, result.shape[dim])):
        result = array(builder.call("sub", *_neighbours(result, dim % result.ndim)))
    return result


def sorted_(builder: TapeBuilder, x: Handle, dim: int, descending: bool, **_: bool) -> Handle:
    """Each line along a dimension in order."""
    return along(x, dim, lambda handles: sort(builder, handles)[:: -1 if descending else 1])


def msort(builder: TapeBuilder, x: Handle) -> Handle:
    """Each line along the first dimension in order."""
    return along(x, 0, lambda handles: sort(builder, handles))


def topk(builder: TapeBuilder, x: Handle, k: int, dim: int, largest: bool, **_: bool) -> Handle:
    """The k largest, the largest first, or the k smallest, the smallest first; torch sorts them in any case."""
    return along(x, dim, lambda handles: sort(builder, handles)[:: -1 if largest else 1][:k])


def _cumulated(join: Callable[[TapeBuilder, int, int], int]) -> Body:
    """Along a dimension, each component joined with all before it."""

    def meaning(builder: TapeBuilder, x: Handle, dim: int) -> Handle:
        return along(x, dim, lambda handles: list(accumulate(handles, lambda a, b: join(builder, a, b))))

    return meaning


def _called(name: str) -> Body:
    return _cumulated(lambda builder, a, b: builder.call(name, a, b))


ROWS: tuple[Function, ...] = (
    Function(
        "trapezoid",
        "y, *, dx: real = 1, dim: int = -1",
        "The integral along a dimension by the trapezoidal rule, at equal distances.",
        aliases=("trapz",),
        tensor=True,
        body=trapezoid,
    ),
    Function(
        "trapezoid_over",
        "y, x, *, dim: int = -1",
        "The integral along a dimension by the trapezoidal rule, at the places x.",
        aliases=("trapezoid", "trapz"),
        torch="trapezoid",
        tensor=True,
        body=trapezoid_over,
    ),
    Function(
        "cumulative_trapezoid",
        "y, *, dx: real = 1, dim: int = -1",
        "The integrals up to each component but the first by the trapezoidal rule, at equal distances.",
        tensor=True,
        body=cumulative_trapezoid,
    ),
    Function(
        "cumulative_trapezoid_over",
        "y, x, *, dim: int = -1",
        "The integrals up to each component but the first by the trapezoidal rule, at the places x.",
        aliases=("cumulative_trapezoid",),
        torch="cumulative_trapezoid",
        tensor=True,
        body=cumulative_trapezoid_over,
    ),
    Function(
        "msort",
        "x",
        "The rows in order of size, column by column.",
        tensor=True,
        body=msort,
    ),
    Function(
        "diff",
        "x, n: int = 1, dim: int = -1, prepend=None, append=None",
        "The differences of neighbours along a dimension, n times over.",
        tensor=True,
        body=diff,
    ),
    Function(
        "sort",
        "x, dim: int = -1, descending: flag = False, *, stable: flag = False",
        "The components along a dimension in order of size.",
        tensor=True,
        fields=PLACES,
        body=values(sorted_),
    ),
    Function(
        "topk",
        "x, k: int, dim: int = -1, largest: flag = True, sorted: flag = True",
        "The k largest components along a dimension, in order of size.",
        tensor=True,
        fields=PLACES,
        body=values(topk),
    ),
    Function(
        "cumsum",
        "x, dim: int, *, dtype: dtype = None",
        "The sums of all components up to each.",
        tensor=True,
        body=_called("add"),
    ),
    Function(
        "cumprod",
        "x, dim: int, *, dtype: dtype = None",
        "The products of all components up to each.",
        tensor=True,
        body=_called("mul"),
    ),
    Function(
        "cummax",
        "x, dim: int",
        "The largest of all components up to each.",
        tensor=True,
        fields=PLACES,
        body=values(_called("maximum")),
    ),
    Function(
        "cummin",
        "x, dim: int",
        "The smallest of all components up to each.",
        tensor=True,
        fields=PLACES,
        body=values(_called("minimum")),
    ),
    Function(
        "logcumsumexp",
        "x, dim: int",
        "log(sum(exp(x))) of all components up to each, without overflow.",
        tensor=True,
        fused=True,
        body=_called("logaddexp"),
    ),
)
