"""`gradcalc graph --run`: the nodes of a program stand in the modules that made them, under the program's names."""

import json
from pathlib import Path
from typing import Any

import pytest

from autogradcli.render.graph.picture import Group, _within
from tests.command import gradcalc

PROGRAM = """\
import torch

class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(2, 2)

    def forward(self, x):
        return x + torch.tanh(self.fc(x))

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
        self.block = Block()

    def forward(self, x):
        return self.block(self.conv(x))

model = Net()
loss = model(torch.ones(1, 2)).sum()
loss.backward()
"""
MODULES = {
    "SumBackward0": {None},
    "AddBackward0": {"model.block"},
    "TanhBackward0": {"model.block"},
    "ReluBackward0": {"model.conv.1"},
    "AddmmBackward0": {"model.block.fc", "model.conv.0"},
    "TBackward0": {"model.block.fc", "model.conv.0"},
    "AccumulateGrad": {"model.block.fc", "model.conv.0"},
}
"""By the name of a node those of the modules that made some."""


TEXTS = [
    ("AddBackward0", "model.block: x + torch.tanh(self.fc(x))"),
    ("AddmmBackward0", "model.block.fc: self.fc(x)"),
    ("AccumulateGrad", "model.conv.0.weight"),
    ("SumBackward0", "model(torch.ones(1, 2)).sum()"),
]


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The program in a file."""
    path = tmp_path / "net.py"
    path.write_text(PROGRAM)
    return str(path)


def graph(file: str, *words: str) -> str:
    """What the command writes."""
    result = gradcalc("graph", "--run", file, *words)
    assert result.status == 0
    return result.out


def test_each_node_knows_its_module(file: str) -> None:
    """The innermost whose `forward` ran; of a parameter the one that has it."""
    nodes: list[dict[str, Any]] = json.loads(graph(file, "--json"))["nodes"]
    found: dict[str, set[str | None]] = {}
    for node in nodes:
        found.setdefault(node["name"], set()).add(node["module"])
    assert found == MODULES
    assert {(node["variable"], node["module"]) for node in nodes if node["variable"]} == {
        (f"{module}.{kind}", module) for module in ("model.block.fc", "model.conv.0") for kind in ("weight", "bias")
    }


def test_modules_are_groups_within_groups(file: str) -> None:
    """Clusters of Graphviz, subgraphs of Mermaid."""
    dot = graph(file, "--format", "dot")
    assert dot.count("subgraph cluster_") == 6
    assert dot.index(">model<") < dot.index(">model.block<") < dot.index(">model.block.fc<")
    lines = [line for line in graph(file, "--format", "mermaid").splitlines() if "subgraph" in line]
    assert lines == [
        '  subgraph s0 ["model"]',
        '    subgraph s0_0 ["model.block"]',
        '      subgraph s0_0_0 ["model.block.fc"]',
        '    subgraph s0_1 ["model.conv"]',
        '      subgraph s0_1_0 ["model.conv.1"]',
        '      subgraph s0_1_1 ["model.conv.0"]',
    ]


def test_the_tree_says_the_module_before_the_text(file: str) -> None:
    """And of a parameter its name."""
    lines = graph(file).splitlines()
    for name, text in TEXTS:
        assert any(f"{name}   " in line and f"   {text}   " in line for line in lines)


def test_a_program_without_modules_has_none(tmp_path: Path) -> None:
    """No group is drawn for it."""
    path = tmp_path / "plain.py"
    path.write_text("import torch\nx = torch.ones(2, requires_grad=True)\n(x * x).sum().backward()\n")
    assert "subgraph" not in graph(str(path), "--format", "dot")
    assert {node["module"] for node in json.loads(graph(str(path), "--json"))["nodes"]} == {None}


def test_what_has_no_graph_says_why(tmp_path: Path) -> None:
    """An operation that the table does not know."""
    path = tmp_path / "batch.py"
    path.write_text(
        "import torch\nw = torch.ones(2, requires_grad=True)\n"
        "torch.vmap(lambda x: w[0] * x)(w.detach()).sum().backward()\n"
    )
    result = gradcalc("graph", "--run", str(path))
    assert result.status == 2
    assert "error: line 3: there is no graph: torch.func.vmap is no row of gradcalc's table" in result.err


def test_a_group_with_nothing_but_a_group_is_left_out() -> None:
    """Its name is the beginning of the other's."""
    assert _within("", {"a.b": [1], "a.b.c": [2], "d": [3]}) == (
        Group("a.b", (1,), (Group("a.b.c", (2,)),)),
        Group("d", (3,)),
    )
