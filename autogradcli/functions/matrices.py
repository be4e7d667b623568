"""Determinants, inverses, linear systems and factors of square matrices, and of batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Body, Handle, TapeBuilder, array, filled, fold, handle
from autogradcli.functions.later import numpy as np
from autogradcli.functions.linear_systems import Minors, eliminate, substitute_back
from autogradcli.functions.matrix_exponential import matrix_exponential

EXPANDED = 4
"""Size up to which inverses are written out by minors: polynomials over the determinant."""
EXPANDED_DETERMINANT = 7
"""The same for a determinant alone, which needs fewer minors. Beyond it, columns are eliminated."""
EXPANDED_SINGULAR = 13
"""The same for a determinant that is about zero: elimination would divide by what may be zero."""
SINGULAR = 1e-10
"""Ratio of the smallest pivot to the largest below which a matrix counts as about singular."""

# ruff: noqa: N803 (torch's own name for a matrix is A)


def _batched(one: Body) -> Body:
    """A function of one matrix, for each matrix of a batch."""

    def meaning(builder: TapeBuilder, A: Handle, **options: Any) -> Handle:
        whole = array(A)
        batch = whole.shape[:-2]
        results = [array(one(builder, whole[place], **options)) for place in np.ndindex(*batch)]
        if not results:  # then any matrix tells the shape of a result
            some = filled(whole.shape[-2:], builder.literal(Fraction(0)))
            return np.empty((*batch, *np.shape(one(builder, some, **options))), dtype=np.intp)
        return handle(np.array(results, dtype=np.intp).reshape((*batch, *results[0].shape)))

    return meaning


def determinant(builder: TapeBuilder, A: Array) -> int:
    """The determinant of one matrix."""
    if len(A) <= EXPANDED_DETERMINANT:
        return Minors(builder, A).determinant
    triangle = eliminate(builder, A, A[:, :0])
    if len(A) <= EXPANDED_SINGULAR and _about_singular(builder, triangle.pivots):
        return Minors(builder, A).determinant
    product = fold(builder, "mul", triangle.pivots)
    return int(builder.call("neg", product)) if triangle.swaps % 2 else product


def _about_singular(builder: TapeBuilder, pivots: Sequence[int]) -> bool:
    sizes = [abs(each) for each in builder.estimates(pivots) or [1.0]]
    return not min(sizes) > SINGULAR * max(sizes) or not all(map(isfinite, sizes))


def inverse(builder: TapeBuilder, A: Array) -> Array:
    """The inverse of one matrix: its adjugate over its determinant, or what solves A X = 1."""
    if len(A) <= EXPANDED:
        minors = Minors(builder, A)
        return array(builder.call("div", minors.adjugate(), minors.determinant))
    return substitute_back(builder, eliminate(builder, A, identity(builder, len(A))))


def identity(builder: TapeBuilder, size: int) -> Array:
    """Ones on the diagonal, and zeros."""
    zero, one = builder.literal(Fraction(0)), builder.literal(Fraction(1))
    return np.where(np.eye(size, dtype=bool), one, zero).astype(np.intp)


def solve(builder: TapeBuilder, A: Handle, B: Handle, left: bool) -> Handle:
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


def _solve(builder: TapeBuilder, A: Array, B: Array) -> Array:
    if len(A) > EXPANDED:
        return substitute_back(builder, eliminate(builder, A, B))
    minors = Minors(builder, A)
    return array(builder.call("div", builder.call("matmul", minors.adjugate(), B), minors.determinant))


def solve_triangular(
    builder: TapeBuilder, A: Handle, B: Handle, upper: bool, left: bool, unitriangular: bool
) -> Handle:
    """solve, with zeros on the other side, and ones on the diagonal if it is not read."""
    triangle = array(builder.call("triu" if upper else "tril", A, diagonal=0))
    if unitriangular:
        diagonal = np.eye(triangle.shape[-1], dtype=bool)
        triangle = np.where(diagonal, builder.literal(Fraction(1)), triangle).astype(np.intp)
    return solve(builder, triangle, B, left)


@_batched
def pinv(builder: TapeBuilder, A: Array, atol: Fraction | None, rtol: Fraction | None, hermitian: bool) -> Handle:
    """The pseudoinverse of one matrix, with no singular value but 0 left out."""
    if atol is not None or rtol is not None or hermitian:
        raise NoDefinition("pinv with a bound on singular values, or of one triangle,")
    return _pinv(builder, A)


def _pinv(builder: TapeBuilder, A: Array) -> Array:
    """inverse(A.T @ A) @ A.T for a tall matrix, and the transpose of that of the transpose for a wide one."""
    if len(A) < A.shape[1]:
        return _pinv(builder, A.T).T
    if _about_singular(builder, eliminate(builder, _gram(builder, A), A[:0].T).pivots):
        return array(_pinv_of_any_rank(builder, A))
    return array(builder.formula("inverse(A.mT @ A) @ A.mT", A=A))


def _varies_freely(builder: TapeBuilder, A: Array) -> bool:
    """Whether each component is that of a variable, so that the rank is full nearby."""
    entries = A.ravel().tolist()
    return len(set(entries)) == len(entries) and all(map(builder.is_input, entries))


def _gram(builder: TapeBuilder, A: Array) -> Array:
    return array(builder.call("matmul", A.T, A))


def _pinv_of_any_rank(builder: TapeBuilder, A: Array) -> Handle:
    """The pseudoinverse whatever the rank is: it jumps where the rank changes.

    By the coefficients of the characteristic polynomial of A.T @ A, the last of which that is not 0 tells the rank
    (Decell, An application of the Cayley-Hamilton theorem to generalized matrix inversion, SIAM Review 7, 1965).
    """
    if not _varies_freely(builder, A):
        raise NoDefinition("pinv of a product, or the like, whose rank is not full")
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


def vander(builder: TapeBuilder, x: Handle, N: int | None, increasing: bool) -> Handle:
    """The powers along a new last axis, falling or rising."""
    base = array(x)
    count = base.shape[-1] if N is None else N
    columns = [array(builder.call("ones_like", base)), base]
    for _ in range(count - 2):
        columns.append(array(builder.call("mul", columns[-1], base)))
    return np.stack(columns, axis=-1)[..., :count][..., :: 1 if increasing else -1]


def block_diag(builder: TapeBuilder, tensors: Sequence[Handle]) -> Handle:
    """The matrices one after the other, down and to the right; a vector is a row."""
    blocks = [np.atleast_2d(array(each)) for each in tensors]
    result = np.full(np.sum([each.shape for each in blocks], axis=0), builder.literal(Fraction(0)), dtype=np.intp)
    row = column = 0
    for block in blocks:
        result[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return result


def slogdet(builder: TapeBuilder, A: Handle, field: str) -> Handle:
    """The sign of the determinant, or the logarithm of its size."""
    value = builder.call("det", A)
    if field == "sign":
        return builder.call("sign", value)
    return builder.call("log", builder.call("abs", value))


def cholesky(builder: TapeBuilder, A: Array, upper: bool) -> Array:
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


def matrix_power(builder: TapeBuilder, A: Array, n: int) -> Array:
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


def cov(builder: TapeBuilder, x: Handle, correction: int, fweights: Handle | None, aweights: Handle | None) -> Handle:
    """The covariances of the rows; of one row, its variance. Columns count as often as their weights say."""
    rows = np.atleast_1d(array(x))
    if fweights is None and aweights is None:
        distances = array(builder.call("sub", rows, builder.call("mean", rows, dim=-1, keepdim=True)))
        freedom = builder.literal(Fraction(max(rows.shape[-1] - correction, 0)))
        return handle(array(builder.call("div", builder.call("inner", distances, distances), freedom)).squeeze())
    return _weighted_cov(builder, rows, builder.literal(Fraction(correction)), fweights, aweights)


def _weighted_cov(
    builder: TapeBuilder, rows: Array, correction: int, fweights: Handle | None, aweights: Handle | None
) -> Handle:
    """As numpy.cov has it: the freedom is sum(w) - correction*sum(w*a)/sum(w), w being the products of the weights."""
    one = builder.literal(Fraction(1))
    often, sizes = (one if each is None else each for each in (fweights, aweights))
    text = "w = often*sizes + zeros; total = sum(w); d = x - sum(x*w, dim=-1, keepdim=True)/total;"
    free = "total - correction*sum(w*sizes)/total" if aweights is not None else "total - correction"
    zeros = builder.call("zeros_like", rows.reshape(-1, rows.shape[-1])[0])
    found = builder.formula(
        f"{text} inner(d*w, d)/relu({free})", often=often, sizes=sizes, zeros=zeros, x=rows, correction=correction
    )
    return handle(array(found).squeeze())


def corrcoef(builder: TapeBuilder, x: Handle) -> Handle:
    """The covariances over the roots of the variances; of one row a variance over itself."""
    covariances = array(builder.call("cov", x, fweights=None, aweights=None))
    if not covariances.ndim:
        return builder.call("div", handle(covariances), handle(covariances))
    variances = covariances.diagonal()
    text = "c/sqrt(a*b)"
    return builder.formula(text, c=covariances, a=variances[:, None], b=variances)


def matrix_exp(builder: TapeBuilder, A: Handle) -> Handle:
    """The exponential of each matrix; each of its partial derivatives is as long as the matrix."""
    builder.foresee(np.size(A) * np.shape(A)[-1] ** 3)
    return _batched(matrix_exponential)(builder, A)


NOT_SCALAR = "It has no definition in scalar operations: torch alone computes it, and its gradient is not verified."

ROWS: tuple[Function, ...] = (
    Function("trace", "x", "The sum of the diagonal of a matrix.", definition="sum(diagonal(x))", tensor=True),
    Function("det", "A", "The determinant.", torch="linalg.det", tensor=True, body=_batched(determinant)),
    Function(
        "logdet",
        "x",
        "The logarithm of the determinant.",
        definition="log(det(x))",
        tensor=True,
        note="NaN where the determinant is negative.",
    ),
    Function(
        "slogdet",
        "A",
        "The sign of the determinant, and the logarithm of its absolute value.",
        torch="linalg.slogdet",
        tensor=True,
        returns="fields",
        fields=("sign", "logabsdet"),
        body=slogdet,
    ),
    Function(
        "inverse",
        "A",
        "The inverse of a matrix.",
        aliases=("inv",),
        torch="linalg.inv",
        tensor=True,
        body=_batched(inverse),
    ),
    Function(
        "solve",
        "A, B, *, left: flag = True",
        "What solves A @ X = B; with left=False X @ A = B.",
        torch="linalg.solve",
        tensor=True,
        body=solve,
    ),
    Function(
        "solve_triangular",
        "A, B, *, upper: flag, left: flag = True, unitriangular: flag = False",
        "What solves A @ X = B for a triangular A; what is on its other side is not read.",
        torch="linalg.solve_triangular",
        tensor=True,
        body=solve_triangular,
    ),
    Function(
        "pinv",
        "A, *, atol: real = None, rtol: real = None, hermitian: flag = False",
        "The pseudoinverse of a matrix.",
        aliases=("pinverse",),
        torch="linalg.pinv",
        tensor=True,
        note="Defined where the rank is full; elsewhere it jumps.",
        body=pinv,
    ),
    Function(
        "vander",
        "x, N: int = None, increasing: flag = False",
        "The powers of each component, from N - 1 to 0; with increasing=True from 0 to N - 1.",
        tensor=True,
        note="As in NumPy. The powers of torch.linalg.vander rise.",
        body=vander,
    ),
    Function(
        "linalg_vander",
        "x, *, N: int = None",
        "The powers of each component, from 0 to N - 1.",
        aliases=("linalg.vander",),
        torch="linalg.vander",
        definition="vander(x, N=N, increasing=True)",
        tensor=True,
    ),
    Function("block_diag", "*tensors", "Zeros but for matrices on the diagonal.", tensor=True, body=block_diag),
    Function(
        "cholesky",
        "A, *, upper: flag = False",
        "The lower triangle L for which L @ L.T is A; with upper=True its transpose.",
        torch="linalg.cholesky",
        tensor=True,
        note="Of symmetric matrices alone: torch's value reads one triangle of A, its gradient is that of (A + A.T)/2.",
        body=_batched(cholesky),
    ),
    Function(
        "matrix_power",
        "A, n: int",
        "The product of n factors A, or -n factors inverse(A).",
        torch="linalg.matrix_power",
        tensor=True,
        body=_batched(matrix_power),
    ),
    Function(
        "matrix_exp",
        "A",
        "The exponential of a matrix.",
        aliases=("expm",),
        torch="linalg.matrix_exp",
        tensor=True,
        body=matrix_exp,
    ),
    Function("svdvals", "A", "The singular values.", torch="linalg.svdvals", tensor=True, note=NOT_SCALAR),
    Function(
        "eigvalsh",
        'A, UPLO: ("L", "U") = "L"',
        "The eigenvalues of a symmetric matrix.",
        torch="linalg.eigvalsh",
        tensor=True,
        note=NOT_SCALAR,
    ),
    Function(
        "cov",
        "x, *, correction: int = 1, fweights: indices = None, aweights: fixed = None",
        "The covariances of the rows; columns count as often as their weights say.",
        tensor=True,
        body=cov,
    ),
    Function("corrcoef", "x", "The coefficients of correlation of the rows.", tensor=True, body=corrcoef),
)
