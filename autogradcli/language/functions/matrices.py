"""Functions of matrices: determinants, inverses, linear systems, factors."""

from autogradcli.language.function import Function

NOT_SCALAR = "It has no definition in scalar operations: torch alone computes it, and its gradient is not verified."

MATRICES: tuple[Function, ...] = (
    Function(
        "trace",
        "x",
        "The sum of the diagonal of a matrix.",
        torch="trace",
        definition="sum(diagonal(x))",
        tensor=True,
    ),
    Function("det", "A", "The determinant.", torch="linalg.det", tensor=True),
    Function(
        "logdet",
        "x",
        "The logarithm of the determinant.",
        torch="logdet",
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
    ),
    Function("inverse", "A", "The inverse of a matrix.", aliases=("inv",), torch="linalg.inv", tensor=True),
    Function(
        "solve",
        "A, B, *, left: flag = True",
        "What solves A @ X = B; with left=False X @ A = B.",
        torch="linalg.solve",
        tensor=True,
    ),
    Function(
        "solve_triangular",
        "A, B, *, upper: flag, left: flag = True, unitriangular: flag = False",
        "What solves A @ X = B for a triangular A; what is on its other side is not read.",
        torch="linalg.solve_triangular",
        tensor=True,
    ),
    Function(
        "pinv",
        "A",
        "The pseudoinverse of a matrix.",
        aliases=("pinverse",),
        torch="linalg.pinv",
        tensor=True,
        note="Defined where the rank is full; elsewhere it jumps.",
    ),
    Function(
        "vander",
        "x, N: int = None, increasing: flag = False",
        "The powers of each component, from N - 1 to 0; with increasing=True from 0 to N - 1.",
        torch="vander",
        tensor=True,
        note="As in NumPy. The powers of torch.linalg.vander rise.",
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
    Function("block_diag", "*tensors", "Zeros but for matrices on the diagonal.", torch="block_diag", tensor=True),
    Function(
        "cholesky",
        "A, *, upper: flag = False",
        "The lower triangle L for which L @ L.T is A; with upper=True its transpose.",
        torch="linalg.cholesky",
        tensor=True,
        note="Of symmetric matrices alone: torch's value reads one triangle of A, its gradient is that of (A + A.T)/2.",
    ),
    Function(
        "matrix_power",
        "A, n: int",
        "The product of n factors A, or -n factors inverse(A).",
        torch="linalg.matrix_power",
        tensor=True,
    ),
    Function(
        "matrix_exp",
        "A",
        "The exponential of a matrix.",
        aliases=("expm",),
        torch="linalg.matrix_exp",
        tensor=True,
        note=NOT_SCALAR,
    ),
    Function("svdvals", "A", "The singular values.", torch="linalg.svdvals", tensor=True, note=NOT_SCALAR),
    Function(
        "eigvalsh", "A", "The eigenvalues of a symmetric matrix.", torch="linalg.eigvalsh", tensor=True, note=NOT_SCALAR
    ),
    Function(
        "cov",
        "x, *, correction: int = 1",
        "The covariances of the rows.",
        torch="cov",
        tensor=True,
    ),
    Function(
        "corrcoef",
        "x",
        "The coefficients of correlation of the rows.",
        torch="corrcoef",
        tensor=True,
    ),
)
