"""What every PyTorch gradient tutorial shows, from the command line: the numbers that the tutorials print."""

import json
import math
from typing import Any

import pytest

from tests.command import gradcalc

EYE = [[4.0 if i == j else 2.0 for j in range(5)] for i in range(4)]


def evaluated(*words: str) -> dict[str, Any]:
    """The report of `gradcalc eval` as JSON."""
    result = gradcalc("eval", *words, "--json")
    assert result.status == 0, result.err
    report: dict[str, Any] = json.loads(result.out)
    assert report["verdict"] == "verified"
    return report


def chain(report: dict[str, Any]) -> list[str]:
    """The names of the nodes of the graph, in walk order."""
    return [node["name"] for node in report["nodes"]]


SCALARS = [
    (("5*x**3 + 2*x**2 + 4*x + 8", "--x", "2"), 64.0, {"x": 72.0}),
    (("2*dot(x, x)", "--x", "arange(3.0)"), 10.0, {"x": [0.0, 4.0, 8.0]}),
    (("x.sum()", "--x", "arange(3.0)"), 3.0, {"x": [1.0, 1.0, 1.0]}),
    (("y = 2*x; z = y**2", "--x", "ones(1)"), [4.0], {"x": [8.0]}),
    (("y = 2*x; z = y**2", "--x", "ones(1)", "--of", "y"), [2.0], {"x": [2.0]}),
    (("y = 2*x; z = y**2", "--x", "ones(1)", "--wrt", "y"), [4.0], {"y": [4.0]}),
    (("x", "--x", "ones(1)", "--upstream", "4*out"), [1.0], {"x": [4.0]}),
    (("loss = A*5", "--A", "tensor([5.0])"), [25.0], {"A": [5.0]}),
]


@pytest.mark.parametrize(("words", "value", "gradients"), SCALARS, ids=[" ".join(row[0]) for row in SCALARS])
def test_the_numbers_of_the_tutorials(words: tuple[str, ...], value: Any, gradients: dict[str, Any]) -> None:
    """Value and gradients are the ones that tutorials print, and they are verified."""
    report = evaluated(*words)
    assert report["value"] == value
    assert {name: each["autograd"] for name, each in report["gradients"].items()} == gradients


def test_the_nodes_of_the_tutorials() -> None:
    """The chain begins with the node that `print(m)` shows as `grad_fn`."""
    assert chain(evaluated("2*dot(x, x)", "--x", "arange(3.0)"))[0] == "MulBackward0"
    assert chain(evaluated("x.sum()", "--x", "arange(3.0)"))[0] == "SumBackward0"


def test_a_layer_with_a_loss() -> None:
    """b.grad is sigmoid(z)/3, every row of w.grad is the same, and x and y take no gradient."""
    words = ("--x", "ones(5)", "--w", "randn(5, 3)", "--b", "randn(3)", "--y", "zeros(3)", "--wrt", "w,b")
    report = evaluated("z = x @ w + b; binary_cross_entropy_with_logits(z, y)", *words, "--seed", "1")
    assert chain(report)[0] == "BinaryCrossEntropyWithLogitsBackward0"
    z = next(node for node in report["nodes"] if node["name"] == "AddBackward0")["value"]
    expected = [1 / (1 + math.exp(-each)) / 3 for each in z]
    assert report["gradients"]["b"]["autograd"] == pytest.approx(expected, rel=1e-12)
    rows = report["gradients"]["w"]["autograd"]
    assert rows == [rows[0]] * 5
    assert rows[0] == pytest.approx(expected, rel=1e-12)
    assert set(report["gradients"]) == {"w", "b"}
    assert not report["variables"]["x"]["requires_grad"]


def test_a_gradient_of_what_requires_none_is_refused() -> None:
    """As in `torch.no_grad()`: the reason, and what to type."""
    result = gradcalc("eval", "z = x @ w", "--x", "ones(2)", "--w", "ones(2)", "--wrt", "w,c")
    assert (result.status, "there is no variable c" in result.err) == (2, True)
    result = gradcalc("eval", "c = 2*y; z = x*c", "--x", "1", "--y", "2", "--wrt", "x,c")
    assert result.status == 2
    assert "c does not require a gradient" in result.err
    assert "hint: type --wrt y,x,c" in result.err or "hint: type --wrt y,c" in result.err


def test_a_tensor_needs_an_upstream() -> None:
    """Without one, a question back that names both ways out."""
    words = ("(inp + 1).pow(2).t()", "--inp", "eye(4, 5)")
    result = gradcalc("eval", *words)
    assert result.status == 2
    assert "shape (5, 4)" in result.err
    assert "--upstream" in result.err
    assert "sum(" in result.err


@pytest.mark.parametrize(("options", "after"), [((), [1, 2, 3]), (("--zero-grad",), [1, 1, 1])])
def test_gradients_accumulate_unless_they_are_zeroed(options: tuple[str, ...], after: list[int]) -> None:
    """4 on the diagonal and 2 elsewhere; then 8 and 4; with zeroing 4 and 2 again."""
    words = ("(inp + 1).pow(2).t()", "--inp", "eye(4, 5)", "--upstream", "ones_like(out)", "--repeat", "3")
    found = evaluated(*words, *options)["gradients"]["inp"]
    assert found["autograd"] == EYE
    assert [each["added"] for each in found["passes"]] == [EYE] * 3
    assert [each["after"] for each in found["passes"]] == [
        [[times * number for number in row] for row in EYE] for times in after
    ]


def test_broadcasting_that_was_hardly_meant_is_noted() -> None:
    """The four rows of XOR: (4,) minus (4, 1) is (4, 4)."""
    report = evaluated(
        "loss = (outputs - F.linear(inputs, weights, bias)).mean()",
        *("--inputs", "[[0, 0], [0, 1], [1, 0], [1, 1]]", "--outputs", "[0, 1, 1, 0]"),
        *("--weights", "randn(1, 2)", "--bias", "randn(1)", "--wrt", "weights,bias"),
    )
    assert report["gradients"]["weights"]["autograd"] == [[-0.5, -0.5]]
    assert report["gradients"]["bias"]["autograd"] == [-1.0]
    assert any("(4, 4)" in note and "(4, 1)" in note for note in report["notes"])


def test_random_values_are_those_that_torch_gives_for_the_seed() -> None:
    """In the order of the command line, and in the format of the run."""
    import torch

    for dtype, kind in (("float32", torch.float32), ("float64", torch.float64)):
        report = evaluated("sum(w*x)", "--w", "randn(2, 3)", "--x", "rand(3)", "--seed", "3", "--dtype", dtype)
        torch.manual_seed(3)
        w, x = torch.randn(2, 3, dtype=kind), torch.rand(3, dtype=kind)
        assert report["variables"]["w"]["value"] == w.tolist()
        assert report["variables"]["x"]["value"] == x.tolist()
