"""Products of reflections, and the factors of matrices that they make."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite

from autogradcli.functions.factors import batched
from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Handle, TapeBuilder, array
from autogradcli.functions.later import numpy as np
from autogradcli.functions.matrices import identity

# ruff: noqa: N803 (torch's own names of matrices are capitals)


def _reflected(builder: TapeBuilder, v: Array, scale: int, x: Array) -> Array:
    """x - scale*v*(v @ x)."""
    return array(builder.formula("x - scale*outer(v, v @ x)", x=x, scale=scale, v=v))


def _multiplied(builder: TapeBuilder, A: Array, tau: Array, x: Array, transposed: bool) -> Array:
    """The product of reflections, whose vectors stand below the diagonal of A, and x; or that of its transpose."""
    one, zero = builder.literal(Fraction(1)), builder.literal(Fraction(0))
    for k in range(len(tau)) if transposed else reversed(range(len(tau))):
        v = np.array([*[zero] * k, one, *A[k + 1 :, k]], dtype=np.intp)
        x = _reflected(builder, v, int(tau[k]), x)
    return x


def householder_product(builder: TapeBuilder, A: Array, tau: Array) -> Array:
    """The first columns of the product of reflections."""
    return _multiplied(builder, A, tau, identity(builder, len(A))[:, : A.shape[1]], False)


def ormqr(builder: TapeBuilder, A: Array, tau: Array, other: Array, left: bool, transpose: bool) -> Array:
    """The product of reflections, or its transpose, and another matrix, or of that and the former."""
    if left:
        return _multiplied(builder, A, tau, other, transpose)
    return _multiplied(builder, A, tau, other.T, not transpose).T


def qr(builder: TapeBuilder, A: Array, field: str, complete: bool) -> Array:
    """Q or R of one matrix by reflections, with the signs that LAPACK gives: that which cancels nothing."""
    rest, reflections = A, []
    for k in range(min(len(A) - 1, A.shape[1])):
        v, scale = _reflection(builder, rest[k:, k], k)
        reflections.append((v, scale))
        rest = _reflected(builder, v, scale, rest)
    size = len(A) if complete else min(A.shape)
    if field == "R":
        return array(builder.call("triu", rest[:size], diagonal=0))
    product = identity(builder, len(A))[:, :size]
    for v, scale in reversed(reflections):
        product = _reflected(builder, v, scale, product)
    return product


def _reflection(builder: TapeBuilder, x: Array, before: int) -> tuple[Array, int]:
    """The vector of the reflection that leaves of x its first component alone, and 2 over its square."""
    sizes = builder.estimates(x.tolist())
    if sizes is None or not any(sizes[1:]) or not all(map(isfinite, sizes)):
        raise NoDefinition("the sign of a column that is 0 below the diagonal")
    length = builder.call("vector_norm", x)
    head = builder.call("sub" if sizes[0] < 0 else "add", int(x[0]), length)
    v = np.array([*[builder.literal(Fraction(0))] * before, head, *x[1:]], dtype=np.intp)
    return v, builder.formula("2/(v @ v)", v=v)


_qr_all = batched(qr, A=2)


def linalg_qr(builder: TapeBuilder, A: Handle, mode: str, field: str) -> Handle:
    """Q or R of matrices; with mode="r" there is no Q."""
    if field == "Q" and mode == "r":
        return np.empty(0, dtype=np.intp)
    return _qr_all(builder, A=A, field=field, complete=mode == "complete")


def torch_qr(builder: TapeBuilder, A: Handle, some: bool, field: str) -> Handle:
    """The same in an older spelling."""
    return _qr_all(builder, A=A, field=field, complete=not some)


ROWS: tuple[Function, ...] = (
    Function(
        "householder_product",
        "A, tau",
        "The first columns of a product of reflections, whose vectors stand below the diagonal of A.",
        aliases=("orgqr",),
        torch="linalg.householder_product",
        tensor=True,
        body=batched(householder_product, A=2, tau=1),
    ),
    Function(
        "ormqr",
        "A, tau, other, left: flag = True, transpose: flag = False",
        "The product of reflections, whose vectors stand below the diagonal of A, and another matrix.",
        tensor=True,
        body=batched(ormqr, A=2, tau=1, other=2),
    ),
    Function(
        "linalg_qr",
        'A, mode: ("reduced", "complete", "r") = "reduced"',
        "Q with orthogonal columns and a triangle R, whose product is A.",
        aliases=("linalg.qr",),
        torch="linalg.qr",
        tensor=True,
        returns="fields",
        fields=("Q", "R"),
        body=linalg_qr,
    ),
    Function(
        "qr",
        "A, some: flag = True",
        "linalg.qr in an older spelling.",
        tensor=True,
        returns="fields",
        fields=("Q", "R"),
        body=torch_qr,
    ),
)
