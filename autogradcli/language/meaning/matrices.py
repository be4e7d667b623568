"""Determinants, inverses, linear systems and factors of square matrices, and of batches of them."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradcli.language.meaning.elimination import eliminate, substitute_back
from autogradcli.language.meaning.handles import Array, array, filled, fold, handle
from autogradcli.language.meaning.minors import Minors

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle

EXPANDED = 4
"""Size up to which inverses are written out by minors: polynomials over the determinant."""
EXPANDED_DETERMINANT = 7
"""The same for a determinant alone, which needs fewer minors. Beyond it, columns are eliminated."""
EXPANDED_SINGULAR = 13
"""The same for a determinant that is about zero: elimination would divide by what may be zero."""
SINGULAR = 1e-10
"""Ratio of the smallest pivot to the largest below which a matrix counts as about singular."""

# ruff: noqa: N803 (torch's own name for a matrix is A)


def _batched(one: Callable[..., "Handle"]) -> Callable[..., "Handle"]:
    """A function of one matrix, for each matrix of a batch."""

    def meaning(builder: "Builder", A: "Handle", **options: Any) -> "Handle":
        whole = array(A)
        batch = whole.shape[:-2]
        results = [array(one(builder, whole[place], **options)) for place in np.ndindex(*batch)]
        if not results:  # then any matrix tells the shape of a result
            some = filled(whole.shape[-2:], builder.literal(Fraction(0)))
            return np.empty((*batch, *np.shape(one(builder, some, **options))), dtype=np.intp)
        return handle(np.array(results, dtype=np.intp).reshape((*batch, *results[0].shape)))

    return meaning


def determinant(builder: "Builder", A: Array) -> int:
    """The determinant of one matrix."""
    if len(A) <= EXPANDED_DETERMINANT:
        return Minors(builder, A).determinant
    triangle = eliminate(builder, A, A[:, :0])
    if len(A) <= EXPANDED_SINGULAR and _about_singular(builder, triangle.pivots):
        return Minors(builder, A).determinant
    product = fold(builder, "mul", triangle.pivots)
    return int(builder.call("neg", product)) if triangle.swaps % 2 else product


def _about_singular(builder: "Builder", pivots: Sequence[int]) -> bool:
    sizes = [abs(each) for each in builder.estimates(pivots) or [1.0]]
    return not min(sizes) > SINGULAR * max(sizes) or not all(map(isfinite, sizes))


def inverse(builder: "Builder", A: Array) -> Array:
    """The inverse of one matrix: its adjugate over its determinant, or what solves A X = 1."""
    if len(A) <= EXPANDED:
        minors = Minors(builder, A)
        return array(builder.call("div", minors.adjugate(), minors.determinant))
    return substitute_back(builder, eliminate(builder, A, identity(builder, len(A))))


def identity(builder: "Builder", size: int) -> Array:
    """Ones on the diagonal, and zeros."""
    zero, one = builder.literal(Fraction(0)), builder.literal(Fraction(1))
    return np.where(np.eye(size, dtype=bool), one, zero).astype(np.intp)


def solve(builder: "Builder", A: "Handle", B: "Handle", left: bool) -> "Handle":
    """What solves A X = B, or X A = B; B is a vector if it has one dimension less, and A's sizes."""
    matrix, right = array(A), array(B)
    if right.ndim == 1 or (right.ndim == matrix.ndim - 1 and right.shape == matrix.shape[:-1]):
        return handle(array(solve(builder, matrix, right[..., None], left))[..., 0])
    if not left:
        return handle(array(solve(builder, matrix.swapaxes(-1, -2), right.swapaxes(-1, -2), True)).swapaxes(-1, -2))
    batch = np.broadcast_shapes(matrix.shape[:-2], right.shape[:-2])
    systems = np.broadcast_to(matrix, batch + matrix.shape[-2:]), np.broadcast_to(right, batch + right.shape[-2:])
    results = [_solve(builder, *(each[place] for each in systems)) for place in np.ndindex(*batch)]
    return np.array(results, dtype=np.intp).reshape(batch + right.shape[-2:])


def _solve(builder: "Builder", A: Array, B: Array) -> Array:
    if len(A) > EXPANDED:
        return substitute_back(builder, eliminate(builder, A, B))
    minors = Minors(builder, A)
    return array(builder.call("div", builder.call("matmul", minors.adjugate(), B), minors.determinant))


def solve_triangular(
    builder: "Builder", A: "Handle", B: "Handle", upper: bool, left: bool, unitriangular: bool
) -> "Handle":
    """solve, with zeros on the other side, and ones on the diagonal if it is not read."""
    triangle = array(builder.call("triu" if upper else "tril", A, diagonal=0))
    if unitriangular:
        diagonal = np.eye(triangle.shape[-1], dtype=bool)
        triangle = np.where(diagonal, builder.literal(Fraction(1)), triangle).astype(np.intp)
    return solve(builder, triangle, B, left)


def pinv(builder: "Builder", A: "Handle") -> "Handle":
    """inverse(A.T @ A) @ A.T for a tall matrix, and the transpose of that of the transpose for a wide one."""
    tall = array(A)
    if tall.shape[-2] < tall.shape[-1]:
        return handle(array(pinv(builder, tall.swapaxes(-1, -2))).swapaxes(-1, -2))
    if tall.ndim == 2 and _about_singular(builder, eliminate(builder, _gram(builder, tall), tall[:0].T).pivots):
        return _pinv_of_any_rank(builder, tall)
    return builder.formula("inverse(A.mT @ A) @ A.mT", A=tall)  # type: ignore[no-any-return]


def _gram(builder: "Builder", A: Array) -> Array:
    return array(builder.call("matmul", A.T, A))


def _pinv_of_any_rank(builder: "Builder", A: Array) -> "Handle":
    """The pseudoinverse whatever the rank is: it jumps where the rank changes.

    By the coefficients of the characteristic polynomial of A.T @ A, the last of which that is not 0 tells the rank
    (Decell, An application of the Cayley-Hamilton theorem to generalized matrix inversion, SIAM Review 7, 1965).
    """
    gram, one = _gram(builder, A), identity(builder, A.shape[1])
    zero = builder.literal(Fraction(0))
    found: Handle = filled(A.T.shape, zero)
    factor = one
    for rank in range(1, len(gram) + 1):
        product = builder.call("matmul", gram, factor)
        trace = fold(builder, "add", [int(each) for each in array(product).diagonal()])
        coefficient = builder.call("div", trace, builder.literal(Fraction(-rank)))
        inverse_here = builder.call("neg", builder.call("div", builder.call("matmul", factor, A.T), coefficient))
        found = builder.call("where", builder.call("eq", trace, zero), found, inverse_here)
        factor = builder.call("add", product, builder.call("mul", coefficient, one))
    return found


def vander(builder: "Builder", x: "Handle", N: int | None, increasing: bool) -> "Handle":
    """The powers along a new last axis, falling or rising."""
    base = array(x)
    count = base.shape[-1] if N is None else N
    columns = [array(builder.call("ones_like", base)), base]
    for _ in range(count - 2):
        columns.append(array(builder.call("mul", columns[-1], base)))
    return np.stack(columns, axis=-1)[..., :count][..., :: 1 if increasing else -1]


def block_diag(builder: "Builder", tensors: Sequence["Handle"]) -> "Handle":
    """The matrices one after the other, down and to the right; a vector is a row."""
    blocks = [np.atleast_2d(array(each)) for each in tensors]
    result = np.full(np.sum([each.shape for each in blocks], axis=0), builder.literal(Fraction(0)), dtype=np.intp)
    row = column = 0
    for block in blocks:
        result[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return result


def slogdet(builder: "Builder", A: "Handle", field: str) -> "Handle":
    """The sign of the determinant, or the logarithm of its size."""
    value = builder.call("det", A)
    if field == "sign":
        return builder.call("sign", value)  # type: ignore[no-any-return]
    return builder.call("log", builder.call("abs", value))  # type: ignore[no-any-return]


def cholesky(builder: "Builder", A: Array, upper: bool) -> Array:
    """The triangular factor of (A + A.T)/2, row by row."""
    symmetric = builder.call("div", builder.call("add", A, A.T), builder.literal(Fraction(2)))
    size = len(A)
    factor = np.full((size, size), builder.literal(Fraction(0)), dtype=np.intp)
    for i in range(size):
        for j in range(i + 1):
            rest: int = symmetric[i, j]
            if j:
                products = [builder.call("mul", factor[i, k], factor[j, k]) for k in range(j)]
                rest = builder.call("sub", rest, fold(builder, "add", products))
            factor[i, j] = builder.call("sqrt", rest) if i == j else builder.call("div", rest, factor[j, j])
    return factor.T if upper else factor


def matrix_power(builder: "Builder", A: Array, n: int) -> Array:
    """The product of n factors; of the inverse if n is negative."""
    if n == 0:
        return identity(builder, len(A))
    base = A if n > 0 else inverse(builder, A)
    result = base
    for digit in f"{abs(n):b}"[1:]:
        result = builder.call("matmul", result, result)
        if digit == "1":
            result = builder.call("matmul", result, base)
    return result


def cov(builder: "Builder", x: "Handle", correction: int) -> "Handle":
    """The covariances of the rows; of one row, its variance."""
    rows = np.atleast_1d(array(x))
    distances = array(builder.call("sub", rows, builder.call("mean", rows, dim=-1, keepdim=True)))
    freedom = builder.literal(Fraction(max(rows.shape[-1] - correction, 0)))
    return handle(array(builder.call("div", builder.call("inner", distances, distances), freedom)).squeeze())


def corrcoef(builder: "Builder", x: "Handle") -> "Handle":
    """The covariances over the roots of the variances; of one row a variance over itself."""
    covariances = array(builder.call("cov", x))
    if not covariances.ndim:
        return builder.call("div", handle(covariances), handle(covariances))  # type: ignore[no-any-return]
    variances = covariances.diagonal()
    text = "c/sqrt(a*b)"
    return builder.formula(text, c=covariances, a=variances[:, None], b=variances)  # type: ignore[no-any-return]


MATRICES: Mapping[str, Callable[..., "Handle"]] = {
    "det": _batched(determinant),
    "slogdet": slogdet,
    "inverse": _batched(inverse),
    "solve": solve,
    "solve_triangular": solve_triangular,
    "pinv": pinv,
    "vander": vander,
    "block_diag": block_diag,
    "cholesky": _batched(cholesky),
    "cov": cov,
    "corrcoef": corrcoef,
    "matrix_power": _batched(matrix_power),
}
"""By the name of the table's row."""
