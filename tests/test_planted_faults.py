"""No miss: faults planted in torch's gradients are found, and the step that has them is named.

scripts/campaigns/planted_faults.py does the same with as many expressions as one likes.
"""

import pytest

from autogradcli.functions.function import Function
from tests.faults import fallible, trials

EXPRESSIONS = 2
"""For each fault: the row alone, and inside another expression."""


@pytest.mark.parametrize("row", fallible(), ids=lambda row: row.name)
def test_every_fault_that_rounding_cannot_explain_is_found(row: Function) -> None:
    """A wrong partial derivative is `mismatch` or `imprecise`, and its own step is blamed."""
    plain = [trial for trial in trials(row, EXPRESSIONS) if trial.plain]
    assert len(plain) >= EXPRESSIONS
    assert [trial for trial in plain if not trial.found] == []


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", ["mul", "div", "exp", "log", "sin", "atan", "tanh", "sigmoid", "sqrt"])
def test_faults_are_found_in_every_dtype(name: str, dtype: str) -> None:
    """Where a fault exceeds what rounding does in the dtype, it is found."""
    row = next(each for each in fallible() if each.name == name)
    plain = [trial for trial in trials(row, EXPRESSIONS, dtype=dtype) if trial.plain]
    assert plain
    assert [trial for trial in plain if not trial.found] == []
