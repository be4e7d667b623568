"""The graph that is shown is the one that torch built: beside a plain walk over `next_functions`, with plain hooks."""

import re
from ast import literal_eval
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autogradcli.compute.compute import compute
from autogradcli.compute.report import Report
from autogradcli.engines.backward import Backward, Detail
from autogradcli.render.graph.cut import cut
from autogradcli.render.graph.dot import draw_dot
from autogradcli.render.graph.json import graph_object
from autogradcli.render.graph.mermaid import draw_mermaid
from autogradcli.render.graph.picture import build_picture
from tests.helpers import problem

UNARY: dict[str, Callable[..., torch.Tensor]] = {
    "sin": torch.sin,
    "exp": torch.exp,
    "tanh": torch.tanh,
    "sqrt": torch.sqrt,
    "neg": torch.neg,
}
BINARY: dict[str, Callable[..., torch.Tensor]] = {"+": torch.add, "-": torch.sub, "*": torch.mul}
POINTS = {
    "x": "0.75",
    "y": "-1.5",
    "v": "[0.5, 2.0, -1.0]",
    "m": "[[1.0, -2.0, 0.25], [0.5, 3.0, 1.5]]",
}
"""Numbers and tensors that can be broadcast together."""


@dataclass(frozen=True)
class Drawn:
    """A program, and the same in torch."""

    text: str
    output: torch.Tensor


@st.composite
def programs(draw: st.DrawFn) -> Drawn:
    """Statements that take any earlier names, one or several times, and a number of the last."""
    tensors: dict[str, torch.Tensor] = {
        name: torch.tensor(literal_eval(value), dtype=torch.float64, requires_grad=True)
        for name, value in POINTS.items()
    }
    lines = []
    for number in range(draw(st.integers(1, 6))):
        one, other = (draw(st.sampled_from(list(tensors))) for _ in range(2))
        if draw(st.booleans()):
            operator = draw(st.sampled_from(list(BINARY)))
            text, value = f"{one} {operator} {other}", BINARY[operator](tensors[one], tensors[other])
        else:
            function = draw(st.sampled_from(list(UNARY)))
            text, value = f"{function}({one})", UNARY[function](tensors[one])
        lines.append(f"t{number} = {text}")
        tensors[f"t{number}"] = value
    name = f"t{len(lines) - 1}"
    return Drawn("; ".join([*lines, f"sum({name})"]), tensors[name].sum())


def plain_walk(output: torch.Tensor) -> list[tuple[str, list[int], Any]]:
    """Every node once, depth first: its name, the places of its inputs, and the gradient that a hook sees."""
    nodes: list[Any] = []
    stack: list[Any] = [output.grad_fn]
    while stack:
        node = stack.pop()
        if node not in nodes:
            nodes.append(node)
            stack.extend(each for each, _ in reversed(node.next_functions) if each is not None)
    seen: dict[int, Any] = {}
    for place, node in enumerate(nodes):
        node.register_hook(lambda _, arrived, place=place: seen.update({place: arrived[0].tolist()}))
    output.backward()  # type: ignore[no-untyped-call]
    inputs = [[nodes.index(each) for each, _ in node.next_functions if each is not None] for node in nodes]
    return [(type(node).__name__, inputs[i], seen[i]) for i, node in enumerate(nodes)]


def report_on(text: str, saved: bool = False) -> Report:
    """The report on a program at the points above."""
    at = {name: value for name, value in POINTS.items() if re.search(rf"\b{name}\b", text)}
    asked = problem(text, at)
    return compute(replace(asked, backward=Backward(detail=Detail(True, saved))))


@pytest.mark.campaign
@given(programs())
@settings(max_examples=60)
def test_nodes_edges_and_gradients_are_those_of_a_plain_walk(drawn: Drawn) -> None:
    """In JSON: the same nodes in walk order, the same inputs, and at each node what a hook sees there."""
    found = graph_object(cut(report_on(drawn.text), None))
    walked = [(node["name"], node["inputs"], node["gradient"]) for node in found["nodes"]]
    assert repr(walked) == repr(
        [(name, inputs, _strict(gradient)) for name, inputs, gradient in plain_walk(drawn.output)]
    )


def _strict(value: Any) -> Any:
    """Numbers as JSON has them."""
    if isinstance(value, list):
        return [_strict(each) for each in value]
    return value if abs(value) < float("inf") else str(value)


@pytest.mark.campaign
@given(programs())
@settings(max_examples=30)
def test_every_format_has_the_same_nodes_and_edges(drawn: Drawn) -> None:
    """DOT and Mermaid show each node once and each edge as often as it is there."""
    report = report_on(drawn.text)
    picture = build_picture(cut(report, None))
    edges = Counter((node.id, target) for node in report.nodes for target in node.inputs)
    dot, mermaid = draw_dot(picture), draw_mermaid(picture)
    assert Counter((int(a), int(b)) for a, b in re.findall(r"^  n(\d+) -> n(\d+) ", dot, re.MULTILINE)) == edges
    assert Counter((int(a), int(b)) for a, b in re.findall(r"^  n(\d+) -->.* n(\d+)$", mermaid, re.MULTILINE)) == edges
    ids = [str(node.id) for node in report.nodes]
    assert re.findall(r"^  n(\d+) \[", dot, re.MULTILINE) == ids
    assert re.findall(r"^  n(\d+)[\[({]", mermaid, re.MULTILINE) == ids


@pytest.mark.campaign
@given(programs().map(lambda drawn: drawn.text))
@example("t0 = v + m; t1 = sin(x); t2 = sin(x); t3 = sqrt(t0); sum(t3)")
@settings(max_examples=60)
def test_local_derivatives_make_the_flows(text: str) -> None:
    """What a node sends to an input is what it received times its local derivative."""
    for node in report_on(text).nodes:
        for derivative, flow in zip(node.derivatives, node.flows, strict=True):
            if derivative is None or derivative.value is None or flow is None:
                continue
            matrix = torch.tensor(derivative.value, dtype=torch.float64)
            arrived = torch.tensor(node.gradient, dtype=torch.float64)
            product = matrix * arrived if derivative.by_component else _along_paths(arrived, matrix)
            torch.testing.assert_close(product, torch.tensor(flow, dtype=torch.float64), equal_nan=True)


def _along_paths(arrived: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """The sum over the output's components of what arrived there times the matrix.

    A zero of the matrix is no path: an output's component sends nothing, not even NaN, to what it does not depend on.
    """
    by_output = matrix.reshape(arrived.numel(), *matrix.shape[arrived.ndim :])
    weights = arrived.reshape(-1, *[1] * (by_output.ndim - 1))
    return torch.where(by_output == 0, 0.0, by_output * weights).sum(0)


@pytest.mark.parametrize(
    ("text", "name", "saved"),
    [
        ("x**3", "PowBackward0", {"exponent": 3.0, "self": 0.75}),
        ("sin(x)", "SinBackward0", {"self": 0.75}),
        ("sum(v)", "SumBackward0", {"self_sym_sizes": [3]}),
    ],
)
def test_saved_tensors_are_recorded_if_asked_for(text: str, name: str, saved: dict[str, Any]) -> None:
    """By torch's own names; without the question, none."""
    node = report_on(text, saved=True).nodes[0]
    assert (node.name, node.saved) == (name, saved)
    assert report_on(text).nodes[0].saved == {}
