"""Factors of matrices, and what is solved by them: triangles, least squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Body, Handle, TapeBuilder, array, filled, handle
from autogradcli.functions.later import numpy as np
from autogradcli.functions.matrices import NOT_SCALAR, identity, solve

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


def beside_info(body: Body) -> Body:
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

    return beside_info(meaning)


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
