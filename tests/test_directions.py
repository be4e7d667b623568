"""Gradients of programs that are too long for a proof of every component: checked along random directions."""

from dataclasses import replace
from typing import Any

import pytest

from autogradcli.compute.compute import compute
from autogradcli.compute.directions import along_directions
from autogradcli.compute.evidence import NOTHING_LOWER
from autogradcli.compute.problem import Options, Problem
from autogradcli.engines.backward import Backward
from autogradcli.engines.results import Cause, flat, nested, shape
from autogradcli.engines.torch.engine import differentiate
from autogradcli.functions.handles import TooLong
from autogradcli.language.parser import parse
from autogradcli.language.program import Direction

LOSS = "mean((y - (w @ x))**2) + logsumexp(w, dim=0) + sum(where(w > 0, sin(w), w**3))"
POINT = {
    "x": "[[1, 2, 3, 4], [0, -1, 5, 2], [3, 3, 1, 0.5]]",
    "y": "[1, 0, 2, 1]",
    "w": "[0.3, -0.7, 0.2]",
}


def asked(text: str, at: dict[str, str], limit: int, **how: Any) -> Problem:
    """A problem with a limit of operations that its tape would pass."""
    program = parse(text, at)
    values = {name: parse(value) for name, value in at.items()}
    return Problem(program, values, program.variables, Options(symbolic=False, max_operations=limit, **how))


def opinion(problem: Problem, component: int = 0, factor: float = 1.0) -> Cause:
    """What is found of a gradient, one component of which is multiplied by a factor."""
    autograd = differentiate(problem.program, problem.at, problem.wrt, problem.options.dtype, problem.backward)
    gradients = dict(autograd.gradients)
    numbers = flat(gradients["w"])
    numbers[component] *= factor
    gradients["w"] = nested(numbers, shape(gradients["w"]))
    too_long = TooLong(problem.options.max_operations)
    found = along_directions(problem, replace(autograd, gradients=gradients), NOTHING_LOWER, too_long)
    cause = found.opinion.cause
    assert isinstance(cause, Cause)
    return cause


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_right_gradient_is_verified_and_says_how(dtype: str) -> None:
    """The note names the limit, the way and the probability of a miss."""
    report = compute(asked(LOSS, POINT, 20, dtype=dtype))
    assert {gradient.verdict for gradient in report.gradients.values()} == {"verified"}
    (note,) = (note for note in report.notes if "random" in note)
    assert note.startswith(
        "there are more than 20 scalar operations, so the gradient was checked along 2 random directions and not "
        "component by component: that an error beyond "
    )
    assert note.endswith("was missed has a probability below 1e-06")


PICKING = {
    "cross_entropy(w, y)": ("[1, 2, 0]", 40),
    "cross_entropy(w, y, ignore_index=2)": ("[1, 2, 0]", 40),
    "nll_loss(log_softmax(w, 1), y)": ("[1, 2, 0]", 40),
    "gather(w, 1, y).pow(2).sum()": ("[[1], [2], [0]]", 10),
    "index_select(w, 1, y).pow(2).sum()": ("[1, 2, 0]", 20),
    "sum(one_hot(y, 4)*w**2)": ("[1, 2, 0]", 20),
    "sum(scaled_dot_product_attention(w, w, w, attn_mask=w @ w.T > y))": ("0.1", 60),
    "sum(prelu(x, y)**2)": ("[0.1, 0.2, 0.3, 0.4]", 10),
}
"""Expressions, a value for y, and how many operations are too few for a proof of every component."""


@pytest.mark.parametrize("text", PICKING)
def test_what_picks_by_indices(text: str) -> None:
    """Indices that the text or the tape fixes are known along directions as well."""
    point = {
        "w": "[[0.1, -2, 3, 1], [2, 0.5, -1, 0], [0.3, 0.7, 1.5, -1]]",
        "y": PICKING[text][0],
        "x": "[[-1, 2, -3, 4]]",
    }
    at = {name: value for name, value in point.items() if name in parse(text).variables}
    problem = replace(asked(text, at, PICKING[text][1]), wrt=tuple({"w", "x"} & at.keys()))
    report = compute(problem)
    assert {gradient.verdict for gradient in report.gradients.values()} == {"verified"}, report.gradients
    assert any("random" in note for note in report.notes)


@pytest.mark.parametrize("component", range(3))
@pytest.mark.parametrize("factor", [1 + 1e-5, 0.0, -1.0, 2.0])
def test_a_wrong_component_is_a_mismatch(component: int, factor: float) -> None:
    """Whichever component is wrong, by a part in 100,000 or altogether."""
    cause = opinion(asked(LOSS, POINT, 20), component, factor)
    assert (cause.verdict, cause.code) == ("mismatch", "GC306")


FIRST = Direction((("w", (1.0, 0.0, 0.0)),))
"""The first component of w alone."""
ALL = Direction((("w", (1.0, -2.0, 0.5)), ("x", (1.0,) * 12)))
"""Two variables at once."""


@pytest.mark.parametrize("along", [(FIRST,), (ALL,), (FIRST, ALL), (ALL, ALL, FIRST)], ids=len)
def test_a_derivative_of_higher_order(along: tuple[Direction, ...]) -> None:
    """It is right as torch has it, and a component that is a little wrong is a mismatch."""
    problem = replace(asked(LOSS, POINT, 4_000), backward=Backward(along=along))
    assert opinion(problem).verdict == "verified"
    assert opinion(problem, 0, 1 + 1e-5).verdict == "mismatch"


CORNERS = [
    # The gradient has a corner, a step, or a vertical tangent where the direction leads.
    ("sum(w*abs(w))", "[1, 0]", (1.0, 1.0)),
    ("sum(relu(w)**2)", "[1, 0]", (0.0, 1.0)),
    ("sum(w**2*sign(w))", "[1, 0]", (1.0, 1.0)),
    ("sum(w*sqrt(w))", "[1, 0]", (1.0, 1.0)),
]


@pytest.mark.parametrize(("text", "w", "weights"), CORNERS, ids=[each[0] for each in CORNERS])
def test_no_direction_decides_at_a_corner(text: str, w: str, weights: tuple[float, ...]) -> None:
    """Of the gradient, along the direction or beside it."""
    problem = replace(asked(text, {"w": w}, 3), backward=Backward(along=(Direction((("w", weights),)),)))
    assert opinion(problem).verdict == "unverified"


def test_an_error_within_the_tolerance_that_rounding_does_not_explain_is_imprecise() -> None:
    """As it is where every component is proven."""
    cause = opinion(asked(LOSS, POINT, 20), 0, 1 + 2e-8)
    assert (cause.verdict, cause.code) == ("imprecise", "GC306")


def test_cancellation_is_told_from_a_wrong_formula() -> None:
    """What honest rounding explains is imprecise; a demand makes it a mismatch."""
    text, at = "sum((w + 1)**2 - w**2)", {"w": "[1e17, 3e17]"}
    cause = opinion(asked(text, at, 3))
    assert (cause.verdict, cause.code) == ("imprecise", "GC306")
    cause = opinion(asked(text, at, 3, rtol=1e-9))
    assert (cause.verdict, cause.code) == ("mismatch", "GC306")


UNDECIDED = [
    ("sum(relu(w))", {"w": "[1, 0]"}, 2),
    ("sum(floor(w)*w)", {"w": "[1, 2.5]"}, 2),
    ("sum(sqrt(w))", {"w": "[1, 0]"}, 2),
    ("sum(w**2 + w)", {"w": "[1, 2, 3]"}, 1),
    ("sum(grad(sum(sin(w)**3), w)**2)", {"w": "[1, 2, 3]"}, 10),
    ("sum(linalg.svdvals(w) @ w @ w)", {"w": "[[1, 2], [3, 4]]"}, 2),
]


@pytest.mark.parametrize(("text", "at", "limit"), UNDECIDED, ids=[row[0] for row in UNDECIDED])
def test_what_no_direction_decides_is_unverified(text: str, at: dict[str, str], limit: int) -> None:
    """Ties, steps, ends of domains, what is too long for directions as well, and functions without a definition."""
    gradient = compute(asked(text, at, limit)).gradients["w"]
    assert gradient.verdict in {"unverified", "undefined"}
    assert gradient.reason is not None
    assert gradient.reason.code in {"GC503", "GC504"}


def test_steps_and_branches_away_from_their_jumps() -> None:
    """A step has slope 0, and the branch that is taken its own."""
    report = compute(asked("sum(floor(w)*w + where(w > 2, w**2, -w))", {"w": "[1.5, 2.5]"}, 4))
    assert report.verdict == "verified"
    assert report.gradients["w"].autograd == [0.0, 7.0]
