"""No false alarm: what gradcalc says of random tensor expressions is true, as mpmath tells it.

scripts/campaigns/tensors.py does the same with as many expressions as one likes.
"""

from collections import Counter

import pytest

from tests.oracles.tensor_findings import cases, outcome

COUNTS = [("tame", "float64", 60), ("ties", "float64", 60), ("wild", "float64", 30), ("tame", "float32", 30)]


@pytest.mark.parametrize(("family", "dtype", "count"), COUNTS)
def test_every_finding_is_true(family: str, dtype: str, count: int) -> None:
    """Verified numbers are right, balls hold the truth, and what is smooth is called nothing else."""
    found = [(each.command, outcome(each)) for each in cases(family, dtype, "suite", count, depth=3)]
    assert [(text, each) for text, each in found if each.violations] == []
    verdicts = Counter(each.verdict for _, each in found)
    assert verdicts["verified"] >= 0.7 * count
    assert verdicts["refused"] == 0
