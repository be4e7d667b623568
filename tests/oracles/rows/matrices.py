"""Products, norms and matrices: mpmath's own linear algebra."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mpmath import mp

from tests.oracles.rows.lines import cosine, distance, matrix_norm, mean, norm, total
from tests.oracles.rows.shaping import filled, triangle
from tests.oracles.rows.tools import Array, each, either


def of_matrices(function: Callable[[Any], Any]) -> Callable[[Array], Array]:
    """A function of mpmath's matrices, for each matrix of a batch."""

    def applied(A: Array) -> Array:
        results = [plain(function(mp.matrix(one.tolist()))) for one in A.reshape(-1, *A.shape[-2:])]
        return np.array(results, dtype=object).reshape((*A.shape[:-2], *np.shape(results[0])))

    return applied


def plain(result: Any) -> Any:
    """A matrix of mpmath as lists; a number as it is."""
    return result.tolist() if isinstance(result, mp.matrix) else result


def solve(A: Array, B: Array, left: bool = True) -> Array:
    """A**-1 @ B, or B @ A**-1."""
    inverse = of_matrices(lambda one: one**-1)(A)
    return inverse @ B if left else B @ inverse


def solve_triangular(A: Array, B: Array, upper: bool, left: bool, unitriangular: bool) -> Array:
    """The same, with zeros on the other side."""
    if unitriangular:
        raise NotImplementedError
    return solve(triangle(A, lambda place: place >= 0 if upper else place <= 0), B, left)


def pinv(A: Array, atol: Any, rtol: Any, hermitian: bool) -> Array:
    """Of a tall matrix of full rank."""
    if atol is not None or rtol is not None or hermitian:
        raise NotImplementedError
    return of_matrices(lambda one: (one.T * one) ** -1 * one.T)(A)


def vander(x: Array, N: Any = None, increasing: bool = False) -> Array:
    """The powers."""
    count = len(x) if N is None else N
    powers = range(count) if increasing else range(count - 1, -1, -1)
    return np.array([[mp.power(value, k) for k in powers] for value in x], dtype=object)


def block_diag(tensors: Sequence[Array]) -> Array:
    """The matrices down and to the right."""
    blocks = [np.atleast_2d(block) for block in tensors]
    result = filled([sum(sizes) for sizes in zip(*(block.shape for block in blocks), strict=True)], mp.zero)
    row = column = 0
    for block in blocks:
        result[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return result


def cov(x: Array, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Array:
    """The covariances of the rows."""
    if fweights is not None or aweights is not None:
        raise NotImplementedError
    rows = np.atleast_2d(x)
    distances = rows - mean(rows, 1, keepdim=True)
    return np.squeeze(distances @ distances.T / mp.mpf(rows.shape[1] - correction))


def corrcoef(x: Array) -> Array:
    """The covariances over the deviations."""
    covariances = cov(x)
    roots = each(mp.sqrt)(np.diagonal(covariances))
    return covariances / np.outer(roots, roots)


def einsum(equation: str, operands: Sequence[Array]) -> Array:
    """The sum over every index that the result does not have, written out."""
    sources, _, target = equation.replace(" ", "").partition("->")
    if "." in equation or not target:
        raise NotImplementedError
    letters = sources.split(",")
    size = {
        letter: n
        for word, one in zip(letters, operands, strict=True)
        for letter, n in zip(word, one.shape, strict=True)
    }
    summed = [letter for letter in size if letter not in target]
    result = filled([size[letter] for letter in target], mp.zero)
    for place in np.ndindex(*(size[letter] for letter in (*target, *summed))):
        at = dict(zip((*target, *summed), place, strict=True))
        term = mp.fprod(one[tuple(at[c] for c in word)] for word, one in zip(letters, operands, strict=True))
        result[place[: len(target)]] += term
    return result


def cross(x: Array, y: Array, dim: Any = None) -> Array:
    """The cross product along a dimension, the first of size 3 if none is named."""
    chosen = x.shape.index(3) if dim is None else dim
    a, b = np.moveaxis(x, chosen, 0), np.moveaxis(y, chosen, 0)
    parts = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    return np.moveaxis(np.array(parts, dtype=object), 0, chosen)


def plus_product(x: Array, product: Array, beta: Any, alpha: Any) -> Array:
    """beta*x + alpha*product; at beta = 0 x counts as nothing."""
    return (0 if beta == 0 else beta * x) + alpha * product


MATRICES: dict[str, Callable[..., Any]] = {
    "matmul": lambda x, y: x @ y,
    "mm": lambda x, mat2: x @ mat2,
    "mv": lambda x, vec: x @ vec,
    "bmm": lambda x, mat2: x @ mat2,
    "dot": lambda x, tensor: mp.fdot(x, tensor),
    "vdot": lambda x, y: mp.fdot(x, y),
    "vecdot": lambda x, y, dim: total(x * y, dim),
    "inner": lambda x, y: np.inner(x, y),
    "outer": lambda x, vec2: np.outer(x, vec2),
    "tensordot": lambda a, b, dims: np.tensordot(a, b, dims),
    "einsum": einsum,
    "kron": lambda x, y: np.kron(x, y),
    "linalg_cross": cross,
    "cross": cross,
    "multi_dot": lambda tensors: np.linalg.multi_dot(tensors) if len(tensors) > 2 else tensors[0] @ tensors[1],
    "chain_matmul": lambda matrices: matrices[0] @ matrices[1] if len(matrices) == 2 else np.linalg.multi_dot(matrices),
    "addmm": lambda x, mat1, mat2, beta, alpha: plus_product(x, mat1 @ mat2, beta, alpha),
    "addmv": lambda x, mat, vec, beta, alpha: plus_product(x, mat @ vec, beta, alpha),
    "addr": lambda x, vec1, vec2, beta, alpha: plus_product(x, np.outer(vec1, vec2), beta, alpha),
    "baddbmm": lambda x, batch1, batch2, beta, alpha: plus_product(x, batch1 @ batch2, beta, alpha),
    "addbmm": lambda x, batch1, batch2, beta, alpha: plus_product(x, total(batch1 @ batch2, 0), beta, alpha),
    "norm": lambda x, p, dim, keepdim: norm(x, p, dim, keepdim),
    "linalg_norm": lambda A, ord, dim, keepdim: norm(A, ord, dim, keepdim),
    "vector_norm": lambda x, ord, dim, keepdim: norm(x, ord, dim, keepdim),
    "matrix_norm": matrix_norm,
    "dist": lambda x, y, p: norm(x - y, p),
    "cdist": lambda x1, x2, p, **_: norm(x1[:, None] - x2, p, -1),
    "pairwise_distance": lambda x1, x2, p, eps, keepdim: distance(x1, x2, p, eps, keepdim),
    "normalize": lambda x, p, dim, eps: x / each(max)(norm(x, p, dim, keepdim=True), eps),
    "cosine_similarity": lambda x1, x2, dim, eps: cosine(x1, x2, dim, eps),
    "trace": lambda x: sum(np.diagonal(x)),
    "det": of_matrices(mp.det),
    "logdet": lambda x: of_matrices(lambda one: mp.ln(mp.det(one)))(x),
    "slogdet": either(
        sign=of_matrices(lambda one: mp.sign(mp.det(one))), logabsdet=of_matrices(lambda one: mp.ln(abs(mp.det(one))))
    ),
    "inverse": of_matrices(lambda one: one**-1),
    "solve": solve,
    "solve_triangular": solve_triangular,
    "pinv": pinv,
    "vander": vander,
    "linalg_vander": lambda x, N: vander(x, N, increasing=True),
    "block_diag": block_diag,
    "cholesky": lambda A, upper: of_matrices(lambda one: mp.cholesky(one).T if upper else mp.cholesky(one))(A),
    "ldexp_of_integers": lambda x, y: x * each(lambda n: mp.mpf(2) ** n)(np.asarray(y, dtype=object)),
    "matrix_power": lambda A, n: of_matrices(lambda one: one**n)(A),
    "matrix_exp": of_matrices(mp.expm),
    "svdvals": of_matrices(lambda one: list(mp.svd_r(one, compute_uv=False))),
    "eigvalsh": lambda A, **_: of_matrices(lambda one: list(mp.eigsy(one, eigvals_only=True)))(A),
    "cov": cov,
    "corrcoef": corrcoef,
}
"""By the names of the parameters."""
