"""Factors of matrices, and what is solved by them: triangles, least squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isfinite, prod
from typing import Any, NamedTuple

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Body, Handle, TapeBuilder, array, filled, handle
from autogradcli.functions.later import numpy as np
from autogradcli.functions.matrices import NOT_SCALAR, identity, solve
from autogradcli.functions.scattering import known_indices

# ruff: noqa: N803 (torch's own names of matrices are capitals)


def batched(one: Callable[..., Array], **dimensions: int) -> Body:
    """A function of one matrix or several, for each place of their batches; `dimensions` has those of each operand."""

    def meaning(builder: TapeBuilder, **arguments: Any) -> Handle:
        wholes = {name: array(arguments.pop(name)) for name in dimensions}
        outer = {name: x.shape[: x.ndim - dimensions[name]] for name, x in wholes.items()}
        batch = np.broadcast_shapes(*outer.values())
        spread = {name: np.broadcast_to(x, batch + x.shape[len(outer[name]) :]) for name, x in wholes.items()}

        def at(place: Any) -> Array:
            return one(builder, **{name: x[place] for name, x in spread.items()}, **arguments)

        found = [at(place) for place in np.ndindex(*batch)]
        if not found:  # then any operands tell the shape of a result
            zero = builder.literal(Fraction(0))
            spread = {name: filled((1, *x.shape[len(batch) :]), zero) for name, x in spread.items()}
            return np.empty(batch + at(0).shape, dtype=np.intp)
        return handle(np.array(found, dtype=np.intp).reshape(batch + found[0].shape))

    return meaning


def _beside_info(body: Body) -> Body:
    """A row of several fields, of which the first has a definition."""

    def meaning(builder: TapeBuilder, field: str, **arguments: Any) -> Handle:
        if field in {"info", "infos", "pivots"}:
            raise NoDefinition(field)
        return body(builder, **arguments)

    return meaning


def _called(name: str) -> Body:
    """What another row means, without its checks."""

    def meaning(builder: TapeBuilder, check_errors: bool, A: Handle, B: Handle | None = None, **options: Any) -> Handle:
        del check_errors
        return builder.call(name, *([A] if B is None else [A, B]), **options)

    return _beside_info(meaning)


# Triangles.


def cholesky_solve(builder: TapeBuilder, B: Handle, L: Handle, upper: bool) -> Handle:
    """What solves L @ L.T @ X = B, of a whole matrix L."""
    lower = array(L).swapaxes(-1, -2) if upper else array(L)
    return solve(builder, lower.swapaxes(-1, -2), solve(builder, lower, B, True), True)


def cholesky_inverse(builder: TapeBuilder, L: Handle, upper: bool) -> Handle:
    """inverse(L @ L.T)."""
    return cholesky_solve(builder, identity(builder, np.shape(L)[-1]), L, upper)


def triangular_solve(
    builder: TapeBuilder, b: Handle, A: Handle, upper: bool, transpose: bool, unitriangular: bool, field: str
) -> Handle:
    """What solves A @ X = b for a triangular A, or the same with its transpose; and A itself."""
    if field != "solution":
        return A
    other = upper != transpose
    matrix = array(A).swapaxes(-1, -2) if transpose else A
    return builder.call("solve_triangular", matrix, b, upper=other, left=True, unitriangular=unitriangular)


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


# Least squares.


def lstsq(builder: TapeBuilder, A: Handle, B: Handle, rcond: Fraction | None, driver: str | None, field: str) -> Handle:
    """The X for which A @ X - B is smallest, and of those the smallest; and the squares of what is left.

    torch gives no squares for a matrix that is not tall, nor by gelsy, which is what it takes if no driver is named.
    """
    del rcond
    matrix, right = array(A), array(B)
    vectors = right.ndim == matrix.ndim - 1
    columns = right[..., None] if vectors else right
    solution = builder.call("matmul", builder.call("pinv", matrix), columns)
    if field == "solution":
        return array(solution)[..., 0] if vectors else solution
    if field != "residuals":
        raise NoDefinition(field)
    if driver in (None, "gelsy") or matrix.shape[-2] <= matrix.shape[-1]:
        return np.empty(0, dtype=np.intp)
    squares = builder.formula("sum(square(A @ x - b), dim=-2)", A=matrix, x=solution, b=columns)
    return handle(array(squares)[..., 0]) if vectors else squares


# Tensors as matrices.


def tensorinv(builder: TapeBuilder, A: Handle, ind: int) -> Handle:
    """The inverse of the matrix whose rows are the first dimensions."""
    sizes = np.shape(A)
    rows = prod(sizes[:ind])
    inverse = array(builder.call("inverse", array(A).reshape(rows, rows)))
    return inverse.reshape(*sizes[ind:], *sizes[:ind])


def tensorsolve(builder: TapeBuilder, A: Handle, B: Handle, dims: int | Sequence[int] | None) -> Handle:
    """The X for which tensordot(A, X) is B; `dims` of A are moved to its end first."""
    whole, right = array(A), array(B)
    if dims is not None:
        moved = np.atleast_1d(dims).tolist()
        whole = np.moveaxis(whole, moved, range(whole.ndim - len(moved), whole.ndim))
    sizes = whole.shape[right.ndim :]
    found = array(solve(builder, whole.reshape(right.size, -1), right.ravel(), True))
    return handle(found.reshape(sizes))


TRIANGULAR = "Of triangles alone: torch's value reads one half of L, its gradient is that of a formula in all of L."
CHECKED = "check_errors: flag = False"

ROWS: tuple[Function, ...] = (
    *(
        Function(
            f"{name}_ex",
            f"{signature}, {CHECKED}",
            f"{name}, and a number that says whether it went well.",
            torch=f"linalg.{torch}_ex",
            tensor=True,
            returns="fields",
            fields=(field, "info"),
            body=_called(row),
        )
        for name, row, torch, signature, field in (
            ("cholesky", "cholesky", "cholesky", "A, *, upper: flag = False", "L"),
            ("inv", "inverse", "inv", "A, *", "inverse"),
            ("solve", "solve", "solve", "A, B, *, left: flag = True", "result"),
        )
    ),
    Function(
        "cholesky_solve",
        "B, L, upper: flag = False",
        "What solves L @ L.T @ X = B; with upper=True L.T @ L @ X = B.",
        tensor=True,
        note=TRIANGULAR,
        body=cholesky_solve,
    ),
    Function(
        "cholesky_inverse",
        "L, upper: flag = False",
        "inverse(L @ L.T); with upper=True inverse(L.T @ L).",
        tensor=True,
        note=TRIANGULAR,
        body=cholesky_inverse,
    ),
    Function(
        "triangular_solve",
        "b, A, upper: flag = True, transpose: flag = False, unitriangular: flag = False",
        "What solves A @ X = b for a triangular A.",
        tensor=True,
        returns="fields",
        fields=("solution", "cloned_coefficient"),
        body=triangular_solve,
    ),
    Function(
        "lu_factor",
        "A, *, pivot: flag = True",
        "Both triangular factors of a matrix with its rows in another order, in one.",
        torch="linalg.lu_factor",
        tensor=True,
        returns="fields",
        fields=("LU", "pivots"),
        body=_beside_info(batched(lu_factor, A=2)),
    ),
    Function(
        "lu_factor_ex",
        f"A, *, pivot: flag = True, {CHECKED}",
        "lu_factor, and a number that says whether it went well.",
        torch="linalg.lu_factor_ex",
        tensor=True,
        returns="fields",
        fields=("LU", "pivots", "info"),
        body=_beside_info(batched(lu_factor, A=2)),
    ),
    Function(
        "lu",
        "A, pivot: flag = True, get_infos: flag = False",
        "lu_factor in an older spelling.",
        tensor=True,
        returns="fields",
        fields=("LU", "pivots", "infos"),
        body=_beside_info(batched(lu_factor, A=2)),
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
    Function(
        "lstsq",
        'A, B, rcond: real = None, *, driver: ("gels", "gelsy", "gelsd", "gelss") = None',
        "The X for which A @ X - B is smallest.",
        torch="linalg.lstsq",
        tensor=True,
        returns="fields",
        fields=("solution", "residuals", "rank", "singular_values"),
        note="Where the rank is not full it jumps.",
        body=lstsq,
    ),
    Function(
        "tensorinv",
        "A, ind: int = 2",
        "The inverse of the matrix whose rows are the first dimensions.",
        torch="linalg.tensorinv",
        tensor=True,
        body=tensorinv,
    ),
    Function(
        "tensorsolve",
        "A, B, dims: ints = None",
        "The X for which tensordot(A, X) is B.",
        torch="linalg.tensorsolve",
        tensor=True,
        body=tensorsolve,
    ),
    Function(
        "cond",
        "A, p: order = None",
        "The norm of a matrix times that of its inverse.",
        torch="linalg.cond",
        tensor=True,
        note=NOT_SCALAR,
    ),
    Function(
        "eigh",
        'A, UPLO: ("L", "U") = "L"',
        "The eigenvalues of a symmetric matrix, and its eigenvectors.",
        torch="linalg.eigh",
        tensor=True,
        returns="fields",
        fields=("eigenvalues", "eigenvectors"),
        note=NOT_SCALAR,
    ),
    Function(
        "linalg_svd",
        "A, full_matrices: flag = True",
        "U, S and Vh, whose product is A.",
        aliases=("linalg.svd",),
        torch="linalg.svd",
        tensor=True,
        returns="fields",
        fields=("U", "S", "Vh"),
        note=NOT_SCALAR,
    ),
    Function(
        "svd",
        "A, some: flag = True, compute_uv: flag = True",
        "U, S and V: A is U @ diag(S) @ V.T.",
        tensor=True,
        returns="fields",
        fields=("U", "S", "V"),
        note=NOT_SCALAR,
    ),
)
