"""Sums, products, means, variances and extremes of the components, of all or along dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from autogradcli.functions.function import Function
from autogradcli.functions.handles import PLACES, Axes, Body, Handle, TapeBuilder, array, fold, reduce
from autogradcli.functions.later import numpy as np
from autogradcli.functions.softmax import logsumexp


def _folded(name: str) -> Body:
    """The reduction by a function of two."""

    def meaning(builder: TapeBuilder, x: Handle, dim: Axes = None, keepdim: bool = False) -> Handle:
        return reduce(x, dim, keepdim, lambda handles: fold(builder, name, handles))

    return meaning


def _extreme(name: str, better: str) -> Body:
    """The largest or the smallest of each line, or the first place where it stands."""
    value = _folded(name)

    def place(builder: TapeBuilder, handles: Sequence[int]) -> int:
        best, found = handles[0], builder.literal(Fraction(0))
        for index, each in enumerate(handles[1:], start=1):
            condition = builder.call(better, each, best)
            best = builder.call("where", condition, each, best)
            found = builder.call("where", condition, builder.literal(Fraction(index)), found)
        return found

    def meaning(builder: TapeBuilder, x: Handle, dim: int, keepdim: bool, field: str) -> Handle:
        if field == "values":
            return value(builder, x, dim, keepdim)
        return reduce(x, dim, keepdim, lambda handles: place(builder, handles))

    return meaning


def mean(builder: TapeBuilder, x: Handle, dim: Axes = None, keepdim: bool = False) -> Handle:
    """The sum over the number of components."""
    sums = builder.call("sum", x, dim=dim, keepdim=keepdim)
    return builder.call("div", sums, builder.literal(Fraction(_share(x, sums))))


def _share(x: Handle, reduced: Handle) -> int:
    """How many components go into one of a reduction; of one that has none, no matter."""
    return np.size(x) // max(np.size(reduced), 1)


def variance(builder: TapeBuilder, x: Handle, dim: Axes, keepdim: bool, correction: Fraction) -> Handle:
    """The sum of the squares of the distances from the mean, over the number of components less the correction."""
    distances = builder.call("sub", x, mean(builder, x, dim, keepdim=True))
    total = builder.call("sum", builder.call("square", distances), dim=dim, keepdim=keepdim)
    freedom = max(_share(x, total) - correction, Fraction(0))
    return builder.call("div", total, builder.literal(freedom))


def unbiased_variance(builder: TapeBuilder, x: Handle, dim: Axes, unbiased: bool, keepdim: bool) -> Handle:
    """The same with a correction of 1, or of 0."""
    return variance(builder, x, dim, keepdim, Fraction(int(unbiased)))


def numel(builder: TapeBuilder, x: Handle) -> Handle:
    """How many components there are."""
    return builder.literal(Fraction(np.size(x)))


def size(builder: TapeBuilder, x: Handle, dim: int | None) -> Handle:
    """The size of a dimension, or those of all."""
    sizes = np.shape(x)
    if dim is not None:
        return builder.literal(Fraction(sizes[dim]))
    return array(np.array([builder.literal(Fraction(each)) for each in sizes], dtype=np.intp))


SHARED = "At a tie, autograd shares the gradient evenly."
FIRST = "At a tie, autograd gives the whole gradient to one of them."


ROWS: tuple[Function, ...] = (
    Function(
        "sum",
        "x, dim: ints = None, keepdim: flag = False, *, dtype: dtype = None",
        "The sum of all components, or along dimensions.",
        tensor=True,
        body=_folded("add"),
    ),
    Function(
        "mean",
        "x, dim: ints = None, keepdim: flag = False, *, dtype: dtype = None",
        "The mean of all components, or along dimensions.",
        tensor=True,
        body=mean,
    ),
    Function(
        "prod",
        "x, dim: int = None, keepdim: flag = False, *, dtype: dtype = None",
        "The product of all components, or along a dimension.",
        tensor=True,
        body=_folded("mul"),
    ),
    Function(
        "nansum",
        "x, dim: ints = None, keepdim: flag = False, *, dtype: dtype = None",
        "The sum; a NaN counts as 0.",
        definition="sum(where(isnan(x), 0, x), dim=dim, keepdim=keepdim)",
        tensor=True,
    ),
    Function(
        "nanmean",
        "x, dim: ints = None, keepdim: flag = False, *, dtype: dtype = None",
        "The mean; a NaN does not count.",
        definition=(
            "sum(where(isnan(x), 0, x), dim=dim, keepdim=keepdim)/sum(where(isnan(x), 0, 1), dim=dim, keepdim=keepdim)"
        ),
        tensor=True,
    ),
    Function(
        "var",
        "x, dim: ints = None, unbiased: flag = True, keepdim: flag = False",
        "The variance, of all components or along dimensions.",
        tensor=True,
        note="torch divides by one less than there are components, NumPy by their number.",
        body=unbiased_variance,
    ),
    Function(
        "var_corrected",
        "x, dim: ints = None, *, correction: real = 1, keepdim: flag = False",
        "The variance: the sum of squares over the number of components less the correction.",
        aliases=("var",),
        torch="var",
        tensor=True,
        body=variance,
    ),
    Function(
        "var_all",
        "x, unbiased: flag",
        "The variance of all components.",
        aliases=("var",),
        torch="var",
        definition="var(x, unbiased=unbiased)",
        tensor=True,
    ),
    Function(
        "std",
        "x, dim: ints = None, unbiased: flag = True, keepdim: flag = False",
        "The standard deviation, of all components or along dimensions.",
        definition="sqrt(var(x, dim=dim, unbiased=unbiased, keepdim=keepdim))",
        tensor=True,
        note="torch divides by one less than there are components, NumPy by their number.",
    ),
    Function(
        "std_all",
        "x, unbiased: flag",
        "The standard deviation of all components.",
        aliases=("std",),
        torch="std",
        definition="std(x, unbiased=unbiased)",
        tensor=True,
    ),
    Function(
        "std_corrected",
        "x, dim: ints = None, *, correction: real = 1, keepdim: flag = False",
        "The standard deviation: the square root of the variance with this correction.",
        aliases=("std",),
        torch="std",
        definition="sqrt(var(x, dim=dim, correction=correction, keepdim=keepdim))",
        tensor=True,
    ),
    Function(
        "population_var",
        "x, dim: ints = None, *, ddof: int = 0, keepdim: flag = False",
        "The variance as NumPy has it: the mean of the squares of the distances from the mean.",
        torch="",
        aliases=("np.var", "numpy.var", "jnp.var"),
        definition="var(x, dim=dim, correction=ddof, keepdim=keepdim)",
        tensor=True,
    ),
    Function(
        "population_std",
        "x, dim: ints = None, *, ddof: int = 0, keepdim: flag = False",
        "The standard deviation as NumPy has it: the root of the mean of the squares of the distances from the mean.",
        torch="",
        aliases=("np.std", "numpy.std", "jnp.std"),
        definition="std(x, dim=dim, correction=ddof, keepdim=keepdim)",
        tensor=True,
    ),
    Function(
        "amax",
        "x, dim: ints = None, keepdim: flag = False",
        "The largest component, of all or along dimensions.",
        tensor=True,
        note=SHARED,
        body=_folded("maximum"),
    ),
    Function(
        "amin",
        "x, dim: ints = None, keepdim: flag = False",
        "The smallest component, of all or along dimensions.",
        tensor=True,
        note=SHARED,
        body=_folded("minimum"),
    ),
    Function(
        "max_all",
        "x",
        "The largest component.",
        aliases=("max",),
        torch="max",
        definition="amax(x)",
        tensor=True,
        note=SHARED,
    ),
    Function(
        "min_all",
        "x",
        "The smallest component.",
        aliases=("min",),
        torch="min",
        definition="amin(x)",
        tensor=True,
        note=SHARED,
    ),
    Function(
        "max_dim",
        "x, dim: int, keepdim: flag = False",
        "The largest component along a dimension, or its place.",
        aliases=("max", "torch.max", "np.max", "numpy.max", "Tensor.max"),
        torch="max",
        tensor=True,
        fields=PLACES,
        note=FIRST,
        body=_extreme("maximum", "gt"),
    ),
    Function(
        "min_dim",
        "x, dim: int, keepdim: flag = False",
        "The smallest component along a dimension, or its place.",
        aliases=("min", "torch.min", "np.min", "numpy.min", "Tensor.min"),
        torch="min",
        tensor=True,
        fields=PLACES,
        note=FIRST,
        body=_extreme("minimum", "lt"),
    ),
    Function(
        "logsumexp",
        "x, dim: ints = None, keepdim: flag = False",
        "log(sum(exp(x))) along dimensions, without overflow.",
        tensor=True,
        fused=True,
        body=logsumexp,
    ),
    Function(
        "numel",
        "x",
        "How many components there are.",
        aliases=("len", "np.size", "numpy.size", "jnp.size"),
        tensor=True,
        body=numel,
    ),
    Function(
        "size",
        "x, dim: int = None",
        "The size of a dimension, or the sizes of all.",
        properties=("shape",),
        torch="Tensor.size",
        tensor=True,
        body=size,
    ),
)
