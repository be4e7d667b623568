"""Layers of neural networks, as functions of torch.nn.functional."""

from autogradcli.language.function import Function

OVER = {1: "sequences", 2: "images", 3: "volumes"}
"""What functions of windows work on, by the number of dimensions."""

LAYERS: tuple[Function, ...] = (
    Function(
        "softmax",
        "x, dim: int = None, *, dtype: dtype = None",
        "exp(x) over its sum along a dimension.",
        torch="softmax",
        tensor=True,
        fused=True,
    ),
    Function(
        "log_softmax",
        "x, dim: int = None, *, dtype: dtype = None",
        "The logarithm of softmax.",
        torch="log_softmax",
        tensor=True,
        fused=True,
    ),
    Function(
        "softmin",
        "x, dim: int = None, *, dtype: dtype = None",
        "softmax of -x.",
        torch="nn.functional.softmin",
        definition="softmax(-x, dim=dim)",
        tensor=True,
        fused=True,
    ),
    Function(
        "linear",
        "input, weight, bias=None",
        "input @ weight.T + bias.",
        torch="nn.functional.linear",
        tensor=True,
    ),
    Function(
        "bilinear",
        "input1, input2, weight, bias=None",
        "For each output, input1 @ weight[i] @ input2 + bias[i].",
        torch="nn.functional.bilinear",
        tensor=True,
    ),
    Function(
        "layer_norm",
        "input, normalized_shape: ints, weight=None, bias=None, eps: number = 1e-5",
        "(input - mean)/sqrt(variance + eps) over the last dimensions, times weight, plus bias.",
        torch="nn.functional.layer_norm",
        tensor=True,
        fused=True,
    ),
    Function(
        "rms_norm",
        "input, normalized_shape: ints, weight=None, eps: number = None",
        "input/sqrt(mean(input**2) + eps) over the last dimensions, times weight.",
        torch="nn.functional.rms_norm",
        tensor=True,
        note="If no eps is given it is that of the dtype, and the gradient is not verified.",
        fused=True,
    ),
    Function(
        "group_norm",
        "input, num_groups: int, weight=None, bias=None, eps: number = 1e-5",
        "(input - mean)/sqrt(variance + eps) over groups of channels, times weight, plus bias.",
        torch="nn.functional.group_norm",
        tensor=True,
        fused=True,
    ),
    Function(
        "batch_norm",
        "input, running_mean: fixed = None, running_var: fixed = None, weight=None, bias=None, training: flag = False, "
        "momentum: number = 0.1, eps: number = 1e-5",
        "(input - mean)/sqrt(variance + eps) of each channel, times weight, plus bias.",
        torch="nn.functional.batch_norm",
        tensor=True,
        note="With training=True mean and variance are the batch's, and the running ones cannot be given.",
        fused=True,
    ),
    *(
        Function(
            f"conv{axes}d",
            "input, weight, bias=None, stride: ints = 1, padding: padding = 0, dilation: ints = 1, groups: int = 1",
            f"The cross-correlation of {what} with kernels.",
            torch=f"nn.functional.conv{axes}d",
            tensor=True,
        )
        for axes, what in OVER.items()
    ),
    *(
        Function(
            f"conv_transpose{axes}d",
            "input, weight, bias=None, stride: ints = 1, padding: ints = 0, output_padding: ints = 0, "
            "groups: int = 1, dilation: ints = 1",
            f"The transpose of the cross-correlation of {what} with kernels.",
            torch=f"nn.functional.conv_transpose{axes}d",
            tensor=True,
        )
        for axes, what in OVER.items()
    ),
    *(
        Function(
            f"avg_pool{axes}d",
            "input, kernel_size: ints, stride: ints = None, padding: ints = 0, ceil_mode: flag = False, "
            f"count_include_pad: flag = True{', divisor_override: int = None' if axes > 1 else ''}",
            "The means of windows; padding counts as zeros.",
            torch=f"nn.functional.avg_pool{axes}d",
            tensor=True,
        )
        for axes in OVER
    ),
    *(
        Function(
            f"max_pool{axes}d",
            "input, kernel_size: ints, stride: ints = None, padding: ints = 0, dilation: ints = 1, "
            "ceil_mode: flag = False, return_indices: flag = False",
            "The largest components of windows.",
            torch=f"nn.functional.max_pool{axes}d",
            tensor=True,
            fields=("values", "indices"),
            fields_if="return_indices",
        )
        for axes in OVER
    ),
    *(
        Function(
            f"lp_pool{axes}d",
            "input, norm_type: real, kernel_size: ints, stride: ints = None, ceil_mode: flag = False",
            "The norms of windows.",
            torch=f"nn.functional.lp_pool{axes}d",
            tensor=True,
        )
        for axes in OVER
    ),
    *(
        Function(
            f"adaptive_avg_pool{axes}d",
            "input, output_size: sizes",
            "The means of as many windows of about one size.",
            torch=f"nn.functional.adaptive_avg_pool{axes}d",
            tensor=True,
        )
        for axes in OVER
    ),
    *(
        Function(
            f"adaptive_max_pool{axes}d",
            "input, output_size: sizes, return_indices: flag = False",
            "The largest components of as many windows of about one size.",
            torch=f"nn.functional.adaptive_max_pool{axes}d",
            tensor=True,
            fields=("values", "indices"),
            fields_if="return_indices",
        )
        for axes in OVER
    ),
    Function(
        "scaled_dot_product_attention",
        "query, key, value, attn_mask: mask = None, dropout_p: real = 0, is_causal: flag = False, *, "
        "scale: real = None",
        "softmax(query @ key.T * scale) @ value; scale is 1/sqrt of the last size if it is not given.",
        aliases=("attention",),
        torch="nn.functional.scaled_dot_product_attention",
        tensor=True,
        note="A condition as attn_mask says what takes part; a tensor is added. Dropout cannot be verified.",
        fused=True,
    ),
)
