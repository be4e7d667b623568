"""Connectionist temporal classification: the loss over all alignments of labels to times."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Handle, TapeBuilder, array, handle
from autogradcli.functions.later import numpy as np
from autogradcli.functions.losses import REDUCTION
from autogradcli.functions.scattering import known_indices

Logarithms = list[int | None]
"""Logarithms of probabilities; None for a probability of 0."""


def ctc_loss(
    builder: TapeBuilder,
    log_probs: Handle,
    targets: Handle,
    input_lengths: Handle,
    target_lengths: Handle,
    blank: int,
    reduction: str,
    zero_infinity: bool,
) -> Handle:
    """-log of the probability of the targets; the mean is that of the losses over the lengths of the targets."""
    scores = _normalised(builder, array(log_probs) if np.ndim(log_probs) == 3 else array(log_probs)[:, None])
    times, counts = (np.atleast_1d(known_indices(builder, each)).tolist() for each in (input_lengths, target_lengths))
    labels = _labels(known_indices(builder, targets), counts)
    losses = [
        _loss(builder, scores[:time, place], each, blank, zero_infinity)
        for place, (time, each) in enumerate(zip(times, labels, strict=True))
    ]
    if reduction == "mean":
        shares = [builder.literal(Fraction(max(count, 1))) for count in counts]
        return builder.call("mean", builder.call("div", np.array(losses), np.array(shares)))
    if reduction == "sum":
        return builder.call("sum", np.array(losses))
    return handle(np.array(losses)) if np.ndim(log_probs) == 3 else losses[0]


def _normalised(builder: TapeBuilder, scores: Array) -> Array:
    """The logarithms of probabilities that add up to 1: log_softmax leaves them as they are.

    torch's backward is that of the loss of log_softmax; of other numbers it is no derivative, and has no definition.
    """
    totals = builder.estimates(array(builder.call("logsumexp", scores, dim=-1)).ravel().tolist())
    if totals is None or any(abs(each) > NORMALISED for each in totals):
        raise NoDefinition("ctc_loss of what is not normalised")
    return array(builder.call("log_softmax", scores, dim=-1))


NORMALISED = 1e-6
"""What rounding may have made of log(1)."""


def _labels(targets: Array, counts: Sequence[int]) -> list[list[int]]:
    """The labels of each example, of a matrix of them or of all one after the other."""
    if targets.ndim == 2:
        return [line[:count].tolist() for line, count in zip(targets, counts, strict=True)]
    ends = np.cumsum([0, *counts])
    return [targets[start:end].tolist() for start, end in pairwise(ends)]


def _loss(builder: TapeBuilder, scores: Array, labels: Sequence[int], blank: int, zero_infinity: bool) -> int:
    """By the forward variables of Graves et al., Connectionist Temporal Classification, 2006, section 4.1."""
    states = [blank, *(each for label in labels for each in (label, blank))]
    alpha: Logarithms = [int(scores[0, each]) for each in states[:2]]
    alpha += [None] * (len(states) - len(alpha))
    for line in scores[1:]:
        before = alpha
        alpha = [_reached(builder, before, states, place, blank) for place in range(len(states))]
        alpha = [
            None if each is None else builder.call("add", each, int(line[states[place]]))
            for place, each in enumerate(alpha)
        ]
    total = _joined(builder, alpha[-2:])
    if total is None:
        return builder.literal(Fraction(0) if zero_infinity else "inf")
    return int(builder.call("neg", total))


def _reached(builder: TapeBuilder, before: Logarithms, states: Sequence[int], place: int, blank: int) -> int | None:
    """From the same state, the one before, and from the label before if it is another one."""
    skips = place > 1 and states[place] != blank and states[place] != states[place - 2]
    return _joined(builder, before[max(place - (2 if skips else 1), 0) : place + 1])


def _joined(builder: TapeBuilder, logarithms: Sequence[int | None]) -> int | None:
    """The logarithm of the sum of probabilities."""
    some = [each for each in logarithms if each is not None]
    if not some:
        return None
    total = some[0]
    for each in some[1:]:
        total = builder.call("logaddexp", total, each)
    return total


ROWS: tuple[Function, ...] = (
    Function(
        "ctc_loss",
        "log_probs, targets: indices, input_lengths: indices, target_lengths: indices, blank: int = 0, "
        f"{REDUCTION}, zero_infinity: flag = False",
        "-log of the probability that labels, with blanks between them, are said in the course of time.",
        torch="nn.functional.ctc_loss",
        tensor=True,
        fused=True,
        note="torch takes log_probs for logarithms of probabilities that add up to 1; of others nothing is verified.",
        body=ctc_loss,
    ),
)
