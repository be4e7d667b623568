"""The sentence behind a verdict: the right words for what happened, each with a case by hand."""

from collections.abc import Callable
from typing import Any

import pytest
from mpmath import mp

from autogradcli.compute.compute import compute
from autogradcli.compute.reasons import short
from autogradcli.compute.report import Reason
from tests.command import gradcalc
from tests.helpers import examine, problem

KINKS_WITH_NAN = (
    # expression, point, slopes by hand: NaN is no number between them
    ("sqrt(sum(x**2))", {"x": "[0, 0]"}, "-1 to the left and 1 to the right"),
    ("sqrt(x**2)", {"x": "0"}, "-1 to the left and 1 to the right"),
    ("(x**2)**0.5 + 2*x", {"x": "0"}, "1 to the left and 3 to the right"),
    ("hypot(3*x, 0)", {"x": "0"}, "-3 to the left and 3 to the right"),
    ("(x**4)**0.25 + cos(x)", {"x": "0"}, "-1 to the left and 1 to the right"),
    ("sqrt(dot(x, x))*5", {"x": "[0, 0, 0]"}, "-5 to the left and 5 to the right"),
    ("acos(dot(a, b)/(norm(a)*norm(b)))", {"b": "[6, 8]", "a": "[3, 4]"}, "-0.16 to the left and 0.16 to the right"),
)


def reason(text: str, at: dict[str, str], dtype: str = "float64") -> Reason:
    """Of the last variable."""
    found = examine(text, at, dtype)[next(reversed(at))].reason
    assert found is not None
    return found


@pytest.mark.parametrize(("text", "at", "slopes"), KINKS_WITH_NAN)
def test_nan_at_a_kink_is_said_to_be_one(text: str, at: dict[str, str], slopes: str) -> None:
    """It has slopes and no derivative; any number between them would do."""
    found = reason(text, at)
    assert (found.code, slopes in found.message) == ("GC203", True)
    assert "any number between them would do; autograd gives nan, which is none" in found.message


def test_the_page_speaks_of_kinks_as_well() -> None:
    """Behind the code of such a report."""
    assert "At a kink any number between the two slopes would do" in " ".join(gradcalc("explain", "GC203").out.split())


MASKED = (
    ("sum(where(x > 0, log(x)*y, 0))", {"x": "[0, 1]", "y": "2"}),
    ("where(x > 0, log(x)*y, 0)", {"x": "0", "y": "2"}),
    ("sum(where(x > 1, sqrt(x - 1)*y, y))", {"x": "[0, 2]", "y": "3"}),
    ("sum(where(m > 0, y/x, 0))", {"x": "[0, 2, 0]", "m": "[0, 1, 0]", "y": "3"}),
    ("mean(where(x != 0, exp(y/x), 1))", {"x": "[0, 2]", "y": "1"}),
    ("sum(where(x > 0, x**y, 0))", {"x": "[-1, 2]", "y": "0.5"}),
)


@pytest.mark.parametrize(("text", "at"), MASKED)
def test_a_masked_nan_is_one_in_a_vector_too(text: str, at: dict[str, str]) -> None:
    """Though other components of the same operation are part of the output."""
    found = examine(text, at)["y"]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("mismatch", "GC201")


@pytest.mark.parametrize(
    ("text", "at", "code"),
    [
        ("where(x > 0, log(x), 0)", {"x": "0"}, "GC113"),
        ("sum(where(x > 0, log(x), 0))", {"x": "[2, 0]"}, "GC113"),
        ("where(x > 0, 1/x, 5)", {"x": "0"}, "GC113"),
        ("where(x > 0, 1 + sqrt(x), x)", {"x": "0"}, "GC113"),
        ("floor(x) + where(x > 3, x, sqrt(x - 3))", {"x": "3"}, "GC113"),
    ],
)
def test_nan_out_of_a_branch_is_explained_where_there_is_no_derivative_either(
    text: str, at: dict[str, str], code: str
) -> None:
    """The jump is one thing, and the NaN another."""
    found = reason(text, at)
    assert found.code == code
    assert ("branch that is not taken" in found.message) == ("sqrt(x - 3)" not in text)


@pytest.mark.parametrize(
    ("text", "at", "dtype", "code", "where", "words"),
    [
        ("log(x + 1e-8)", "0", "float16", "GC115", "x + 1e-8", "x + 1e-8 is 1e-8, which rounds to 0 in float16; the"),
        ("sqrt(x + 1e-8)", "0", "float16", "GC202", "x + 1e-8", "rounds to 0 in float16, so the gradient is inf; the"),
        ("1/(x + 1e-50)", "0", "float32", "GC115", "x + 1e-50", "x + 1e-50 is 1e-50, which rounds to 0 in float32"),
        # log(s) is too small as well, and no cause of the infinity.
        ("s = sigmoid(x); log(s) + log(1 - s)", "90", "float32", "GC202", "log(1 - s)", "1 - s is 8.194013e-40, which"),
        ("rsqrt(x*x + 1e-9)", "0", "float16", "GC202", "x*x + 1e-9", "x*x + 1e-9 is 1e-9, which rounds to 0"),
    ],
)
def test_a_number_that_rounds_to_zero_is_named(
    text: str, at: str, dtype: str, code: str, where: str, words: str
) -> None:
    """It makes the logarithm, or the quotient, what it is."""
    found = reason(text, {"x": at}, dtype)
    assert (found.code, found.expression) == (code, where)
    assert words in found.message


@pytest.mark.parametrize(
    ("text", "x", "words"),
    [
        ("(exp(x)/sum(exp(x)))[1]", "[1000, 0]", "exp(x)[0] is inf in float64, so the gradient is nan"),
        ("log(exp(x)/(1 + exp(x)))", "1000", "exp(x) is inf in float64, so the gradient is nan"),
        ("log(softmax(x, 0)[1])", "[1000, 0]", "softmax(x, 0) is 5.075959e-435, which rounds to 0 in float64, so"),
    ],
)
def test_what_leaves_the_range_first_is_named(text: str, x: str, words: str) -> None:
    """An infinity that the output is made of, or what rounds to 0; what comes after it only suffers from it."""
    found = reason(text, {"x": x})
    assert found.code == "GC202"
    assert found.message.startswith(words)


def _by_mpmath(formula: Callable[[], Any]) -> str:
    """A number as messages write it."""
    with mp.workdps(50):
        return f"{float(formula()):.7g}"


@pytest.mark.parametrize(
    ("text", "x", "place", "sent"),
    [
        ("sum(tanh(x))", "[20, 30, 5, 19.5]", "x[3]", _by_mpmath(lambda: 1 - mp.tanh(19.5) ** 2)),
        ("sum(sigmoid(x))", "[1, 40]", "x[1]", _by_mpmath(lambda: mp.exp(-40) / (1 + mp.exp(-40)) ** 2)),
        ("sum(x*tanh(y))", "[1, 2]", "y[1]", None),
    ],
)
def test_the_example_is_the_worst_component(text: str, x: str, place: str, sent: str | None) -> None:
    """1 - tanh(19.5)**2 and sigmoid'(40); the others are farther off in their own units."""
    at = {"x": x} if "y" not in text else {"x": x, "y": "[20, 19.5]"}
    gradients = examine(text, at)
    worst = gradients[place[0]].worst
    found = gradients[place[0]].reason
    assert worst is not None
    assert found is not None
    assert (found.code, f"{place[0]}[{worst.index[0]}]") == ("GC301", place)
    assert f"to {place} where {sent or ''}" in found.message


def test_what_a_step_decides_is_no_missing_dependence() -> None:
    """The output hangs on m, by a condition; on w it does not."""
    found = compute(problem("z = w; sum(where(m > 0, x, 0))", {"x": "[1, 2]", "m": "[1, 0.5]", "w": "1"}))
    assert sorted(found.notes) == [
        "no gradient reaches m, which only decides conditions or steps: its gradient is 0",
        "the output does not depend on w: its gradient is 0",
    ]


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("Product", "a backward in tests.users_code:Product returns None for y, which counts as 0"),
        (
            "partly_cut_off",
            "tests.users_code:partly_cut_off computes its output without y, as autograd sees it: the gradient counts as"
            " 0",
        ),
    ],
)
def test_a_backward_that_returns_none_is_wrong(name: str, note: str) -> None:
    """x is true; the output does depend on y."""
    words = ("--x", "2", "--y", "3", "--function", f"tests.users_code:{name}", "--no-symbolic")
    result = gradcalc("eval", "x*y", *words)
    assert result.status == 1
    assert f"note: {note}\n" in result.out
    assert "does not depend" not in result.out


def test_jumps_that_cancel_are_named() -> None:
    """The entries of pinv([[1 + h, 1], [1, 1]]) are of size 1/h, and their sum is 1 for every h."""
    found = reason("sum(pinv(A))", {"A": "[[1, 1], [1, 1]]"})
    assert (found.code, found.expression) == ("GC102", "pinv(A)")
    assert "the slope is 0, but torch's conventions at corners and jumps come to -0.25" in found.message


def test_a_convention_of_minus_zero_is_told_as_zero() -> None:
    """The derivative of x*relu(-x) at 0: torch sends -0 through the corner."""
    assert short(-0.0) == "0"
    assert short(-0.5) == "-0.5"
