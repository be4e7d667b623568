"""Sums, extremes, orders and what else is made along dimensions."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from mpmath import mp

from tests.oracles.precise import exactly
from tests.oracles.rows.tools import Array, axes, each, either, numbers, values


def total(x: Array, dim: Any = None, keepdim: bool = False) -> Array:
    """The sum."""
    return np.asarray(np.sum(x, axis=axes(dim), keepdims=keepdim), dtype=object)


def mean(x: Array, dim: Any = None, keepdim: bool = False) -> Array:
    """The sum over the number."""
    sums = total(x, dim, keepdim)
    return sums / mp.mpf(x.size // sums.size)


def variance(x: Array, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Array:
    """The sum of squared distances from the mean, over the number less the correction."""
    squares = total((x - mean(x, dim, keepdim=True)) ** 2, dim, keepdim)
    freedom = mp.mpf(x.size // squares.size) - mp.mpf(correction.numerator) / correction.denominator
    return squares / freedom


def deviation(x: Array, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Array:
    """The root of the variance."""
    return each(mp.sqrt)(variance(x, dim, correction, keepdim))


def lines(x: Array, dim: int, change: Callable[[list[Any]], Sequence[Any]]) -> Array:
    """Each line along a dimension replaced by another one."""
    moved = np.moveaxis(x, dim, -1)
    found = [change(list(line)) for line in moved.reshape(-1, moved.shape[-1])]
    return np.moveaxis(np.array(found, dtype=object).reshape(*moved.shape[:-1], -1), -1, dim)


def reduced(x: Array, dim: Any, keepdim: bool, change: Callable[[list[Any]], Any]) -> Array:
    """Each line along a dimension, or all components, replaced by one number."""
    if dim is None:
        one = np.array(change(list(x.ravel())), dtype=object)
        return one.reshape((1,) * x.ndim) if keepdim else one
    result = lines(x, dim, lambda line: [change(line)])
    return result if keepdim else np.squeeze(result, dim)


def average(values: list[Any]) -> Any:
    """The mean."""
    return sum(values) / mp.mpf(len(values))


def median(values: list[Any]) -> Any:
    """The middle one; of two the smaller."""
    return sorted(values)[(len(values) - 1) // 2]


def midpoint_median(values: list[Any]) -> Any:
    """The middle one; of two their mean."""
    ordered, n = sorted(values), len(values)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def quantile(x: Array, q: Any, dim: Any, keepdim: bool, interpolation: str) -> Array:
    """Between the neighbours of place q (n - 1)."""
    if interpolation != "linear":
        raise NotImplementedError

    def one(values: list[Any]) -> Any:
        ordered, place = sorted(values), mp.mpf(q.numerator) / q.denominator * (len(values) - 1)
        below = int(mp.floor(place))
        above = min(below + 1, len(values) - 1)
        return ordered[below] * (1 - (place - below)) + ordered[above] * (place - below)

    return reduced(x, dim, keepdim, one)


def trapezoid(y: Array, x: Array, dim: int) -> Array:
    """The area below the polygon, over the places x."""
    right, left = (np.take(y, range(*part), dim) for part in ((1, y.shape[dim]), (0, y.shape[dim] - 1)))
    return total((right + left) / 2 * np.diff(x, axis=-1 if x.ndim == 1 else dim), dim)


def logsumexp(values: list[Any]) -> Any:
    """log(sum(exp(x)))."""
    return mp.ln(sum(map(mp.exp, values)))


def softmax(values: list[Any]) -> list[Any]:
    """exp(x) over their sum."""
    whole_sum = sum(map(mp.exp, values))
    return [mp.exp(value) / whole_sum for value in values]


def power_sum(values: list[Any], order: Any) -> Any:
    """The norm of an order."""
    if order in (mp.inf, -mp.inf):
        return (max if order > 0 else min)(map(abs, values))
    if order == 0:
        return mp.mpf(sum(value != 0 for value in values))
    return mp.power(sum(mp.power(abs(value), exactly(order)) for value in values), 1 / exactly(order))


def norm(x: Array, order: Any, dim: Any = None, keepdim: bool = False) -> Array:
    """The norm of vectors."""
    return reduced(x, dim, keepdim, lambda values: power_sum(values, 2 if order in (None, "fro") else order))


def matrix_norm(A: Array, ord: Any, dim: Any, keepdim: bool) -> Array:
    """The root of the sum of squares."""
    if ord != "fro":
        raise NotImplementedError
    return each(mp.sqrt)(total(A * A, dim, keepdim))


def with_mean(name: str, spread: Callable[..., Array]) -> Callable[..., Array]:
    """A statistic, and the mean."""
    return either(**{name: spread, "mean": lambda x, dim=None, keepdim=False, **_: mean(x, dim, keepdim)})


def of_flag(spread: Callable[..., Array]) -> Callable[..., Array]:
    """A statistic whose correction is told by a flag."""
    return lambda x, unbiased, dim=None, keepdim=False: spread(x, dim, int(unbiased), keepdim)


def cumulated(join: Callable[[Any, Any], Any]) -> Callable[..., Array]:
    """Each component joined with all before it."""
    return lambda x, dim: lines(x, dim, lambda line: list(accumulate(line, join)))


def cosine(x: Array, y: Array, dim: int, eps: Any) -> Array:
    """The product over both lengths, each at least eps."""
    lengths = [each(max)(norm(one, 2, dim), eps) for one in np.broadcast_arrays(x, y)]
    return total(x * y, dim) / (lengths[0] * lengths[1])


def distance(x: Array, y: Array, p: Any, eps: Any, keepdim: bool = False) -> Array:
    """The norm of x - y + eps along the last dimension."""
    return norm(x - y + eps, p, -1, keepdim)


LINES: dict[str, Callable[..., Any]] = {
    "var_mean": with_mean("var", of_flag(variance)),
    "var_mean_corrected": with_mean("var", variance),
    "var_mean_all": with_mean("var", of_flag(variance)),
    "std_mean": with_mean("std", of_flag(deviation)),
    "std_mean_corrected": with_mean("std", deviation),
    "std_mean_all": with_mean("std", of_flag(deviation)),
    "aminmax": either(
        min=lambda x, dim, keepdim: reduced(x, dim, keepdim, min),
        max=lambda x, dim, keepdim: reduced(x, dim, keepdim, max),
    ),
    "sum": total,
    "mean": mean,
    "prod": lambda x, dim, keepdim: np.asarray(np.prod(x, axis=dim, keepdims=keepdim), dtype=object),
    "nansum": lambda x, dim, keepdim: total(each(lambda a: mp.zero if mp.isnan(a) else a)(x), dim, keepdim),
    "nanmean": lambda x, dim, keepdim: reduced(
        x, dim, keepdim, lambda line: average([value for value in line if not mp.isnan(value)])
    ),
    "var": of_flag(variance),
    "var_corrected": variance,
    "var_all": of_flag(variance),
    "std": of_flag(deviation),
    "std_all": of_flag(deviation),
    "std_corrected": deviation,
    "population_var": lambda x, dim, ddof, keepdim: variance(x, dim, ddof, keepdim),
    "population_std": lambda x, dim, ddof, keepdim: deviation(x, dim, ddof, keepdim),
    "amax": lambda x, dim, keepdim: np.max(x, axis=axes(dim), keepdims=keepdim),
    "amin": lambda x, dim, keepdim: np.min(x, axis=axes(dim), keepdims=keepdim),
    "max_all": lambda x: max(x.ravel()),
    "min_all": lambda x: min(x.ravel()),
    "max_dim": values(lambda x, dim, keepdim: reduced(x, dim, keepdim, max)),
    "min_dim": values(lambda x, dim, keepdim: reduced(x, dim, keepdim, min)),
    "logsumexp": lambda x, dim, keepdim: reduced(x, dim, keepdim, logsumexp),
    "numel": lambda x: mp.mpf(x.size),
    "size": lambda x, dim: numbers(x.shape) if dim is None else mp.mpf(x.shape[dim]),
    "median": lambda x: median(list(x.ravel())),
    "median_dim": values(lambda x, dim, keepdim: reduced(x, dim, keepdim, median)),
    "midpoint_median": lambda x, dim, keepdim: reduced(x, dim, keepdim, midpoint_median),
    "kthvalue": values(lambda x, k, dim, keepdim: reduced(x, dim, keepdim, lambda line: sorted(line)[k - 1])),
    "quantile": quantile,
    "trapezoid": lambda y, dx, dim: trapezoid(y, numbers([k * dx for k in range(y.shape[dim])]), dim),
    "trapezoid_over": lambda y, x, dim: trapezoid(y, x, dim),
    "msort": lambda x: lines(x, 0, sorted),
    "diff": lambda x, n, dim, **_: np.diff(x, n, dim),
    "sort": values(lambda x, dim, descending, stable: lines(x, dim, lambda line: sorted(line, reverse=descending))),
    "topk": values(lambda x, k, dim, largest, **_: lines(x, dim, lambda line: sorted(line, reverse=largest)[:k])),
    "cumsum": cumulated(lambda a, b: a + b),
    "cumprod": cumulated(lambda a, b: a * b),
    "cummax": values(cumulated(max)),
    "cummin": values(cumulated(min)),
    "logcumsumexp": cumulated(lambda a, b: logsumexp([a, b])),
}
"""By the names of the parameters."""
