"""`gradcalc graph --run`: the graph behind one backward of a snippet."""

import json
from pathlib import Path

import pytest

from tests.command import gradcalc

SNIPPET = """\
import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x ** 2  # squares
z = y.sum()
z.backward()
print(x.grad)
w = (x * 3).prod()
w.backward()
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The snippet in a file."""
    path = tmp_path / "snippet.py"
    path.write_text(SNIPPET)
    return str(path)


def names(*words: str) -> list[str]:
    """The names of the nodes of a graph, in walk order."""
    result = gradcalc("graph", *words, "--json")
    assert result.status == 0
    return [node["name"] for node in json.loads(result.out)["nodes"]]


def test_the_last_backward_unless_another_is_named(file: str) -> None:
    """What the program prints does not stand in the result."""
    assert names("--run", file) == ["ProdBackward0", "MulBackward0", "AccumulateGrad"]
    assert names("--run", file, "--backward", "1") == ["SumBackward0", "PowBackward0", "AccumulateGrad"]


def test_texts_are_those_of_the_snippet(file: str) -> None:
    """Each line of the snippet is a statement of its own in a picture."""
    result = gradcalc("graph", "--run", file, "--backward", "1", "--format", "dot")
    assert "y = x ** 2" in result.out
    assert "z = y.sum()" in result.out
    assert "squares" in result.out


WRONG = [
    (("graph",), "EXPR is missing", 'type gradcalc graph "x**2" --x 2, or --run FILE'),
    (("graph", "x", "--run", "FILE"), "--run takes the graph from a program, and there is an expression as well", None),
    (("graph", "--run", "FILE", "--x", "2"), "--run takes the graph from a program, and x is given a value", None),
    (("graph", "--run", "FILE", "--order", "2"), "--run takes the graph from a program, and --order is about an", None),
    (
        ("graph", "--run", "FILE", "--dtype", "float64"),
        "--run takes the graph from a program, and --dtype is about",
        "leave",
    ),
    (("graph", "--run", "FILE", "--backward", "3"), "there is no backward 3: FILE calls 2", "type --backward 2"),
]


@pytest.mark.parametrize(("words", "message", "hint"), WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_what_makes_no_sense(file: str, words: tuple[str, ...], message: str, hint: str | None) -> None:
    """Each with what to type instead."""
    result = gradcalc(*(file if word == "FILE" else word for word in words))
    assert result.status == 2
    assert f"error: {message.replace('FILE', file)}" in result.err
    assert hint is None or f"hint: {hint}" in result.err


ENDS = [
    ("import torch\nx = torch.ones(2)\nprint(x)\n", "calls no backward"),
    ("import torch\nx = torch.ones(2, requires_grad=True)\nx.backward()\n", "line 3: RuntimeError"),
]


@pytest.mark.parametrize(("text", "message"), ENDS, ids=[row[1] for row in ENDS])
def test_snippets_without_a_graph(tmp_path: Path, text: str, message: str) -> None:
    """The reason, and no traceback."""
    path = tmp_path / "snippet.py"
    path.write_text(text)
    result = gradcalc("graph", "--run", str(path))
    assert result.status == 2
    assert message in result.err


def test_what_is_proven_by_steps_is_drawn_too(tmp_path: Path) -> None:
    """With the verdict of the steps; 60,000 products are too many for a proof as a whole."""
    path = tmp_path / "large.py"
    path.write_text("import torch\nx = torch.ones(60_000, requires_grad=True)\n(x * x).sum().backward()\n")
    assert names("--run", str(path)) == ["SumBackward0", "MulBackward0", "AccumulateGrad"]


def test_what_may_be_spent_is_said_as_for_run(tmp_path: Path) -> None:
    """The operations of a proof as a whole, which sees a kink that steps count, and the time."""
    path = tmp_path / "kink.py"
    path.write_text("import torch\nx = torch.tensor([0.0, 1.0], requires_grad=True)\ntorch.relu(x).sum().backward()\n")
    words = ("graph", "--run", str(path), "--json")
    assert json.loads(gradcalc(*words, "--max-memory", "4GB").out)["verdict"] == "kink"
    assert json.loads(gradcalc(*words, "--max-operations", "1").out)["verdict"] == "verified"
    result = gradcalc(*words, "--timeout", "0.000001")
    assert (result.status, result.err.splitlines()[0]) == (2, "error: line 3: there is no graph: out of time (GC506)")


def test_the_seed_of_a_program_s_graph(tmp_path: Path) -> None:
    """The numbers of a program that draws them are those of `run` with the same seed."""
    path = tmp_path / "random.py"
    path.write_text("import torch\nx = torch.randn((), requires_grad=True)\n(x * x).backward()\n")
    graphs = [json.loads(gradcalc("graph", "--run", str(path), "--seed", "3", "--json").out) for _ in range(2)]
    assert graphs[0]["value"] == graphs[1]["value"] != 0


def test_what_has_no_graph_says_why(tmp_path: Path) -> None:
    """In one sentence."""
    path = tmp_path / "several.py"
    path.write_text(
        "import torch\nx = torch.ones(2, requires_grad=True)\ntorch.autograd.backward([x.sum(), x.prod()])\n"
    )
    result = gradcalc("graph", "--run", str(path))
    assert result.status == 2
    assert "line 3: there is no graph: backward starts from several tensors" in result.err
