"""torch's own database of operators: gradcalc's numbers are torch's, and what it says against them is proven."""

from typing import Any

import pytest
import torch

if torch.__version__.partition("+")[0] != "2.13.0":
    pytest.skip("the samples are those of torch 2.13.0", allow_module_level=True)

from tests.operators import answer, operators, samples, title
from tests.oracles.operator_proofs import unproven

SAMPLES = {"float64": 2, "float32": 1}
SHARES = 24
"""The operators are dealt out to so many tests."""
FEWER = 5
"""One operator of so many is looked at a second time, for second derivatives."""
KNOWN = (112, 111, 114, 111)
"""Operators, in so many shares, of which at least one sample is answered; they only ever grow."""

OPERATORS = operators()


def faults(operator: Any, dtype: str, count: int, order: int = 1) -> list[str]:
    """What is wrong with the answers to an operator's first samples."""
    found = []
    for sample in samples(operator, dtype, count, seed=1):
        one = answer(sample, order)
        crash = [one.detail] if one.kind == "crash" else []
        found += [f"{sample.text}: {fault}" for fault in (*crash, *one.wrong, *unproven(sample, one))]
    return found


@pytest.mark.parametrize("dtype", SAMPLES)
@pytest.mark.parametrize("share", range(SHARES))
def test_numbers_are_those_of_torch(share: int, dtype: str) -> None:
    """No crash, the same value and gradients bit for bit, and a proof for each verdict worse than imprecise."""
    assert [each for one in OPERATORS[share::SHARES] for each in faults(one, dtype, SAMPLES[dtype])] == []


@pytest.mark.parametrize("share", range(4))
def test_second_derivatives_are_those_of_torch(share: int) -> None:
    """The Hessian times a direction, of some operators; the campaign looks at all of them."""
    assert [each for one in OPERATORS[share :: 4 * FEWER] for each in faults(one, "float64", 1, order=2)] == []


@pytest.mark.parametrize(("share", "least"), list(enumerate(KNOWN)))
def test_operators_that_are_known(share: int, least: int) -> None:
    """By one sample at least."""
    mine = OPERATORS[share :: len(KNOWN)]
    known = [each for each in mine if any(answer(one).answered for one in samples(each, "float64", 1, seed=1))]
    assert len(known) >= least, [title(each) for each in mine if each not in known]
