"""The progress bar of `batch`: where it shows, and where it must not."""

import io
import os
import sys
from pathlib import Path

import pytest

from autogradcli.cli.inputs import open_inputs, total_size
from autogradcli.cli.progress import open_progress
from tests.command import Screen


def shown(monkeypatch: pytest.MonkeyPatch, path: Path, results: io.TextIOWrapper | None) -> str:
    """What standard error, a terminal, gets to see of a batch of two lines."""
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", screen)
    inputs = open_inputs([str(path)], None)
    with inputs[0], open_progress(inputs, results) as advance:
        for line in inputs[0]:
            advance(len(line))
    screen.flush()
    assert isinstance(screen.buffer, io.BytesIO)
    return screen.buffer.getvalue().decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two lines."""
    path = tmp_path / "in.jsonl"
    path.write_text("one\ntwo\n")
    return path


def test_a_bar_counts_the_lines(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """While reports go to a file, the person at the terminal sees how many lines are done."""
    assert "2 lines" in shown(monkeypatch, path, None)


def test_no_bar_between_the_reports(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Where the reports themselves go to the terminal, a bar would only tear them apart."""
    assert shown(monkeypatch, path, Screen(io.BytesIO())) == ""


def test_how_much_there_is_to_read(path: Path) -> None:
    """Files have a size; a pipe does not, nor has a file together with a pipe."""
    read, write = os.pipe()
    with path.open("rb") as first, path.open("rb") as second, open(read, "rb") as pipe:
        assert total_size([first, second]) == 16
        assert total_size([first, pipe]) is None
    os.close(write)
