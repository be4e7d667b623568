"""A graph as JSON: all digits, and the fields of the nodes in a report beside what only a graph tells."""

from collections.abc import Mapping, Sequence
from typing import Any

from autogradcli.compute.report import SCHEMA_VERSION, plain
from autogradcli.engines.results import Node, shape
from autogradcli.render.formats import Format
from autogradcli.render.graph.cut import Excerpt
from autogradcli.render.graph.marks import Mark, marks
from autogradcli.render.json import draw_json


def graph_object(excerpt: Excerpt) -> dict[str, Any]:
    """The graph as JSON values; nodes are known by their place in the list."""
    report = excerpt.report
    remarks = marks(excerpt.nodes, report.gradients)
    return {
        "schema_version": SCHEMA_VERSION,
        "expression": report.expression,
        "output": report.output,
        "value": plain(report.value),
        "verdict": report.verdict,
        "nodes": [_node(node, excerpt, remarks) for node in excerpt.nodes],
        "left_out": excerpt.left_out,
    }


def _node(node: Node, excerpt: Excerpt, remarks: Mapping[int, Sequence[Mark]]) -> dict[str, Any]:
    sizes = shape(node.gradient if node.value is None else node.value)
    kind = "leaf" if node.variable is not None and not node.inputs else "operation" if node.id else "output"
    return {
        **plain(node),
        "kind": kind,
        "shape": list(sizes),
        "marks": plain(remarks.get(node.id, ())),
        "below": excerpt.below.get(node.id, 0),
    }


FORMAT: Format[Excerpt, str] = Format("json", (".json",), lambda graph, _: draw_json(graph_object(graph)))
