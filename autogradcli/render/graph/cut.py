"""The part of a graph that is near its output."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from autogradcli.compute.report import Report
from autogradcli.engines.results import Node


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is shown of the graph of a report: nodes, numbered anew in walk order, and what is not shown."""

    report: Report
    nodes: tuple[Node, ...]
    below: Mapping[int, int] = field(default_factory=dict)
    """For each node whose inputs are left out, how many nodes there are below it that are not shown."""
    left_out: int = 0
    """How many nodes are not shown in all."""


def cut(report: Report, depth: int | None) -> Excerpt:
    """The nodes that are at most `depth` edges away from the output; all of them if that is None."""
    nodes = report.nodes
    if depth is None:
        return Excerpt(report, nodes)
    kept = [node.id for node, distance in zip(nodes, _distances(nodes), strict=True) if distance <= depth]
    place = {old: new for new, old in enumerate(kept)}
    below = {
        place[old]: len(_hidden_below(nodes, old, place)) for old in kept if not set(nodes[old].inputs) <= place.keys()
    }
    return Excerpt(report, tuple(_renumbered(nodes[old], place) for old in kept), below, len(nodes) - len(kept))


def _distances(nodes: Sequence[Node]) -> Sequence[int]:
    """For each node the length of the shortest way from the output."""
    distances = [0] + [len(nodes)] * (len(nodes) - 1)
    level = [0]
    while level:
        following: list[int] = []
        for each in level:
            for target in nodes[each].inputs:
                if distances[target] > distances[each] + 1:
                    distances[target] = distances[each] + 1
                    following.append(target)
        level = following
    return distances


def _hidden_below(nodes: Sequence[Node], start: int, kept: Collection[int]) -> Collection[int]:
    found: set[int] = set()
    pending = [each for each in nodes[start].inputs if each not in kept]
    while pending:
        each = pending.pop()
        if each not in found:
            found.add(each)
            pending.extend(target for target in nodes[each].inputs if target not in kept)
    return found


def _renumbered(node: Node, place: Mapping[int, int]) -> Node:
    edges = [i for i, target in enumerate(node.inputs) if target in place]
    return replace(
        node,
        id=place[node.id],
        inputs=tuple(place[node.inputs[i]] for i in edges),
        flows=tuple(node.flows[i] for i in edges),
        derivatives=tuple(node.derivatives[i] for i in edges) if node.derivatives else (),
    )
