"""The graph that autograd built, read from `grad_fn` and filled with the gradients that flowed through it."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from autogradcli.engines.results import Array, Empty, LocalDerivative, Node
from autogradcli.functions.table import row
from autogradcli.language.program import Call, Program, Variable

Findings = tuple[tuple[LocalDerivative | None, ...], dict[str, Any]]
"""The derivatives of a node with respect to its inputs, and what it has saved."""
NodeInspector = Callable[[Any, int, bool], Findings]
"""A closer look at a node: which of its outputs is used, and whether it works component by component."""


NOTHING: Findings = ((), {})


class StepsOfNodes:
    """Which step of the program made which node of the graph.

    Nodes are known by the Python objects that stand for them; they are kept, so that their identity lasts.
    """

    def __init__(self, program: Program, look: NodeInspector | None) -> None:
        self._program = program
        self._look = look
        self._step: dict[Any, int | None] = {}
        self._below: dict[Any, list[Any]] = {}
        self._result: dict[Any, torch.Tensor] = {}

    def record(self, index: int | None, value: torch.Tensor) -> None:
        """Note that step `index` gave `value`: all nodes below it that no earlier step made are its own.

        What belongs to no step of the program, but to a derivative of it, has None.
        """
        node = _node(value)
        self._result.setdefault(node, value)
        new = [node]
        while new:
            each = new.pop()
            if each not in self._step:
                self._step[each] = index
                self._below[each] = below = [node for node, _ in each.next_functions]
                new.extend(filter(None, below))

    def watch(self, output: torch.Tensor, backward: Callable[[], None]) -> tuple[Node, ...]:
        """Run `backward` from the output; the graph's nodes, in walk order, with the gradients that reached them.

        A closer look is taken before that, since `backward` frees what nodes have saved.
        """
        order = self._walk(_node(output))
        look = self._look
        found = {node: look(node, self._place(node), self._by_component(node)) if look else NOTHING for node in order}
        recorders = {node: _Recorder() for node in order}
        for node, recorder in recorders.items():
            node.register_hook(recorder)
        backward()
        place_of = {node: place for place, node in enumerate(order)}
        return tuple(
            self._describe(node, place_of, inputs, recorders[node], found[node]) for node, inputs in order.items()
        )

    def _walk(self, root: Any) -> dict[Any, list[Any]]:
        """All nodes below `root` with the node behind each input, None for one without gradient.

        Each comes once, depth first, inputs in order.
        """
        order: dict[Any, list[Any]] = {}
        stack = [root]
        while stack:
            node = stack.pop()
            if node not in order:
                order[node] = self._below[node]
                stack.extend(filter(None, reversed(order[node])))
        return order

    def _place(self, node: Any) -> int:
        """Which of the node's outputs is the one that is used."""
        result = self._result.get(node)
        return 0 if result is None else result.output_nr

    def _by_component(self, node: Any) -> bool:
        """Whether it comes from a function that is applied component by component."""
        index = self._step[node]
        step = None if index is None else self._program.steps[index]
        return isinstance(step, Call) and not row(step.function).tensor

    def _describe(
        self, node: Any, place_of: dict[Any, int], inputs: Sequence[Any], recorder: "_Recorder", found: Findings
    ) -> Node:
        index = self._step[node]
        step = None if index is None else self._program.steps[index]
        result = self._result.get(node)
        sent = recorder.sent or (None,) * len(inputs)
        derivatives, saved = found
        return Node(
            id=place_of[node],
            name=type(node).__name__,
            expression=None if index is None else elided(self._program.text(index)),
            step=index,
            value=noted(result),
            gradient=recorder.arrived[self._place(node)] if recorder.arrived else None,
            inputs=tuple(place_of[each] for each in inputs if each is not None),
            flows=tuple(flow for flow, each in zip(sent, inputs, strict=True) if each is not None),
            variable=step.name if isinstance(step, Variable) else None,
            span=None if step is None else (step.span.start, step.span.end),
            derivatives=tuple(each for each, below in zip(derivatives, inputs, strict=True) if below is not None)
            if derivatives
            else (),
            saved=saved,
        )


MAX_TEXT = 400
"""Characters of a node's expression: the nodes of a long sum must not grow with the square of its length."""


def elided(text: str) -> str:
    """A text that is too long with its middle left out."""
    half = MAX_TEXT // 2
    return text if len(text) <= MAX_TEXT else f"{text[:half]} … {text[-half:]}"


class _Recorder:
    """A hook that keeps the gradients that arrive at a node, one for each of its outputs, and those that it sends on.

    It holds no node: a node that held itself through its hook would never be freed, since Python's garbage collector
    does not see references that pass through C++.
    """

    def __init__(self) -> None:
        self.arrived: tuple[Array, ...] = ()
        self.sent: tuple[Array, ...] = ()

    def __call__(self, sent: tuple[torch.Tensor | None, ...], arrived: tuple[torch.Tensor | None, ...]) -> None:
        self.arrived = tuple(map(noted, arrived))
        self.sent = tuple(map(noted, sent))


MOST_NOTED = 300_000
"""Components of a tensor on the way that is kept: of a larger one nothing is proven, and nobody reads it."""


def noted(value: torch.Tensor | float | None) -> Array:
    """The same for what is on the way from the inputs to the output; None for what is too large."""
    if isinstance(value, torch.Tensor):
        if not value.ndim:  # as most are
            return value.item()
        if value.numel() > MOST_NOTED:
            return None
    return plain(value)


def plain(value: torch.Tensor | float | None) -> Array:
    """A tensor as floats (bools for a condition), row by row; anything else as it is."""
    # The zeros that some backward formulas give (sgn's) have no storage to read from; a copy has.
    if not isinstance(value, torch.Tensor):
        return value
    if not value.numel():
        return Empty(tuple(value.shape))
    return value.clone().tolist() if value.ndim else value.item()


def _node(value: torch.Tensor) -> Any:
    """The node that a tensor's gradient arrives at: its `grad_fn`, or for a leaf its accumulator."""
    node = value.grad_fn
    return torch.autograd.graph.get_gradient_edge(value).node if node is None else node
