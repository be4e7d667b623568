"""What is remarkable about a node: a variable's verdict, the operation to blame, where a NaN was born and ended."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autogradcli.compute.codes import page
from autogradcli.compute.report import Gradient
from autogradcli.engines.results import Node
from autogradcli.render.numbers import FINITE, state

TONES = {"verified": "good", "mismatch": "wrong"}
"""The tone of a verdict; of all others it is `doubtful`."""
LOST = "lost"
"""The tone of numbers that are not finite."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A remark on a node."""

    tone: str
    """`good`, `doubtful`, `wrong` or `lost`."""
    text: str
    """A few words."""
    full: str
    """A sentence."""


def marks(nodes: Sequence[Node], gradients: Mapping[str, Gradient]) -> Mapping[int, Sequence[Mark]]:
    """The remarks on each node that has any."""
    found: dict[int, list[Mark]] = defaultdict(list)
    for place, mark in (*_blames(nodes, gradients), *_verdicts(nodes, gradients), *_values(nodes), *_flows(nodes)):
        if mark not in found[place]:
            found[place].append(mark)
    return found


def _verdicts(nodes: Sequence[Node], gradients: Mapping[str, Gradient]) -> Iterator[tuple[int, Mark]]:
    for node in nodes:
        gradient = None if node.variable is None else gradients.get(node.variable)
        if gradient is not None:
            full = gradient.verdict if gradient.reason is None else f"{gradient.verdict}: {gradient.reason.message}"
            yield node.id, Mark(TONES.get(gradient.verdict, "doubtful"), gradient.verdict, full)


def _blames(nodes: Sequence[Node], gradients: Mapping[str, Gradient]) -> Iterator[tuple[int, Mark]]:
    for gradient in gradients.values():
        reason = gradient.reason
        place = None if reason is None or reason.step is None else _first(nodes, reason.step)
        if reason is not None and place is not None:
            remedy = "" if reason.remedy is None else f"; instead: {reason.remedy}"
            text = f"{reason.code} {page(reason.code).title}"
            yield (
                place,
                Mark(TONES.get(gradient.verdict, "doubtful"), text, f"{reason.message} ({reason.code}){remedy}"),
            )


def _first(nodes: Sequence[Node], step: int) -> int | None:
    """The node of a step that is nearest to the output."""
    return next((node.id for node in nodes if node.step == step), None)


def _values(nodes: Sequence[Node]) -> Iterator[tuple[int, Mark]]:
    """Where values stop being finite, on the way up, and where nothing of it is left."""
    states = [state(node.value) for node in nodes]
    for node in nodes:
        below = {states[target] for target in node.inputs}
        word = states[node.id]
        if word and word not in below and node.value is not None:
            yield (
                node.id,
                Mark(LOST, f"{word} born here", f"{node.expression} is {word}, and what it is made of is not"),
            )
        for each in sorted(below - {FINITE, word}):
            if node.value is not None:
                yield node.id, Mark(LOST, f"{each} ends here", f"an input is {each}, and the result is not")
    if states and states[0]:
        yield 0, Mark(LOST, f"{states[0]} is the result", f"the output is {states[0]}")


def _flows(nodes: Sequence[Node]) -> Iterator[tuple[int, Mark]]:
    """The same for gradients, on their way down."""
    for node in nodes:
        arrived = state(node.gradient)
        for word in sorted({state(flow) for flow in node.flows} - {FINITE, arrived}):
            yield node.id, Mark(LOST, f"{word} gradient born here", f"backward sends {word} on, and did not receive it")
        if arrived and not node.inputs:
            yield node.id, Mark(LOST, f"{arrived} gradient ends here", f"the gradient is {arrived}")
