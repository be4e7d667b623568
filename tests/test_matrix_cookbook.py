# ruff: noqa: N803 matrices have capital letters
"""Derivatives of determinants, inverses, traces and norms, as the Matrix Cookbook claims them.

K. B. Petersen and M. S. Pedersen, The Matrix Cookbook, version of 15 November 2012, chapter 2; by equation number.
"""

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any

import numpy as np
import pytest
from numpy.linalg import det, inv, matrix_power, norm, pinv

from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Options, Problem
from autogradcli.language.parser import parse

Matrix = np.ndarray[Any, np.dtype[np.float64]]

RANDOM = np.random.default_rng(2012)
SIZE = 3
SHAPES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys("ABCDX", (SIZE, SIZE)),
    **dict.fromkeys("abcdsx", (SIZE,)),
    "Y": (4, 2),
    "K": (4, 4),
}
GIVEN: dict[str, Matrix] = {name: RANDOM.uniform(-1, 1, shape) for name, shape in SHAPES.items()}
"""A point: square matrices, vectors, a tall matrix Y and a matrix K that it can be multiplied with."""
GIVEN["X"] += 2 * np.eye(SIZE)
GIVEN["S"], GIVEN["M"] = (GIVEN[name] + GIVEN[name].T for name in ("A", "B"))
GIVEN["L"] = GIVEN["K"] @ GIVEN["K"].T
GIVEN["R"] = GIVEN["C"] @ GIVEN["C"].T
GIVEN["P"] = GIVEN["D"][:2, :2] @ GIVEN["D"][:2, :2].T
"""Symmetric ones: S and M, and L (4 x 4), R and P (2 x 2), which are positive definite as well."""


def sandwich(x: Matrix, a: Matrix, k: int) -> Matrix:
    """The sum over r of (X^r A X^(k-r-1))^T."""
    terms = [matrix_power(x, r) @ a @ matrix_power(x, k - r - 1) for r in range(k)]
    total: Matrix = np.sum(terms, axis=0)
    return total.T


Claim = Callable[..., Matrix]

CLAIMS: list[tuple[str, str, str, Claim]] = [
    ("49", "det(X)", "X", lambda X: det(X) * inv(X).T),
    ("51", "det(A @ X @ B)", "X", lambda A, X, B: det(A @ X @ B) * inv(X).T),
    ("52", "det(X.T @ A @ X)", "X", lambda X, A: 2 * det(X.T @ A @ X) * inv(X).T),
    ("53", "det(Y.T @ L @ Y)", "Y", lambda Y, L: 2 * det(Y.T @ L @ Y) * L @ Y @ inv(Y.T @ L @ Y)),
    (
        "54",
        "det(Y.T @ K @ Y)",
        "Y",
        lambda Y, K: det(Y.T @ K @ Y) * (K @ Y @ inv(Y.T @ K @ Y) + K.T @ Y @ inv(Y.T @ K.T @ Y)),
    ),
    ("55", "logdet(Y.T @ Y)", "Y", lambda Y: 2 * pinv(Y).T),
    ("57", "log(abs(det(X)))", "X", lambda X: inv(X).T),
    ("57 slogdet", "slogdet(X).logabsdet", "X", lambda X: inv(X).T),
    ("58", "det(matrix_power(X, 3))", "X", lambda X: 3 * det(X) ** 3 * inv(X).T),
    ("61", "a @ inv(X) @ b", "X", lambda X, a, b: -inv(X).T @ np.outer(a, b) @ inv(X).T),
    ("62", "det(inv(X))", "X", lambda X: -inv(X).T / det(X)),
    ("63", "trace(A @ inv(X) @ B)", "X", lambda A, X, B: -(inv(X) @ B @ A @ inv(X)).T),
    ("64", "trace(inv(X + A))", "X", lambda X, A: -(inv(X + A) @ inv(X + A)).T),
    ("69", "x @ a", "x", lambda a: a),
    ("70", "a @ X @ b", "X", lambda a, b: b[None, :] * a[:, None]),
    ("71", "a @ X.T @ b", "X", lambda a, b: np.outer(b, a)),
    ("72", "a @ X @ a", "X", lambda a: np.outer(a, a)),
    (
        "76",
        "sum(X[k, l]*X[m, n] for k in range(3) for l in range(3) for m in range(3) for n in range(3))",
        "X",
        lambda X: 2 * X.sum() * np.ones_like(X),
    ),
    ("77", "b @ X.T @ X @ c", "X", lambda X, b, c: X @ (np.outer(b, c) + np.outer(c, b))),
    (
        "78",
        "(B @ x + b) @ C @ (D @ x + d)",
        "x",
        lambda B, x, b, C, D, d: B.T @ C @ (D @ x + d) + D.T @ C.T @ (B @ x + b),
    ),
    ("81", "x @ B @ x", "x", lambda B, x: (B + B.T) @ x),
    ("82", "b @ X.T @ D @ X @ c", "X", lambda X, D, b, c: D.T @ X @ np.outer(b, c) + D @ X @ np.outer(c, b)),
    ("83", "(X @ b + c) @ D @ (X @ b + c)", "X", lambda X, D, b, c: (D + D.T) @ np.outer(X @ b + c, b)),
    ("84", "(x - A @ s) @ S @ (x - A @ s)", "s", lambda x, A, S, s: -2 * A.T @ S @ (x - A @ s)),
    ("85", "(x - s) @ S @ (x - s)", "x", lambda x, S, s: 2 * S @ (x - s)),
    ("86", "(x - s) @ S @ (x - s)", "s", lambda x, S, s: -2 * S @ (x - s)),
    ("87", "(x - A @ s) @ S @ (x - A @ s)", "x", lambda x, A, S, s: 2 * S @ (x - A @ s)),
    ("88", "(x - A @ s) @ S @ (x - A @ s)", "A", lambda x, A, S, s: -2 * np.outer(S @ (x - A @ s), s)),
    ("91", "a @ matrix_power(X, 3) @ b", "X", lambda X, a, b: sandwich(X, np.outer(b, a), 3)),
    (
        "92",
        "a @ matrix_power(X, 2).T @ matrix_power(X, 2) @ b",
        "X",
        lambda X, a, b: sandwich(X, np.outer(b, a) @ (X @ X).T, 2) + sandwich(X, np.outer(a, b) @ (X @ X).T, 2),
    ),
    ("99", "trace(X)", "X", lambda: np.eye(SIZE)),
    ("100", "trace(X @ A)", "X", lambda A: A.T),
    ("101", "trace(A @ X @ B)", "X", lambda A, B: A.T @ B.T),
    ("102", "trace(A @ X.T @ B)", "X", lambda A, B: B @ A),
    ("103", "trace(X.T @ A)", "X", lambda A: A),
    ("104", "trace(A @ X.T)", "X", lambda A: A),
    ("105", "trace(kron(A, X))", "X", lambda A: np.trace(A) * np.eye(SIZE)),
    ("106", "trace(matrix_power(X, 2))", "X", lambda X: 2 * X.T),
    ("107", "trace(X @ X @ B)", "X", lambda X, B: (X @ B + B @ X).T),
    ("108", "trace(X.T @ B @ X)", "X", lambda X, B: B @ X + B.T @ X),
    ("109", "trace(B @ X @ X.T)", "X", lambda X, B: B @ X + B.T @ X),
    ("110", "trace(X @ X.T @ B)", "X", lambda X, B: B @ X + B.T @ X),
    ("111", "trace(X @ B @ X.T)", "X", lambda X, B: X @ B.T + X @ B),
    ("112", "trace(B @ X.T @ X)", "X", lambda X, B: X @ B.T + X @ B),
    ("113", "trace(X.T @ X @ B)", "X", lambda X, B: X @ B.T + X @ B),
    ("114", "trace(A @ X @ B @ X)", "X", lambda A, X, B: A.T @ X.T @ B.T + B.T @ X.T @ A.T),
    ("115", "trace(X.T @ X)", "X", lambda X: 2 * X),
    ("116", "trace(B.T @ X.T @ C @ X @ B)", "X", lambda B, X, C: C.T @ X @ B @ B.T + C @ X @ B @ B.T),
    ("117", "trace(X.T @ B @ X @ C)", "X", lambda X, B, C: B @ X @ C + B.T @ X @ C.T),
    ("118", "trace(A @ X @ B @ X.T @ C)", "X", lambda A, X, B, C: A.T @ C.T @ X @ B.T + C @ A @ X @ B),
    (
        "119",
        "trace((A @ X @ B + C) @ (A @ X @ B + C).T)",
        "X",
        lambda A, X, B, C: 2 * A.T @ (A @ X @ B + C) @ B.T,
    ),
    ("120", "trace(kron(X, X))", "X", lambda X: 2 * np.trace(X) * np.eye(SIZE)),
    ("121", "trace(matrix_power(X, 4))", "X", lambda X: 4 * matrix_power(X, 3).T),
    ("122", "trace(A @ matrix_power(X, 3))", "X", lambda A, X: sandwich(X, A, 3)),
    (
        "123",
        "trace(B.T @ X.T @ C @ X @ X.T @ C @ X @ B)",
        "X",
        lambda B, X, C: (
            C @ X @ X.T @ C @ X @ B @ B.T
            + C.T @ X @ B @ B.T @ X.T @ C.T @ X
            + C @ X @ B @ B.T @ X.T @ C @ X
            + C.T @ X @ X.T @ C.T @ X @ B @ B.T
        ),
    ),
    (
        "124",
        "trace(inv(X.T @ R @ X) @ A)",
        "X",
        lambda X, R, A: -(R @ X @ inv(X.T @ R @ X)) @ (A + A.T) @ inv(X.T @ R @ X),
    ),
    (
        "125",
        "trace(inv(Y.T @ L @ Y) @ (Y.T @ (K + K.T) @ Y))",
        "Y",
        lambda Y, L, K: (
            -2 * L @ Y @ inv(Y.T @ L @ Y) @ Y.T @ (K + K.T) @ Y @ inv(Y.T @ L @ Y)
            + 2 * (K + K.T) @ Y @ inv(Y.T @ L @ Y)
        ),
    ),
    (
        "126",
        "trace(inv(P + Y.T @ L @ Y) @ (Y.T @ (K + K.T) @ Y))",
        "Y",
        lambda P, Y, L, K: (
            -2 * L @ Y @ inv(P + Y.T @ L @ Y) @ Y.T @ (K + K.T) @ Y @ inv(P + Y.T @ L @ Y)
            + 2 * (K + K.T) @ Y @ inv(P + Y.T @ L @ Y)
        ),
    ),
    ("129", "norm(x - a)", "x", lambda x, a: (x - a) / norm(x - a)),
    ("130", "b @ ((x - a)/norm(x - a))", "x", lambda b, x, a: projected(b, x - a)),
    ("131", "norm(x)**2", "x", lambda x: 2 * x),
    ("132", "norm(X)**2", "X", lambda X: 2 * X),
    ("132 trace", "trace(X @ X.T)", "X", lambda X: 2 * X),
]


def projected(b: Matrix, y: Matrix) -> Matrix:
    """(I / |y| - y y^T / |y|^3) b."""
    return b / norm(y) - y * (y @ b) / norm(y) ** 3


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """Engines that stay warm."""
    with Session(symbolic=False) as warm:
        yield warm


@pytest.mark.parametrize(("number", "text", "about", "claim"), CLAIMS, ids=[f"{row[0]} {row[1]}" for row in CLAIMS])
def test_the_claim_is_the_gradient(session: Session, number: str, text: str, about: str, claim: Claim) -> None:
    """Autograd's gradient is the cookbook's formula, and it is verified."""
    program = parse(text, GIVEN)
    at = {name: parse(str(GIVEN[name].tolist())) for name in program.variables}
    report = session.start(Problem(program, at, (about,), Options(symbolic=False))).report()
    gradient = report.gradients[about]
    claimed = claim(*(GIVEN[name] for name in signature(claim).parameters))
    np.testing.assert_allclose(gradient.autograd, claimed, rtol=1e-9, atol=1e-9 * np.abs(claimed).max(), err_msg=number)
    assert gradient.verdict == "verified"
