"""Scaled dot-product attention."""

from __future__ import annotations

from fractions import Fraction
from math import inf

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, Handle, TapeBuilder, array
from autogradcli.functions.later import numpy as np


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


ROWS: tuple[Function, ...] = (
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
        body=scaled_dot_product_attention,
    ),
)
