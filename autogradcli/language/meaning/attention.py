"""Scaled dot-product attention."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from autogradcli.language.function import NoDefinition
from autogradcli.language.meaning.handles import Array, array

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle


def scaled_dot_product_attention(
    builder: "Builder",
    query: "Handle",
    key: "Handle",
    value: "Handle",
    attn_mask: "Handle | None",
    dropout_p: Fraction,
    is_causal: bool,
    scale: Fraction | None,
) -> "Handle":
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
    return builder.call("matmul", weights, value)  # type: ignore[no-any-return]


def _all_masked(builder: "Builder", scores: Array) -> bool:
    """Whether nothing is left to attend to: then torch gives no weight to anything, and not 0/0."""
    sizes = builder.estimates(scores.tolist())
    return sizes is not None and all(size == -inf for size in sizes)


def _scale(builder: "Builder", scale: Fraction | None, size: int) -> int:
    """What the scores are multiplied by: 1/sqrt(size) if nothing else is said."""
    if scale is not None:
        return builder.literal(scale)
    return builder.call("rsqrt", builder.literal(Fraction(size)))  # type: ignore[no-any-return]


def _masked(builder: "Builder", scores: Array, mask: "Handle") -> Array:
    """The scores where a condition holds, and else what has no weight; or plus a tensor."""
    if builder.is_condition(int(array(mask).flat[0])):
        return array(builder.call("where", mask, scores, _nothing(builder)))
    return array(builder.call("add", scores, mask))


def _nothing(builder: "Builder") -> int:
    """The score that gets no weight."""
    return builder.call("neg", builder.literal("inf"))  # type: ignore[no-any-return]


ATTENTION: Mapping[str, Callable[..., "Handle"]] = {"scaled_dot_product_attention": scaled_dot_product_attention}
"""By the name of the table's row."""
