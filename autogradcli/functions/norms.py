"""Norms and distances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Axes, Handle, TapeBuilder, array, axes_of, fold, reduce
from autogradcli.functions.later import numpy as np

Order = int | float | str | None


def vector_norm(builder: TapeBuilder, x: Handle, ord: Order, dim: Axes, keepdim: bool) -> Handle:
    """The norm of this order of all components together, or along dimensions."""
    return reduce(x, dim, keepdim, lambda handles: _norm(builder, handles, ord))


def _norm(builder: TapeBuilder, handles: Sequence[int], order: Order) -> int:
    def each(name: str, *others: int) -> list[int]:
        return [builder.call(name, handle, *others) for handle in handles]

    if order == 2:
        return builder.call("sqrt", fold(builder, "add", each("square")))
    if order == 1:
        return fold(builder, "add", each("abs"))
    if order in {math.inf, -math.inf}:
        return fold(builder, "maximum" if order == math.inf else "minimum", each("abs"))
    if order == 0:
        zero, one = builder.literal(Fraction(0)), builder.literal(Fraction(1))
        return fold(builder, "add", [builder.call("where", other, one, zero) for other in each("ne", zero)])
    assert isinstance(order, int | float)
    exponent, root = builder.literal(Fraction(order)), builder.literal(1 / Fraction(order))
    sizes = handles if order % 2 == 0 else each("abs")
    return builder.call("pow", fold(builder, "add", [builder.call("pow", size, exponent) for size in sizes]), root)


def matrix_norm(builder: TapeBuilder, A: Handle, ord: Order, dim: Sequence[int], keepdim: bool) -> Handle:  # noqa: N803
    """The norm of the matrices that two dimensions make; those that depend on singular values have no definition."""
    if ord == "fro":
        return vector_norm(builder, A, 2, dim, keepdim)
    if ord not in {1, -1, math.inf, -math.inf}:
        raise NoDefinition("the nuclear norm" if ord == "nuc" else "the spectral norm")
    assert isinstance(ord, int | float)
    rows, columns = axes_of(array(A), dim)
    inside, outside = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = vector_norm(builder, A, 1, inside, keepdim=True)
    best = builder.call("amax" if ord > 0 else "amin", sums, dim=outside, keepdim=True)
    return best if keepdim else builder.call("squeeze", best, dim=(rows, columns))


def linalg_norm(builder: TapeBuilder, A: Handle, ord: Order, dim: Axes, keepdim: bool) -> Handle:  # noqa: N803
    """A norm of matrices if an order is given and two dimensions are meant, else of vectors."""
    axes = axes_of(array(A), dim)
    if ord is not None and len(axes) == 2:
        return matrix_norm(builder, A, ord, axes, keepdim)
    return vector_norm(builder, A, 2 if ord is None else ord, dim, keepdim)


def norm(builder: TapeBuilder, x: Handle, p: Order, dim: Axes, keepdim: bool) -> Handle:
    """torch.norm: that of a vector for every number."""
    if p == "nuc":
        raise NoDefinition("the nuclear norm")
    return vector_norm(builder, x, 2 if p in {"fro", None} else p, dim, keepdim)


def cosine_similarity(builder: TapeBuilder, x1: Handle, x2: Handle, dim: int, eps: int) -> Handle:
    """The sum of products over the norms of what both are broadcast to."""
    x, y = np.broadcast_arrays(array(x1), array(x2))
    text = (
        "sum(x*y, dim=axis)/(maximum(vector_norm(x, dim=axis), eps)*maximum(vector_norm(y, dim=axis), eps))"
    ).replace("axis", str(dim))
    return builder.formula(text, x=x, y=y, eps=eps)


def pdist(builder: TapeBuilder, x: Handle, p: Order) -> Handle:
    """The norms of the differences of two rows, the one before the other."""
    first, second = np.triu_indices(len(array(x)), 1)
    return builder.call("vector_norm", builder.call("sub", array(x)[first], array(x)[second]), ord=p, dim=1)


def renorm(builder: TapeBuilder, x: Handle, p: Order, dim: int, maxnorm: int) -> Handle:
    """Each slice, or maxnorm/(norm + 1e-7) times it where its norm is larger."""
    others = tuple(axis for axis in range(np.ndim(x)) if axis != dim % np.ndim(x))
    norms = builder.call("vector_norm", x, ord=p, dim=others, keepdim=True)
    text = "x*where(norms > maxnorm, maxnorm/(norms + 1e-7), 1)"
    return builder.formula(text, x=x, norms=norms, maxnorm=maxnorm)


ROWS: tuple[Function, ...] = (
    Function(
        "norm",
        'x, p: order = "fro", dim: ints = None, keepdim: flag = False',
        "The norm of order p of all components, or along dimensions; the Euclidean one if none is named.",
        tensor=True,
        note="For any number p this is the norm of a vector; linalg.norm has those of matrices.",
        body=norm,
    ),
    Function(
        "linalg_norm",
        "A, ord: order = None, dim: ints = None, keepdim: flag = False",
        "A norm of vectors, or if an order is given for two dimensions, of matrices.",
        aliases=("linalg.norm", "norm"),
        torch="linalg.norm",
        tensor=True,
        body=linalg_norm,
    ),
    Function(
        "vector_norm",
        "x, ord: order = 2, dim: ints = None, keepdim: flag = False",
        "The norm of this order of all components, or along dimensions.",
        torch="linalg.vector_norm",
        tensor=True,
        body=vector_norm,
    ),
    Function(
        "matrix_norm",
        'A, ord: order = "fro", dim: ints = (-2, -1), keepdim: flag = False',
        "The norm of this order of matrices.",
        torch="linalg.matrix_norm",
        tensor=True,
        body=matrix_norm,
    ),
    Function(
        "dist",
        "x, y, p: order = 2",
        "The norm of order p of the difference of two tensors.",
        definition="norm(x - y, p=p)",
        tensor=True,
    ),
    Function(
        "cdist",
        'x1, x2, p: order = 2, compute_mode: ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", '
        '"donot_use_mm_for_euclid_dist") = "use_mm_for_euclid_dist_if_necessary"',
        "The distances of all rows of the one from all rows of the other.",
        definition="vector_norm(unsqueeze(x1, dim=-2) - unsqueeze(x2, dim=-3), ord=p, dim=-1)",
        tensor=True,
    ),
    Function(
        "pdist",
        "x, p: order = 2",
        "The distances of the rows from each other, of each pair once.",
        torch="nn.functional.pdist",
        tensor=True,
        body=pdist,
    ),
    Function(
        "renorm",
        "x, p: order, dim: int, maxnorm: number",
        "With each slice along a dimension whose norm is larger than maxnorm made as small as that.",
        tensor=True,
        note="As torch does, 1e-7 is added to the norms that are divided by.",
        body=renorm,
    ),
    Function(
        "pairwise_distance",
        "x1, x2, p: order = 2, eps: number = 1e-6, keepdim: flag = False",
        "The norm of order p of x1 - x2 + eps along the last dimension.",
        torch="nn.functional.pairwise_distance",
        definition="vector_norm(x1 - x2 + eps, ord=p, dim=-1, keepdim=keepdim)",
        tensor=True,
    ),
    Function(
        "normalize",
        "x, p: order = 2, dim: int = 1, eps: number = 1e-12",
        "x over its norm along a dimension, or over eps where that is larger.",
        torch="nn.functional.normalize",
        definition="x/maximum(vector_norm(x, ord=p, dim=dim, keepdim=True), eps)",
        tensor=True,
    ),
    Function(
        "cosine_similarity",
        "x1, x2, dim: int = 1, eps: number = 1e-8",
        "The cosine of the angle between vectors along a dimension; no norm counts as less than eps.",
        torch="nn.functional.cosine_similarity",
        tensor=True,
        note="The vectors are broadcast to one shape before their norms are taken.",
        body=cosine_similarity,
    ),
)
