"""Layers of neural networks."""

import pytest

from tests.command import gradcalc
from tests.meanings import proven

CASES = [
    "softmax(v, dim=0)",
    "softmax(t, 1)",
    "F.softmax(m, dim=-1)",
    "special.softmax(v, 0)",
    "log_softmax(v, 0)",
    "log_softmax(500*m, dim=1)",
    "softmin(m, 1)",
    "logsumexp(m, 1)",
    "logsumexp(t, (0, 2))",
    "logsumexp(m, dim=0, keepdim=True)",
    "logcumsumexp(m, 1)",
    "F.linear(m, b)",
    "F.linear(m, b, v)",
    "linear(t, r[0, :, 0])",
    "linear(v, m)",
    "F.bilinear(u, v, b[None])",
    "F.bilinear(m, n, stack([b, b.T]), u[:2])",
    "layer_norm(m, (3,))",
    "F.layer_norm(m, [3], v, u, 1e-3)",
    "layer_norm(t, (3, 4))",
    "rms_norm(m, (3,), v, eps=1e-6)",
    "group_norm(t.transpose(1, 2), 2)",
    "group_norm(t, 3, v, u)",
    "batch_norm(m, None, None, training=True)",
    "F.batch_norm(t, w, w, u, v)",
    "batch_norm(t, None, None, v, u, True)",
    "conv1d(t, k)",
    "conv1d(t[0], k, u[:2])",
    "F.conv1d(t, k, u[:2], 2, 1)",
    "conv1d(t, k[:, :, :1], padding=2, dilation=3)",
    "conv1d(t, r[1, :3, None, :2], groups=3)",
    "conv2d(t[None], r[:, None, :2, :2].expand(2, 2, 2, 2))",
    "conv2d(t[:, None], k[:, :1, None], stride=(2, 1), padding=(0, 1))",
    "avg_pool1d(t, 2)",
    "avg_pool1d(t, 3, stride=1, padding=1)",
    "avg_pool2d(t, (2, 3), 1)",
    "max_pool1d(t, 2)",
    "max_pool1d(t, 3, 2, 1)",
    "max_pool2d(t, 2, stride=1)",
    "F.scaled_dot_product_attention(m, n, a)",
    "scaled_dot_product_attention(t, t*t, r.mT)",
    "scaled_dot_product_attention(b, b.T, b, is_causal=True)",
    "scaled_dot_product_attention(b, b.T, b, tril(ones(3, 3)) > 0)",
    "scaled_dot_product_attention(b, b.T, b, c[:3, :3])",
    "scaled_dot_product_attention(b, b.T, b, scale=2)",
    "scaled_dot_product_attention(b, b, b, attn_mask=b > 0)",
    "softmax(masked_fill(v, v < 0, -inf), 0)",
]


@pytest.mark.parametrize("text", CASES)
def test_torch_gives_what_is_meant(text: str) -> None:
    """Value and gradients are those of the definition, component by component."""
    assert proven(text)


MASKED = [
    ("attn_mask=[[1, 0], [0, 0]] == 1", "[[1.0, 1.0], [0.0, 0.0]]\n"),
    (
        "attn_mask=[[0, 0], [-inf, -inf]]",
        "[[0.05366603693959564, 0.014166035876688313], [1.0253339651862188, 1.0648339662491262]]\n",
    ),
]


@pytest.mark.parametrize(("mask", "gradient"), MASKED, ids=[row[0] for row in MASKED])
def test_a_row_that_is_masked_altogether_attends_to_nothing(mask: str, gradient: str) -> None:
    """Its weights are zero, as torch has it, and not 0/0."""
    text = f"scaled_dot_product_attention(x, x, x, {mask}).sum()"
    result = gradcalc("eval", text, "--x", "[[1, 2], [3, 4]]", "--format", "plain", "--no-symbolic")
    assert (result.status, result.out, result.err) == (0, gradient, "")


def test_an_output_without_components() -> None:
    """Its gradient is zero."""
    result = gradcalc("eval", "x[:0]", "--x", "[1]", "--upstream", "ones_like(out)", "--no-symbolic")
    assert result.status == 0
    assert "value  []" in result.out
