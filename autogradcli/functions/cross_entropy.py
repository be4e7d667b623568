"""Cross-entropy and its likes: the classes are indices, or there is a probability for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from autogradcli.functions.classes import pick
from autogradcli.functions.function import Function
from autogradcli.functions.handles import Array, Handle, TapeBuilder, array, fold, handle
from autogradcli.functions.later import numpy as np
from autogradcli.functions.layers import plus
from autogradcli.functions.losses import REDUCTION, reduced


class Setting(NamedTuple):
    """What the options say of every example."""

    weights: Sequence[int] | None
    """One for each class; None if all are 1."""
    ignore_index: int
    smoothing: Fraction


def cross_entropy(
    builder: TapeBuilder,
    input: Handle,
    target: Handle,
    weight: Handle | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: Fraction,
) -> Handle:
    """nll_loss of log_softmax; if the target has the shape of the input, its components are probabilities."""
    axis = _axis(input)
    logarithms = np.moveaxis(array(builder.call("log_softmax", input, dim=axis)), axis, -1)
    setting = Setting(None if weight is None else array(weight).tolist(), ignore_index, label_smoothing)
    if np.shape(target) == np.shape(input):
        return _of_probabilities(builder, logarithms, np.moveaxis(array(target), axis, -1), setting, reduction)
    return _of_classes(builder, logarithms, array(target), setting, reduction)


def nll_loss(
    builder: TapeBuilder, input: Handle, target: Handle, weight: Handle | None, ignore_index: int, reduction: str
) -> Handle:
    """The negative of the component at each target, times its weight; the mean is over the sum of the weights."""
    setting = Setting(None if weight is None else array(weight).tolist(), ignore_index, Fraction(0))
    return _of_classes(builder, np.moveaxis(array(input), _axis(input), -1), array(target), setting, reduction)


def _axis(input: Handle) -> int:
    """That of the classes: the second, of a vector the first."""
    return min(np.ndim(input) - 1, 1)


def _of_probabilities(
    builder: TapeBuilder, logarithms: Array, target: Array, setting: Setting, reduction: str
) -> Handle:
    if setting.smoothing:
        keep = builder.literal(1 - setting.smoothing)
        share = builder.literal(setting.smoothing / logarithms.shape[-1])
        target = builder.formula("keep*target + share", target=target, keep=keep, share=share)
    if setting.weights is not None:
        target = builder.call("mul", array(np.array(setting.weights)), target)
    losses = builder.formula("-sum(target*x, dim=-1)", target=target, x=logarithms)
    return reduced(builder, losses, reduction)


def _of_classes(builder: TapeBuilder, logarithms: Array, target: Array, setting: Setting, reduction: str) -> Handle:
    zero, one = builder.literal(Fraction(0)), builder.literal(Fraction(1))
    losses: list[int] = []
    shares: list[int] = []
    for index, place in zip(target.ravel().tolist(), np.ndindex(target.shape), strict=True):
        line = logarithms[place].tolist()
        share = one if setting.weights is None else pick(builder, index, setting.weights)
        losses.append(_unless_ignored(builder, index, setting, _of_one(builder, index, line, setting), zero))
        shares.append(_unless_ignored(builder, index, setting, share, zero))
    if reduction == "none":
        return handle(np.array(losses, dtype=np.intp).reshape(target.shape))
    total = fold(builder, "add", losses)
    return total if reduction == "sum" else int(builder.call("div", total, fold(builder, "add", shares)))


def _of_one(builder: TapeBuilder, index: int, line: Sequence[int], setting: Setting) -> int:
    """The loss of one example; `line` has the logarithms of the probabilities of its classes."""
    if _ignored(builder, index, setting):
        return index
    costs = [builder.call("neg", each) for each in line]
    if setting.weights is not None:
        costs = [builder.call("mul", *pair) for pair in zip(setting.weights, costs, strict=True)]
    loss = pick(builder, index, costs)
    if not setting.smoothing:
        return loss
    keep = builder.literal(1 - setting.smoothing)
    share = builder.literal(setting.smoothing / len(line))
    every = fold(builder, "add", costs)
    return int(builder.formula("keep*loss + share*every", keep=keep, loss=loss, share=share, every=every))


def _ignored(builder: TapeBuilder, index: int, setting: Setting) -> bool:
    """Whether a constant index is the one that does not count."""
    return builder.number(index) == setting.ignore_index


def _unless_ignored(builder: TapeBuilder, index: int, setting: Setting, x: int, zero: int) -> int:
    """x, or 0 where the index is the one that does not count."""
    if builder.number(index) is not None:
        return zero if _ignored(builder, index, setting) else x
    condition = builder.call("eq", index, builder.literal(Fraction(setting.ignore_index)))
    return builder.call("where", condition, zero, x)


def linear_cross_entropy(
    builder: TapeBuilder,
    input: Handle,
    linear_weight: Handle,
    target: Handle,
    linear_bias: Handle | None,
    weight: Handle | None,
    ignore_index: int | None,
    reduction: str,
    label_smoothing: Fraction,
) -> Handle:
    """cross_entropy of the linear map; a weight of more dimensions gives the scores as many."""
    scores = builder.call("tensordot", input, linear_weight, dims=((-1,), (-1,)))
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(
        builder, plus(builder, scores, linear_bias), target, weight, ignored, reduction, label_smoothing
    )


ROWS: tuple[Function, ...] = (
    Function(
        "cross_entropy",
        f"input, target: classes, weight: fixed = None, *, ignore_index: int = -100, {REDUCTION}, "
        "label_smoothing: real = 0",
        "The mean of -log softmax(x) at the target classes, or over probabilities of all classes.",
        torch="nn.functional.cross_entropy",
        tensor=True,
        fused=True,
        body=cross_entropy,
    ),
    Function(
        "nll_loss",
        f"input, target: indices, weight: fixed = None, *, ignore_index: int = -100, {REDUCTION}",
        "The mean of -x at the target classes.",
        aliases=("nll",),
        torch="nn.functional.nll_loss",
        tensor=True,
        body=nll_loss,
    ),
    Function(
        "linear_cross_entropy",
        f"input, linear_weight, target: classes, *, linear_bias=None, weight: fixed = None, ignore_index: int = None, "
        f"{REDUCTION}, label_smoothing: real = 0",
        "cross_entropy of linear(input, linear_weight, linear_bias).",
        torch="nn.functional.linear_cross_entropy",
        tensor=True,
        fused=True,
        body=linear_cross_entropy,
    ),
)
