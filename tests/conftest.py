"""What holds for the whole suite."""

import os

import pytest
from hypothesis import settings

# The same examples in every run: chance belongs into the campaigns, which print their seed.
settings.register_profile("suite", derandomize=True, database=None)
settings.load_profile("suite")

# A server that somebody has started on this machine is none of the tests' business.
os.environ["GRADCALC_SERVER"] = "never"

SLOW = frozenset(
    {
        "test_claims_in_pieces",
        "test_cluster",
        "test_fuzz",
        "test_guards",
        "test_interrupts",
        "test_limits",
        "test_many_cases",
        "test_no_false_alarm",
        "test_no_false_alarm_tensors",
        "test_operators",
        "test_planted_faults",
        "test_planted_tensor_faults",
        "test_remedies",
        "test_scripts",
        "test_server",
        "test_signals",
        "test_streams",
    }
)
"""Modules of short campaigns, and of processes that are waited for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow modules, so that `-m "not slow"` leaves them out."""
    for item in items:
        if item.path.stem in SLOW:
            item.add_marker(pytest.mark.slow)
