"""Interpolation: where torch's backward is not that of its forward, and weights that torch rounds."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from autogradcli.compute.compute import compute
from autogradcli.compute.report import Gradient
from autogradcli.engines.results import flat
from tests.helpers import problem


def gradient(options: str, x: torch.Tensor, weights: torch.Tensor) -> Gradient:
    """Of the sum of the resized x times weights, with respect to x."""
    asked = problem(f"sum(interpolate(x, {options})*w)", {"x": str(x.tolist()), "w": str(weights.tolist())})
    dtype = str(x.dtype).removeprefix("torch.")
    return compute(replace(asked, wrt=("x",), options=replace(asked.options, dtype=dtype))).gradients["x"]


def slopes(x: torch.Tensor, weights: torch.Tensor, **options: Any) -> list[float]:
    """By differences of torch's own forward, which is linear."""
    units = torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)
    return [float((torch.nn.functional.interpolate(each, **options) * weights).sum()) for each in units]


def image(*sizes: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """1, 2, 3, … in the shape of one image with one channel."""
    return torch.arange(1, 1 + torch.Size(sizes).numel(), dtype=dtype).reshape(1, 1, *sizes)


@pytest.mark.parametrize(
    ("sizes", "count", "factor", "mode"),
    [
        ((2,), 2, 1.3, "nearest"),
        ((3,), 3, 1.3, "nearest"),
        ((5,), 10, 2.15, "nearest"),
        ((1, 6), 6, 1.046, "bicubic"),
    ],
)
def test_where_a_factor_keeps_or_doubles_the_size_torchs_backward_is_anothers(
    sizes: tuple[int, ...], count: int, factor: float, mode: str
) -> None:
    """The forward goes by the factor, the backward by the sizes: it copies, or halves."""
    x = image(*sizes)
    weights = 2 ** torch.arange(count, dtype=torch.float64).reshape(1, 1, *sizes[:-1], count)
    found = gradient(f'scale_factor={factor}, mode="{mode}"', x, weights)
    truth = slopes(x, weights, scale_factor=factor, mode=mode)
    assert flat(found.autograd) != truth
    assert [float(each.value) for each in flat(found.exact)] == pytest.approx(truth, rel=1e-6)
    assert found.verdict == "mismatch"


@pytest.mark.parametrize(
    ("sizes", "options", "dtype"),
    [
        ((3,), 'scale_factor=1.2, mode="linear"', torch.float64),  # the size stays: torch copies, both ways
        ((2, 1), 'scale_factor=1.2, mode="bilinear"', torch.float64),
        ((3, 3), 'scale_factor=1.6, mode="bilinear"', torch.float32),
        ((7,), 'scale_factor=1.3, mode="linear"', torch.float32),
        ((5,), 'scale_factor=1.3, mode="nearest", recompute_scale_factor=True', torch.float64),
    ],
)
def test_other_gradients_of_interpolation_are_verified(
    sizes: tuple[int, ...], options: str, dtype: torch.dtype
) -> None:
    """There the backward is the forward's."""
    x = image(*sizes, dtype=dtype)
    assert gradient(options, x, torch.ones(1, dtype=dtype)).verdict == "verified"


def test_weights_that_torch_rounds_are_no_mismatch() -> None:
    """In float32 the place of a pixel is off by a unit in the last place, a weight of the kernel by many of its own."""
    found = gradient('scale_factor=0.6, mode="bicubic"', image(3, 3, dtype=torch.float32), torch.ones(1))
    assert found.verdict == "imprecise"
