"""Reductions: sums, products, extremes, and what is cumulated along a dimension."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradcli.language.function import NoDefinition
from autogradcli.language.meaning.handles import Array, Axes, along, array, fold, reduce

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle

Joined = Callable[..., "Handle"]


def _folded(name: str) -> Joined:
    """The reduction by a function of two."""

    def meaning(builder: "Builder", x: "Handle", dim: Axes = None, keepdim: bool = False) -> "Handle":
        return reduce(x, dim, keepdim, lambda handles: fold(builder, name, handles))

    return meaning


def _extreme(name: str, better: str) -> Joined:
    """The largest or the smallest of each line, or the first place where it stands."""
    value = _folded(name)

    def place(builder: "Builder", handles: Sequence[int]) -> int:
        best, found = handles[0], builder.literal(Fraction(0))
        for index, each in enumerate(handles[1:], start=1):
            condition = builder.call(better, each, best)
            best = builder.call("where", condition, each, best)
            found = builder.call("where", condition, builder.literal(Fraction(index)), found)
        return found

    def meaning(builder: "Builder", x: "Handle", dim: int, keepdim: bool, field: str) -> "Handle":
        if field == "values":
            return value(builder, x, dim, keepdim)
        return reduce(x, dim, keepdim, lambda handles: place(builder, handles))

    return meaning


def mean(builder: "Builder", x: "Handle", dim: Axes = None, keepdim: bool = False) -> "Handle":
    """The sum over the number of components."""
    sums = builder.call("sum", x, dim=dim, keepdim=keepdim)
    return builder.call("div", sums, builder.literal(Fraction(_share(x, sums))))  # type: ignore[no-any-return]


def _share(x: "Handle", reduced: "Handle") -> int:
    """How many components go into one of a reduction; of one that has none, no matter."""
    return np.size(x) // max(np.size(reduced), 1)


def variance(builder: "Builder", x: "Handle", dim: Axes, keepdim: bool, correction: Fraction) -> "Handle":
    """The sum of the squares of the distances from the mean, over the number of components less the correction."""
    distances = builder.call("sub", x, mean(builder, x, dim, keepdim=True))
    total = builder.call("sum", builder.call("square", distances), dim=dim, keepdim=keepdim)
    freedom = max(_share(x, total) - correction, Fraction(0))
    return builder.call("div", total, builder.literal(freedom))  # type: ignore[no-any-return]


def unbiased_variance(builder: "Builder", x: "Handle", dim: Axes, unbiased: bool, keepdim: bool) -> "Handle":
    """The same with a correction of 1, or of 0."""
    return variance(builder, x, dim, keepdim, Fraction(int(unbiased)))


def nan_to_num(builder: "Builder", x: "Handle", nan: int, posinf: int | None, neginf: int | None) -> "Handle":
    """The components, some replaced; an infinity that has no number is left as it is."""
    text = "where(isnan(x), nan, x)"
    bounds = {name: each for name, each in (("posinf", posinf), ("neginf", neginf)) if each is not None}
    for name, sign in zip(bounds, ("" if name == "posinf" else "-" for name in bounds), strict=True):
        text = f"where(x == {sign}inf, {name}, {text})"
    return builder.formula(text, x=x, nan=nan, **bounds)  # type: ignore[no-any-return]


def sort(builder: "Builder", handles: Sequence[int]) -> list[int]:
    """The components in ascending order, by exchanges of two."""
    places = list(handles)
    for i, j in comparisons(len(places)):
        pair = places[i], places[j]
        places[i], places[j] = builder.call("minimum", *pair), builder.call("maximum", *pair)
    return places


def comparisons(size: int) -> Iterator[tuple[int, int]]:
    """The pairs of places to be put in order, one after the other, to sort any sequence of this size.

    Batcher's merge exchange: Knuth, The Art of Computer Programming, volume 3, 5.2.2, algorithm M.
    """
    first = 1 << max(size - 1, 0).bit_length() >> 1
    run = first
    while run:
        stride, distance, remainder = first, run, 0
        while True:
            yield from ((i, i + distance) for i in range(size - distance) if i & run == remainder)
            if stride == run:
                break
            distance, stride, remainder = stride - run, stride >> 1, run
        run >>= 1


def median(builder: "Builder", x: "Handle", dim: Axes = None, keepdim: bool = False) -> "Handle":
    """The middle component in order of size; of two middle ones the smaller, of none 0/0."""

    def one(handles: Sequence[int]) -> int:
        if not handles:
            return int(builder.formula("0/0"))
        return sort(builder, handles)[(len(handles) - 1) // 2]

    return reduce(x, dim, keepdim, one)


def kthvalue(builder: "Builder", x: "Handle", k: int, dim: int, keepdim: bool) -> "Handle":
    """The component at a place, counted from 1, in ascending order."""
    return reduce(x, dim, keepdim, lambda handles: sort(builder, handles)[k - 1])


BETWEEN: Mapping[str, Callable[[Fraction], Fraction]] = {
    "linear": lambda place: place,
    "lower": lambda place: Fraction(math.floor(place)),
    "higher": lambda place: Fraction(math.ceil(place)),
    "midpoint": lambda place: Fraction(math.floor(place) + math.ceil(place), 2),
    "nearest": lambda place: Fraction(round(place)),
}
"""For each interpolation, what place among the components in order is taken for one that is no whole number."""


def quantile(
    builder: "Builder", x: "Handle", q: Fraction, dim: int | None, keepdim: bool, interpolation: str
) -> "Handle":
    """Between the components at the places around q (n - 1) in ascending order."""

    def one(handles: Sequence[int]) -> int:
        place = BETWEEN[interpolation](q * (len(handles) - 1))
        lower, share = math.floor(place), builder.literal(place % 1)
        ordered = sort(builder, handles)
        upper = ordered[min(lower + 1, len(handles) - 1)]
        return int(builder.formula("x + share*(y - x)", x=ordered[lower], y=upper, share=share))

    return reduce(x, dim, keepdim, one)


def trapezoid(builder: "Builder", y: "Handle", dx: Fraction, dim: int) -> "Handle":
    """The sum of the means of neighbours, each times their distance."""
    return _trapezoids(builder, array(y), builder.literal(dx), dim % np.ndim(y))


def trapezoid_over(builder: "Builder", y: "Handle", x: "Handle", dim: int) -> "Handle":
    """The same with the places given, for all lines along the dimension or, broadcast, for each of them."""
    heights, places = array(y), array(x)
    axis = dim % heights.ndim
    if places.ndim == 1:
        places = places.reshape([-1 if each == axis else 1 for each in range(heights.ndim)])
    else:
        places = places.reshape([*[1] * (heights.ndim - places.ndim), *places.shape])
    return _trapezoids(builder, heights, builder.call("sub", *_neighbours(places, axis)), axis)


def _neighbours(x: Array, axis: int) -> tuple[Array, Array]:
    """The components along an axis from the second on, and each one's predecessor."""
    before = (slice(None),) * axis
    return x[(*before, slice(1, None))], x[(*before, slice(None, -1))]


def _trapezoids(builder: "Builder", heights: Array, widths: "Handle", axis: int) -> "Handle":
    right, left = _neighbours(heights, axis)
    areas = builder.formula("widths*(left + right)/2", widths=widths, left=left, right=right)
    return builder.call("sum", areas, dim=axis)  # type: ignore[no-any-return]


def diff(builder: "Builder", x: "Handle", n: int, dim: int) -> "Handle":
    """Each component less the one before it, n times over."""
    result = array(x)
    for _ in range(min(n, np.shape(x)[dim])):
        result = array(builder.call("sub", *_neighbours(result, dim % result.ndim)))
    return result


def sorted_(builder: "Builder", x: "Handle", dim: int, descending: bool, **_: bool) -> "Handle":
    """Each line along a dimension in order."""
    return along(x, dim, lambda handles: sort(builder, handles)[:: -1 if descending else 1])


def topk(builder: "Builder", x: "Handle", k: int, dim: int, largest: bool, **_: bool) -> "Handle":
    """The k largest, the largest first, or the k smallest, the smallest first; torch sorts them in any case."""
    return along(x, dim, lambda handles: sort(builder, handles)[:: -1 if largest else 1][:k])


def _cumulated(join: Callable[["Builder", int, int], int]) -> Joined:
    """Along a dimension, each component joined with all before it."""

    def meaning(builder: "Builder", x: "Handle", dim: int) -> "Handle":
        return along(x, dim, lambda handles: list(accumulate(handles, lambda a, b: join(builder, a, b))))

    return meaning


def _called(name: str) -> Joined:
    return _cumulated(lambda builder, a, b: builder.call(name, a, b))


def _values(meaning: Joined) -> Joined:
    """A row of two fields, of which the places have no definition in scalar operations."""

    def chosen(builder: "Builder", x: "Handle", field: str, **options: Any) -> "Handle":
        if field != "values":
            raise NoDefinition("the order of components")
        return meaning(builder, x, **options)

    return chosen


def numel(builder: "Builder", x: "Handle") -> "Handle":
    """How many components there are."""
    return builder.literal(Fraction(np.size(x)))


def size(builder: "Builder", x: "Handle", dim: int | None) -> "Handle":
    """The size of a dimension, or those of all."""
    sizes = np.shape(x)
    if dim is not None:
        return builder.literal(Fraction(sizes[dim]))
    return array(np.array([builder.literal(Fraction(each)) for each in sizes], dtype=np.intp))


REDUCTIONS: Mapping[str, Joined] = {
    "sum": _folded("add"),
    "prod": _folded("mul"),
    "mean": mean,
    "amax": _folded("maximum"),
    "amin": _folded("minimum"),
    "max_dim": _extreme("maximum", "gt"),
    "min_dim": _extreme("minimum", "lt"),
    "var": unbiased_variance,
    "var_corrected": variance,
    "median": median,
    "median_dim": _values(median),
    "quantile": quantile,
    "trapezoid": trapezoid,
    "trapezoid_over": trapezoid_over,
    "kthvalue": _values(kthvalue),
    "sort": _values(sorted_),
    "topk": _values(topk),
    "diff": diff,
    "msort": lambda builder, x: along(x, 0, lambda handles: sort(builder, handles)),
    "cumsum": _called("add"),
    "cumprod": _called("mul"),
    "cummax": _values(_called("maximum")),
    "cummin": _values(_called("minimum")),
    "logcumsumexp": _called("logaddexp"),
    "nan_to_num": nan_to_num,
    "numel": numel,
    "size": size,
}
"""By the name of the table's row."""
