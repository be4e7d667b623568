"""Operators as passes that are proven step by step: a short run of `scripts/campaigns/operators_by_steps.py`."""

import pytest
import torch

if torch.__version__.partition("+")[0] != "2.13.0":
    pytest.skip("the samples are those of torch 2.13.0", allow_module_level=True)

from tests.operators import operators, title
from tests.operators_by_steps import passes

CHOSEN = {
    "linalg.eigh", "linalg.svd", "nn.functional.alpha_dropout", "nn.functional.normalize", "normal", "prod",
    "scatter_reduce sum", "sgn", "logcumsumexp", "nn.functional.embedding", "index_put", "fft.rfft",
}  # fmt: skip
"""Those that had false alarms, and some of other kinds."""


@pytest.mark.campaign
@pytest.mark.parametrize("operator", [each for each in operators() if title(each) in CHOSEN], ids=title)
def test_there_is_no_false_alarm_and_no_miss(operator: object) -> None:
    """Where float64 agrees to the last digits, or central differences do not agree at all."""
    assert [each for each in passes(operator, 2, seed=1) if each.fault is not None] == []
