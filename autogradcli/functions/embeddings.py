"""Rows of a table that indices name, and what bags of such rows come to."""

from __future__ import annotations

from fractions import Fraction

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Handle, TapeBuilder, array
from autogradcli.functions.later import numpy as np
from autogradcli.functions.scattering import known_indices


def embedding(
    builder: TapeBuilder, input: Handle, weight: Handle, padding_idx: int | None, scale_grad_by_freq: bool
) -> Handle:
    """The rows of weight; the one for padding has no definition, as torch holds it constant."""
    places, rows = known_indices(builder, input), array(weight)
    if padding_idx is not None and (places == padding_idx % len(rows)).any():
        raise NoDefinition("embedding of padding_idx")
    _check_scale(scale_grad_by_freq)
    return rows[places]


def _check_scale(scale_grad_by_freq: bool) -> None:
    if scale_grad_by_freq:
        raise NoDefinition("a gradient that is divided by how often a row is named")


def embedding_bag(
    builder: TapeBuilder,
    input: Handle,
    weight: Handle,
    offsets: Handle | None,
    scale_grad_by_freq: bool,
    mode: str,
    per_sample_weights: Handle | None,
    include_last_offset: bool,
    padding_idx: int | None,
) -> Handle:
    """The sums, means or maxima of the rows of each bag, without those for padding; of an empty bag zeros."""
    _check_scale(scale_grad_by_freq)
    places, rows = known_indices(builder, input), array(weight)
    starts = None if offsets is None else known_indices(builder, offsets).tolist()
    bags = _bags(np.arange(places.size).reshape(places.shape), starts, include_last_offset)
    left_out = None if padding_idx is None else padding_idx % len(rows)
    shares = None if per_sample_weights is None else array(per_sample_weights).ravel()
    results = []
    for bag in bags:
        kept = [place for place in bag if places.ravel()[place] != left_out]
        lines = rows[places.ravel()[kept]]
        lines = lines if shares is None or not kept else array(builder.call("mul", lines, shares[kept][:, None]))
        zeros = np.full(rows.shape[1], builder.literal(Fraction(0)), dtype=np.intp)
        results.append(array(builder.call(JOINED[mode], lines, dim=0)) if kept else zeros)
    return np.array(results, dtype=np.intp).reshape(len(bags), rows.shape[1])


JOINED = {"sum": "sum", "mean": "mean", "max": "amax"}
"""By the mode: the row that a bag's rows are joined by."""


def _bags(places: Array, starts: list[int] | None, ends_too: bool) -> list[list[int]]:
    """The places of each bag: a line of a matrix, or what stands between two starts."""
    if starts is None:
        return [line.tolist() for line in places]
    ends = starts[1:] if ends_too else [*starts[1:], len(places)]
    return [places[start:end].tolist() for start, end in zip(starts, ends, strict=False)]


ROWS: tuple[Function, ...] = (
    Function(
        "embedding",
        "input: indices, weight, padding_idx: int = None, *, scale_grad_by_freq: flag = False",
        "The rows of weight at some places.",
        torch="nn.functional.embedding",
        tensor=True,
        note="No gradient reaches the row padding_idx: it counts as a constant.",
        body=embedding,
    ),
    Function(
        "embedding_bag",
        "input: indices, weight, offsets: indices = None, *, scale_grad_by_freq: flag = False, "
        'mode: ("mean", "sum", "max") = "mean", per_sample_weights=None, include_last_offset: flag = False, '
        "padding_idx: int = None",
        "The means, sums or maxima of the rows of weight that bags of places name.",
        torch="nn.functional.embedding_bag",
        tensor=True,
        body=embedding_bag,
    ),
)
