"""Functions that put several tensors together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Array, Body, Handle, TapeBuilder, array, handle
from autogradcli.functions.later import numpy as np


def _joined(join: Callable[..., Array]) -> Body:
    """The meaning of a row that puts several tensors together, by what follows them in its signature."""

    def meaning(_: TapeBuilder, tensors: Sequence[Handle], **others: Any) -> Handle:
        return handle(join([array(each) for each in tensors], *others.values()))

    return meaning


def _cat(tensors: Sequence[Array], dim: int) -> Array:
    """Empty vectors count as nothing, as torch has it."""
    return np.concatenate([each for each in tensors if each.shape != (0,)] or tensors, dim)


def stack_items(_: TapeBuilder, components: Sequence[Handle]) -> Handle:
    """A list literal: its items along a new first axis."""
    return np.stack([array(each) for each in components])


ROWS: tuple[Function, ...] = (
    Function(
        "stack_items",
        "*components",
        "A list literal: its items along a new first axis.",
        torch="stack",
        tensor=True,
        body=stack_items,
    ),
    Function(
        "cat",
        "tensors: sequence, dim: int = 0",
        "One after the other, along a dimension that they have.",
        aliases=("concat", "concatenate"),
        tensor=True,
        body=_joined(_cat),
    ),
    Function(
        "stack",
        "tensors: sequence, dim: int = 0",
        "One after the other, along a new dimension.",
        tensor=True,
        body=_joined(lambda tensors, dim: np.stack(tensors, dim)),
    ),
    Function(
        "hstack", "tensors: sequence", "Side by side.", tensor=True, body=_joined(lambda tensors: np.hstack(tensors))
    ),
    Function(
        "vstack",
        "tensors: sequence",
        "Below each other.",
        aliases=("row_stack",),
        tensor=True,
        body=_joined(lambda tensors: np.vstack(tensors)),
    ),
    Function(
        "dstack",
        "tensors: sequence",
        "Behind each other.",
        tensor=True,
        body=_joined(lambda tensors: np.dstack(tensors)),
    ),
    Function(
        "column_stack",
        "tensors: sequence",
        "As columns of a matrix.",
        tensor=True,
        body=_joined(lambda tensors: np.column_stack(tensors)),
    ),
)
