"""The callables that the rows' `torch` fields name, and adapters for those that torch has otherwise."""

import operator
from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Any

import torch

Scalar = torch.Tensor | float | bool


def _choose(condition: Scalar, yes: Scalar, no: Scalar) -> Scalar:
    """Python's own `yes if condition else no`: one branch, no node in the graph."""
    return yes if condition else no


def _stack(*components: torch.Tensor) -> torch.Tensor:
    return torch.stack(components)


def _index(x: torch.Tensor, index: tuple[Any, ...]) -> torch.Tensor:
    return x[index]


def _numel(x: torch.Tensor) -> torch.Tensor:
    return torch.tensor(x.numel(), dtype=x.dtype)


def _size(x: torch.Tensor, dim: int | None = None) -> torch.Tensor:
    return torch.tensor(x.size(dim), dtype=x.dtype)


def _einsum(equation: str, operands: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.einsum(equation, *operands)


SPECIAL: dict[str, Callable[..., Any]] = {
    "if_else": _choose,
    "stack_items": _stack,
    "index": _index,
    "numel": _numel,
    "size": _size,
    "einsum": _einsum,
}
"""Natives that are not attributes of torch, or take their operands in another way."""


@cache
def native(path: str) -> Callable[..., Any]:
    """The callable that a row's `torch` field names."""
    if path in SPECIAL:
        return SPECIAL[path]
    first, *rest = path.split(".")
    if first == "operator":
        return getattr(operator, rest[0])  # type: ignore[no-any-return]
    return reduce(getattr, [first, *rest], torch)  # type: ignore[return-value]
