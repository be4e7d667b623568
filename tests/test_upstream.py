"""Outputs that are not numbers, repeated calls of backward, gradients of intermediates: torch's beside the proven."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import Report
from autogradcli.engines.backward import Backward
from autogradcli.engines.results import Accumulation
from autogradcli.errors import GradcalcError
from autogradcli.language.parser import parse
from autogradcli.problems.point import parse_upstream
from tests.command import gradcalc
from tests.helpers import problem


def asked(text: str, at: dict[str, str], upstream: str | None = None, **how: Any) -> Problem:
    """A problem without SymPy; `how` says what is asked beside the point."""
    program = parse(text, given=tuple(at))
    given_upstream = None if upstream is None else parse_upstream(program, upstream, "--upstream")
    backward = Backward(given_upstream, how.pop("repeat", 1), how.pop("zero_grad", False))
    values = {name: parse(value) for name, value in at.items()}
    wrt = how.pop("wrt", program.variables)
    return Problem(program, values, wrt, Options(symbolic=False, **how), backward)


def report(text: str, at: dict[str, str], upstream: str | None = None, **how: Any) -> Report:
    """The report on it."""
    return compute(asked(text, at, upstream, **how))


PRODUCTS = [
    ("x**2", {"x": "[1, 2, 3]"}, "[1, 2, 3]", {"x": [2.0, 8.0, 18.0]}),
    ("x**2", {"x": "[1, 2, 3]"}, "out", {"x": [2.0, 16.0, 54.0]}),
    ("y = x**2", {"x": "[1, 2, 3]"}, "2*y", {"x": [4.0, 32.0, 108.0]}),
    (
        "x*y",
        {"x": "[[1], [2]]", "y": "[3, 4]"},
        "[[1, 10], [100, 1000]]",
        {"x": [[43.0], [4300.0]], "y": [201.0, 2010.0]},
    ),
    ("[x, x**2, x]", {"x": "3"}, "[1, 10, 100]", {"x": 161.0}),
    ("[x, x]", {"x": "3"}, "[0.1, 0.2]", {"x": 0.1 + 0.2}),
    ("x**3", {"x": "2"}, "2", {"x": 24.0}),
    ("x**3", {"x": "2"}, "out", {"x": 96.0}),
    ("x**2", {"x": "[3]"}, None, {"x": [6.0]}),
    ("2*x", {"x": "[[3]]"}, None, {"x": [[2.0]]}),
    ("out = x**2", {"x": "[1, 2]"}, "out", {"x": [2.0, 16.0]}),
]


@pytest.mark.parametrize(("text", "at", "upstream", "gradients"), PRODUCTS)
def test_the_vector_jacobian_product(
    text: str, at: dict[str, str], upstream: str | None, gradients: dict[str, Any]
) -> None:
    """It is what torch gives, and what Arb proves of the sum of the components times the upstream's."""
    found = report(text, at, upstream)
    assert {name: each.autograd for name, each in found.gradients.items()} == gradients
    assert found.verdict == "verified"


def test_opinions_on_a_tensor_are_nested_as_it_is() -> None:
    """Value, exact value and distance of every component, and the upstream as torch received it."""
    found = report("x**2", {"x": "[[1, 0.1]]"}, "[[3, 1/3]]", dtype="float32")
    third = torch.tensor(1 / 3, dtype=torch.float32).item()
    assert found.upstream == [[3.0, third]]
    assert found.value == [[1.0, torch.tensor(0.1, dtype=torch.float32).square().item()]]
    assert [[ball.value[:6] for ball in row] for row in found.exact_value] == [["1", "0.0100"]]
    assert found.value_ulps[0][0] == 0.0
    assert 0 < found.value_ulps[0][1] <= 0.5
    assert report("x**2", {"x": "2"}).upstream is None


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(-8, 8), st.floats(-8, 8)), min_size=2, max_size=6))
def test_an_upstream_weighs_the_components(pairs: list[tuple[float, float]]) -> None:
    """Whatever the numbers, the proven gradient is that of the dot product with the upstream."""
    x, v = ([pair[index] for pair in pairs] for index in (0, 1))
    one = report("sin(x)*x", {"x": repr(x)}, repr(v))
    other = report("dot(v, sin(x)*x)", {"x": repr(x), "v": repr(v)}, wrt=("x",))
    assert one.gradients["x"].verdict != "mismatch"
    assert [ball.value for ball in one.gradients["x"].exact] == [ball.value for ball in other.gradients["x"].exact]


def test_a_component_without_a_value_says_nothing_of_the_others() -> None:
    """They keep their values and their derivatives."""
    found = report("log(x)", {"x": "[-1, 1]"}, "[1, 1]")
    assert (found.verdict, found.gradients["x"].counts) == ("undefined", {"undefined": 1, "verified": 1})
    assert [None if ball is None else ball.value for ball in found.exact_value] == [None, "0"]


def test_nothing_to_differentiate_needs_no_upstream() -> None:
    """A tensor of constants has a value and nothing else."""
    found = report("[1, 2]*2", {})
    assert (found.value, [ball.value for ball in found.exact_value]) == ([2.0, 4.0], ["2", "4"])
    assert (found.upstream, found.gradients) == (None, {})


SHAPES = [
    ("x**2", "[1, 2]", "1", "the upstream is a number, and the output has shape (2): they must be alike"),
    ("x**2", "[1, 2]", "[1]", "the upstream has shape (1), and the output has shape (2): they must be alike"),
    ("x**2", "2", "[1]", "the upstream has shape (1), and the output is a number: they must be alike"),
    ("x**2", "[1, 2]", "[1, inf]", "the upstream must be finite, and component [1] is inf"),
    ("exp(x)", "1000", "out", "the upstream must be finite, and it is inf"),
    ("x**2", "[1, 2]", None, "the output has shape (2): backward starts from a single number"),
]


@pytest.mark.parametrize(("text", "x", "upstream", "message"), SHAPES)
def test_what_backward_cannot_start_from(text: str, x: str, upstream: str | None, message: str) -> None:
    """A question back, with both shapes."""
    with pytest.raises(GradcalcError) as caught:
        report(text, {"x": x}, upstream)
    assert caught.value.message == message


def test_out_is_the_output_unless_it_is_something_else() -> None:
    """A variable of that name is not meant, and neither is an intermediate."""
    for text in ("y = out**2", "out = 2*x; y = out**2"):
        with pytest.raises(GradcalcError, match="only the output can stand here, and out is not it") as caught:
            parse_upstream(parse(text), "out", "--upstream")
        assert caught.value.hint == "the output is called y"
    with pytest.raises(GradcalcError) as caught:
        parse_upstream(parse("out**2"), "out", "--upstream")
    assert caught.value.hint is None


# Several calls of backward.


def test_gradients_add_up() -> None:
    """Each pass adds the same; the verdict is about one."""
    found = report("2*dot(x, x)", {"x": "[0, 1, 2]"}, repeat=3)
    each = [0.0, 4.0, 8.0]
    assert found.gradients["x"].autograd == each
    assert found.gradients["x"].passes == (
        Accumulation(None, each, each),
        Accumulation(each, each, [0.0, 8.0, 16.0]),
        Accumulation([0.0, 8.0, 16.0], each, [0.0, 12.0, 24.0]),
    )
    assert found.verdict == "verified"


def test_zeroing_in_between() -> None:
    """Every pass begins with zeros and ends with the gradient, of a variable and of an intermediate."""
    found = report("y = x**2; z = y**2", {"x": "2"}, repeat=2, zero_grad=True, wrt=("x", "y"))
    assert found.gradients["x"].passes == (Accumulation(None, 32.0, 32.0), Accumulation(0.0, 32.0, 32.0))
    assert found.gradients["y"].passes == (Accumulation(None, 8.0, 8.0), Accumulation(0.0, 8.0, 8.0))


def test_the_tutorials_vector_jacobian_product() -> None:
    """4 on the diagonal and 2 elsewhere; twice that after the second pass."""
    eye = repr(torch.eye(4, 5).tolist())
    ones = repr(torch.ones(4, 5).tolist())
    found = report("(inp + 1)**2", {"inp": eye}, ones, repeat=2).gradients["inp"]
    once = (2 * torch.eye(4, 5) + 2).tolist()
    assert (found.autograd, found.passes[1].after) == (once, (4 * torch.eye(4, 5) + 4).tolist())


def test_one_pass_has_no_ledger() -> None:
    """What one backward gives is the gradient itself."""
    assert report("x**2", {"x": "2"}).gradients["x"].passes == ()


# Gradients of intermediates.

INTERMEDIATES = [
    ("y = 2*x; z = y**2", {"x": "3"}, ("y",), {"y": 12.0}),
    ("y = 2*x; z = y**2", {"x": "3"}, ("z", "y", "x"), {"z": 1.0, "y": 12.0, "x": 24.0}),
    ("y = x; z = y**2", {"x": "3"}, ("y",), {"y": 6.0}),
    ("y = [x, x]; z = sum(y**2) + x", {"x": "3"}, ("y", "x"), {"y": [6.0, 6.0], "x": 13.0}),
    ("y = [a, b, a]; z = sum(y*[1, 10, 100])*a", {"a": "2", "b": "3"}, ("y",), {"y": [2.0, 20.0, 200.0]}),
    ("y = x*w; z = sum(y)*x", {"x": "3", "w": "[1, 2]"}, ("y", "w"), {"y": [3.0, 3.0], "w": [9.0, 9.0]}),
    ("y = x + 1; y = y*y; z = 5*y", {"x": "3"}, ("y",), {"y": 5.0}),
    ("y = x**2; z = 5*x", {"x": "3"}, ("y",), {"y": 0.0}),
]


@pytest.mark.parametrize(("text", "at", "wrt", "gradients"), INTERMEDIATES)
def test_gradients_of_intermediates(
    text: str, at: dict[str, str], wrt: tuple[str, ...], gradients: dict[str, Any]
) -> None:
    """They are what `retain_grad` keeps, and proven: also of a list, whose items have other uses beside."""
    found = report(text, at, wrt=wrt)
    assert {name: each.autograd for name, each in found.gradients.items()} == gradients
    assert found.verdict == "verified"


def test_an_intermediate_is_shown_with_its_value() -> None:
    """Beside the variables; and what the output does not depend on is noted."""
    found = report("y = [x, 2*x]; w = x + 1; z = sum(y)", {"x": "3"}, wrt=("y", "w"))
    assert {name: (each.value, each.shape) for name, each in found.intermediates.items()} == {
        "y": ([3.0, 6.0], (2,)),
        "w": (4.0, ()),
    }
    assert found.notes == ("the output does not depend on w: its gradient is 0",)


def test_a_wrong_gradient_of_an_intermediate_is_found() -> None:
    """`tanh` in its tail, seen from the intermediate, with the operation that loses it."""
    found = report("y = x + 1; z = tanh(y)", {"x": "19"}, wrt=("y",)).gradients["y"]
    assert found.reason is not None
    assert (found.verdict, found.reason.code, found.reason.expression) == ("imprecise", "GC301", "tanh(y)")


def test_a_kink_at_an_intermediate_is_not_guessed() -> None:
    """Nothing is known of its neighbours: unverified, with the reason."""
    found = report("y = x - 1; z = relu(y)", {"x": "1"}, wrt=("y",)).gradients["y"]
    assert found.reason is not None
    assert (found.verdict, found.reason.code) == ("unverified", "GC501")
    assert found.reason.message.startswith("relu(y) may not be differentiable at y = 0, and slopes are found beside ")


NO_GRADIENT = [
    ("y = 3; z = x*y", ("y",), "it depends on no variable", None),
    ("y = 3*a; z = x*y", ("x", "y"), "of what it depends on, a, nothing requires a gradient", "type --wrt a,y"),
]


@pytest.mark.parametrize(("text", "wrt", "reason", "hint"), NO_GRADIENT)
def test_what_takes_no_gradient(text: str, wrt: tuple[str, ...], reason: str, hint: str | None) -> None:
    """The reason, and what to type."""
    at = {"x": "2", "a": "1"} if "a" in parse(text).variables else {"x": "2"}
    with pytest.raises(GradcalcError) as caught:
        report(text, at, wrt=wrt)
    assert (caught.value.message, caught.value.hint) == (f"y does not require a gradient: {reason}", hint)


# What is counted, and what is asked in JSON.


def test_components_are_counted_and_the_worst_is_named() -> None:
    """By verdict, the worst first; of several with that verdict the one that is farthest off."""
    found = report("sum(tanh(x))", {"x": "[[1, 18], [19, 0.5]]"}).gradients["x"]
    assert found.counts == {"imprecise": 2, "verified": 2}
    assert found.worst is not None
    assert (found.worst.index, found.worst.verdict) == ((1, 0), "imprecise")
    assert (found.worst.autograd, found.worst.ulps) == (found.autograd[1][0], max(found.ulps[0] + found.ulps[1]))
    number = report("x**2", {"x": "3"}).gradients["x"]
    assert number.counts == {"verified": 1}
    assert number.worst is not None
    assert number.worst.index == ()


LINES = [
    ({"upstream": [1, 10]}, [2.0, 40.0]),
    ({"upstream": "[1, 10]"}, [2.0, 40.0]),
    ({"upstream": "out"}, [2.0, 16.0]),
]


@pytest.mark.parametrize(("fields", "gradient"), LINES)
def test_an_upstream_in_json_lines(fields: dict[str, Any], gradient: list[float]) -> None:
    """Lists, or an expression."""
    line = json.dumps({"expression": "x**2", "at": {"x": [1, 2]}} | fields)
    answer = json.loads(gradcalc("batch", "--no-symbolic", stdin=line).out)
    assert answer["gradients"]["x"]["autograd"] == gradient


def test_operations_are_bounded_by_an_option() -> None:
    """Up to the limit every component is proven; beyond it directions are, and far beyond it nothing."""
    problem = asked("sum(x**2)", {"x": "[1, 2, 3]"})
    assert compute(replace(problem, options=Options(symbolic=False, max_operations=11))).verdict == "verified"
    words = ("eval", "sum(x**2)", "--x", "[1, 2, 3]", "--no-symbolic", "--format", "plain", "--max-operations", "4")
    result = gradcalc(*words)
    assert (result.status, result.out) == (0, "[2.0, 4.0, 6.0]\n")
    assert "there are more than 4 scalar operations" in result.err
    result = gradcalc("eval", "sum(x**2)", "--x", "ones(9)", *words[4:-1], "1")
    assert "--max-operations allows more (GC503)" in result.err


def test_an_intermediate_without_components() -> None:
    """There is nothing to differentiate with respect to."""
    with pytest.raises(GradcalcError, match="y has no components"):
        compute(replace(problem("y = x[:0]; sum(y)", {"x": "[1]"}), wrt=("y",)))
