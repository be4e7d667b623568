"""Exponentials over their sum.

The largest component, if it is known, is taken from all of them, also from itself: so the budget has the roundings of
torch, whose gradient at a saturated softmax is a difference of numbers near 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Axes, Handle, TapeBuilder, along, fold, reduce


def _exponentials(builder: TapeBuilder, handles: Sequence[int]) -> tuple[list[int], int | None]:
    """exp(x - x[k]) of each component, and x[k], the largest; exp(x), and None, if none is known to be the largest."""
    place = builder.largest(handles) if handles else None
    if place is None:
        return [builder.call("exp", each) for each in handles], None
    shift = handles[place]
    return [builder.call("exp", builder.call("sub", each, shift)) for each in handles], shift


def _logsumexp(builder: TapeBuilder, handles: Sequence[int]) -> int:
    if max(builder.estimates(handles) or [0.0]) == -math.inf:
        return fold(builder, "logaddexp", handles)
    terms, shift = _exponentials(builder, handles)
    total: int = builder.call("log", fold(builder, "add", terms))
    return total if shift is None else int(builder.call("add", shift, total))


def _softmax(builder: TapeBuilder, handles: Sequence[int]) -> list[int]:
    terms, _ = _exponentials(builder, handles)
    total = fold(builder, "add", terms)
    return [builder.call("div", each, total) for each in terms]


def _log_softmax(builder: TapeBuilder, handles: Sequence[int]) -> list[int]:
    terms, shift = _exponentials(builder, handles)
    total = builder.call("log", fold(builder, "add", terms))
    distances = handles if shift is None else [builder.call("sub", each, shift) for each in handles]
    return [builder.call("sub", each, total) for each in distances]


def logsumexp(builder: TapeBuilder, x: Handle, dim: Axes, keepdim: bool) -> Handle:
    """log(sum(exp(x))); where no dimension is named there is one."""
    return reduce(x, dim, keepdim, lambda handles: _logsumexp(builder, handles))


def softmax(builder: TapeBuilder, x: Handle, dim: int | None) -> Handle:
    """exp(x)/sum(exp(x)); where no dimension is named there is one."""
    return along(x, -1 if dim is None else dim, lambda handles: _softmax(builder, handles))


def log_softmax(builder: TapeBuilder, x: Handle, dim: int | None) -> Handle:
    """x - log(sum(exp(x))); where no dimension is named there is one."""
    return along(x, -1 if dim is None else dim, lambda handles: _log_softmax(builder, handles))


ROWS: tuple[Function, ...] = (
    Function(
        "softmax",
        "x, dim: int = None, *, dtype: dtype = None",
        "exp(x) over its sum along a dimension.",
        tensor=True,
        fused=True,
        body=softmax,
    ),
    Function(
        "log_softmax",
        "x, dim: int = None, *, dtype: dtype = None",
        "The logarithm of softmax.",
        tensor=True,
        fused=True,
        body=log_softmax,
    ),
    Function(
        "softmin",
        "x, dim: int = None, *, dtype: dtype = None",
        "softmax of -x.",
        torch="nn.functional.softmin",
        definition="softmax(-x, dim=dim)",
        tensor=True,
        fused=True,
    ),
)
