"""Reductions and norms: over everything, over one dimension and over several, kept or not."""

import itertools

import pytest

from tests.helpers import problem_report
from tests.meanings import proven

SEVERAL = ("sum", "mean", "amax", "amin", "nansum", "nanmean", "var", "std", "vector_norm", "norm", "logsumexp")
"""Rows that take one dimension or several."""
DIMENSIONS = (
    "dim=0",
    "dim=-1",
    "dim=1, keepdim=True",
    "dim=(0, 2)",
    "dim=(-1, 0), keepdim=True",
    "axis=2, keepdims=True",
)

REDUCED = [
    *(f"{name}(t, {dim})" for name, dim in itertools.product(SEVERAL, DIMENSIONS)),
    *(
        f"{name}(t, {dim})"
        for name, dim in itertools.product(("prod", "max", "min", "median"), DIMENSIONS)
        if "(" not in dim
    ),
    *(
        f"{name}({x})"
        for name, x in itertools.product(("sum", "mean", "prod", "amax", "amin", "max", "min", "median", "norm"), "smt")
    ),
    *(f"{name}({x})" for name, x in itertools.product(("var", "std", "vector_norm"), "mt")),
    *(
        f"{name}({x}, dim={dim})"
        for name, x, dim in itertools.product(
            ("cumsum", "cumprod", "cummax", "cummin", "sort", "logcumsumexp"), "mt", (0, -1)
        )
    ),
]
CASES = [
    "quantile(m, 0.3)",
    "quantile(t, 0.5, dim=1, keepdim=True)",
    "quantile(m, 1.0, dim=0)",
    "trapezoid(m)",
    "torch.trapz(t, dx=0.5, dim=1)",
    "trapezoid(m, v)",
    "trapezoid(m, n, dim=0)",
    "m.sum(0)",
    "sum(m, axis=1)",
    "sum(s, dim=0)",
    "m.mean(dim=(0, 1))",
    "var(m, dim=0, unbiased=False)",
    "var(m, correction=0)",
    "std(m, dim=1, correction=2, keepdim=True)",
    "std(m, unbiased=False)",
    "max(m, dim=1).values",
    "max(m, dim=1)[0]",
    "max(m, dim=1).indices*v[:2]",
    "min(m, dim=0).indices*v",
    "max(u, v)",
    "max(v, 0)",
    "median(m, dim=1)[0]",
    "kthvalue(t, 2)",
    "kthvalue(t, 1, dim=0, keepdim=True)",
    "sort(t, dim=1, descending=True).values",
    "topk(t, 2)",
    "topk(t, 2, dim=1, largest=False).values",
    *(f"norm(m, {p})" for p in ("1", "2", "3", "-1", "0.5", "inf", "-inf", '"fro"', "p=4, dim=1", "2, dim=(0, 1)")),
    *(
        f"linalg.norm({x}"
        for x in ("v)", "m)", "m, 1)", "m, -inf)", "v, 3)", 'm, "fro")', "t, dim=1)", "t, ord=-1, dim=(0, 2))")
    ),
    *(f"linalg.vector_norm(t, {ord})" for ord in ("1", "3, dim=0", "inf, dim=(0, 1), keepdim=True", "1.5")),
    *(f"matrix_norm(t{ord})" for ord in ("", ", inf", ", 1, dim=(0, 1)", ", -1, keepdim=True", ', "fro", (0, 2)')),
    "np.linalg.norm(v, ord=1)",
    "dist(m, n)",
    "dist(m, n, 3)",
    "dist(m, v, p=1)",
    "cdist(m, n)",
    "cdist(t, r.mT, p=1)",
    "F.pairwise_distance(m, n)",
    "pairwise_distance(m, n, p=3, keepdim=True)",
    "pairwise_distance(u, v, eps=0.1)",
    "F.normalize(m)",
    "normalize(t, p=3, dim=0)",
    "normalize(v/9, dim=0, eps=5)",
    "F.cosine_similarity(m, n)",
    "cosine_similarity(u, v, dim=0)",
    "cosine_similarity(t, t[0]*t, dim=-1)",
]


@pytest.mark.parametrize("text", [*REDUCED, *CASES])
def test_torch_gives_what_is_meant(text: str) -> None:
    """Value and gradients are those of the definition, component by component."""
    assert proven(text)


EMPTY = [
    ("sum(x[:0]) + x[0]", "[2]", "verified"),
    ("prod(x[:0])*x[0]", "[2]", "verified"),
    ("norm(x[:0]) + x[0]", "[2]", "verified"),
    ("dot(x[:0], x[:0]) + x[0]", "[2]", "verified"),
    ("sum(cumsum(x[:0], 0)) + x[0]", "[2]", "verified"),
    ("sum(softmax(x[:0], 0)) + x[0]", "[2]", "verified"),
    ("sum(mean(x[:0], dim=1)) + x[0, 0]", "[[2, 3]]", "verified"),
    ("sum(x[:0] @ x[:0].T) + x[0, 0]", "[[2]]", "verified"),
    ("sum(inverse(x[:0])) + x[0, 0, 0]", "[[[2]]]", "verified"),
    ("mean(x[:0]) + x[0]", "[2]", "undefined"),
    ("median(x[:0]) + x[0]", "[2]", "undefined"),
    ("logsumexp(x[:0], 0) + x[0]", "[2]", "undefined"),
]


@pytest.mark.parametrize(("text", "x", "verdict"), EMPTY)
def test_reductions_of_nothing(text: str, x: str, verdict: str) -> None:
    """The sum of no components is 0, their product 1; there is no mean of them, and so no value with one in it."""
    assert problem_report(text, x=x).verdict == verdict
