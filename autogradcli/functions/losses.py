"""Losses, as in torch.nn.functional: a number for each pair of a prediction and a target, and their mean or sum."""

from __future__ import annotations

from fractions import Fraction

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Handle, TapeBuilder, array, handle
from autogradcli.functions.later import numpy as np
from autogradcli.functions.layers import times
from autogradcli.functions.scattering import known_indices


def reduced(builder: TapeBuilder, x: Handle, reduction: str) -> Handle:
    """The mean, the sum, the sum over the first size, or all components as they are."""
    if reduction == "none":
        return x
    if reduction == "mean":
        return builder.call("mean", x)
    total = builder.call("sum", x)
    if reduction == "sum":
        return total
    return builder.call("div", total, builder.literal(Fraction((*np.shape(x), 1)[0])))


def binary_cross_entropy(
    builder: TapeBuilder, input: Handle, target: Handle, weight: Handle | None, reduction: str
) -> Handle:
    """The cross-entropy of probabilities; no logarithm counts as less than -100."""
    text = (
        "-target*where(input > exp(-100), log(input), -100)"
        " - (1 - target)*where(1 - input > exp(-100), log1p(-input), -100)"
    )
    losses = builder.formula(text, input=input, target=target)
    return reduced(builder, times(builder, losses, weight), reduction)


def binary_cross_entropy_with_logits(
    builder: TapeBuilder,
    input: Handle,
    target: Handle,
    weight: Handle | None,
    reduction: str,
    pos_weight: Handle | None,
) -> Handle:
    """The same of sigmoid(input); softplus(-x) is -log sigmoid(x), and x + softplus(-x) is -log(1 - sigmoid(x))."""
    if pos_weight is None:
        losses = builder.formula("(1 - target)*input + softplus(-input)", input=input, target=target)
    else:
        text = "(1 - target)*input + (1 + (pos_weight - 1)*target)*softplus(-input)"
        losses = builder.formula(text, input=input, target=target, pos_weight=pos_weight)
    return reduced(builder, times(builder, losses, weight), reduction)


def multilabel_soft_margin_loss(
    builder: TapeBuilder, input: Handle, target: Handle, weight: Handle | None, reduction: str
) -> Handle:
    """The cross-entropies of all classes, summed along the last dimension of the input and over its size."""
    text = "-(target*logsigmoid(input) + (1 - target)*logsigmoid(-input))"
    losses = times(builder, builder.formula(text, input=input, target=target), weight)
    axis = np.ndim(input) - 1
    classes = builder.literal(Fraction(np.shape(input)[axis]))
    return reduced(builder, builder.call("div", builder.call("sum", losses, dim=axis), classes), reduction)


def kl_div(builder: TapeBuilder, input: Handle, target: Handle, reduction: str, log_target: bool) -> Handle:
    """target*(log(target) - input), or the same with the logarithm given."""
    text = "exp(target)*(target - input)" if log_target else "xlogy(target, target) - target*input"
    return reduced(builder, builder.formula(text, input=input, target=target), reduction)


def poisson_nll_loss(
    builder: TapeBuilder, input: Handle, target: Handle, log_input: bool, full: bool, eps: int, reduction: str
) -> Handle:
    """rate - target*log(rate), and with `full` Stirling's formula for log(target!)."""
    text = "exp(input) - target*input" if log_input else "input - target*log(input + eps)"
    if full:
        text += " + where(target > 1, target*log(target) - target + log(2*pi*target)/2, 0)"
    return reduced(builder, builder.formula(text, input=input, target=target, eps=eps), reduction)


def gaussian_nll_loss(
    builder: TapeBuilder, input: Handle, target: Handle, var: Handle, full: bool, eps: int, reduction: str
) -> Handle:
    """(log(var) + (input - target)**2/var)/2, and with `full` the constant; no variance counts as less than eps."""
    spread = array(var)
    if spread.ndim and spread.shape == np.shape(input)[:-1]:
        spread = spread[..., None]
    text = "(log(maximum(var, eps)) + square(input - target)/maximum(var, eps))/2"
    if full:
        text += " + log(2*pi)/2"
    return reduced(builder, builder.formula(text, input=input, target=target, var=handle(spread), eps=eps), reduction)


def triplet_margin_loss(
    builder: TapeBuilder,
    anchor: Handle,
    positive: Handle,
    negative: Handle,
    margin: int,
    p: float,
    eps: int,
    swap: bool,
    reduction: str,
) -> Handle:
    """The distance to the positive less that to the negative, plus the margin, where that is positive."""

    def distance(x: Handle, y: Handle) -> Handle:
        return builder.call("pairwise_distance", x, y, eps, p=p)

    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = builder.call("minimum", far, distance(positive, negative))
    losses = builder.formula("relu(near - far + margin)", near=near, far=far, margin=margin)
    return reduced(builder, losses, reduction)


def multi_margin_loss(
    builder: TapeBuilder,
    input: Handle,
    target: Handle,
    p: int,
    margin: int,
    weight: Handle | None,
    reduction: str,
) -> Handle:
    """The sum over the other classes of relu(margin - score of the target + score)**p, over the number of classes."""
    scores, classes = np.atleast_2d(array(input)), np.atleast_1d(known_indices(builder, target))
    losses = []
    for line, index in zip(scores, classes.tolist(), strict=True):
        others = np.delete(line, index)
        each = builder.formula("relu(margin - x + others)", margin=margin, x=int(line[index]), others=others)
        powers = builder.call("square", each) if p == 2 else each
        total = times(builder, powers, None if weight is None else int(array(weight)[index]))
        losses.append(builder.call("div", builder.call("sum", total), builder.literal(Fraction(len(line)))))
    return reduced(builder, handle(np.array(losses).reshape(np.shape(input)[:-1])), reduction)


def multilabel_margin_loss(builder: TapeBuilder, input: Handle, target: Handle, reduction: str) -> Handle:
    """The sum of relu(1 - score + other) over the labels before the first -1 and the others, over their number."""
    scores, labels = np.atleast_2d(array(input)), np.atleast_2d(known_indices(builder, target))
    losses = []
    for line, places in zip(scores, labels.tolist(), strict=True):
        chosen = places[: places.index(-1)] if -1 in places else places
        others = np.delete(line, chosen)
        each = builder.formula("relu(1 - x + y)", x=line[chosen][:, None], y=others[None, :])
        losses.append(builder.call("div", builder.call("sum", each), builder.literal(Fraction(len(line)))))
    return reduced(builder, handle(np.array(losses).reshape(np.shape(input)[:-1])), reduction)


REDUCTION = 'reduction: ("mean", "sum", "none") = "mean"'


ROWS: tuple[Function, ...] = (
    Function(
        "reduced",
        'x, reduction: ("mean", "sum", "none", "batchmean") = "mean"',
        "The mean or the sum of all components, or they themselves, as the losses give them.",
        torch="",
        tensor=True,
        note="torch's losses do this themselves.",
        body=reduced,
    ),
    Function(
        "mse_loss",
        f"input, target, *, {REDUCTION}",
        "The mean of the squares of the differences.",
        aliases=("mse",),
        torch="nn.functional.mse_loss",
        definition="reduced(square(input - target), reduction=reduction)",
        tensor=True,
    ),
    Function(
        "l1_loss",
        f"input, target, *, {REDUCTION}",
        "The mean of the absolute differences.",
        aliases=("l1",),
        torch="nn.functional.l1_loss",
        definition="reduced(abs(input - target), reduction=reduction)",
        tensor=True,
    ),
    Function(
        "smooth_l1_loss",
        f"input, target, *, {REDUCTION}, beta: number = 1",
        "The mean of the absolute differences less beta/2, or of their squares over 2*beta below beta.",
        aliases=("smooth_l1",),
        torch="nn.functional.smooth_l1_loss",
        definition=(
            "reduced(where(abs(input - target) < beta, square(input - target)/(2*beta),"
            " abs(input - target) - beta/2), reduction=reduction)"
        ),
        tensor=True,
    ),
    Function(
        "huber_loss",
        f"input, target, {REDUCTION}, delta: number = 1",
        "The mean of half the squares of the differences, of delta*(abs(difference) - delta/2) beyond delta.",
        aliases=("huber",),
        torch="nn.functional.huber_loss",
        definition=(
            "reduced(where(abs(input - target) <= delta, square(input - target)/2,"
            " delta*(abs(input - target) - delta/2)), reduction=reduction)"
        ),
        tensor=True,
    ),
    Function(
        "binary_cross_entropy",
        f"input, target, weight: fixed = None, *, {REDUCTION}",
        "The mean of -y log(p) - (1 - y) log(1 - p) for probabilities p.",
        aliases=("bce", "bce_loss"),
        torch="nn.functional.binary_cross_entropy",
        tensor=True,
        note="No logarithm counts as less than -100.",
        body=binary_cross_entropy,
    ),
    Function(
        "binary_cross_entropy_with_logits",
        f"input, target, weight: fixed = None, *, {REDUCTION}, pos_weight: fixed = None",
        "The mean of -y log sigmoid(x) - (1 - y) log(1 - sigmoid(x)).",
        aliases=("bce_with_logits",),
        torch="nn.functional.binary_cross_entropy_with_logits",
        tensor=True,
        fused=True,
        body=binary_cross_entropy_with_logits,
    ),
    Function(
        "kl_div",
        'input, target, *, reduction: ("mean", "sum", "none", "batchmean") = "mean", log_target: flag = False',
        "The mean of target*(log(target) - input); input is a logarithm.",
        aliases=("kl_div_loss", "kl"),
        torch="nn.functional.kl_div",
        tensor=True,
        note='The divergence of mathematics is that of reduction="batchmean".',
        body=kl_div,
    ),
    Function(
        "poisson_nll_loss",
        f"input, target, log_input: flag = True, full: flag = False, *, eps: number = 1e-8, {REDUCTION}",
        "The mean of exp(input) - target*input; with log_input=False of input - target*log(input + eps).",
        aliases=("poisson_nll",),
        torch="nn.functional.poisson_nll_loss",
        tensor=True,
        body=poisson_nll_loss,
    ),
    Function(
        "gaussian_nll_loss",
        f"input, target, var, full: flag = False, eps: number = 1e-6, {REDUCTION}",
        "The mean of (log(var) + (input - target)**2/var)/2; no var counts as less than eps.",
        aliases=("gaussian_nll",),
        torch="nn.functional.gaussian_nll_loss",
        tensor=True,
        note="Where var is less than eps, autograd differentiates as if it were eps + var.",
        body=gaussian_nll_loss,
    ),
    Function(
        "hinge_embedding_loss",
        f"input, target, margin: number = 1, *, {REDUCTION}",
        "The mean of input where the target is 1, and of relu(margin - input) where it is -1.",
        aliases=("hinge_embedding",),
        torch="nn.functional.hinge_embedding_loss",
        definition=(
            "reduced(where(target != 1, relu(margin - input), 0) + where(target != -1, input, 0), reduction=reduction)"
        ),
        tensor=True,
    ),
    Function(
        "margin_ranking_loss",
        f"input1, input2, target, margin: number = 0, *, {REDUCTION}",
        "The mean of relu(margin - target*(input1 - input2)).",
        aliases=("margin_ranking",),
        torch="nn.functional.margin_ranking_loss",
        definition="reduced(relu(margin - target*(input1 - input2)), reduction=reduction)",
        tensor=True,
    ),
    Function(
        "soft_margin_loss",
        f"input, target: fixed, *, {REDUCTION}",
        "The mean of log(1 + exp(-target*input)).",
        aliases=("soft_margin",),
        torch="nn.functional.soft_margin_loss",
        definition="reduced(softplus(-target*input), reduction=reduction)",
        tensor=True,
        fused=True,
    ),
    Function(
        "multilabel_soft_margin_loss",
        f"input, target, weight: fixed = None, *, {REDUCTION}",
        "The mean of binary_cross_entropy_with_logits over classes, and over examples.",
        aliases=("multilabel_soft_margin",),
        torch="nn.functional.multilabel_soft_margin_loss",
        tensor=True,
        fused=True,
        body=multilabel_soft_margin_loss,
    ),
    Function(
        "multi_margin_loss",
        f"input, target: indices, p: int = 1, margin: number = 1, weight: fixed = None, *, {REDUCTION}",
        "The mean of sum(relu(margin - input[target] + others)**p) over the number of classes.",
        aliases=("multi_margin",),
        torch="nn.functional.multi_margin_loss",
        tensor=True,
        body=multi_margin_loss,
    ),
    Function(
        "multilabel_margin_loss",
        f"input, target: indices, *, {REDUCTION}",
        "The mean of sum(relu(1 - input[label] + others)) over labels, which end at -1.",
        aliases=("multilabel_margin",),
        torch="nn.functional.multilabel_margin_loss",
        tensor=True,
        body=multilabel_margin_loss,
    ),
    Function(
        "triplet_margin_loss",
        "anchor, positive, negative, margin: number = 1, p: order = 2, eps: number = 1e-6, swap: flag = False, *, "
        + REDUCTION,
        "The mean of relu(d(anchor, positive) - d(anchor, negative) + margin) with d the pairwise_distance.",
        aliases=("triplet_margin",),
        torch="nn.functional.triplet_margin_loss",
        tensor=True,
        body=triplet_margin_loss,
    ),
    Function(
        "cosine_embedding_loss",
        f"input1, input2, target, margin: number = 0, *, {REDUCTION}",
        "The mean of 1 - cos where the target is 1, and of relu(cos - margin) where it is -1.",
        aliases=("cosine_embedding",),
        torch="nn.functional.cosine_embedding_loss",
        definition=(
            "cos = sum(input1*input2, dim=-1)/sqrt((sum(square(input1), dim=-1) + 1e-12)*"
            "(sum(square(input2), dim=-1) + 1e-12));"
            "reduced(where(target == 1, 1 - cos, 0) + where(target == -1, relu(cos - margin), 0), reduction=reduction)"
        ),
        tensor=True,
        note="As torch does, 1e-12 is added to the squares of the norms.",
        fused=True,
    ),
)
