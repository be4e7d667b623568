"""LU factors of matrices, and what is solved by them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite
from typing import NamedTuple

from autogradcli.functions.factors import CHECKED, batched, beside_info
from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Handle, TapeBuilder, array
from autogradcli.functions.later import numpy as np
from autogradcli.functions.matrices import identity, solve
from autogradcli.functions.scattering import known_indices

# ruff: noqa: N803 (torch's own names of matrices are capitals)


class Factors(NamedTuple):
    """P @ L @ U of one matrix."""

    packed: Array
    """U on and above the diagonal, and L below it."""
    rows: tuple[int, ...]
    """For each row of L @ U which row of the matrix it is."""


def factorise(builder: TapeBuilder, A: Array, pivot: bool = True) -> Factors:
    """By elimination; NoDefinition where two rows are equally good, as then another one may be taken."""
    packed, rows = A.copy(), list(range(len(A)))
    for k in range(min(A.shape)):
        best = k + (_largest(builder, packed[k:, k]) if pivot else 0)
        packed[[k, best]] = packed[[best, k]]
        rows[k], rows[best] = rows[best], rows[k]
        if k + 1 < len(A):
            packed[k + 1 :, k] = builder.call("div", packed[k + 1 :, k], int(packed[k, k]))
            products = builder.call("mul", packed[k + 1 :, k][:, None], packed[k, k + 1 :][None, :])
            packed[k + 1 :, k + 1 :] = builder.call("sub", packed[k + 1 :, k + 1 :], products)
    return Factors(packed, tuple(rows))


def _largest(builder: TapeBuilder, column: Array) -> int:
    sizes = [abs(each) for each in builder.estimates(column.tolist()) or ()]
    ordered = sorted(sizes, reverse=True)
    if not sizes or not all(map(isfinite, sizes)) or (len(sizes) > 1 and ordered[0] == ordered[1]):
        raise NoDefinition("which row is the pivot's")
    return sizes.index(ordered[0])


def lu_factor(builder: TapeBuilder, A: Array, pivot: bool, **_: bool) -> Array:
    """Both triangles of one matrix in one."""
    return factorise(builder, A, pivot).packed


def lu(builder: TapeBuilder, A: Array, pivot: bool, field: str) -> Array:
    """One of the factors of a matrix."""
    packed, rows = factorise(builder, A, pivot)
    return _factor(builder, packed, rows, field)


def _factor(builder: TapeBuilder, packed: Array, rows: Sequence[int], field: str) -> Array:
    if field == "P":
        return identity(builder, len(rows))[:, np.argsort(rows)].T
    kept = min(packed.shape)
    if field == "U":
        return array(builder.call("triu", packed[:kept], diagonal=0))
    return _unit_lower(builder, packed[:, :kept])


def _unit_lower(builder: TapeBuilder, packed: Array) -> Array:
    below = array(builder.call("tril", packed, diagonal=-1))
    return np.where(np.eye(*packed.shape) > 0, builder.literal(Fraction(1)), below).astype(np.intp)


def _rows(builder: TapeBuilder, pivots: Array, count: int) -> list[int]:
    """The order of the rows that exchanges of each with another one, counted from 1, make."""
    rows = list(range(count))
    for k, other in enumerate(known_indices(builder, pivots).tolist()):
        rows[k], rows[other - 1] = rows[other - 1], rows[k]
    return rows


def lu_unpack(builder: TapeBuilder, LU_data: Array, LU_pivots: Array, field: str, **_: bool) -> Array:
    """One of the factors."""
    return _factor(builder, LU_data, _rows(builder, LU_pivots, len(LU_data)), field)


def _lu_solve(builder: TapeBuilder, LU: Array, pivots: Array, B: Array, adjoint: bool) -> Array:
    rows = _rows(builder, pivots, len(LU))
    lower, upper = _unit_lower(builder, LU), array(builder.call("triu", LU, diagonal=0))
    if not adjoint:
        return array(solve(builder, upper, solve(builder, lower, B[rows], True), True))
    found = array(solve(builder, lower.T, solve(builder, upper.T, B, True), True))
    return found[np.argsort(rows)]


_lu_solve_all = batched(_lu_solve, LU=2, pivots=1, B=2)


def linalg_lu_solve(builder: TapeBuilder, LU: Handle, pivots: Handle, B: Handle, left: bool, adjoint: bool) -> Handle:
    """What solves P @ L @ U @ X = B, or X @ P @ L @ U = B; with `adjoint` the same with the transpose."""
    if left:
        return _lu_solve_all(builder, LU=LU, pivots=pivots, B=B, adjoint=adjoint)
    turned = array(B).swapaxes(-1, -2)
    return array(_lu_solve_all(builder, LU=LU, pivots=pivots, B=turned, adjoint=not adjoint)).swapaxes(-1, -2)


def lu_solve(builder: TapeBuilder, b: Handle, LU_data: Handle, LU_pivots: Handle) -> Handle:
    """What solves P @ L @ U @ X = b."""
    return linalg_lu_solve(builder, LU_data, LU_pivots, b, left=True, adjoint=False)


ROWS: tuple[Function, ...] = (
    Function(
        "lu_factor",
        "A, *, pivot: flag = True",
        "Both triangular factors of a matrix with its rows in another order, in one.",
        torch="linalg.lu_factor",
        tensor=True,
        returns="fields",
        fields=("LU", "pivots"),
        body=beside_info(batched(lu_factor, A=2)),
    ),
    Function(
        "lu_factor_ex",
        f"A, *, pivot: flag = True, {CHECKED}",
        "lu_factor, and a number that says whether it went well.",
        torch="linalg.lu_factor_ex",
        tensor=True,
        returns="fields",
        fields=("LU", "pivots", "info"),
        body=beside_info(batched(lu_factor, A=2)),
    ),
    Function(
        "lu",
        "A, pivot: flag = True, get_infos: flag = False",
        "lu_factor in an older spelling.",
        tensor=True,
        returns="fields",
        fields=("LU", "pivots", "infos"),
        body=beside_info(batched(lu_factor, A=2)),
    ),
    Function(
        "linalg_lu",
        "A, *, pivot: flag = True",
        "P, L and U, whose product is A: the order of rows, and two triangles.",
        aliases=("linalg.lu",),
        torch="linalg.lu",
        tensor=True,
        returns="fields",
        fields=("P", "L", "U"),
        body=batched(lu, A=2),
    ),
    Function(
        "lu_unpack",
        "LU_data, LU_pivots: indices, unpack_data: flag = True, unpack_pivots: flag = True",
        "P, L and U of what lu_factor gives.",
        tensor=True,
        returns="fields",
        fields=("P", "L", "U"),
        body=batched(lu_unpack, LU_data=2, LU_pivots=1),
    ),
    Function(
        "linalg_lu_solve",
        "LU, pivots: indices, B, *, left: flag = True, adjoint: flag = False",
        "What solves A @ X = B by the factors of A that lu_factor gives.",
        aliases=("linalg.lu_solve",),
        torch="linalg.lu_solve",
        tensor=True,
        body=linalg_lu_solve,
    ),
    Function(
        "lu_solve",
        "b, LU_data, LU_pivots: indices",
        "What solves A @ X = b by the factors of A that lu_factor gives.",
        tensor=True,
        body=lu_solve,
    ),
)
