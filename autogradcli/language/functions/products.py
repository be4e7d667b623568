"""Products of vectors, matrices and tensors."""

from autogradcli.language.function import Function

IGNORED = "With beta=0 x is not looked at, be it NaN."

PRODUCTS: tuple[Function, ...] = (
    Function(
        "matmul",
        "x, y",
        "The product of matrices, x @ y; what stands before the last two dimensions is a batch.",
        aliases=("np.dot", "numpy.dot", "jnp.dot"),
        torch="matmul",
        tensor=True,
    ),
    Function("mm", "x, mat2", "The product of two matrices.", torch="mm", definition="matmul(x, mat2)", tensor=True),
    Function("mv", "x, vec", "A matrix times a vector.", torch="mv", definition="matmul(x, vec)", tensor=True),
    Function(
        "bmm",
        "x, mat2",
        "The products of two batches of matrices.",
        torch="bmm",
        definition="matmul(x, mat2)",
        tensor=True,
    ),
    Function(
        "dot",
        "x, tensor",
        "The sum of the products of the components of two vectors.",
        torch="dot",
        definition="sum(x*tensor)",
        tensor=True,
        note="For matrices type matmul, or x @ y.",
    ),
    Function(
        "vdot",
        "x, y",
        "The sum of the products of the components of two vectors.",
        torch="vdot",
        definition="sum(x*y)",
        tensor=True,
    ),
    Function(
        "vecdot",
        "x, y, *, dim: int = -1",
        "The sum of products along a dimension.",
        torch="linalg.vecdot",
        definition="sum(x*y, dim=dim)",
        tensor=True,
    ),
    Function("inner", "x, y", "The sum of products over the last dimension of both.", torch="inner", tensor=True),
    Function(
        "outer",
        "x, vec2",
        "All products of a component of the one with a component of the other.",
        aliases=("ger",),
        torch="outer",
        definition="unsqueeze(x, dim=1)*vec2",
        tensor=True,
    ),
    Function(
        "tensordot",
        "a, b, dims: nested = 2",
        "The sum of products over the last dimensions of a and the first of b, or over pairs of lists of them.",
        torch="tensordot",
        tensor=True,
    ),
    Function(
        "einsum",
        "equation: text, *operands",
        'The sum of products that an equation describes, as "ij,jk->ik".',
        torch="einsum",
        tensor=True,
    ),
    Function("kron", "x, y", "The Kronecker product.", torch="kron", tensor=True),
    Function(
        "linalg_cross",
        "x, y, *, dim: int = -1",
        "The cross product along a dimension of size 3.",
        aliases=("linalg.cross", "np.cross", "numpy.cross"),
        torch="linalg.cross",
        definition=(
            "roll(x, shifts=-1, dims=dim)*roll(y, shifts=-2, dims=dim)"
            " - roll(x, shifts=-2, dims=dim)*roll(y, shifts=-1, dims=dim)"
        ),
        tensor=True,
    ),
    Function(
        "cross",
        "x, y, dim: int = None",
        "The cross product along a dimension, the first of size 3 if none is named.",
        torch="cross",
        tensor=True,
        note="torch.linalg.cross takes the last dimension.",
    ),
    Function(
        "multi_dot", "tensors: sequence", "The product of several matrices.", torch="linalg.multi_dot", tensor=True
    ),
    Function("chain_matmul", "*matrices", "The product of several matrices.", torch="chain_matmul", tensor=True),
    Function(
        "addmm",
        "x, mat1, mat2, *, beta: number = 1, alpha: number = 1",
        "beta*x + alpha*(mat1 @ mat2).",
        torch="addmm",
        definition="where(beta == 0, 0, beta*x) + alpha*matmul(mat1, mat2)",
        tensor=True,
        note=IGNORED,
    ),
    Function(
        "addmv",
        "x, mat, vec, *, beta: number = 1, alpha: number = 1",
        "beta*x + alpha*(mat @ vec).",
        torch="addmv",
        definition="where(beta == 0, 0, beta*x) + alpha*matmul(mat, vec)",
        tensor=True,
    ),
    Function(
        "addr",
        "x, vec1, vec2, *, beta: number = 1, alpha: number = 1",
        "beta*x + alpha*outer(vec1, vec2).",
        torch="addr",
        definition="where(beta == 0, 0, beta*x) + alpha*outer(vec1, vec2)",
        tensor=True,
    ),
    Function(
        "baddbmm",
        "x, batch1, batch2, *, beta: number = 1, alpha: number = 1",
        "beta*x + alpha*(batch1 @ batch2).",
        torch="baddbmm",
        definition="where(beta == 0, 0, beta*x) + alpha*matmul(batch1, batch2)",
        tensor=True,
    ),
    Function(
        "addbmm",
        "x, batch1, batch2, *, beta: number = 1, alpha: number = 1",
        "beta*x + alpha times the sum of the products of a batch.",
        torch="addbmm",
        definition="where(beta == 0, 0, beta*x) + alpha*sum(matmul(batch1, batch2), dim=0)",
        tensor=True,
    ),
)
