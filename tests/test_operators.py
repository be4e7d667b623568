"""torch's own database of operators: gradcalc's numbers are torch's, and what it says against them is proven."""

from collections.abc import Iterable
from typing import Any

import pytest
import torch

if torch.__version__.partition("+")[0] != "2.13.0":
    pytest.skip("the samples are those of torch 2.13.0", allow_module_level=True)

from tests.operators import Answer, Sample, answer, operators, samples, title
from tests.oracles.operator_proofs import unproven

SHARES = 24
"""The operators are dealt out to so many tests."""
FEWER = 20
"""One operator of so many is looked at a second time: in float32, and for second derivatives."""
UNKNOWN = frozenset(
    {
        "bernoulli",
        "bfloat16",
        "double",
        "float",
        "half",
        "nextafter",
        "nn.functional.batch_norm",
        "nn.functional.instance_norm",
        "nn.functional.linear_cross_entropy chunked",
        "nn.functional.linear_cross_entropy chunked_none",
        "nn.functional.soft_margin_loss",
        "nn.functional.triplet_margin_with_distance_loss",
        "normal",
        "normal number_mean",
        "pca_lowrank",
        "slice",
        "svd_lowrank",
        "to",
        "zero_",
    }
)
"""Operators whose first sample is refused; they only ever become fewer."""


def answers(operator: Any, dtype: str, order: int = 1) -> list[tuple[Sample, Answer]]:
    """What becomes of an operator's first sample, as a function and as a method."""
    return [(sample, answer(sample, order)) for sample in samples(operator, dtype, 1, seed=1)]


def faults(found: Iterable[tuple[Sample, Answer]]) -> list[str]:
    """What is wrong with answers: a crash, numbers that are not torch's, verdicts that are not proven."""
    wrong = []
    for sample, one in found:
        crash = [one.detail] if one.kind == "crash" else []
        wrong += [f"{sample.text}: {fault}" for fault in (*crash, *one.wrong, *unproven(sample, one))]
    return wrong


@pytest.mark.parametrize("share", range(SHARES))
def test_numbers_are_those_of_torch(share: int) -> None:
    """No crash, the same value and gradients bit for bit, and a proof for each verdict worse than imprecise."""
    found = {title(each): answers(each, "float64") for each in operators()[share::SHARES]}
    assert [each for one in found.values() for each in faults(one)] == []
    assert {name for name, one in found.items() if not any(each.answered for _, each in one)} <= UNKNOWN


@pytest.mark.parametrize(("dtype", "order"), [("float32", 1), ("float64", 2)])
@pytest.mark.parametrize("share", range(4))
def test_some_are_looked_at_again(share: int, dtype: str, order: int) -> None:
    """In float32, and the Hessian times a direction; the campaign looks at all of them, at more samples."""
    some = operators()[share + order - 1 :: 4 * FEWER]
    assert [each for one in some for each in faults(answers(one, dtype, order))] == []
