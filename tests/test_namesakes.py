"""Functions of one name in several libraries, and calls that torch differentiates in another way than one thinks."""

import math
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from autogradcli.api import evaluate
from autogradcli.engines.results import shape
from autogradcli.errors import GradcalcError
from tests.helpers import problem_report

BROADCAST = [
    (0, [[1, 2], [3, 4.5]], [0.5, 1]),
    (1, [[1, 2], [3, 4.5]], [0.5, 1]),
    (1, [[1, 2, 3]], [[0.5, 1, -2], [3, 1, 1]]),
    (0, [[1], [3]], [[0.5, 1], [2, -1]]),
    (-1, [1, 2], [[0.5, 1], [2, -1]]),
    (0, [[[1, 2]], [[3, 4]]], [[0.5, 1]]),
]


@pytest.mark.parametrize(("axis", "x", "y"), BROADCAST)
def test_vectors_are_broadcast_before_their_norms_are_taken(axis: int, x: list[float], y: list[float]) -> None:
    """By hand: sum(xy)/sqrt(sum(x²) sum(y²)) of what both are broadcast to."""
    report = problem_report(f"sum(cosine_similarity(x, y, dim={axis}))", x=str(x), y=str(y))
    a, b = np.broadcast_arrays(np.array(x, float), np.array(y, float))
    cosines = (a * b).sum(axis) / np.sqrt((a * a).sum(axis) * (b * b).sum(axis))
    assert math.isclose(report.value, cosines.sum(), rel_tol=1e-12)
    assert report.verdict == "verified"


VALUES = [
    ("torch.vander(x)", [[4, 2, 1], [9, 3, 1], [25, 5, 1]]),
    ("np.vander(x)", [[4, 2, 1], [9, 3, 1], [25, 5, 1]]),
    ("np.vander(x, 2)", [[2, 1], [3, 1], [5, 1]]),
    ("np.vander(x, increasing=True)", [[1, 2, 4], [1, 3, 9], [1, 5, 25]]),
    ("torch.vander(x, N=4)", [[8, 4, 2, 1], [27, 9, 3, 1], [125, 25, 5, 1]]),
    ("torch.linalg.vander(x)", [[1, 2, 4], [1, 3, 9], [1, 5, 25]]),
    ("np.var(x)", 14 / 9),
    ("torch.var(x)", 7 / 3),
    ("np.std(x, ddof=1)", math.sqrt(7 / 3)),
    ("np.median(cat([x, x[:1]*2]))", 3.5),
    ("torch.median(cat([x, x[:1]*2]))", 3),
    ("np.repeat(x, 2)", [2, 2, 3, 3, 5, 5]),
    ("np.size(x)*x", [6, 9, 15]),
    ("np.dot(outer(x, x), x)", [76, 114, 190]),
    ("np.sinc(x/2)", [0, -2 / (3 * math.pi), 2 / (5 * math.pi)]),
    ("sympy.sinc(x)", [math.sin(2) / 2, math.sin(3) / 3, math.sin(5) / 5]),
    ("math.remainder(x, 4)", [2, -1, 1]),
    ("x % 4", [2, 3, 1]),
    ("sympy.frac(-x/4)", [0.5, 0.25, 0.75]),
    ("torch.frac(-x/4)", [-0.5, -0.75, -0.25]),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_name_means_the_function_of_its_library(text: str, value: Any) -> None:
    """Values by hand."""
    report = problem_report(f"{text} + 0*sum(x)", x="[2, 3, 5]", ones=True)
    assert np.shape(report.value) == np.shape(value)
    assert np.allclose(report.value, value, rtol=1e-14, atol=1e-14)


RANDOM = [
    (
        "torch.binomial(n, p)",
        "binomial draws random numbers",
        'give them to a variable: w="torch.binomial(n, p)"; for the binomial coefficient type binom(n, k)',
    ),
    ("x*torch.bernoulli(p)", "bernoulli draws random numbers", 'give them to a variable: w="torch.bernoulli(p)"'),
    ("x.bernoulli()", "bernoulli draws random numbers", 'give them to a variable: w="x.bernoulli()"'),
    (
        "torch.normal(m, s)",
        "normal draws random numbers",
        'give them to a variable: w="torch.normal(m, s)"; for a tensor of them type mean + std*randn(2, 3)',
    ),
    ("torch.poisson(r)", "poisson draws random numbers", 'give them to a variable: w="torch.poisson(r)"'),
    ("randint(3, (2, 2))", "randint draws random numbers", 'give them to a variable: w="randint(3, (2, 2))"'),
]


@pytest.mark.parametrize(("text", "message", "hint"), RANDOM)
def test_random_draws_are_no_part_of_an_expression(text: str, message: str, hint: str) -> None:
    """They are not verified as if they were something else."""
    with pytest.raises(GradcalcError) as caught:
        evaluate(text, symbolic=False)
    assert (caught.value.message, caught.value.hint) == (f"{message}, and an expression has none", hint)


EXPONENTS = [("[1, -2]", 2.25, 2.0), ("[0, -1, 3]", 9.5, 9.0), ("-1", 0.5, 0.0), ("[-3, -4]", 0.1875, 0.0)]


@pytest.mark.parametrize(("exponent", "truth", "torchs"), EXPONENTS)
def test_integer_exponents_reach_torch_as_integers(exponent: str, truth: float, torchs: float) -> None:
    """The slope of ldexp(x, e) is 2**e; for negative integers torch's is 0."""
    gradient = problem_report(f"sum(ldexp(x, {exponent}))", x="0.7").gradients["x"]
    assert (gradient.autograd, float(gradient.exact.value), gradient.verdict) == (torchs, truth, "mismatch")


@pytest.mark.parametrize("exponent", ["3", "[0, 1, 2]", "0.5", "[-0.5, 2]", "-2.0", "[1.0, -2.0]", "-2e0", "-(1 + 1.)"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_other_exponents_are_right(exponent: str, dtype: str) -> None:
    """Those that are not negative, and floats, which torch has as a tensor([-2.0]) for instance."""
    assert evaluate(f"sum(ldexp(x, {exponent}))", x=0.7, dtype=dtype, symbolic=False).verdict == "verified"


def test_an_exponent_that_is_a_variable_is_a_float() -> None:
    """As all variables are: torch gives 2**-2 for it."""
    found = evaluate("ldexp(x, y)", x=0.7, y=-2, wrt=["x"], symbolic=False)
    assert (found.gradients["x"].autograd, found.verdict) == (0.25, "verified")


def test_for_an_integer_exponent_there_is_a_remedy() -> None:
    """A product has no such fault."""
    reason = evaluate("ldexp(x, -2)", x=0.7, symbolic=False).gradients["x"].reason
    assert reason is not None
    assert reason.remedy == "x*2**(-2)"


THRESHOLDS = [
    ("softplus(x, beta=1, threshold=5)", "6", "verified"),
    ("softplus(x, beta=1, threshold=5)", "4.9", "verified"),
    ("softplus(x, beta=3, threshold=0.2)", "0.1", "verified"),
    ("softplus(x, 2, 1)", "0.4", "verified"),
    ("softplus(x, 2, 1)", "-3", "verified"),
    ("softplus(x, beta=-1, threshold=-5)", "2", "verified"),
    ("softplus(x, beta=1, threshold=5)", "5", "undefined"),
]


@pytest.mark.parametrize(("text", "x", "verdict"), THRESHOLDS)
def test_a_threshold_belongs_to_the_function(text: str, x: str, verdict: str) -> None:
    """Beyond it softplus is x, as torch documents; at it there is a jump."""
    gradient = problem_report(text, x=x).gradients["x"]
    assert gradient.verdict == verdict
    assert gradient.reason is None or "threshold" in gradient.reason.message


NOTES = [
    ("floor_divide(x, 2)", 'torch.floor_divide has no backward: div(x, y, rounding_mode="floor") ran in its place'),
    ("torch.heaviside(x, 2)", "torch.heaviside has no backward: where(x < 0, 0, where(x > 0, 1, values)) ran"),
    ("remainder(2, x)", "torch.remainder of a number (remainder(2, x)) has no backward: it was given as a tensor"),
    ("2 % x", "torch.remainder of a number (2 % x) has no backward: it was given as a tensor"),
    ("(1 + 1) % x", "torch.remainder of a number ((1 + 1) % x) has no backward: it was given as a tensor"),
    ("x % 2", None),
    ("fmod(x, 2)", None),
]


@pytest.mark.parametrize(("text", "note"), NOTES)
def test_where_torch_has_no_backward_it_is_said_what_ran(text: str, note: str | None) -> None:
    """In a note, as the gradient is not that of the function that was named."""
    notes = [each for each in problem_report(text, x="1.5").notes if "no backward" in each]
    assert len(notes) == (note is not None)
    assert note is None or notes[0].startswith(note)


def test_probabilities_of_classes_have_a_derivative() -> None:
    """The slope of -sum(t log_softmax(x)) in t is -log_softmax(x)."""
    report = problem_report("cross_entropy(x, t)", x="[1, 2]", t="[0.4, 0.6]", wrt=("t",))
    truth = [mp.log(mp.e + mp.e**2) - each for each in (1, 2)]
    assert report.verdict == "verified"
    assert np.allclose(report.gradients["t"].autograd, [float(each) for each in truth], rtol=1e-14)


def test_classes_have_none() -> None:
    """They are whole numbers."""
    with pytest.raises(GradcalcError, match="classes are whole numbers, which have no derivative"):
        problem_report("cross_entropy(x, t)", x="[1, 2]", t="1", wrt=("t",))


SHAPES = [
    ("cov(x)", "[[1, 2, 4]]", ()),
    ("cov(x)", "[1, 2, 4]", ()),
    ("cov(x)", "3", ()),
    ("cov(x)", "[[1, 3], [2, 9]]", (2, 2)),
    ("corrcoef(x)", "[1, 2, 3]", ()),
    ("corrcoef(x)", "[[1, 2, 4]]", ()),
    ("corrcoef(x)", "[[1, 2, 4], [3, 1, 1]]", (2, 2)),
    ("adjoint(x)", "3", ()),
    ("movedim(x, 0, -1)", "3", ()),
    ("flip(x, (0,))", "3", ()),
    ("prelu(x, [0.25])", "-2", ()),
    ("prelu(x, 0.25)", "[-2, 3]", (2,)),
    ("prelu(x, [0.25, 0.5])", "[[-2, 3]]", (1, 2)),
    ("trapezoid(x, 3, dim=-1)", "[[1, 2], [2, 4]]", (2,)),
    ("trapezoid(x, [[5]], dim=0)", "[1, 2, 3]", (2,)),
    ('multilabel_soft_margin_loss(x, [[1], [0]], reduction="none")', "[2]", (1,)),
    ("one_hot([0, 2], -1) + x", "3", (2, 3)),
    ("one_hot([1, 0]) + x", "3", (2, 2)),
]


@pytest.mark.parametrize(("text", "x", "expected"), SHAPES)
def test_shapes_are_those_of_torch(text: str, x: str, expected: tuple[int, ...]) -> None:
    """Of a single row, of numbers, and of what broadcasts: value and proof have the shape that torch gives."""
    report = problem_report(text, x=x, ones=True)
    assert shape(report.value) == shape(report.exact_value) == expected


REFUSED = [
    ("group_norm(x, 0)", "[[1, 2], [3, 4]]"),
    ("1 if x > 1 else [[1, 2]]", "[2]"),
    ("x if x > 1 else [1, 2, 3]", "[2]"),
    ("unflatten(x, 0, (0, 2))", "[1, 2]"),
    ("avg_pool1d(x, 0)", "[[1, 2]]"),
    ("conv1d(x, x, groups=0)", "[[[1, 2]]]"),
    ("vander(x, N=-1)", "[1, 2]"),
    ("eye(-1)*x", "2"),
]


@pytest.mark.parametrize(("text", "x"), REFUSED)
def test_what_torch_refuses_is_an_error(text: str, x: str) -> None:
    """And no crash."""
    with pytest.raises(GradcalcError):
        problem_report(text, x=x, ones=True)
