"""Losses, as in torch.nn.functional."""

from autogradcli.language.function import Function

REDUCTION = 'reduction: ("mean", "sum", "none") = "mean"'

LOSSES: tuple[Function, ...] = (
    Function(
        "reduced",
        'x, reduction: ("mean", "sum", "none", "batchmean") = "mean"',
        "The mean or the sum of all components, or they themselves, as the losses give them.",
        tensor=True,
        note="torch's losses do this themselves.",
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
    ),
    Function(
        "binary_cross_entropy_with_logits",
        f"input, target, weight: fixed = None, *, {REDUCTION}, pos_weight: fixed = None",
        "The mean of -y log sigmoid(x) - (1 - y) log(1 - sigmoid(x)).",
        aliases=("bce_with_logits",),
        torch="nn.functional.binary_cross_entropy_with_logits",
        tensor=True,
        fused=True,
    ),
    Function(
        "cross_entropy",
        f"input, target: classes, weight: fixed = None, *, ignore_index: int = -100, {REDUCTION}, "
        "label_smoothing: real = 0",
        "The mean of -log softmax(x) at the target classes, or over probabilities of all classes.",
        torch="nn.functional.cross_entropy",
        tensor=True,
        fused=True,
    ),
    Function(
        "nll_loss",
        f"input, target: indices, weight: fixed = None, *, ignore_index: int = -100, {REDUCTION}",
        "The mean of -x at the target classes.",
        aliases=("nll",),
        torch="nn.functional.nll_loss",
        tensor=True,
    ),
    Function(
        "kl_div",
        'input, target, *, reduction: ("mean", "sum", "none", "batchmean") = "mean", log_target: flag = False',
        "The mean of target*(log(target) - input); input is a logarithm.",
        aliases=("kl_div_loss", "kl"),
        torch="nn.functional.kl_div",
        tensor=True,
        note='The divergence of mathematics is that of reduction="batchmean".',
    ),
    Function(
        "poisson_nll_loss",
        f"input, target, log_input: flag = True, full: flag = False, *, eps: number = 1e-8, {REDUCTION}",
        "The mean of exp(input) - target*input; with log_input=False of input - target*log(input + eps).",
        aliases=("poisson_nll",),
        torch="nn.functional.poisson_nll_loss",
        tensor=True,
    ),
    Function(
        "gaussian_nll_loss",
        f"input, target, var, full: flag = False, eps: number = 1e-6, {REDUCTION}",
        "The mean of (log(var) + (input - target)**2/var)/2; no var counts as less than eps.",
        aliases=("gaussian_nll",),
        torch="nn.functional.gaussian_nll_loss",
        tensor=True,
        note="Where var is less than eps, autograd differentiates as if it were eps + var.",
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
    ),
    Function(
        "triplet_margin_loss",
        "anchor, positive, negative, margin: number = 1, p: order = 2, eps: number = 1e-6, swap: flag = False, *, "
        + REDUCTION,
        "The mean of relu(d(anchor, positive) - d(anchor, negative) + margin) with d the pairwise_distance.",
        aliases=("triplet_margin",),
        torch="nn.functional.triplet_margin_loss",
        tensor=True,
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
