"""Determinants, inverses, linear systems and factors."""

import pytest

from tests.helpers import examine
from tests.meanings import proven

CASES = [
    "solve_triangular(b, q, upper=True)",
    "linalg.solve_triangular(b, m, upper=False, left=False)",
    "solve_triangular(c, c[:, :2], upper=False, unitriangular=True)",
    "pinv(m)",
    "linalg.pinv(q)",
    "pinverse(a)",
    "linalg.vander(v)",
    "vander(m, N=4)",
    "torch.block_diag(a, m, v)",
    "trace(b)",
    "trace(m)",
    "det(a)",
    "det(b)",
    "det(c)",
    "linalg.det(d)",
    "det(a[:1, :1])",
    "torch.det(t[:, :2, :2])",
    "logdet(b)",
    "slogdet(a).logabsdet",
    "slogdet(-b)[1]",
    "slogdet(b)[0]*b",
    "inverse(a)",
    "inv(b)",
    "np.linalg.inv(c)",
    "inverse(d)",
    "inverse(stack([a, a.T]))",
    "solve(a, m)",
    "linalg.solve(b, v)",
    "solve(c, c[:2].T)",
    "solve(b, m, left=False)",
    "solve(stack([a, a.T]), m)",
    "solve(stack([a, a.T]), a)",
    "cholesky(a @ a.T)",
    "linalg.cholesky(b @ b.T, upper=True)",
    "cholesky(c @ c.T)",
    "matrix_power(b, 3)",
    "matrix_power(a, 0)*a",
    "matrix_power(a, 1)",
    "matrix_power(a, -2)",
    "matrix_power(stack([a, a.T]), 5)",
    "cov(m)",
    "cov(v)",
    "cov(m, correction=0)",
    "corrcoef(b)",
]


@pytest.mark.parametrize("text", CASES)
def test_torch_gives_what_is_meant(text: str) -> None:
    """Value and gradients are those of the definition, component by component."""
    assert proven(text)


JUMPS = (
    # a matrix without full rank, and the components along which the rank grows: there the inverse is without bounds
    ("[[1, 2], [2, 4]]", 4),
    ("[[1, 0], [0, 0]]", 1),
    ("[[0]]", 1),
    ("[[0, 0], [0, 0]]", 4),
    ("[[1, 2, 3], [2, 4, 6]]", 6),
    ("[[1, 2], [2, 4], [3, 6]]", 6),
)


@pytest.mark.parametrize(("matrix", "count"), JUMPS)
def test_the_pseudoinverse_jumps_where_the_rank_does(matrix: str, count: int) -> None:
    """It has a value there, and along components that keep the rank a derivative."""
    found = examine("sum(pinv(A))", {"A": matrix})["A"]
    assert found.reason is not None
    assert (found.verdict, found.reason.code, found.counts["undefined"]) == ("undefined", "GC113", count)
    assert set(found.counts) <= {"undefined", "verified"}


def test_a_batch_is_looked_at_matrix_by_matrix() -> None:
    """A product of a column and a row keeps its rank: it has a derivative, and no definition of ours proves it."""
    columns = "[[[1], [2], [3]], [[1], [1], [2]]]"
    found = examine("sum(pinv(x @ x.mT))", {"x": columns})["x"]
    assert (found.verdict, found.reason and found.reason.code) == ("unverified", "GC504")
