"""Rows of tensor functions: their texts, their names, and where torch's gradient is none of theirs."""

from functools import reduce

import pytest
import torch

from autogradcli.compute.compute import compute
from autogradcli.compute.report import Report
from autogradcli.engines.torch.adapters import ADAPTERS, native
from autogradcli.engines.torch.engine import constant
from autogradcli.errors import GradcalcError
from autogradcli.functions import table
from autogradcli.functions.function import Function
from autogradcli.language.parser import parse
from autogradcli.language.program import Call
from autogradcli.language.tape import definition
from tests.helpers import problem

TENSORS = [row for row in table.rows().values() if row.tensor]


def by_name(row: Function) -> str:
    """The test's name for a row."""
    return row.name


def called(text: str) -> str:
    """The row that a text calls last."""
    step = parse(text).steps[-1]
    assert isinstance(step, Call)
    return step.function


def found(text: str, **at: str) -> Report:
    """The report by torch and Arb."""
    return compute(problem(text, at))


# Texts.


@pytest.mark.parametrize("row", TENSORS, ids=by_name)
def test_a_row_is_defined_once(row: Function) -> None:
    """By a formula in its parameters, or by a function; if by nothing, it says so, or its numbers are random."""
    ways = bool(row.definition) + (row.body is not None)
    assert row.doc.endswith(".")
    assert ways == (0 if row.random or "no definition" in row.note else 1), "a definition or a body, not both"
    if row.definition:
        assert set(definition(row).variables) <= {parameter.name for parameter in row.parameters}


@pytest.mark.parametrize("row", [row for row in TENSORS if row.torch], ids=by_name)
def test_torch_has_what_a_row_names(row: Function) -> None:
    """The path leads to a callable below torch."""
    assert callable(reduce(getattr, row.torch.split("."), torch))


def test_adapters_belong_to_rows() -> None:
    """An adapter under a misspelt name would never be used; what torch has not at all is defined in other rows."""
    rows = table.rows()
    assert set(ADAPTERS) <= set(rows)
    assert [row.name for row in TENSORS if native(row) is None] == [
        "tensor",
        "population_var",
        "population_std",
        "midpoint_median",
    ], "a row that torch lacks is in this list if its definition does, and has an adapter else"


# Names.

NAMES = [
    ("norm(x, 1)", "norm"),
    ("torch.norm(x, 1)", "norm"),
    ("x.norm(1)", "norm"),
    ("norm(x, ord=1)", "linalg_norm"),
    ("torch.linalg.norm(x, 1)", "linalg_norm"),
    ("np.linalg.norm(x)", "linalg_norm"),
    ("cross(x, y)", "cross"),
    ("torch.linalg.cross(x, y)", "linalg_cross"),
    ("np.cross(x, y)", "linalg_cross"),
    ("torch.linalg.diagonal(x)", "linalg_diagonal"),
    ("x.diagonal()", "diagonal"),
    ("max(x, 0)", "maximum"),
    ("max(x, y)", "maximum"),
    ("max(x)", "max_all"),
    ("x.max()", "max_all"),
    ("max(x, dim=0)", "max_dim"),
    ("np.min(x, axis=0)", "min_dim"),
    ("median(x)", "median"),
    ("x.median(0)", "median_dim"),
    ("arange(3)", "arange_to"),
    ("arange(end=3)", "arange_to"),
    ("np.arange(1, 3)", "arange"),
    ("transpose(x, 0, 1)", "transpose"),
    ("np.transpose(x)", "t"),
    ("np.transpose(x, (1, 0))", "permute"),
    ("x.T", "t"),
    ("x.mT", "adjoint"),
    ("x.shape", "size"),
    ("x @ y", "matmul"),
    ("x[0]", "getitem"),
    ("var(x, unbiased=False)", "var"),
    ("var(x, correction=0)", "var_corrected"),
    ("torch.inverse(x)", "inverse"),
    ("np.linalg.inv(x)", "inverse"),
    ("F.mse_loss(x, y)", "mse_loss"),
    ("torch.nn.functional.nll_loss(input=x, target=y)", "nll_loss"),
    ("torch.sum(input=x, dim=0)", "sum"),
    ("x.sum(0).mul(2)", "mul"),
]


@pytest.mark.parametrize(("text", "row"), NAMES)
def test_a_call_means_a_row(text: str, row: str) -> None:
    """By torch's names and NumPy's; a module may have its own function of a name."""
    assert called(text) == row


@pytest.mark.parametrize("name", ["size", "t", "dist", "norm", "shape", "var", "mean", "sum", "linear", "solve", "len"])
def test_names_of_functions_are_names_of_variables_too(name: str) -> None:
    """Where they are not called."""
    assert parse(f"2*{name} + exp({name})").variables == (name,)


# Values.

MADE = [
    ("arange(3.5)", [0.0, 1.0, 2.0, 3.0]),
    ("arange(1, 2, 0.25)", [1.0, 1.25, 1.5, 1.75]),
    ("arange(2, 0, -1)", [2.0, 1.0]),
    ("arange(0, 0.3, 0.1)", [0.0, 0.1, 0.2]),
    ("linspace(0, 1, 5)", [0.0, 0.25, 0.5, 0.75, 1.0]),
    ("linspace(3, 1, 1)", [3.0]),
    ("full((2, 1), 1/4)", [[0.25], [0.25]]),
    ("zeros(2) + ones(2)", [1.0, 1.0]),
    ("eye(2, 3)", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    ("tensor([[1, 2]]).shape", [1.0, 2.0]),
    ("zeros(2, 3).size(1)", 3.0),
]


@pytest.mark.parametrize(("text", "value"), MADE)
def test_what_is_made_of_nothing(text: str, value: object) -> None:
    """As many numbers as torch makes."""
    assert constant(parse(text)) == value


@pytest.mark.parametrize("text", ["zeros(1000, 1001)", "eye(10**4)", "arange(10**9)", "rand(2000000)"])
def test_what_would_be_too_large_is_not_made(text: str) -> None:
    """Before any memory is taken for it."""
    with pytest.raises(GradcalcError, match="1,000,000 are allowed") as caught:
        constant(parse(text))
    assert caught.value.kind == "limit"


# Verdicts.

KINKS = [
    ("amax(x)", "[1, 1]"),
    ("max(x, dim=0).values", "[1, 1]"),
    ("norm(x)", "[0, 0]"),
    ("norm(x, 1)", "[0, 1]"),
    ("norm(x, inf)", "[2, -2]"),
    ("std(x)", "[3, 3]"),
    ("l1_loss(x, 1)", "1"),
    ("sum(relu(x))", "[0, 1]"),
    ("median(x)", "[1, 1, 2]"),
    ("sort(x).values[0]", "[1, 1]"),
    ("max_pool1d(x, 2).sum()", "[[1, 1]]"),
    ("margin_ranking_loss(x, x**2, [1])", "[1]"),
]


@pytest.mark.parametrize(("text", "x"), KINKS)
def test_ties_are_kinks(text: str, x: str) -> None:
    """Where the largest is not one, a norm is 0, or a margin is met exactly."""
    assert found(text, x=x).verdict == "kink"


SMOOTH = [
    ("norm(x, 4)", "[0, 1]"),
    ("norm(x)**2", "[1, 0]"),
    ("huber_loss(x, 0)", "1"),
    ("smooth_l1_loss(x, 0)", "-1"),
    ("prod(x)", "[0, 0, 2]"),
    ("logsumexp(x, dim=0)", "[1, 1]"),
    ("logsumexp(x, dim=0)", "[1000, -1000]"),
    ("sum(softmax(x, dim=0)[:1])", "[30, 0, 1]"),
    ("cross_entropy(x, 1)", "[-40, 0, 3]"),
    ("sum(softmax(masked_fill(x, x < 0, -inf), 0)**2)", "[-1, 2, 3]"),
]


@pytest.mark.parametrize(("text", "x"), SMOOTH)
def test_no_false_alarm(text: str, x: str) -> None:
    """Where something is equal or zero, and nothing depends on it."""
    assert found(text, x=x).verdict == "verified"


WRONG = [
    ("det(x)", "[[1, 1], [1, 1]]"),
    ("gaussian_nll_loss([1], [1.5], x, eps=0.5)", "[0.1]"),
    ("cosine_similarity(x, [1, 2], dim=0, eps=5)", "[1, 3]"),
    ("binary_cross_entropy(x, [0])", "[0]"),
]


@pytest.mark.parametrize(("text", "x"), WRONG)
def test_where_autograd_is_wrong(text: str, x: str) -> None:
    """Determinants of singular matrices, and clamps that torch's backward does not know of."""
    assert found(text, x=x).verdict == "mismatch"


UNDEFINED = [
    ("svdvals(x).sum()", "[[1, 2], [3, 4]]", "svdvals"),
    ("matrix_exp(x).sum()", "eye(9)", "matrix_exp of more than 8 rows"),
    ("matrix_norm(x, 2)", "[[1, 2], [3, 4]]", "the spectral norm"),
    ('norm(x, "nuc")', "[[1, 2], [3, 4]]", "the nuclear norm"),
    ("sort(x).indices[0]*x[0]", "[1, 2]", "the order of components"),
    ("scaled_dot_product_attention(x, x, x, dropout_p=0.5).sum()", "[[1, 2]]", "dropout"),
]


@pytest.mark.parametrize(("text", "x", "name"), UNDEFINED)
def test_what_has_no_definition_is_unverified(text: str, x: str, name: str) -> None:
    """torch's gradient is there, and the reason names the function."""
    gradient = found(text, x=x).gradients["x"]
    assert gradient.verdict == "unverified"
    assert gradient.reason is not None
    assert gradient.reason.message.startswith(f"{name} has no definition in scalar operations")


# Refusals.

REFUSED = [
    ("split(x, 2)", "this gives several results, and one is needed here"),
    ("argmax(x)", "a place has no derivative"),
    ("slogdet(x)", "this gives several results, and one is needed here"),
    ("cat(x)", "tensors of cat is a list"),
    ("reshape(x, n)", "shape of reshape must be sizes, as (2, 3), written out in the text"),
    ('mse_loss(x, y, reduction="men")', "reduction of mse_loss has no such value"),
    ("kthvalue(x)", "k of kthvalue is missing"),
    ("tensordot(x, y, [[0], 0.5])", "dims of tensordot must be a whole number, or lists of them, as ([0], [1])"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refusals(text: str, message: str) -> None:
    """Before anything is computed."""
    with pytest.raises(GradcalcError) as caught:
        parse(text)
    assert caught.value.message == message
