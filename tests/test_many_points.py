"""One expression at many points, and many problems in a table."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import gradcalc

TABLE = "x,y\n1,2\n3,pi\n\n-1,nan\n"


def answers(out: str) -> list[Any]:
    """The objects of JSON Lines."""
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("at", ["@points.csv", "points.csv", "-"])
def test_eval_at_the_points_of_a_table(at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column for each variable; values are constant expressions, nan among them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "points.csv").write_text(TABLE)
    result = gradcalc("eval", "x*y", "--at", at, "--no-symbolic", stdin=TABLE)
    assert [line.split() for line in result.out.splitlines()] == [
        ["x", "y", "value", "d/dx", "d/dy", "verdict"],
        ["1.0", "2.0", "2.0", "2.0", "1.0", "verified"],
        ["3.0", "3.141592653589793", "9.42477796076938", "3.141592653589793", "3.0", "verified"],
        ["-1.0", "nan", "nan", "nan", "-1.0", "undefined"],
    ]
    assert result.status == 3


FORMS = [
    (["-f", "plain"], "2.0 1.0\n"),
    (["-f", "plain", "--wrt", "x"], "2.0\n"),
    (["-f", "csv"], "x,y,value,d/dx,d/dy,verdict,reason\n1.0,2.0,2.0,2.0,1.0,verified,\n"),
    (["--digits", "2", "--wrt", "y"], "  x     y   value   d/dy   verdict\n"),
]


@pytest.mark.parametrize(("options", "begin"), FORMS)
def test_formats(options: list[str], begin: str) -> None:
    """All that hold many reports, a table, and the bare numbers."""
    assert gradcalc("eval", "x*y", "--at", "-", "--no-symbolic", *options, stdin="x,y\n1,2\n").out.startswith(begin)


def test_points_that_make_no_sense() -> None:
    """Their rows say it in CSV, and beside bare numbers standard error does."""
    table = "x\nfoo\n2\n"
    assert gradcalc("eval", "x**2", "--at", "-", "--no-symbolic", "-f", "csv", stdin=table).out.splitlines()[::2] == [
        "x,value,d/dx,verdict,reason",
        "2.0,4.0,4.0,verified,",
    ]
    bare = gradcalc("eval", "x**2", "--at", "-", "--no-symbolic", "-f", "plain", stdin=table)
    assert (bare.out, bare.err.startswith("error: point 1: line 2, column x: a value is")) == ("nan\n4.0\n", True)
    drawn = gradcalc("eval", "x**2", "--at", "-", "--no-symbolic", stdin=table)
    assert (drawn.status, drawn.err) == (2, "error: 1 of 2 points: line 2\n")


def test_json_lines_of_points() -> None:
    """A point a line; what the command line says holds for all of them, claims too."""
    lines = '{"x": [1, 2]}\n{"x": [1, "nan"]}\n{"y": 1}\nnonsense\n'
    words = ("--a", "3", "--claim", "x=2*a*x", "--wrt", "x")
    result = gradcalc("eval", "sum(a*x**2)", "--at", "-", "--json", "--no-symbolic", *words, stdin=lines)
    found = answers(result.out)
    assert [each.get("gradients", {}).get("x", {}).get("autograd") for each in found] == [
        [6, 12],
        [6, "nan"],
        None,
        None,
    ]
    assert (found[0]["claims"]["x"]["status"], found[2]["error"]["message"]) == (
        "holds",
        '"y" in "at" is not a variable',
    )
    assert found[3]["error"]["message"].startswith("line 4 is not JSON")
    assert result.status == 1  # nothing can be told of a claim at nan


WRONG = [
    ("", "there are no points", "the first line has the names of the variables: x,y"),
    ("1,2\n", "line 1 of the table: 1 is no name", "the first line has the names of the variables: x,y"),
    ("x,z\n1,2\n3,4\n", "line 1 of the table: z is not a variable of the expression", "the variables are x and y"),
    (
        "x\n1\n",
        "line 1 of the table: there is no column y",
        "add a column y, or for one number at all points type --y NUMBER",
    ),
    ("x,y\n1\n", "line 2 of the table has 1 fields, and the first has 2", "columns are separated by commas"),
]


@pytest.mark.parametrize(("table", "message", "hint"), WRONG)
def test_tables_that_make_no_sense(table: str, message: str, hint: str) -> None:
    """An error with the line, and what is expected."""
    result = gradcalc("eval", "x*y", "--at", "-", "--no-symbolic", stdin=table)
    assert (result.status, result.err) == (2, f"error: {message}\nhint: {hint}\n")


def test_a_table_for_batch() -> None:
    """Its columns are fields of a line where they bear the name of one, and variables where not."""
    table = "id,expression,x,y,wrt\na,x*y,1,2,x\nb,x**2,3,,\nc,x +,1,,\n"
    found = answers(gradcalc("batch", "--no-symbolic", stdin=table).out)
    assert [each["id"] for each in found] == ["a", "b", "c"]
    assert [{name: each["autograd"] for name, each in one.get("gradients", {}).items()} for one in found] == [
        {"x": 2.0},
        {"x": 6.0},
        {},
    ]


def test_a_list_of_points_in_batch() -> None:
    """A line for each, with the line's id; a claim holds or does not at each."""
    line = '{"id": 7, "expression": "x**3", "at": [{"x": 1}, {"x": "1/2"}], "claim": {"x": "2*x"}}\n'
    result = gradcalc("batch", "--no-symbolic", stdin=line)
    found = answers(result.out)
    assert [(each["id"], each["value"], each["claims"]["x"]["status"]) for each in found] == [
        (7, 1.0, "wrong"),
        (7, 0.125, "wrong"),
    ]
    assert result.status == 1


def test_a_list_of_points_is_resumed(tmp_path: Path) -> None:
    """The answers that are there stay, and the others come."""
    inputs, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    inputs.write_text('{"expression": "x**3", "at": [{"x": 1}, {"x": 2}, {"x": 3}]}\n')
    gradcalc("batch", str(inputs), "-o", str(out), "--no-symbolic")
    whole = out.read_text()
    out.write_text(whole.splitlines(keepends=True)[0])
    assert gradcalc("batch", str(inputs), "--resume", str(out), "--no-symbolic").status == 0
    assert [each["value"] for each in answers(out.read_text())] == [1.0, 8.0, 27.0]


@pytest.mark.parametrize("line", ["hello", "[1, 2]", '{"x": }'])
def test_what_is_no_json_says_which_line_and_what_is_expected(line: str) -> None:
    """With the number of the line in its file."""
    text = f'{{"expression": "x", "at": {{"x": 1}}}}\n\n{line}\n'
    error = answers(gradcalc("batch", "--no-symbolic", stdin=text).out)[1]["error"]
    assert error["message"].startswith("line 3 is not ")
    assert error["hint"].startswith('a line is an object: {"expression": "x**2", "at": {"x": 2}}; ')
