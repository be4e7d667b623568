"""What a node of torch's graph tells of itself before `backward` has run: its local derivatives, what it has saved."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from autogradcli.engines.backward import Detail
from autogradcli.engines.results import LocalDerivative
from autogradcli.engines.torch.graph import Findings, plain

MOST_ENTRIES = 64
"""Entries of a matrix of derivatives that is still worked out."""
PREFIX = "_saved_"
"""What torch puts before the names of what a node has saved."""
SIGNED = 2**63
"""A saved dimension of -1 is read as 2**64 - 1."""


def inspect(detail: Detail, node: Any, place: int, by_component: bool) -> Findings:
    """What a closer look at a node finds, of what is asked for."""
    return (
        derivatives(node, place, by_component) if detail.derivatives and node.next_functions else (),
        saved(node) if detail.saved else {},
    )


def derivatives(node: Any, place: int, by_component: bool) -> tuple[LocalDerivative | None, ...]:
    """The derivative of a node's output number `place` with respect to each input; None for one without gradient.

    They are what the node's own backward makes of unit vectors. `by_component` says that it computes each component
    of its output from the same component of its inputs alone, so that one vector of ones tells all.
    """
    sizes = [tuple(each.shape) for each in node._input_metadata]
    shape = sizes[place]

    def pull_back(vector: torch.Tensor) -> Sequence[torch.Tensor | None]:
        given: list[torch.Tensor | None] = [None] * len(sizes)
        given[place] = vector
        found = node(*given)
        return [_reduced(each, *edge) for each, edge in zip(_several(found), node.next_functions, strict=True)]

    ones = torch.ones(shape, dtype=node._input_metadata[place].dtype)
    try:
        with torch.no_grad():
            sums = pull_back(ones)
            rows = _Rows(pull_back, ones)
            return tuple(
                None if each is None else _derivative(each, i, rows, by_component) for i, each in enumerate(sums)
            )
    except RuntimeError:
        # Some backward formulas refuse what never happens in a real pass; the pass itself is none the worse for it.
        return (None,) * len(node.next_functions)


def _several(found: Any) -> tuple[torch.Tensor | None, ...]:
    return found if isinstance(found, tuple) else (found,)


def _reduced(gradient: torch.Tensor | None, below: Any, place: int) -> torch.Tensor | None:
    """A gradient in the shape of the input that it is for: where that was broadcast, torch's engine adds up."""
    if gradient is None or below is None:
        return None
    return gradient.sum_to_size(below._input_metadata[place].shape)


class _Rows:
    """The rows of a node's matrices of derivatives, worked out only if somebody asks."""

    def __init__(self, pull_back: Callable[[torch.Tensor], Sequence[torch.Tensor | None]], ones: torch.Tensor) -> None:
        self._pull_back = pull_back
        self.ones = ones
        self._rows: list[Sequence[torch.Tensor | None]] | None = None

    def of(self, index: int) -> Iterator[torch.Tensor]:
        """The derivative of each component of the output with respect to the input number `index`."""
        if self._rows is None:
            basis = torch.eye(self.ones.numel(), dtype=self.ones.dtype)
            self._rows = [self._pull_back(vector.reshape(self.ones.shape)) for vector in basis]
        for row in self._rows:
            each = row[index]
            assert each is not None
            yield each


def _derivative(sums: torch.Tensor, index: int, rows: _Rows, by_component: bool) -> LocalDerivative:
    shape, sizes = tuple(rows.ones.shape), tuple(sums.shape)
    if by_component and shape == sizes:
        return LocalDerivative(shape, sizes, True, plain(sums))
    if math.prod(shape) == 1:
        return LocalDerivative(shape, sizes, False, plain(sums.reshape((*shape, *sizes))))
    if math.prod(shape) * math.prod(sizes) > MOST_ENTRIES:
        return LocalDerivative(shape, sizes, False, None)
    matrix = torch.stack([row.reshape(sizes) for row in rows.of(index)])
    return LocalDerivative(shape, sizes, False, plain(matrix.reshape((*shape, *sizes))))


def saved(node: Any) -> dict[str, Any]:
    """What a node keeps for `backward`, by torch's own names for it: tensors as nested lists, anything else as text."""
    names = sorted(name for name in dir(node) if name.startswith(PREFIX))
    return {name.removeprefix(PREFIX): _readable(getattr(node, name)) for name in names}


def _readable(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return plain(value)
    if isinstance(value, tuple | list):
        return [_readable(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return value - 2 * SIGNED if value >= SIGNED else value
    return value if value is None or isinstance(value, bool | float | str) else str(value)
