"""Random input of every kind: no defect, no end of a process, and nothing beyond the limits of time and memory."""

import sys

import pytest

from tests.fuzzed import KINDS, fuzz

TRACED = 5.0
"""How many times as long an input may take while coverage is measured and other tests run."""
COUNTS = {"parser": 300, "evaluations": 25, "files": 100, "commands": 30}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is watched as Linux counts it")
@pytest.mark.parametrize("kind", KINDS)
def test_no_input_is_too_much(kind: str) -> None:
    """The campaign `scripts/campaigns/fuzz.py` does the same with 200,000 of each, from any seed."""
    assert list(fuzz(kind, COUNTS[kind], seed=0, slower=TRACED)) == []
