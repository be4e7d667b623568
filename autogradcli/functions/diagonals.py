"""Diagonals and triangles of matrices."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Array, Body, Handle, TapeBuilder, array, moved
from autogradcli.functions.later import numpy as np


def _diagonals(builder: TapeBuilder, x: Array, offset: int, dim1: int, dim2: int) -> Array:
    size = x.shape[-1] + abs(offset)
    result = np.full((*x.shape[:-1], size, size), builder.literal(Fraction(0)), dtype=np.intp)
    places = np.arange(x.shape[-1])
    result[..., places + max(-offset, 0), places + max(offset, 0)] = x
    return np.moveaxis(result, (-2, -1), (dim1, dim2))


def diag_embed(builder: TapeBuilder, x: Handle, offset: int, dim1: int, dim2: int) -> Handle:
    """Zeros but for a diagonal."""
    return _diagonals(builder, array(x), offset, dim1, dim2)


def diag(builder: TapeBuilder, x: Handle, diagonal: int) -> Handle:
    """The diagonal of a matrix, or the matrix with this diagonal."""
    whole = array(x)
    return np.diagonal(whole, diagonal) if whole.ndim == 2 else _diagonals(builder, whole, diagonal, -2, -1)


def _triangle(kept: Callable[..., Any]) -> Body:
    def meaning(builder: TapeBuilder, x: Handle, diagonal: int) -> Handle:
        whole = array(x)
        mask = kept(np.ones(whole.shape[-2:], dtype=bool), diagonal)
        return np.where(mask, whole, builder.literal(Fraction(0))).astype(np.intp)

    return meaning


ROWS: tuple[Function, ...] = (
    Function(
        "diag",
        "x, diagonal: int = 0",
        "The diagonal of a matrix, or the matrix with this diagonal.",
        tensor=True,
        body=diag,
    ),
    Function(
        "linalg_diagonal",
        "A, *, offset: int = 0, dim1: int = -2, dim2: int = -1",
        "The diagonals of matrices.",
        aliases=("linalg.diagonal",),
        torch="linalg.diagonal",
        definition="diagonal(A, offset=offset, dim1=dim1, dim2=dim2)",
        tensor=True,
    ),
    Function(
        "diagonal",
        "x, offset: int = 0, dim1: int = 0, dim2: int = 1",
        "The diagonals of the matrices that two dimensions make.",
        aliases=("diagonal_copy",),
        tensor=True,
        body=moved(lambda x, offset, dim1, dim2: np.diagonal(x, offset, dim1, dim2)),
    ),
    Function(
        "diag_embed",
        "x, offset: int = 0, dim1: int = -2, dim2: int = -1",
        "Matrices of zeros with these diagonals.",
        tensor=True,
        body=diag_embed,
    ),
    Function(
        "diagflat",
        "x, offset: int = 0",
        "The matrix of zeros with these components on a diagonal.",
        definition="diag(flatten(x), diagonal=offset)",
        tensor=True,
    ),
    Function(
        "triu",
        "x, diagonal: int = 0",
        "With zeros below a diagonal.",
        tensor=True,
        body=_triangle(lambda mask, diagonal: np.triu(mask, diagonal)),
    ),
    Function(
        "tril",
        "x, diagonal: int = 0",
        "With zeros above a diagonal.",
        tensor=True,
        body=_triangle(lambda mask, diagonal: np.tril(mask, diagonal)),
    ),
)
