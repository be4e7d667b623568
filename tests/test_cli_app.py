"""The command line as a whole: help, versions, completion, and the one place where every failure ends."""

import os
import pty
import subprocess
import sys

import pytest

import autogradcli
from autogradcli.cli import app
from autogradcli.cli.app import COMMANDS, SUMMARIES
from tests.command import gradcalc


def test_help_lists_every_command() -> None:
    """Each command has one line, which is never cut off."""
    result = gradcalc("--help")
    assert (result.status, result.err) == (0, "")
    _, _, commands = result.out.partition("Commands:\n")
    found = [line.split()[0] for line in commands.partition("\n\n")[0].splitlines()]
    assert found == list(COMMANDS)
    assert "..." not in commands


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_examples_that_fit(command: str) -> None:
    """Three examples for each command, and no line wider than a terminal of 80 columns."""
    for option in ("--help", "-h"):
        result = gradcalc(command, option)
        assert (result.status, result.err) == (0, "")
        assert result.out.startswith(f"Usage: gradcalc {command} ")
        assert f"  {SUMMARIES[command]}\n" in result.out
        _, _, examples = result.out.partition("  Examples:\n")
        shown = [line for line in examples.partition("\n\n")[0].splitlines() if f"gradcalc {command}" in line]
        assert len(shown) == 3
        assert max(map(len, result.out.splitlines())) <= 80


def test_versions() -> None:
    """`--version` prints gradcalc's and those of the three engines, a line each."""
    result = gradcalc("--version")
    assert (result.status, result.err) == (0, "")
    found = dict(line.split() for line in result.out.splitlines())
    assert list(found) == ["gradcalc", "torch", "sympy", "python-flint"]
    assert found["gradcalc"] == autogradcli.__version__


COMPLETIONS = [
    ("gradcalc ev", ["eval"]),
    ("gradcalc eval x --dtype bf", ["bfloat16"]),
    ("gradcalc eval x --x 2 --format p", ["plain"]),
    ("gradcalc diff x --wr", ["--wrt"]),
]


@pytest.mark.parametrize(("line", "offered"), COMPLETIONS)
def test_completion(line: str, offered: list[str]) -> None:
    """A shell is offered commands, options and their choices."""
    words = line.split()
    environment = {
        "_GRADCALC_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "autogradcli"], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == (offered, "")


def test_a_defect_is_caught_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of gradcalc's own has a status of its own, and a traceback for those who ask for one."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(app, "canonical", fail)
    monkeypatch.delenv("GRADCALC_DEBUG", raising=False)
    result = gradcalc("eval", "x")
    assert (result.status, result.out) == (70, "")
    assert result.err == (
        "internal error: ZeroDivisionError: by accident\n"
        "This is a defect of gradcalc. Please report it, with the traceback that GRADCALC_DEBUG=1 adds.\n"
    )
    monkeypatch.setenv("GRADCALC_DEBUG", "1")
    assert gradcalc("eval", "x").err.startswith("Traceback (most recent call last):\n")


def test_an_interrupt_has_the_status_of_shells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at any time: 130, and one word."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "canonical", interrupt)
    result = gradcalc("eval", "x")
    assert (result.status, result.out, result.err) == (130, "", "interrupted\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("words", [["functions"], ["--version"], ["--help"], ["eval", "--help"]], ids=" ".join)
def test_a_full_disk_is_an_error(words: list[str]) -> None:
    """What cannot be written is said once, and Python adds nothing to it."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "autogradcli", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        2,
        "error: standard output cannot be written: No space left on device\n",
    )


def test_words_pass_through_untouched() -> None:
    """The real process sees what the shell gave it, statuses included."""
    command = [
        sys.executable,
        "-m",
        "autogradcli",
        "eval",
        "-x**2",
        "--x",
        "-1e-3",
        "--format",
        "plain",
        "--no-symbolic",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0.002\n", "")


def test_a_terminal_is_told_that_it_is_read() -> None:
    """Who types `-` at a terminal would otherwise wait for ever; a pipe is read without a word."""
    command = [sys.executable, "-m", "autogradcli", "diff", "-"]
    keyboard, terminal = pty.openpty()
    os.write(keyboard, b"x**2\n\x04")
    typed = subprocess.run(command, stdin=terminal, capture_output=True, text=True, check=False)
    piped = subprocess.run(command, input="x**2", capture_output=True, text=True, check=False)
    os.close(keyboard)
    os.close(terminal)
    assert (typed.stdout, typed.stderr) == ("2*x\n", "reading from the terminal; Ctrl-D ends the input\n")
    assert (piped.stdout, piped.stderr) == ("2*x\n", "")
