"""Products of vectors, matrices and tensors."""

import pytest

from tests.meanings import proven

CASES = [
    "a @ a",
    "a @ m",
    "m @ v",
    "u @ b",
    "u @ v",
    "t @ r",
    "t @ r[0]",
    "r @ t",
    "t @ u[:1].expand(4)",
    "matmul(u[:2], m)",
    "matmul(t[:, None], r)",
    "mm(a, m)",
    "mv(m, v)",
    "bmm(t, r)",
    "dot(u, v)",
    "v.dot(v)",
    "vdot(u, v)",
    "inner(u, v)",
    "inner(m, n)",
    "inner(m, v)",
    "inner(s, v)",
    "outer(u, v)",
    "ger(u, v)",
    "kron(u, v)",
    "kron(a, m)",
    "kron(m, v)",
    "cross(u, v)",
    "cross(m, n)",
    "cross(q, q*q)",
    "torch.linalg.cross(m, n)",
    "linalg.cross(q, q*q, dim=0)",
    "linalg.vecdot(m, n)",
    "vecdot(m, n, dim=0)",
    "tensordot(m, n)",
    "tensordot(t, r, dims=([1, 2], [2, 1]))",
    "tensordot(t, v, ([1], [0]))",
    "tensordot(u, v, dims=0)",
    'einsum("ij,jk->ik", a, m)',
    'einsum("ij,kj", m, n)',
    'einsum("ii", b)',
    'einsum("ii->i", b)',
    'einsum("ij->", m)',
    'einsum("ij->j", m)',
    'einsum("...ij,...jk->...ik", t, r)',
    'einsum("bij, bjk, ki -> b", t, r, b)',
    'einsum("i,j,k->kji", u, v, u)',
    'einsum("...i->...", t)',
    "multi_dot([a, m, q])",
    "torch.linalg.multi_dot([u, b, v])",
    "chain_matmul(a, m, q)",
    "addmm(a, m, q)",
    "addmm(a, m, q, beta=0.5, alpha=2)",
    "addmv(u[:2], m, v)",
    "addr(b, u, v, alpha=3)",
    "baddbmm(t[:, :, :3], t, r, beta=2)",
    "addbmm(b, t, r)",
    "u * t[:, :, :3]",
    "m + v",
    "m*u - s",
    "q[:, None]*m.T",
]


@pytest.mark.parametrize("text", CASES)
def test_torch_gives_what_is_meant(text: str) -> None:
    """Value and gradients are those of the definition, component by component."""
    assert proven(text)
