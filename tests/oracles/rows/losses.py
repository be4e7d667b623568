"""Losses."""

from collections.abc import Callable
from typing import Any

import numpy as np
from mpmath import mp

from tests.oracles.rows.lines import average, distance, lines, logsumexp, mean, total
from tests.oracles.rows.numbers import softplus
from tests.oracles.rows.tools import Array, each


def of(losses: Array, reduction: str, weight: Any = None) -> Array:
    """The losses, times weights, as a reduction has them."""
    found = losses if weight is None else losses * weight
    if reduction == "none":
        return found
    return {"mean": mean, "sum": total, "batchmean": lambda x: total(x) / mp.mpf(len(x))}[reduction](found)


def huber(x: Any, delta: Any) -> Any:
    """A parabola, and beyond delta its tangents."""
    return x * x / 2 if abs(x) <= delta else delta * (abs(x) - delta / 2)


def bce(p: Any, y: Any) -> Any:
    """-y log p - (1 - y) log(1 - p); no logarithm is less than -100."""
    return -y * max(mp.ln(p), mp.mpf(-100)) - (1 - y) * max(mp.ln(1 - p), mp.mpf(-100))


def bce_with_logits(input: Array, target: Array, weight: Any, reduction: str, pos_weight: Any) -> Array:
    """The same of a sigmoid."""
    up = mp.one if pos_weight is None else pos_weight
    losses = up * target * each(softplus)(-input) + (1 - target) * each(softplus)(input)
    return of(losses, reduction, weight)


def kl_div(input: Array, target: Array, reduction: str, log_target: bool) -> Array:
    """target*(log(target) - input)."""
    if log_target:
        return of(each(mp.exp)(target) * (target - input), reduction)
    return of(each(lambda x, y: y * (mp.ln(y) - x) if y else mp.zero)(input, target), reduction)


def poisson(input: Array, target: Array, log_input: bool, full: bool, eps: Any, reduction: str) -> Array:
    """rate - target*log(rate)."""
    if full:
        raise NotImplementedError
    rate, logarithm = (each(mp.exp)(input), input) if log_input else (input, each(mp.ln)(input + eps))
    return of(rate - target * logarithm, reduction)


def gaussian(input: Array, target: Array, var: Array, full: bool, eps: Any, reduction: str) -> Array:
    """(log(var) + (input - target)**2/var)/2."""
    if full:
        raise NotImplementedError
    spread = each(lambda v: max(v, eps[()]))(var)
    return of((each(mp.ln)(spread) + (input - target) ** 2 / spread) / 2, reduction)


def hinge_embedding(input: Array, target: Array, margin: Any, reduction: str) -> Array:
    """x where the target is not -1, plus relu(margin - x) where it is not 1."""

    def loss(x: Any, y: Any, m: Any) -> Any:
        return (x if y != -1 else mp.zero) + (max(m - x, mp.zero) if y != 1 else mp.zero)

    return of(each(loss)(input, target, margin), reduction)


def cosine_embedding(input1: Array, input2: Array, target: Array, margin: Any, reduction: str) -> Array:
    """1 - cos where the target is 1, relu(cos - margin) where it is -1; squares have 1e-12 more."""
    squares = [total(one * one, -1) + mp.mpf("1e-12") for one in (input1, input2)]
    found = total(input1 * input2, -1) / each(mp.sqrt)(squares[0] * squares[1])
    loss = each(lambda c, y, m: 1 - c if y == 1 else max(c - m, mp.zero))
    return of(loss(found, target, margin), reduction)


def triplet(
    anchor: Array, positive: Array, negative: Array, margin: Any, reduction: str, swap: bool, **how: Any
) -> Array:
    """relu(near - far + margin)."""
    near, far = distance(anchor, positive, **how), distance(anchor, negative, **how)
    if swap:
        far = each(min)(far, distance(positive, negative, **how))
    return of(each(lambda x: max(x, mp.zero))(near - far + margin), reduction)


def multilabel(input: Array, target: Array, weight: Any, reduction: str) -> Array:
    """The mean over the classes of the cross-entropies."""
    losses = target * each(softplus)(-input) + (1 - target) * each(softplus)(input)
    return of(mean(losses if weight is None else losses * weight, -1), reduction)


def nll(input: Array, target: Any, weight: Any, ignore_index: int, reduction: str, smoothing: Any = 0) -> Array:
    """-x at the target's class, or a mixture with the mean over all classes; of one vector or of a batch of them."""
    if weight is not None or input.ndim > 2:
        raise NotImplementedError
    share = mp.mpf(smoothing.numerator) / smoothing.denominator
    losses = [
        -(1 - share) * line[int(k)] - share * average(list(line))
        for line, k in zip(np.atleast_2d(input), np.atleast_1d(target), strict=True)
        if int(k) != ignore_index
    ]
    return of(np.array(losses, dtype=object), reduction)


def cross_entropy(
    input: Array, target: Any, weight: Any, ignore_index: int, reduction: str, label_smoothing: Any
) -> Array:
    """nll of the logarithm of softmax."""
    if target.shape == input.shape:
        raise NotImplementedError
    logarithms = lines(input, -1, lambda line: [x - logsumexp(line) for x in line])
    return nll(logarithms, target, weight, ignore_index, reduction, label_smoothing)


LOSSES: dict[str, Callable[..., Any]] = {
    "reduced": lambda x, reduction: of(x, reduction),
    "mse_loss": lambda input, target, reduction: of((input - target) ** 2, reduction),
    "l1_loss": lambda input, target, reduction: of(abs(input - target), reduction),
    "smooth_l1_loss": lambda input, target, reduction, beta: of(each(huber)(input - target, beta) / beta, reduction),
    "huber_loss": lambda input, target, reduction, delta: of(each(huber)(input - target, delta), reduction),
    "binary_cross_entropy": lambda input, target, weight, reduction: of(each(bce)(input, target), reduction, weight),
    "binary_cross_entropy_with_logits": bce_with_logits,
    "kl_div": kl_div,
    "poisson_nll_loss": poisson,
    "gaussian_nll_loss": gaussian,
    "hinge_embedding_loss": hinge_embedding,
    "margin_ranking_loss": lambda input1, input2, target, margin, reduction: of(
        each(lambda x: max(x, mp.zero))(-target * (input1 - input2) + margin), reduction
    ),
    "soft_margin_loss": lambda input, target, reduction: of(each(softplus)(-target * input), reduction),
    "multilabel_soft_margin_loss": multilabel,
    "triplet_margin_loss": triplet,
    "cosine_embedding_loss": cosine_embedding,
    "cross_entropy": cross_entropy,
    "nll_loss": nll,
}
"""By the names of the parameters."""
