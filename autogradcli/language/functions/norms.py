"""Norms and distances."""

from autogradcli.language.function import Function

NORMS: tuple[Function, ...] = (
    Function(
        "norm",
        'x, p: order = "fro", dim: ints = None, keepdim: flag = False',
        "The norm of order p of all components, or along dimensions; the Euclidean one if none is named.",
        torch="norm",
        tensor=True,
        note="For any number p this is the norm of a vector; linalg.norm has those of matrices.",
    ),
    Function(
        "linalg_norm",
        "A, ord: order = None, dim: ints = None, keepdim: flag = False",
        "A norm of vectors, or if an order is given for two dimensions, of matrices.",
        aliases=("linalg.norm", "norm"),
        torch="linalg.norm",
        tensor=True,
    ),
    Function(
        "vector_norm",
        "x, ord: order = 2, dim: ints = None, keepdim: flag = False",
        "The norm of this order of all components, or along dimensions.",
        torch="linalg.vector_norm",
        tensor=True,
    ),
    Function(
        "matrix_norm",
        'A, ord: order = "fro", dim: ints = (-2, -1), keepdim: flag = False',
        "The norm of this order of matrices.",
        torch="linalg.matrix_norm",
        tensor=True,
    ),
    Function(
        "dist",
        "x, y, p: order = 2",
        "The norm of order p of the difference of two tensors.",
        torch="dist",
        definition="norm(x - y, p=p)",
        tensor=True,
    ),
    Function(
        "cdist",
        "x1, x2, p: order = 2",
        "The distances of all rows of the one from all rows of the other.",
        torch="cdist",
        definition="vector_norm(unsqueeze(x1, dim=-2) - unsqueeze(x2, dim=-3), ord=p, dim=-1)",
        tensor=True,
    ),
    Function(
        "pairwise_distance",
        "x1, x2, p: order = 2, eps: number = 1e-6, keepdim: flag = False",
        "The norm of order p of x1 - x2 + eps along the last dimension.",
        torch="nn.functional.pairwise_distance",
        definition="vector_norm(x1 - x2 + eps, ord=p, dim=-1, keepdim=keepdim)",
        tensor=True,
    ),
    Function(
        "normalize",
        "x, p: order = 2, dim: int = 1, eps: number = 1e-12",
        "x over its norm along a dimension, or over eps where that is larger.",
        torch="nn.functional.normalize",
        definition="x/maximum(vector_norm(x, ord=p, dim=dim, keepdim=True), eps)",
        tensor=True,
    ),
    Function(
        "cosine_similarity",
        "x1, x2, dim: int = 1, eps: number = 1e-8",
        "The cosine of the angle between vectors along a dimension; no norm counts as less than eps.",
        torch="nn.functional.cosine_similarity",
        tensor=True,
        note="The vectors are broadcast to one shape before their norms are taken.",
    ),
)
