"""What is undefined or not finite in one component says nothing of the others. Truths by mpmath, or by hand."""

import json
import math
from random import Random
from typing import Any

import pytest
from mpmath import mp

from autogradcli.compute.report import Gradient
from autogradcli.engines.results import flat
from tests.command import gradcalc
from tests.helpers import examine
from tests.oracles.vector_cases import case, violation

with mp.workdps(50):
    LOG_COS = [float(mp.log(mp.cos(x)) - x * mp.tan(x)) for x in (6, 7)]
    EXP_1 = float(mp.e)
    ASIN = float(1 / mp.sqrt(0.75))
    COS_1, COS_2 = float(mp.cos(1)), float(mp.cos(2))

NONE = None
"""No derivative here."""

COMPONENTS: tuple[tuple[str, dict[str, str], dict[str, list[float | None]]], ...] = (
    ("sum(arg*log(cos(arg)))", {"arg": "[6, 7, 8]"}, {"arg": [*LOG_COS, NONE]}),
    ("mean(arg*log(cos(arg)))", {"arg": "[6, 7, 8]"}, {"arg": [*(each / 3 for each in LOG_COS), NONE]}),
    ("sum(log(x))", {"x": "[1, -1, 2]"}, {"x": [1, NONE, 0.5]}),
    ("3 - sum(2*log(x))/4", {"x": "[1, -1, 2]"}, {"x": [-0.5, NONE, -0.25]}),
    ("mean(sqrt(x))", {"x": "[4, -1, 9]"}, {"x": [1 / 12, NONE, 1 / 18]}),
    ("sum(1/x)", {"x": "[1, 0, 2]"}, {"x": [-1, NONE, -0.25]}),
    ("sum(cumsum(log(x), 0))", {"x": "[2, -1, 3]"}, {"x": [1.5, NONE, 1 / 3]}),
    ("sum([[1, 2], [3, 4]] @ log(x))", {"x": "[2, -1]"}, {"x": [2, NONE]}),
    ("sum(A @ log(x))", {"A": "[[1, 2], [3, 4]]", "x": "[2, -1]"}, {"A": [math.log(2), NONE] * 2, "x": [2, NONE]}),
    ("log(x) + y*z", {"x": "-1", "y": "2", "z": "3"}, {"x": [NONE], "y": [3], "z": [2]}),
    ("sum(x) + sum(log(y))", {"x": "[1, 2]", "y": "[-1]"}, {"x": [1, 1], "y": [NONE]}),
    ("sum(abs(sin(x))) + log(y)", {"x": "[-1, 2]", "y": "-1"}, {"x": [-COS_1, COS_2], "y": [NONE]}),
    ("(sum(log(x)) + y)*z", {"x": "[2, -1]", "y": "1", "z": "3"}, {"x": [1.5, NONE], "y": [3], "z": [NONE]}),
    ("sum(where(y > 0, log(z), 0)) + sum(abs(y - 2))", {"y": "[1, 3]", "z": "-1"}, {"y": [-1, 1], "z": [NONE]}),
    # what only stands in the branch that is not taken beside what is undefined
    ("sum(where(x > 3, acos(s), asin(x - y)))", {"x": "[3, 0.5]", "y": "0", "s": "0.5"}, {"x": [NONE, ASIN], "s": [0]}),
    ("mean(where(x > x, s, log(y)))", {"x": "[3, 0.5]", "y": "-1", "s": "0.5"}, {"y": [NONE], "s": [0]}),
    ("log(x) + where(y == 2, abs(s), s)", {"x": "-1", "y": "2", "s": "3"}, {"x": [NONE], "s": [1]}),
    # a part of what is undefined has no derivative, whether or not it moves it
    ("log(clamp(x, 5, 9) - 7) + y", {"x": "1", "y": "2"}, {"x": [NONE], "y": [1]}),
    ("log(where(z > 0, x, -1))", {"x": "1", "z": "-2"}, {"x": [NONE], "z": [NONE]}),
    ("sum(where(x > 0, log(x), 0))", {"x": "[2, -1]"}, {"x": [0.5, 0]}),
    # into a product with what hangs on the component itself
    ("(log(x) + z)*z", {"x": "-1", "z": "2"}, {"x": [NONE], "z": [NONE]}),
    ("(log(x) + z)/z", {"x": "-1", "z": "2"}, {"x": [NONE], "z": [NONE]}),
    ("sum(log(x))*x[0]", {"x": "[2, -1]"}, {"x": [NONE, NONE]}),
    ("where(z >= 0, log(x) + z, 2*z)", {"x": "-1", "z": "0"}, {"x": [NONE], "z": [NONE]}),
    ("where(z >= 0, log(x) + z, 2*z)", {"x": "-1", "z": "1"}, {"x": [NONE], "z": [1]}),
    # into a product, or a function that bends, what is undefined goes on
    ("prod(log(x))", {"x": "[2, -1, 3]"}, {"x": [NONE, NONE, NONE]}),
    ("softmax(log(x), 0)[0]", {"x": "[2, -1, 3]"}, {"x": [NONE, NONE, NONE]}),
    ("logsumexp(log(x), 0)", {"x": "[2, -1, 3]"}, {"x": [NONE, NONE, NONE]}),
    ("exp(sum(log(x)))", {"x": "[2, -1, 3]"}, {"x": [NONE, NONE, NONE]}),
    ("sum(log(x))**2 + x[0]", {"x": "[2, -1]"}, {"x": [NONE, NONE]}),
    ("log(x)*y + z", {"x": "-1", "y": "2", "z": "3"}, {"x": [NONE], "y": [NONE], "z": [1]}),
    ("max(log(x))", {"x": "[2, -1, 3]"}, {"x": [NONE, NONE, NONE]}),
    # what is flat, too
    ("floor(y)*log(x)", {"x": "-1", "y": "2.5"}, {"x": [NONE], "y": [NONE]}),
    ("sin(floor(y) + log(x))", {"x": "-1", "y": "2.5"}, {"x": [NONE], "y": [NONE]}),
    ("heaviside(floor(y)*log(-1), 0.5)", {"y": "2.5"}, {"y": [NONE]}),
    ("sign(floor(y)*cos(pi)**0.3)", {"y": "2.5"}, {"y": [NONE]}),
    ("(floor(y) + log(x))*(z + log(x))", {"x": "-1", "y": "2.5", "z": "1"}, {"y": [NONE], "z": [NONE]}),
    ("floor(y) + log(x)/2 - round(z)", {"x": "-1", "y": "2.5", "z": "1.2"}, {"x": [NONE], "y": [0], "z": [0]}),
    ("sum(relu(x)) + mean(log(x))", {"x": "[-1, 2]"}, {"x": [NONE, 1.25]}),
    ("mean(relu(x)) - log(y)*3", {"x": "[-1, 2]", "y": "-1"}, {"x": [0, 0.5], "y": [NONE]}),
    # data that is not finite
    ("sum(x)", {"x": "[1, nan]"}, {"x": [1, NONE]}),
    ("sum(x)", {"x": "[1, inf]"}, {"x": [1, NONE]}),
    ("sum(x*x)", {"x": "[3, -inf, nan]"}, {"x": [6, NONE, NONE]}),
    ("sum(where(m > 0, x, 0))", {"x": "[3, nan]", "m": "[1, 0]"}, {"x": [1, 0]}),
    ("nansum(x)", {"x": "[3, nan]"}, {"x": [1, 0]}),
    ("nanmean(x)", {"x": "[1, nan, 4]"}, {"x": [0.5, 0, 0.5]}),
    ("sum(nan_to_num(x)**2)", {"x": "[nan, 3]"}, {"x": [0, 6]}),
    ("x*y + z", {"x": "nan", "y": "2", "z": "3"}, {"x": [NONE], "y": [NONE], "z": [1]}),
    ("sum(exp(x))", {"x": "[1, -inf, nan]"}, {"x": [EXP_1, 0, NONE]}),
    ("where(x > 0, x, nan)", {"x": "2"}, {"x": [1]}),
    ("sum(where(m, x, 0))", {"x": "[nan, 2]", "m": "[0, 1]"}, {"x": [0, 1], "m": [NONE, 0]}),
    ("where(m, 0, x)", {"x": "nan", "m": "1"}, {"x": [0], "m": [0]}),
    # where a function has a limit at infinity its slope there is 0
    ("erf(x)", {"x": "inf"}, {"x": [0]}),
    ("erfc(x)", {"x": "-inf"}, {"x": [0]}),
    ("exp(floor(x))", {"x": "-inf"}, {"x": [0]}),
    ("i0e(x) + i1e(x)", {"x": "inf"}, {"x": [0]}),
    ("log_ndtr(x)", {"x": "inf"}, {"x": [0]}),
    ("sigmoid(x) + tanh(x) + atan(x) + softplus(x)", {"x": "-inf"}, {"x": [0]}),
    ("min(hypot(where(x > 0, x, -inf), y))", {"x": "[3, -2]", "y": "[4, 1]"}, {"x": [0.6, 0], "y": [0.8, 0]}),
    ("logsumexp(x, 0)", {"x": "[1, -inf, -inf]"}, {"x": [1, 0, 0]}),
    ("logsumexp(x + m, 0)", {"x": "[1, 2]", "m": "[0, -inf]"}, {"x": [1, 0], "m": [1, 0]}),
    ("softmax(x, 0) @ [1, 2, 3]", {"x": "[0, -inf, 0]"}, {"x": [-0.5, 0, 0.5]}),
    ("-log_softmax(x, 0)[0]", {"x": "[0, -inf, 0]"}, {"x": [-0.5, 0, 0.5]}),
    ("logsumexp(x, 0)", {"x": "[-inf, -inf]"}, {"x": [NONE, NONE]}),
    ("softmax(x, 0)[0]", {"x": "[-inf, -inf]"}, {"x": [NONE, NONE]}),
)


def numbers(gradient: Gradient) -> list[float | None]:
    """Autograd's numbers where they are verified; None where there is no derivative."""
    assert set(gradient.counts) <= {"verified", "undefined"}
    found = flat(gradient.autograd)
    exact = flat(gradient.exact)
    if gradient.counts.get("undefined", 0) == 0:
        return found
    return [None if ball is None else number for ball, number in zip(exact, found, strict=True)]


@pytest.mark.parametrize(("text", "at", "truth"), COMPONENTS)
def test_other_components_have_their_derivatives(
    text: str, at: dict[str, str], truth: dict[str, list[float | None]]
) -> None:
    """Where something finite is added to it; what is multiplied by it has none."""
    found = examine(text, at)
    for name, wanted in truth.items():
        got = numbers(found[name])
        assert [each is None for each in got] == [each is None for each in wanted]
        for one, other in zip(got, wanted, strict=True):
            assert one is None or one == pytest.approx(other, rel=1e-12)


@pytest.mark.campaign
def test_random_sums_agree_with_limits() -> None:
    """Components with no value beside others on corners, jumps and masks: one-sided limits by mpmath, each alone."""
    found = [violation(case(Random(f"suite/{number}"))) for number in range(120)]
    assert [each for each in found if each] == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("logaddexp(logaddexp(a, b), 2)", {"a": "-inf", "b": "-inf"}),
        ("logaddexp2(2, logaddexp2(a, b))", {"a": "-inf", "b": "-inf"}),
        ("logsumexp([logsumexp([a, b], 0), 2], 0)", {"a": "-inf", "b": "-inf"}),
        ("exp(logaddexp(a, b))", {"a": "-inf", "b": "-inf"}),
        ("1/(1 + exp(-x))", {"x": "-inf"}),
        ("exp(-x**2)", {"x": "-inf"}),
    ],
)
def test_nan_at_infinity_is_wrong_where_there_is_a_limit(text: str, at: dict[str, str]) -> None:
    """The function tends to a number there, so that its slope tends to 0."""
    for found in examine(text, at).values():
        assert found.reason is not None
        assert (found.verdict, found.reason.message) == ("mismatch", "autograd gives nan; the truth is 0")


def test_what_ties_and_cannot_move_alone_is_a_kink() -> None:
    """The middle of three equal numbers falls by 1/9 along each of them, and stays where it is along all at once."""
    found = examine("median(softmax(x, 0))", {"x": "[-2, -2, -2]"})["x"]
    assert found.reason is not None
    assert (found.counts, found.reason.code) == ({"kink": 3}, "GC103")


def test_corners_and_tangents_beside_what_is_undefined() -> None:
    """They are looked at without the terms that are not finite."""
    assert examine("sum(abs(x)) + x[0]**2", {"x": "[0, nan, 2]"})["x"].counts == {
        "undefined": 1,
        "kink": 1,
        "verified": 1,
    }
    found = examine("sum(abs(x)) + log(y)", {"x": "[0, 3]", "y": "-1"})["x"]
    assert found.reason is not None
    assert (found.verdict, found.reason.expression) == ("kink", "abs(x)")
    both = examine("sum(abs(softsign(x))) + log(y)", {"x": "[2, 0]", "y": "-1"})["x"]
    assert (both.counts, both.worst and both.worst.index) == ({"kink": 1, "verified": 1}, (1,))
    tangent = examine("sum(sqrt(x))", {"x": "[0, nan, 4]"})["x"].reason
    assert tangent is not None
    assert (tangent.code, tangent.message) == ("GC112", "sqrt(x) has a vertical tangent at x[0] = 0")


def eval_json(*words: str) -> tuple[int, dict[str, Any]]:
    """The status and the report of `gradcalc eval`."""
    result = gradcalc("eval", *words, "--json", "--no-symbolic")
    return result.status, json.loads(result.out)


@pytest.mark.parametrize("upstream", ["[1, 1, 0]", "[1, 1, 1]"])
def test_an_upstream_of_zero_is_a_factor_as_others_are(upstream: str) -> None:
    """0 times what is undefined is undefined; the components beside it are right."""
    status, found = eval_json("arg*log(cos(arg))", "--arg", "[6, 7, 8]", "--upstream", upstream)
    gradient = found["gradients"]["arg"]
    assert (status, gradient["counts"]) == (3, {"undefined": 1, "verified": 2})
    assert gradient["autograd"][:2] == pytest.approx(LOG_COS, rel=1e-12)
    assert gradient["worst"]["index"] == [2]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("sum(arg*log(cos(arg)))", "--arg=[6, 7, 8]", "log(cos(arg)) is not defined at cos(arg)[2] = -0.1455"),
        ("sum(log(x))", "--x=[1, -1, 2]", "log(x) is not defined at x[1] = -1; autograd gives -1.0 all the same"),
        ("prod(log(x))", "--x=[2, -1, 3]", "log(x) is not defined at x[1] = -1"),
        ("sum(log(x - 1))", "--x=[3, 0, 5]", "log(x - 1) is not defined at (x - 1)[1] = -1; autograd gives -1.0 all"),
        ("sum(x)", "--x=[1, nan]", "x[1] = nan, so there is no finite value; autograd gives 1.0 all the same"),
        (
            "sum(floor(x))",
            "--x=[1.5, 2, 4.5]",
            "floor(x) jumps at x[1] = 2: the function's limit on the left is 1, the slope on the right is 0; "
            "autograd gives 0.0 all the same",
        ),
    ],
)
def test_the_message_names_its_own_component(text: str, at: str, message: str) -> None:
    """Its place, and autograd's number there, never another's."""
    _, found = eval_json(text, at)
    (gradient,) = found["gradients"].values()
    assert gradient["reason"]["message"].startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "mean(where(x > x, acos(s), asin(x - y)))",
        "mean(where(x > 3, acos(s), asin(x - y)))",
        "mean(where(x > 5, acos(s), asin(x - y)))",
        "sum(log(y - x)) + where(y > 1, log(s), s*0)",
    ],
)
def test_nan_from_a_branch_not_taken_is_wrong_beside_what_is_undefined(text: str) -> None:
    """The output is not made of s, whatever else leaves it without a value: the derivative is 0, and NaN is wrong."""
    found = examine(text, {"x": "[3, 0.5]", "y": "0.25", "s": "0"} if "log" in text else AT)["s"]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("mismatch", "GC201")


AT = {"x": "[3, 0.5]", "y": "0.25", "s": "2"}


def test_a_value_that_does_not_exist_spoils_the_whole() -> None:
    """What is asked about has a derivative, and the verdict and the status say that there is no value."""
    status, found = eval_json("log(x) + y", "--x=-1", "--y", "2", "--wrt", "y")
    assert (status, found["verdict"], found["gradients"]["y"]["verdict"]) == (3, "undefined", "verified")
    assert found["notes"] == ["the output has no value: log(x) is not defined at x = -1"]


def test_nan_behind_a_mask_is_blamed_on_the_mask() -> None:
    """Zero is true, and backward multiplies it by NaN."""
    status, found = eval_json("sum(where(m > 0, x*x, 0))", "--x", "[2, nan]", "--m", "[1, 0]", "--wrt", "x")
    gradient = found["gradients"]["x"]
    assert (status, gradient["counts"], gradient["reason"]["code"]) == (1, {"mismatch": 1, "verified": 1}, "GC201")


def test_values_that_are_not_finite_come_from_anywhere() -> None:
    """JSON writes them as reports do, in quotes; case files as TOML does."""
    line = {"expression": "sum(where(isnan(x), 0, x))", "at": {"x": [1, "nan", "inf"]}}
    result = gradcalc("batch", "--no-symbolic", stdin=json.dumps(line))
    found = json.loads(result.out)
    assert (found["variables"]["x"]["value"], found["gradients"]["x"]["counts"]) == (
        [1.0, "nan", "inf"],
        {"undefined": 1, "verified": 2},
    )
