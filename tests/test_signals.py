"""Signals at random moments, to a run alone and to all that it started."""

from pathlib import Path

import pytest

from tests import signalled


@pytest.mark.parametrize("seed", [1, 2])
def test_a_signal_leaves_whole_lines_and_no_process(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The campaign `scripts/campaigns/signals.py` sends a thousand."""
    monkeypatch.setattr(signalled, "LATEST", 3.0)
    assert list(signalled.faults(3, seed, tmp_path)) == []
