"""Components that are picked by indices. An index is a value: an entry of the tape like any other, mostly unknown."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Handle, TapeBuilder, array, handle
from autogradcli.functions.later import numpy as np


def pick(builder: TapeBuilder, index: int, candidates: Sequence[int]) -> int:
    """The candidate at an index: a chain of choices, or the candidate itself if the index is a constant."""
    known = builder.number(index)
    if known is not None:
        return candidates[int(known)]
    *others, chosen = candidates
    for place in reversed(range(len(others))):
        condition = builder.call("eq", index, builder.literal(Fraction(place)))
        chosen = builder.call("where", condition, others[place], chosen)
    return chosen


def one_hot(builder: TapeBuilder, x: Handle, num_classes: int) -> Handle:
    """For each index a vector of zeros, with a one at its place; -1 stands for one more than the largest index."""
    if num_classes == -1:
        num_classes = 1 + max(_known(builder, array(x).ravel().tolist()), default=-1)
    zero, one = builder.literal(Fraction(0)), builder.literal(Fraction(1))
    places = np.array([builder.literal(Fraction(place)) for place in range(num_classes)], dtype=np.intp)
    equal = builder.call("eq", array(x)[..., None], places)
    return builder.call("where", equal, one, zero)


def _known(builder: TapeBuilder, indices: Sequence[int]) -> list[int]:
    """The indices as numbers; raises NoDefinition if they are not known."""
    constants = [builder.number(each) for each in indices]
    found = builder.estimates(indices) if None in constants else constants
    if found is None:
        raise NoDefinition("one_hot without num_classes")
    return [int(each) for each in found if each is not None]


def gather(builder: TapeBuilder, x: Handle, dim: int, index: Handle) -> Handle:
    """From each line along a dimension the components that the indices in the same line pick."""
    places, whole = np.atleast_1d(array(index)), np.atleast_1d(array(x))
    axis = dim % whole.ndim
    lines = np.moveaxis(whole, axis, -1)
    picked = [
        pick(builder, int(places[place]), lines[place[:axis] + place[axis + 1 :]].tolist())
        for place in np.ndindex(*places.shape)
    ]
    return handle(np.array(picked, dtype=np.intp).reshape(np.shape(index)))


def index_select(builder: TapeBuilder, x: Handle, dim: int, index: Handle) -> Handle:
    """The slices along a dimension that the indices pick."""
    lines = np.moveaxis(np.atleast_1d(array(x)), dim, -1)
    slices = [_slice(builder, int(each), lines) for each in np.atleast_1d(array(index))]
    result = np.moveaxis(np.array(slices, dtype=np.intp), 0, dim) if np.ndim(x) else np.array(slices[0])
    return handle(result)


def _slice(builder: TapeBuilder, index: int, lines: Array) -> Array:
    """From each line the component at the same index."""
    picked = [pick(builder, index, line) for line in lines.reshape(-1, lines.shape[-1]).tolist()]
    return np.array(picked, dtype=np.intp).reshape(lines.shape[:-1])


ROWS: tuple[Function, ...] = (
    Function(
        "one_hot",
        "x: indices, num_classes: int = -1",
        "For each index a vector of zeros, with a one at its place.",
        torch="nn.functional.one_hot",
        tensor=True,
        body=one_hot,
    ),
    Function(
        "gather",
        "x, dim: int, index: indices",
        "From each line along a dimension the components at some indices.",
        tensor=True,
        body=gather,
    ),
    Function(
        "index_select",
        "x, dim: int, index: indices",
        "The slices along a dimension at some indices.",
        tensor=True,
        body=index_select,
    ),
)
