"""torch's own database of operators: gradcalc's numbers are torch's, and what it says against them is proven."""

import pytest
import torch

if torch.__version__.partition("+")[0] != "2.13.0":
    pytest.skip("the samples are those of torch 2.13.0", allow_module_level=True)

from tests.operator_proofs import unproven
from tests.operators import answer, operators, samples, title

SAMPLES = 2
SHARES = 24
"""The operators are dealt out to so many tests."""
KNOWN = 350
"""Operators of which at least one sample is answered; it only ever grows."""

OPERATORS = operators()


@pytest.mark.parametrize("share", range(SHARES))
def test_numbers_are_those_of_torch(share: int) -> None:
    """No crash, the same value and gradients bit for bit, and a proof for each verdict worse than imprecise.

    In float64; the campaign looks at float32 as well.
    """
    faults = []
    for each in OPERATORS[share::SHARES]:
        for sample in samples(each, "float64", SAMPLES, seed=1):
            found = answer(sample)
            crash = [found.detail] if found.kind == "crash" else []
            faults += [f"{sample.text}: {fault}" for fault in (*crash, *found.wrong, *unproven(sample, found))]
    assert faults == []


def test_operators_that_are_known() -> None:
    """By one sample at least."""
    known = [each for each in OPERATORS if any(answer(one).answered for one in samples(each, "float64", 1, seed=1))]
    assert len(known) >= KNOWN, [title(each) for each in OPERATORS if each not in known]
