"""The options that every command has: how its result is written, and where."""

import json
import shlex
from pathlib import Path

import pytest

from tests.command import Result, Screen, gradcalc

LINES = {
    "eval": "eval x**2 --x 2 --no-symbolic",
    "diff": "diff x**2",
    "graph": "graph x**2 --x 2",
    "batch": "batch lines.jsonl --no-symbolic",
    "check": "check cases.toml --no-symbolic",
    "run": "run program.py",
    "functions": "functions sin",
    "explain": "explain GC101",
}
"""A command line of each command."""

WRITTEN = {
    "eval": {
        ".txt": "f = x**2",
        ".json": '{\n  "schema',
        ".csv": "expression,",
        ".md": "| ",
        ".tex": "\\begin{tabular}",
    },
    "diff": {".txt": "2*x\n", ".json": '{\n  "schema', ".tex": "2 x\n", ".py": "2*x\n", ".c": "2*x\n"},
    "graph": {".txt": "grad_fn", ".json": '{\n  "schema', ".dot": "digraph", ".mmd": "flowchart", ".svg": "<?xml"},
    "batch": {".jsonl": '{"schema', ".json": '{"schema', ".csv": "id,", ".md": "| ", ".tex": "\\begin{tabular}"},
    "check": {
        ".txt": "passed",
        ".json": '{\n  "schema',
        ".jsonl": '{"schema',
        ".xml": "<?xml",
        ".tap": "TAP",
        ".md": "###",
    },
    "run": {".txt": "gradcalc run", ".json": '{\n  "schema', ".md": "###"},
    "functions": {".txt": "sin(x)", ".json": "[\n"},
    "explain": {".txt": "GC101", ".md": "# GC101", ".json": '{\n  "code"'},
}
"""What a file begins with, by its ending."""


def with_options(command: str, *options: str) -> Result:
    """What comes of the line of a command with more options, which stand before a program."""
    name, *words = shlex.split(LINES[command])
    return gradcalc(name, *options, *words)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the lines read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lines.jsonl").write_text('{"expression": "x**2", "at": {"x": 2}}\n')
    (tmp_path / "cases.toml").write_text('[[case]]\nexpression = "x**2"\nat.x = 2\n')
    (tmp_path / "program.py").write_text(
        "import torch\nx = torch.ones(1, requires_grad=True)\n(x * x).sum().backward()\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("command", "ending", "begin"), [(name, *each) for name, files in WRITTEN.items() for each in files.items()]
)
def test_the_ending_tells_the_format(command: str, ending: str, begin: str, folder: Path) -> None:
    """On every command."""
    result = with_options(command, "-o", f"out{ending}")
    assert (result.status, result.out) == (0, "")
    assert (folder / f"out{ending}").read_text().startswith(begin)


@pytest.mark.parametrize("command", LINES)
def test_an_ending_of_no_format_is_an_error(command: str, folder: Path) -> None:
    """Nothing is written; --format says otherwise."""
    result = with_options(command, "-o", "out.xyz")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: .xyz is no format of this command\nhint: type -o out.")
    assert not (folder / "out.xyz").exists()
    assert with_options(command, "-o", "out.xyz", "-f", "json").status == 0
    assert (folder / "out.xyz").read_text().startswith(("{", "["))


def test_no_table_in_a_picture() -> None:
    """The error says which command draws."""
    result = gradcalc("eval", "x", "--x", "2", "-o", "out.png")
    assert "hint: gradcalc graph writes .png; here type -o out.txt" in result.err


@pytest.mark.parametrize("command", LINES)
def test_json_and_quiet_and_colours_on_every_command(command: str) -> None:
    """JSON is JSON; quiet is nothing; a pipe has colours if they are asked for, JSON never."""
    assert json.loads(with_options(command, "--json", "--color", "always").out)
    assert with_options(command, "-q").out == ""


@pytest.mark.parametrize(
    ("variables", "options", "coloured"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "0"}, [], False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
    ],
)
def test_colours(
    variables: dict[str, str], options: list[str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a pipe: the option beats NO_COLOR, and that beats FORCE_COLOR."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in gradcalc("explain", "GC101", *options).out) == coloured


def test_no_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """If they are not wanted."""
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in gradcalc("explain", "GC101", stream=Screen).out
    assert "\x1b[" not in gradcalc("explain", "GC101", "--color", "never", stream=Screen).out


DIGITS = [
    ("eval x/3 --x 2 -f plain --no-symbolic", "0.333\n"),
    ("eval x/3 --x 2 -f csv --no-symbolic", "x/3,0.667,x,2.0,0.333,,0.333,0.00034,"),
    ("eval [x/3,x] --x 2 --upstream out -f plain --no-symbolic", "2.22\n"),
    ("graph x/3 --x 2 -f tree", "0.667"),
]


@pytest.mark.parametrize(("line", "shown"), DIGITS)
def test_digits(line: str, shown: str) -> None:
    """Numbers in so many significant digits; a ball grows by what is cut off it."""
    assert shown in gradcalc(*shlex.split(line), "--digits", "3").out


def test_json_has_all_digits() -> None:
    """It is for programs."""
    result = gradcalc("eval", "x/3", "--x", "2", "--json", "--digits", "3", "--no-symbolic")
    assert json.loads(result.out)["gradients"]["x"]["autograd"] == 1 / 3
