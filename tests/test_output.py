"""What is written is whole, whenever Ctrl-C comes."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from autogradcli.cli import output
from autogradcli.cli.output import append_output, uninterrupted


def interrupted(times: int, done: list[str]) -> None:
    """Ctrl-C so many times, and then something that is noted, in what is not to be interrupted."""
    with uninterrupted():
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
        done.append("whole")


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """Python's own handler of Ctrl-C, which a shell's background jobs do not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_waits_for_the_end_of_what_is_written() -> None:
    """It comes afterwards, as if it had come then."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(1, done)
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_is_obeyed_at_once() -> None:
    """A reader may stand still, and with it what is written."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(2, done)
    assert done == []


WHOLE = [
    ("", ""),
    ("a\n", "a\n"),
    ("a\nb", "a\n"),
    ("no end", ""),
    ("a\n" + 50 * "b", "a\n"),
    (50 * "b" + "\nc", 50 * "b" + "\n"),
]


@pytest.mark.parametrize(("before", "kept"), WHOLE)
def test_half_a_line_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, kept: str) -> None:
    """However long it is; what comes next stands behind the last whole line."""
    monkeypatch.setattr(output, "CHUNK", 8)
    path = tmp_path / "out"
    path.write_text(before)
    with append_output(str(path)) as place:
        place.write("next\n")
    assert path.read_text() == f"{kept}next\n"
