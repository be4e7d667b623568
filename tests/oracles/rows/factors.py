"""Factors of matrices by their properties: what solves, what is orthogonal, what multiplies to the matrix."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mpmath import mp

from tests.oracles.rows.matrices import of_matrices, pinv, solve
from tests.oracles.rows.shaping import triangle
from tests.oracles.rows.tools import Array


def lower_of(L: Array, upper: bool) -> Array:
    """The lower triangle; of an upper one its transpose."""
    return triangle(L, lambda place: place >= 0).swapaxes(-1, -2) if upper else triangle(L, lambda place: place <= 0)


def cholesky_solve(B: Array, L: Array, upper: bool) -> Array:
    """(L @ L.T)**-1 @ B."""
    lower = lower_of(L, upper)
    return solve(lower @ lower.swapaxes(-1, -2), B)


def identity(size: int) -> Array:
    """Ones on the diagonal."""
    return np.array([[mp.mpf(i == j) for j in range(size)] for i in range(size)], dtype=object)


def packed(A: Array, pivot: bool = True) -> tuple[Array, list[int]]:
    """U, and below it L, of the rows in the order in which the largest stands first; and that order."""
    work, order = A.copy(), list(range(len(A)))
    for k in range(min(A.shape)):
        best = max(range(k, len(A)), key=lambda i: abs(work[i, k])) if pivot else k
        work[[k, best]], order[k], order[best] = work[[best, k]], order[best], order[k]
        for i in range(k + 1, len(A)):
            work[i, k] = work[i, k] / work[k, k]
            work[i, k + 1 :] = work[i, k + 1 :] - work[i, k] * work[k, k + 1 :]
    return work, order


def order_of(pivots: Any, count: int) -> list[int]:
    """The order of rows that exchanges, counted from 1, make."""
    order = list(range(count))
    for k, other in enumerate(pivots):
        order[k], order[other - 1] = order[other - 1], order[k]
    return order


def permutation(order: Sequence[int]) -> Array:
    """P, for which P @ (the rows in this order) are the rows as they were."""
    return identity(len(order))[list(order)].T


def unpacked(work: Array, order: Sequence[int]) -> dict[str, Array]:
    """P, L and U."""
    size = min(work.shape)
    lower = triangle(work[:, :size], lambda place: place < 0)
    for k in range(size):
        lower[k, k] = mp.one
    return {"P": permutation(order), "L": lower, "U": triangle(work[:size], lambda place: place >= 0)}


def lu_solve(LU: Array, pivots: Any, B: Array, left: bool = True, adjoint: bool = False) -> Array:
    """(P @ L @ U)**-1 @ B."""
    parts = unpacked(LU, order_of(pivots, len(LU)))
    whole = parts["P"] @ parts["L"] @ parts["U"]
    return solve(whole.T if adjoint else whole, B, left)


def reflections(A: Array, tau: Array) -> Array:
    """The product of 1 - tau v v.T, whose vectors stand below the diagonal."""
    product = identity(len(A))
    for k, scale in enumerate(tau):
        v = np.array([*[mp.zero] * k, mp.one, *A[k + 1 :, k]], dtype=object)
        product = product @ (identity(len(A)) - scale * np.outer(v, v))
    return product


def signs(A: Array) -> Array:
    """The signs of the diagonal of LAPACK's R: each reflection makes a column's head of the opposite sign."""
    work, found = A.copy(), []
    for k in range(A.shape[1]):
        x = work[k:, k]
        found.append(-mp.sign(x[0]) if len(x) > 1 else mp.sign(x[0]))
        v = x.copy()
        v[0] = x[0] + mp.sign(x[0]) * mp.sqrt(mp.fdot(x, x))
        work[k:] = work[k:] - 2 * np.outer(v, v @ work[k:]) / mp.fdot(v, v)
    return np.array(found, dtype=object)


def qr(A: Array) -> dict[str, Array]:
    """Q and R of a tall matrix: R.T @ R is A.T @ A, and Q is A @ R**-1."""
    gram = mp.matrix((A.T @ A).tolist())
    upper = np.array(mp.cholesky(gram).T.tolist(), dtype=object) * signs(A)[:, None]
    return {"Q": solve(upper, A, left=False), "R": upper}


def eigenvalues(A: Array) -> list[Any]:
    """Of a symmetric matrix."""
    return list(mp.eigsy(mp.matrix(A.tolist()), eigvals_only=True))


def singular(A: Array) -> Array:
    """The singular values."""
    return np.array(list(mp.svd_r(mp.matrix(A.tolist()), compute_uv=False)), dtype=object)


def only(**found: Callable[..., Array]) -> Callable[..., Array]:
    """What the field names, of those that have a meaning."""

    def meaning(field: str, **given: Any) -> Array:
        if field not in found:
            raise NotImplementedError
        return found[field](**given)

    return meaning


def least_squares(A: Array, B: Array, **_: Any) -> Array:
    """The pseudoinverse times B."""
    return pinv(A, None, None, False) @ B


def tensorinv(A: Array, ind: int) -> Array:
    """The inverse of the matrix whose rows are the first dimensions."""
    rows = int(np.prod(A.shape[:ind]))
    return of_matrices(lambda one: one**-1)(A.reshape(rows, -1)).reshape(*A.shape[ind:], *A.shape[:ind])


FACTORS: dict[str, Callable[..., Any]] = {
    "cholesky_ex": only(
        L=lambda A, upper, **_: of_matrices(lambda a: mp.cholesky(a).T if upper else mp.cholesky(a))(A)
    ),
    "inv_ex": only(inverse=lambda A, **_: of_matrices(lambda one: one**-1)(A)),
    "solve_ex": only(result=lambda A, B, left, **_: solve(A, B, left)),
    "cholesky_solve": cholesky_solve,
    "cholesky_inverse": lambda L, upper: cholesky_solve(identity(len(L)), L, upper),
    "triangular_solve": only(
        solution=lambda b, A, upper, **_: solve(triangle(A, lambda place: place >= 0 if upper else place <= 0), b)
    ),
    "lu_factor": only(LU=lambda A, pivot: packed(A, pivot)[0]),
    "lu_factor_ex": only(LU=lambda A, pivot, **_: packed(A, pivot)[0]),
    "lu": only(LU=lambda A, pivot, **_: packed(A, pivot)[0]),
    "linalg_lu": lambda A, pivot, field: unpacked(*packed(A, pivot))[field],
    "lu_unpack": lambda LU_data, LU_pivots, field, **_: unpacked(LU_data, order_of(LU_pivots, len(LU_data)))[field],
    "linalg_lu_solve": lu_solve,
    "lu_solve": lambda b, LU_data, LU_pivots: lu_solve(LU_data, LU_pivots, b),
    "householder_product": lambda A, tau: reflections(A, tau)[:, : A.shape[1]],
    "ormqr": lambda A, tau, other, **_: reflections(A, tau) @ other,
    "linalg_qr": lambda A, field, **_: qr(A)[field],
    "qr": lambda A, field, **_: qr(A)[field],
    "lstsq": only(solution=least_squares),
    "tensorinv": tensorinv,
    "tensorsolve": lambda A, B, dims: solve(A.reshape(B.size, -1), B.ravel()).reshape(A.shape[B.ndim :]),
    "cond": lambda A, p: singular(A)[0] / singular(A)[-1],
    "eigh": only(eigenvalues=lambda A, **_: np.array(eigenvalues(A), dtype=object)),
    "linalg_svd": only(S=lambda A, **_: singular(A)),
    "svd": only(S=lambda A, **_: singular(A)),
}
"""By the names of the parameters."""
