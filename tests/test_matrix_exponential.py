"""The exponential of a matrix: values and derivatives by mpmath's own series, by differences, and by closed forms."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from flint import arb, ctx
from mpmath import mp

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import Beyond
from autogradcli.compute.report import Report
from autogradcli.engines.arb.matrix_exponential import matrix_exponential
from autogradcli.engines.results import flat
from autogradcli.functions import table
from tests.helpers import problem

MATRICES = {
    "one": [[-1.75]],
    "of all signs": [[1, 2], [3, -4]],
    "rotation": [[0, -1.25], [1.25, 0]],
    "nilpotent": [[0, 1, 2], [0, 0, 3], [0, 0, 0]],
    "a double eigenvalue": [[0.5, 1], [0, 0.5]],
    "zero": [[0, 0], [0, 0]],
    "large and small": [[20, 1e-8], [3, -20]],
    "three": [[0.1, 0.7, -0.3], [0.4, -0.2, 0.9], [1.1, 0.3, 0.2]],
}
STEP = mp.mpf(10) ** -20


def exponential(matrix: Sequence[Sequence[Any]]) -> Any:
    """mpmath's."""
    return mp.expm(mp.matrix(matrix), method="taylor")


def slope(function: Callable[[Any], Any], matrix: Any, place: tuple[int, int]) -> Any:
    """The central difference of a function of a matrix along one entry."""
    moved = [mp.matrix(matrix) for _ in range(2)]
    moved[0][place] += STEP
    moved[1][place] -= STEP
    return (function(moved[0]) - function(moved[1])) / (2 * STEP)


def component(matrix: list[list[float]], place: tuple[int, int], *along: tuple[int, int]) -> arb:
    """The ball of a component's derivative with respect to entries."""
    size, listed = len(matrix), 0
    for row, column in along:
        listed = listed * (size * size + 1) + row * size + column + 1
    entries = [arb(each) for row in matrix for each in row]
    return matrix_exponential(arb(place[0] * size + place[1]), arb(listed), *entries)


def holds(ball: arb, truth: Any, scale: Any) -> bool:
    """Whether a ball is narrow and holds the truth, which is known to 1e-35 of the scale."""
    known = arb(mp.nstr(truth, 45)) + arb(0, float(scale) * 1e-35)
    return bool(ball.overlaps(known) and ball.rad() <= float(scale) * 1e-35)


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES.keys())
def test_balls_hold_components_and_their_derivatives(matrix: list[list[float]]) -> None:
    """Of orders 0, 1 and 2, by differences of mpmath's exponential at 80 digits."""
    size = len(matrix)
    places = [(row, column) for row in range(size) for column in range(size)]
    with mp.workdps(80), ctx.workprec(256):
        scale = 1 + mp.norm(exponential(matrix), mp.inf)
        for place in places:

            def value(at: Any, place: tuple[int, int] = place) -> Any:
                return exponential(at)[place]

            assert holds(component(matrix, place), value(matrix), scale)
            for one in places:
                assert holds(component(matrix, place, one), slope(value, matrix, one), scale)
        first, last = places[0], places[-1]
        second = slope(lambda at: slope(lambda x: exponential(x)[last], at, first), matrix, last)
        assert holds(component(matrix, last, first, last), second, scale)


def test_what_a_pattern_of_zeros_makes_zero_is_exactly_zero() -> None:
    """Below the diagonal of a triangle, and along an entry that reaches no such place."""
    assert component([[1, 2], [0, 3]], (1, 0)) == 0
    assert component([[1, 2], [0, 3]], (1, 0), (0, 1)) == 0


def test_what_is_no_component_is_nan() -> None:
    """A place beyond the matrix, and one that is no whole number."""
    assert component([[1.0]], (1, 0)).is_nan()
    assert matrix_exponential(arb(0.5), arb(0), arb(1)).is_nan()


def test_rows_of_components_are_in_no_list() -> None:
    """No text of help names them, nor does a suggestion."""
    assert table.row("_matrix_exp_3").arb == "matrix_exponential"
    assert [name for name in (*table.rows(), *table.names()) if name.startswith("_")] == []


def examined(text: str, beyond: Beyond | None = None, dtype: str = "float64", **at: str) -> Report:
    """The report by torch and Arb."""
    asked = problem(text, at)
    return compute(replace(asked, beyond=beyond or Beyond(), options=replace(asked.options, dtype=dtype)))


def gradient_of_sum(matrix: list[list[float]]) -> list[float]:
    """By differences of mpmath's exponential."""
    places = [(row, column) for row in range(len(matrix)) for column in range(len(matrix))]
    with mp.workdps(60):
        return [float(slope(lambda at: sum(exponential(at)), matrix, place)) for place in places]


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES.keys())
def test_gradients_are_verified(matrix: list[list[float]]) -> None:
    """And what is proven is the derivative by differences."""
    found = examined("sum(matrix_exp(A))", A=str(matrix)).gradients["A"]
    assert found.verdict == "verified"
    truth = gradient_of_sum(matrix)
    assert [float(each.value) for each in flat(found.exact)] == pytest.approx(truth, rel=1e-13, abs=1e-25)


VERIFIED = [
    ("matrix_exp(A)[1, 0]", {"A": "[[1, 2], [0, 3]]"}),
    ("trace(expm(A))", {"A": "[[1, 2], [0, 3]]"}),
    ("matrix_exp(A)[0, 0]", {"A": "[[0, -30], [30, 0]]"}),
    ("matrix_exp(A)[1, 1]", {"A": "[[30, 2], [4, -30]]"}),
    # Moler and Van Loan, Nineteen dubious ways to compute the exponential of a matrix, example 1
    ("sum(matrix_exp(A))", {"A": "[[-49, 24], [-64, 31]]"}),
    ("sum(matrix_exp(A))", {"A": "[[[1, 2], [3, 4]], [[0, 0], [0, 0]], [[0, 1], [-1, 0]]]"}),
    ("sum(torch.linalg.matrix_exp(A)[0])", {"A": "[[[[1, 2], [3, 4]]]]"}),
    ("sum(matrix_exp(A[:, :0, :0])) + sum(A)", {"A": "[[[1.5]]]"}),
    ("sum(matrix_exp(A)) + sum(B)", {"A": "zeros(0, 2, 2)", "B": "[1]"}),
    ("sum(grad(sum(matrix_exp(A)), A))", {"A": "[[1, 2], [3, 4]]"}),
]


@pytest.mark.parametrize(("text", "at"), VERIFIED, ids=[text for text, _ in VERIFIED])
def test_what_torch_does_right_is_verified(text: str, at: dict[str, str]) -> None:
    """Triangles, large norms, batches, empty matrices, gradients of gradients."""
    wrt = [name for name in at if "zeros" not in at[name]]
    found = compute(replace(problem(text, at), wrt=tuple(wrt)))
    assert {each.verdict for each in found.gradients.values()} == {"verified"}


def test_where_torch_halves_too_often_its_formula_loses_digits() -> None:
    """It exponentiates [[A.T, G], [0, A.T]] for the gradient G that reaches it: the larger G, the more squarings."""
    gradient = examined("sum(matrix_exp(A)**2)", A="[[1, 2], [3, 4]]").gradients["A"]
    assert gradient.reason is not None
    assert (gradient.verdict, gradient.reason.code) == ("imprecise", "GC301")


def test_a_rotation_turns_by_its_angle() -> None:
    """The exponential of [[0, -t], [t, 0]] has cos(t) and sin(t) in it: Hessian and gradient of sin(t) at 1.5."""
    found = examined("matrix_exp([[0, -t], [t, 0]])[1, 0]", Beyond(hessian=True), t="1.5")
    assert {each.verdict for each in found.gradients.values()} == {"verified"}
    (second,) = [each for inner in found.hessian.values() for each in inner.values()]
    assert second.verdict == "verified"
    with mp.workdps(30):
        assert float(found.gradients["t"].exact.value) == float(mp.cos(1.5))
        assert float(second.exact.value) == float(-mp.sin(1.5))


def test_a_hessian_of_a_matrix_is_verified() -> None:
    """Each of its sixteen entries is the difference of differences."""
    found = examined("sum(matrix_exp(A))", Beyond(hessian=True), A="[[1, 2], [3, 4]]").hessian["A"]["A"]
    assert found.verdict == "verified"
    with mp.workdps(60):
        places = [(0, 0), (0, 1), (1, 0), (1, 1)]

        def along(one: tuple[int, int], at: Any) -> Any:
            return slope(lambda x: sum(exponential(x)), at, one)

        truth = [float(slope(partial(along, one), [[1, 2], [3, 4]], other)) for one in places for other in places]
    assert [float(each.value) for each in flat(found.exact)] == pytest.approx(truth, rel=1e-13)


def test_what_has_too_many_rows_or_orders_is_unverified() -> None:
    """Each order doubles the matrix."""
    gradient = examined("sum(matrix_exp(A))", A="eye(9)").gradients["A"]
    assert gradient.reason is not None
    assert (gradient.verdict, gradient.reason.code) == ("unverified", "GC504")
    sixth = examined("matrix_exp([[x, 1], [2, 0]])[0, 0]", Beyond(order=6), x="0.5").derivatives["x"]["6"]
    assert sixth.reason is not None
    assert (sixth.verdict, sixth.reason.code) == ("unverified", "GC504")


def test_what_overflows_is_undefined() -> None:
    """exp(800) is no number of float64; that NaN goes in is said as of every function."""
    found = [examined("sum(matrix_exp(A))", A=f"[[{each}, 0], [0, 1]]").verdict for each in ("800", "nan")]
    assert found == ["undefined", "undefined"]
