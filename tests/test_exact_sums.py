"""Single components of sums of products, against rational arithmetic."""

from fractions import Fraction
from typing import Any

import pytest
import torch

from autogradcli.engines.torch.record.calls import RecordedCall
from autogradcli.engines.torch.record.steps import RecordedStep
from autogradcli.engines.torch.record.sums import exact

F = torch.nn.functional


def step(function: Any, *operands: torch.Tensor, **keywords: Any) -> RecordedStep:
    """A step with a random gradient from above."""
    output = function(*operands, **keywords)
    call = RecordedCall(function, operands, keywords, None, 1)
    upstream = torch.randn(output.shape, generator=torch.Generator().manual_seed(9), dtype=output.dtype)
    return RecordedStep(call, operands, keywords, [upstream], [tuple(output.shape)], tuple(range(len(operands))))


def numbers(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Random numbers of several magnitudes."""
    chance = torch.Generator().manual_seed(sum(shape))
    return (
        torch.randn(shape, generator=chance, dtype=torch.float64)
        * 10.0 ** torch.randint(-3, 4, shape, generator=chance)
    ).to(dtype)


def dot(left: torch.Tensor, right: torch.Tensor) -> Fraction:
    """The sum of products as a fraction."""
    return sum(
        (Fraction(a) * Fraction(b) for a, b in zip(left.flatten().tolist(), right.flatten().tolist(), strict=True)),
        Fraction(0),
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
def test_matrices_meet_in_rows_and_columns(dtype: torch.dtype) -> None:
    """Both operands of a product, one of them of several dimensions; a layer and its bias."""
    x, w, b = numbers(2, 3, 40, dtype=dtype), numbers(5, 40, dtype=dtype), numbers(5, dtype=dtype)
    layer, product = step(F.linear, x, w, b), step(torch.matmul, x, w.T.contiguous())
    (g,), (h,) = layer.upstreams, product.upstreams
    assert g is not None
    assert h is not None
    truths = [
        (layer, 0, (1, 2, 7), dot(g[1, 2], w[:, 7])),
        (layer, 1, (4, 7), dot(g[:, :, 4], x[:, :, 7])),
        (layer, 2, (4,), dot(g[:, :, 4], torch.ones(2, 3))),
        (product, 0, (1, 2, 7), dot(h[1, 2], w[:, 7])),
        (product, 1, (7, 4), dot(h[:, :, 4], x[:, :, 7])),
    ]
    for each, place, index, truth in truths:
        found = exact(each, place, index)
        assert found is not None
        assert found.value == float(truth)


def test_a_convolution_is_one() -> None:
    """With stride, padding and a bias."""
    x, w, b = numbers(2, 1, 6), numbers(1, 1, 3), numbers(1)
    each = step(F.conv1d, x, w, b, stride=2, padding=1)  # windows begin at -1, 1 and 3
    (g,) = each.upstreams
    assert g is not None
    truths = [
        (
            0,
            (1, 0, 3),
            Fraction(float(g[1, 0, 1])) * Fraction(float(w[0, 0, 2]))
            + Fraction(float(g[1, 0, 2])) * Fraction(float(w[0, 0, 0])),
        ),
        (1, (0, 0, 2), dot(g[:, 0, :], x[:, 0, [1, 3, 5]])),
        (2, (0,), dot(g[:, 0, :], torch.ones(2, 3))),
    ]
    for place, index, truth in truths:
        found = exact(each, place, index)
        assert found is not None
        assert found.value == float(truth)


def test_what_is_no_sum_of_products_is_left_alone() -> None:
    """As are operands that are not finite where they meet."""
    x = numbers(3, 4)
    assert exact(step(torch.tanh, x), 0, (0, 0)) is None
    y = x.clone()
    y[0, 0] = float("nan")
    assert exact(step(F.linear, y, numbers(5, 4)), 1, (0, 0)) is None
