"""Norms of vectors and matrices."""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from autogradcli.language.function import NoDefinition
from autogradcli.language.meaning.handles import Axes, array, axes_of, fold, reduce

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle

Order = int | float | str | None


def vector_norm(builder: "Builder", x: "Handle", ord: Order, dim: Axes, keepdim: bool) -> "Handle":
    """The norm of this order of all components together, or along dimensions."""
    return reduce(x, dim, keepdim, lambda handles: _norm(builder, handles, ord))


def _norm(builder: "Builder", handles: Sequence[int], order: Order) -> int:
    def each(name: str, *others: int) -> list[int]:
        return [builder.call(name, handle, *others) for handle in handles]

    if order == 2:
        return builder.call("sqrt", fold(builder, "add", each("square")))  # type: ignore[no-any-return]
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
    return builder.call("pow", fold(builder, "add", [builder.call("pow", size, exponent) for size in sizes]), root)  # type: ignore[no-any-return]


def matrix_norm(builder: "Builder", A: "Handle", ord: Order, dim: Sequence[int], keepdim: bool) -> "Handle":  # noqa: N803
    """The norm of the matrices that two dimensions make; those that hang on singular values have no definition."""
    if ord == "fro":
        return vector_norm(builder, A, 2, dim, keepdim)
    if ord not in {1, -1, math.inf, -math.inf}:
        raise NoDefinition("the nuclear norm" if ord == "nuc" else "the spectral norm")
    assert isinstance(ord, int | float)
    rows, columns = axes_of(array(A), dim)
    inside, outside = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = vector_norm(builder, A, 1, inside, keepdim=True)
    best = builder.call("amax" if ord > 0 else "amin", sums, dim=outside, keepdim=True)
    return best if keepdim else builder.call("squeeze", best, dim=(rows, columns))  # type: ignore[no-any-return]


def linalg_norm(builder: "Builder", A: "Handle", ord: Order, dim: Axes, keepdim: bool) -> "Handle":  # noqa: N803
    """A norm of matrices if an order is given and two dimensions are meant, else of vectors."""
    axes = axes_of(array(A), dim)
    if ord is not None and len(axes) == 2:
        return matrix_norm(builder, A, ord, axes, keepdim)
    return vector_norm(builder, A, 2 if ord is None else ord, dim, keepdim)


def norm(builder: "Builder", x: "Handle", p: Order, dim: Axes, keepdim: bool) -> "Handle":
    """torch.norm: that of a vector for every number."""
    if p == "nuc":
        raise NoDefinition("the nuclear norm")
    return vector_norm(builder, x, 2 if p in {"fro", None} else p, dim, keepdim)


def cosine_similarity(builder: "Builder", x1: "Handle", x2: "Handle", dim: int, eps: int) -> "Handle":
    """The sum of products over the norms of what both are broadcast to."""
    x, y = np.broadcast_arrays(array(x1), array(x2))
    text = (
        "sum(x*y, dim=axis)/(maximum(vector_norm(x, dim=axis), eps)*maximum(vector_norm(y, dim=axis), eps))"
    ).replace("axis", str(dim))
    return builder.formula(text, x=x, y=y, eps=eps)  # type: ignore[no-any-return]


NORMS: Mapping[str, Callable[..., "Handle"]] = {
    "norm": norm,
    "linalg_norm": linalg_norm,
    "vector_norm": vector_norm,
    "matrix_norm": matrix_norm,
    "cosine_similarity": cosine_similarity,
}
"""By the name of the table's row."""
