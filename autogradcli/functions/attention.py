"""Scaled dot-product attention, and that of several heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import inf
from typing import Any

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Handle, TapeBuilder, array, filled
from autogradcli.functions.later import numpy as np
from autogradcli.functions.layers import linear


def scaled_dot_product_attention(
    builder: TapeBuilder,
    query: Handle,
    key: Handle,
    value: Handle,
    attn_mask: Handle | None,
    dropout_p: Fraction,
    is_causal: bool,
    scale: Fraction | None,
) -> Handle:
    """softmax(query @ key.T * scale + mask) @ value."""
    if dropout_p:
        raise NoDefinition("dropout")
    products = builder.call("matmul", query, array(key).swapaxes(-1, -2))
    scores = array(builder.call("mul", products, _scale(builder, scale, np.shape(query)[-1])))
    if is_causal:
        scores = np.where(np.tri(*scores.shape[-2:]) > 0, scores, _nothing(builder))
    if attn_mask is not None:
        scores = _masked(builder, scores, attn_mask)
    weights = array(builder.call("softmax", scores, dim=-1)).copy()
    for place in np.ndindex(scores.shape[:-1]):
        if _all_masked(builder, scores[place]):
            weights[place] = builder.literal(Fraction(0))
    return builder.call("matmul", weights, value)


def _all_masked(builder: TapeBuilder, scores: Array) -> bool:
    """Whether nothing is left to attend to: then torch gives no weight to anything, and not 0/0."""
    sizes = builder.estimates(scores.tolist())
    return sizes is not None and all(size == -inf for size in sizes)


def _scale(builder: TapeBuilder, scale: Fraction | None, size: int) -> int:
    """What the scores are multiplied by: 1/sqrt(size) if nothing else is said."""
    if scale is not None:
        return builder.literal(scale)
    return builder.call("rsqrt", builder.literal(Fraction(size)))


def _masked(builder: TapeBuilder, scores: Array, mask: Handle) -> Array:
    """The scores where a condition holds, and else what has no weight; or plus a tensor."""
    if builder.is_condition(int(array(mask).flat[0])):
        return array(builder.call("where", mask, scores, _nothing(builder)))
    return array(builder.call("add", scores, mask))


def _nothing(builder: TapeBuilder) -> int:
    """The score that gets no weight."""
    return builder.call("neg", builder.literal("inf"))


def multi_head_attention_forward(
    builder: TapeBuilder, query: Handle, key: Handle, value: Handle, num_heads: int, field: str, **given: Any
) -> Handle:
    """The outputs of all heads side by side through a linear map, or the weights of the values.

    Source: torch.nn.MultiheadAttention; sizes are (length, batch, features).
    """
    if given["dropout_p"] and given["training"]:
        raise NoDefinition("dropout")
    inputs = [array(each) if np.ndim(each) == 3 else array(each)[:, None] for each in (query, key, value)]
    q, k, v = _projected(builder, inputs, given)
    (length, batch, features), size = q.shape, q.shape[2] // num_heads
    k, v = (_lengthened(builder, x, given[name], given) for x, name in ((k, "bias_k"), (v, "bias_v")))
    q, k, v = (x.reshape(len(x), batch * num_heads, size).swapaxes(0, 1) for x in (q, k, v))
    if given["static_k"] is not None or given["static_v"] is not None:
        raise NoDefinition("attention to static keys")
    scores = builder.call("mul", builder.call("matmul", q, k.swapaxes(1, 2)), _scale(builder, None, size))
    scores = _heads_masked(builder, array(scores), num_heads, given)
    weights = array(builder.call("softmax", scores, dim=-1))
    if field == "weights":
        return _weights_shown(builder, weights.reshape(batch, num_heads, *weights.shape[1:]), np.ndim(query), given)
    heads = array(builder.call("matmul", weights, v)).swapaxes(0, 1).reshape(length, batch, features)
    result = linear(builder, heads, given["out_proj_weight"], given["out_proj_bias"])
    return array(result)[:, 0] if np.ndim(query) == 2 else result


def _projected(builder: TapeBuilder, inputs: Sequence[Array], given: Mapping[str, Any]) -> list[Array]:
    """Query, key and value, each through its own linear map."""
    if given["use_separate_proj_weight"]:
        weights = [given[f"{name}_proj_weight"] for name in "qkv"]
    else:
        weights = np.split(array(given["in_proj_weight"]), 3)
    biases = [None] * 3 if given["in_proj_bias"] is None else np.split(array(given["in_proj_bias"]), 3)
    return [array(linear(builder, *each)) for each in zip(inputs, weights, biases, strict=True)]


def _lengthened(builder: TapeBuilder, x: Array, bias: Handle | None, given: Mapping[str, Any]) -> Array:
    """With one more key that is learnt, and one of zeros, where they are asked for."""
    if bias is not None:
        x = np.concatenate([x, np.broadcast_to(array(bias).reshape(1, 1, -1), (1, *x.shape[1:]))])
    if given["add_zero_attn"]:
        x = np.concatenate([x, filled((1, *x.shape[1:]), builder.literal(Fraction(0)))])
    return x


def _heads_masked(builder: TapeBuilder, scores: Array, heads: int, given: Mapping[str, Any]) -> Array:
    """The scores plus the masks; a condition says what takes no part."""
    padding = given["key_padding_mask"]
    if padding is not None:
        padding = np.repeat(np.atleast_2d(array(padding)), heads, axis=0)[:, None]
    for mask in (given["attn_mask"], padding):
        if mask is not None:
            inside, beyond = scores[..., : np.shape(mask)[-1]], scores[..., np.shape(mask)[-1] :]
            scores = np.concatenate([_plus_mask(builder, inside, mask), beyond], axis=-1)
    return scores


def _plus_mask(builder: TapeBuilder, scores: Array, mask: Handle) -> Array:
    if builder.is_condition(int(array(mask).flat[0])):
        return array(builder.call("where", mask, _nothing(builder), scores))
    return array(builder.call("add", scores, mask))


def _weights_shown(builder: TapeBuilder, weights: Array, dimensions: int, given: Mapping[str, Any]) -> Handle:
    """The weights, of all heads or their mean, with a batch if there is one."""
    if not given["need_weights"]:
        raise NoDefinition("weights that were not asked for")
    shown = array(builder.call("mean", weights, dim=1)) if given["average_attn_weights"] else weights
    return shown[0] if dimensions == 2 else shown


ROWS: tuple[Function, ...] = (
    Function(
        "scaled_dot_product_attention",
        "query, key, value, attn_mask: mask = None, dropout_p: real = 0, is_causal: flag = False, *, "
        "scale: real = None",
        "softmax(query @ key.T * scale) @ value; scale is 1/sqrt of the last size if it is not given.",
        aliases=("attention",),
        torch="nn.functional.scaled_dot_product_attention",
        tensor=True,
        draws=True,
        note="A condition as attn_mask says what takes part; a tensor is added. Dropout cannot be verified.",
        fused=True,
        body=scaled_dot_product_attention,
    ),
    Function(
        "multi_head_attention_forward",
        "query, key, value, embed_dim_to_check: int, num_heads: int, in_proj_weight=None, in_proj_bias=None, "
        "bias_k=None, bias_v=None, add_zero_attn: flag = False, dropout_p: real = 0, out_proj_weight=None, "
        "out_proj_bias=None, training: flag = True, key_padding_mask: mask = None, need_weights: flag = True, "
        "attn_mask: mask = None, use_separate_proj_weight: flag = False, q_proj_weight=None, k_proj_weight=None, "
        "v_proj_weight=None, static_k=None, static_v=None, average_attn_weights: flag = True, is_causal: flag = False",
        "The attention of several heads, each of linear maps of its own; torch.nn.MultiheadAttention.",
        torch="nn.functional.multi_head_attention_forward",
        tensor=True,
        draws=True,
        returns="fields",
        fields=("output", "weights"),
        note="A condition as mask says what takes no part; a tensor is added. Dropout cannot be verified.",
        fused=True,
        body=multi_head_attention_forward,
    ),
)
