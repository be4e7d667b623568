"""What depends on the order of all components: medians and quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import PLACES, Axes, Body, Handle, TapeBuilder, array, fold, handle, reduce
from autogradcli.functions.later import numpy as np


def sort(builder: TapeBuilder, handles: Sequence[int]) -> list[int]:
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


def median(builder: TapeBuilder, x: Handle, dim: Axes = None, keepdim: bool = False) -> Handle:
    """The middle component in order of size; of two middle ones the smaller, of none 0/0."""

    def one(handles: Sequence[int]) -> int:
        if not handles:
            return int(builder.formula("0/0"))
        return sort(builder, handles)[(len(handles) - 1) // 2]

    return reduce(x, dim, keepdim, one)


def _numbers(builder: TapeBuilder, handles: Sequence[int]) -> list[int]:
    """The components that are no NaN."""
    sizes = builder.estimates(handles)
    if sizes is None:
        raise NoDefinition("which components are NaN")
    return [each for each, size in zip(handles, sizes, strict=True) if not math.isnan(size)]


def nanmedian(builder: TapeBuilder, x: Handle, dim: Axes = None, keepdim: bool = False) -> Handle:
    """The middle one of the components that are no NaN."""
    return reduce(x, dim, keepdim, lambda handles: int(median(builder, np.array(_numbers(builder, handles)))))


def mode(builder: TapeBuilder, x: Handle, dim: int, keepdim: bool) -> Handle:
    """The smallest component where all differ; where some are equal, the most frequent one jumps."""

    def one(handles: Sequence[int]) -> int:
        sizes = builder.estimates(handles)
        if sizes is None or len(set(sizes)) < len(sizes):
            raise NoDefinition("mode of equal components")
        return fold(builder, "minimum", handles)

    return reduce(x, dim, keepdim, one)


def kthvalue(builder: TapeBuilder, x: Handle, k: int, dim: int, keepdim: bool) -> Handle:
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
    builder: TapeBuilder, x: Handle, q: Fraction, dim: int | None, keepdim: bool, interpolation: str
) -> Handle:
    """Between the components at the places around q (n - 1) in ascending order."""

    def one(handles: Sequence[int]) -> int:
        place = BETWEEN[interpolation](q * (len(handles) - 1))
        lower, share = math.floor(place), builder.literal(place % 1)
        ordered = sort(builder, handles)
        upper = ordered[min(lower + 1, len(handles) - 1)]
        return int(builder.formula("x + share*(y - x)", x=ordered[lower], y=upper, share=share))

    return reduce(x, dim, keepdim, one)


def nanquantile(
    builder: TapeBuilder, x: Handle, q: Fraction, dim: int | None, keepdim: bool, interpolation: str
) -> Handle:
    """The quantile of the components that are no NaN."""

    def one(handles: Sequence[int]) -> int:
        numbers = np.array(_numbers(builder, handles), dtype=np.intp)
        return int(quantile(builder, numbers, q, None, False, interpolation)) if numbers.size else handles[0]

    return reduce(x, dim, keepdim, one)


STEPS = {
    "linear": "clamp(place - k, 0, 1)",
    "lower": "where(place >= k + 1, 1, 0)",
    "higher": "where(place > k, 1, 0)",
    "midpoint": "(where(place >= k + 1, 1, 0) + where(place > k, 1, 0))/2",
    "nearest": "where(round(place) > k, 1, 0)",
}
"""For each interpolation, the share of the distance from the k-th component in order to the next one."""


def quantile_at(
    builder: TapeBuilder, x: Handle, q: Handle, dim: int | None, keepdim: bool, interpolation: str
) -> Handle:
    """The first component in order, and so much of each distance to the next one; for each of several shares."""

    def one(handles: Sequence[int], share: int) -> int:
        ordered = sort(builder, handles)
        place = builder.call("mul", share, builder.literal(Fraction(len(handles) - 1)))
        total = ordered[0]
        for k, (lower, upper) in enumerate(pairwise(ordered)):
            part = builder.formula(STEPS[interpolation], place=place, k=builder.literal(Fraction(k)))
            total = builder.formula("total + part*(y - x)", total=total, part=part, x=lower, y=upper)
        return int(total)

    found = [
        array(reduce(x, dim, keepdim, partial(lambda share, handles: one(handles, share), int(share))))
        for share in array(q).ravel()
    ]
    return handle(np.stack(found).reshape((*np.shape(q), *found[0].shape)))


def nanquantile_at(
    builder: TapeBuilder, x: Handle, q: Handle, dim: int | None, keepdim: bool, interpolation: str
) -> Handle:
    """The same of the components that are no NaN, of which there must not be any."""
    handles = array(x).ravel().tolist()
    if len(_numbers(builder, handles)) < len(handles):
        raise NoDefinition("nanquantile of several shares, of NaN")
    return quantile_at(builder, x, q, dim, keepdim, interpolation)


def values(meaning: Body) -> Body:
    """A row of two fields, of which the places have no definition in scalar operations."""

    def chosen(builder: TapeBuilder, x: Handle, field: str, **options: Any) -> Handle:
        if field != "values":
            raise NoDefinition("the order of components")
        return meaning(builder, x, **options)

    return chosen


INTERPOLATION = 'interpolation: ("linear", "lower", "higher", "midpoint", "nearest") = "linear"'


ROWS: tuple[Function, ...] = (
    Function(
        "median",
        "x",
        "The middle component in order of size; of two middle ones the smaller.",
        tensor=True,
        note="NumPy's median of an even number of components is the mean of the two middle ones.",
        body=median,
    ),
    Function(
        "median_dim",
        "x, dim: int, keepdim: flag = False",
        "The middle component along a dimension; of two middle ones the smaller.",
        aliases=("median",),
        torch="median",
        tensor=True,
        fields=PLACES,
        body=values(median),
    ),
    Function(
        "nanmedian",
        "x",
        "The middle one in order of size of the components that are no NaN.",
        tensor=True,
        body=nanmedian,
    ),
    Function(
        "nanmedian_dim",
        "x, dim: int, keepdim: flag = False",
        "The middle one along a dimension of the components that are no NaN.",
        aliases=("nanmedian",),
        torch="nanmedian",
        tensor=True,
        fields=PLACES,
        body=values(nanmedian),
    ),
    Function(
        "mode",
        "x, dim: int = -1, keepdim: flag = False",
        "The most frequent component along a dimension; where all differ the smallest.",
        tensor=True,
        fields=PLACES,
        body=values(mode),
    ),
    Function(
        "midpoint_median",
        "x, dim: int = None, keepdim: flag = False",
        "The middle component in order of size, or the mean of the two middle ones, as NumPy's median.",
        torch="",
        aliases=("np.median", "numpy.median", "jnp.median"),
        definition="quantile(x, q=1/2, dim=dim, keepdim=keepdim)",
        tensor=True,
    ),
    Function(
        "kthvalue",
        "x, k: int, dim: int = -1, keepdim: flag = False",
        "The k-th smallest component along a dimension, counted from 1.",
        tensor=True,
        fields=PLACES,
        body=values(kthvalue),
    ),
    *(
        Function(
            f"{name}{'_at' * several}",
            f"x, q{'' if several else ': real'}, dim: int = None, keepdim: flag = False, *, {INTERPOLATION}",
            f"What a share q of the components{what} is below, by a line between two of them.",
            aliases=(name,) if several else (),
            torch=name,
            tensor=True,
            body=body,
        )
        for name, what, several, body in (
            ("quantile", "", False, quantile),
            ("quantile", "", True, quantile_at),
            ("nanquantile", " that are no NaN", False, nanquantile),
            ("nanquantile", " that are no NaN", True, nanquantile_at),
        )
    ),
)
