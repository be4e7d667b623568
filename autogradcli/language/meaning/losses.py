"""Losses: a number for each pair of a prediction and a target, and their mean or sum."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from autogradcli.language.meaning.handles import array, handle
from autogradcli.language.meaning.layers import times

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle


def reduced(builder: "Builder", x: "Handle", reduction: str) -> "Handle":
    """The mean, the sum, the sum over the first size, or all components as they are."""
    if reduction == "none":
        return x
    if reduction == "mean":
        return builder.call("mean", x)  # type: ignore[no-any-return]
    total = builder.call("sum", x)
    if reduction == "sum":
        return total  # type: ignore[no-any-return]
    return builder.call("div", total, builder.literal(Fraction((*np.shape(x), 1)[0])))  # type: ignore[no-any-return]


def binary_cross_entropy(
    builder: "Builder", input: "Handle", target: "Handle", weight: "Handle | None", reduction: str
) -> "Handle":
    """The cross-entropy of probabilities; no logarithm counts as less than -100."""
    text = (
        "-target*where(input > exp(-100), log(input), -100)"
        " - (1 - target)*where(1 - input > exp(-100), log1p(-input), -100)"
    )
    losses = builder.formula(text, input=input, target=target)
    return reduced(builder, times(builder, losses, weight), reduction)


def binary_cross_entropy_with_logits(
    builder: "Builder",
    input: "Handle",
    target: "Handle",
    weight: "Handle | None",
    reduction: str,
    pos_weight: "Handle | None",
) -> "Handle":
    """The same of sigmoid(input); softplus(-x) is -log sigmoid(x), and x + softplus(-x) is -log(1 - sigmoid(x))."""
    if pos_weight is None:
        losses = builder.formula("(1 - target)*input + softplus(-input)", input=input, target=target)
    else:
        text = "(1 - target)*input + (1 + (pos_weight - 1)*target)*softplus(-input)"
        losses = builder.formula(text, input=input, target=target, pos_weight=pos_weight)
    return reduced(builder, times(builder, losses, weight), reduction)


def multilabel_soft_margin_loss(
    builder: "Builder", input: "Handle", target: "Handle", weight: "Handle | None", reduction: str
) -> "Handle":
    """The cross-entropies of all classes, summed along the last dimension of the input and over its size."""
    text = "-(target*logsigmoid(input) + (1 - target)*logsigmoid(-input))"
    losses = times(builder, builder.formula(text, input=input, target=target), weight)
    axis = np.ndim(input) - 1
    classes = builder.literal(Fraction(np.shape(input)[axis]))
    return reduced(builder, builder.call("div", builder.call("sum", losses, dim=axis), classes), reduction)


def kl_div(builder: "Builder", input: "Handle", target: "Handle", reduction: str, log_target: bool) -> "Handle":
    """target*(log(target) - input), or the same with the logarithm given."""
    text = "exp(target)*(target - input)" if log_target else "xlogy(target, target) - target*input"
    return reduced(builder, builder.formula(text, input=input, target=target), reduction)


def poisson_nll_loss(
    builder: "Builder", input: "Handle", target: "Handle", log_input: bool, full: bool, eps: int, reduction: str
) -> "Handle":
    """rate - target*log(rate), and with `full` Stirling's formula for log(target!)."""
    text = "exp(input) - target*input" if log_input else "input - target*log(input + eps)"
    if full:
        text += " + where(target > 1, target*log(target) - target + log(2*pi*target)/2, 0)"
    return reduced(builder, builder.formula(text, input=input, target=target, eps=eps), reduction)


def gaussian_nll_loss(
    builder: "Builder", input: "Handle", target: "Handle", var: "Handle", full: bool, eps: int, reduction: str
) -> "Handle":
    """(log(var) + (input - target)**2/var)/2, and with `full` the constant; no variance counts as less than eps."""
    spread = array(var)
    if spread.ndim and spread.shape == np.shape(input)[:-1]:
        spread = spread[..., None]
    text = "(log(maximum(var, eps)) + square(input - target)/maximum(var, eps))/2"
    if full:
        text += " + log(2*pi)/2"
    return reduced(builder, builder.formula(text, input=input, target=target, var=handle(spread), eps=eps), reduction)


def triplet_margin_loss(
    builder: "Builder",
    anchor: "Handle",
    positive: "Handle",
    negative: "Handle",
    margin: int,
    p: float,
    eps: int,
    swap: bool,
    reduction: str,
) -> "Handle":
    """The distance to the positive less that to the negative, plus the margin, where that is positive."""

    def distance(x: "Handle", y: "Handle") -> "Handle":
        return builder.call("pairwise_distance", x, y, eps, p=p)  # type: ignore[no-any-return]

    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = builder.call("minimum", far, distance(positive, negative))
    losses = builder.formula("relu(near - far + margin)", near=near, far=far, margin=margin)
    return reduced(builder, losses, reduction)


LOSSES: Mapping[str, Callable[..., "Handle"]] = {
    "reduced": reduced,
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "kl_div": kl_div,
    "multilabel_soft_margin_loss": multilabel_soft_margin_loss,
    "poisson_nll_loss": poisson_nll_loss,
    "gaussian_nll_loss": gaussian_nll_loss,
    "triplet_margin_loss": triplet_margin_loss,
}
"""By the name of the table's row."""
