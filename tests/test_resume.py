"""`batch --resume`: an interrupted run goes on where its output ends."""

import json
from pathlib import Path

import pytest

from tests.cases import write
from tests.command import gradcalc

LINES = [{"id": i, "expression": "log(x)" if i != 2 else "x +", "at": {"x": 3 - i}} for i in range(6)]
INPUT = "".join(json.dumps(each) + "\n" for each in LINES)


@pytest.fixture(scope="module")
def whole() -> list[str]:
    """The lines of an output that was not interrupted."""
    return gradcalc("batch", "--no-symbolic", stdin=INPUT).out.splitlines(keepends=True)


def ids(text: str) -> list[int]:
    """The `id` of each line."""
    return [json.loads(line)["id"] for line in text.splitlines()]


@pytest.mark.parametrize("done", range(7))
def test_what_is_done_is_not_done_again(tmp_path: Path, whole: list[str], done: int) -> None:
    """The output is what it would have been, and so is the exit status."""
    path = tmp_path / "out.jsonl"
    path.write_text("".join(whole[:done]))
    result = gradcalc("batch", "--no-symbolic", "--resume", str(path), stdin=INPUT)
    text = path.read_text()
    assert text.startswith("".join(whole[:done]))
    assert ids(text) == list(range(6))
    assert (result.status, result.out) == (2, "")


def test_a_line_that_was_cut_off_is_done_again(tmp_path: Path, whole: list[str]) -> None:
    """A process that is killed may leave half a line."""
    path = tmp_path / "out.jsonl"
    path.write_text(whole[0] + whole[1][:-30])
    gradcalc("batch", "--no-symbolic", "--resume", str(path), stdin=INPUT)
    assert ids(path.read_text()) == list(range(6))


def test_without_a_file_it_is_made(tmp_path: Path) -> None:
    """So that the same command starts and goes on."""
    path = tmp_path / "out.jsonl"
    gradcalc("batch", "--no-symbolic", "--resume", str(path), stdin=INPUT)
    assert ids(path.read_text()) == list(range(6))


def test_the_exit_status_is_that_of_all_lines(tmp_path: Path) -> None:
    """What was found before counts as well."""
    path = tmp_path / "out.jsonl"
    bad = json.dumps({"id": 0, "expression": "where(x > 0, sqrt(x), x)", "at": {"x": -1}}) + "\n"
    assert gradcalc("batch", "--no-symbolic", "--resume", str(path), stdin=bad).status == 1
    good = json.dumps({"id": 1, "expression": "x", "at": {"x": 1}}) + "\n"
    assert gradcalc("batch", "--no-symbolic", "--resume", str(path), stdin=bad + good).status == 1
    assert ids(path.read_text()) == [0, 1]


OTHERS = {
    "line 1: it answers another line than the input has there": [1],
    "line 7: there is no such line in the input": [0, 1, 2, 3, 4, 5, 5],
}


@pytest.mark.parametrize("why", OTHERS)
def test_a_file_that_answers_something_else(tmp_path: Path, whole: list[str], why: str) -> None:
    """It is left as it is."""
    path = tmp_path / "out.jsonl"
    before = "".join(whole[number] for number in OTHERS[why])
    path.write_text(before)
    result = gradcalc("batch", "--no-symbolic", "--resume", str(path), stdin=INPUT)
    assert result.err.startswith(f"error: {path} cannot be gone on with: {why}\n")
    assert (result.status, path.read_text()) == (2, before)


@pytest.mark.parametrize(
    ("before", "after", "goes_on"),
    [
        ({"at": {"x": 1}}, {"at": {"x": 5}}, False),
        ({"at": {"x": [1, 2]}}, {"at": {"x": [1, 3]}}, False),
        ({"at": {"x": 1}}, {"at": {"x": 1}, "dtype": "float32"}, False),
        ({"at": {"x": "1/3"}}, {"at": {"x": "1/3"}}, True),
        ({"at": {"x": [1, 2]}}, {"at": {"x": [1.0, 2]}}, True),
        ({"at": {"x": 0.1}, "dtype": "float32"}, {"at": {"x": 0.1}, "dtype": "float32"}, True),
        ({"at": {}}, {"at": {}}, True),
    ],
)
def test_a_line_that_has_been_changed(
    tmp_path: Path, before: dict[str, object], after: dict[str, object], goes_on: bool
) -> None:
    """Its answer is not taken for that of the other point or dtype."""
    path = str(tmp_path / "out.jsonl")
    texts = [json.dumps({"expression": "sum(x**2)", **fields}) + "\n" for fields in (before, after)]
    gradcalc("batch", "--no-symbolic", "-o", path, stdin=texts[0])
    result = gradcalc("batch", "--no-symbolic", "--resume", path, stdin=texts[1])
    assert ("another point or dtype" in result.err) != goes_on


def test_what_is_no_output_of_batch(tmp_path: Path) -> None:
    """Neither text nor other JSON."""
    path = tmp_path / "out.jsonl"
    for text in ("hello\n", "3\n", "{}\n"):
        path.write_text(text)
        result = gradcalc("batch", "--resume", str(path), stdin=INPUT)
        assert "line 1: it is no answer of gradcalc batch" in result.err
    both = gradcalc("batch", "--resume", str(path), "-o", "x", stdin=INPUT)
    assert both.err == "error: --resume is for JSON Lines in a file, and names the file itself\n"


def test_tables(tmp_path: Path) -> None:
    """CSV has one header over all lines, and a row for what could not be computed."""
    path = tmp_path / "out.csv"
    gradcalc("batch", "--no-symbolic", "--format", "csv", "-o", str(path), stdin=INPUT)
    rows = path.read_text().splitlines()
    assert len(rows) == 7
    assert rows[0].startswith("id,expression,value,variable,at,")
    assert rows[3] == "2,x +,,,,,,,,,error,something is missing after +"


CASES = """
    [[case]]
    name = "wrong"
    expression = "x**2"
    at.x = 1
    grad.x = 3

    [[case]]
    name = "nowhere"
    expression = "log(x)"
    at.x = 0

    [[case]]
    name = "right"
    expression = "x"
    at.x = 1
"""


@pytest.mark.parametrize("done", range(4))
def test_check_goes_on_as_well(tmp_path: Path, done: int) -> None:
    """Outcomes in JSON Lines; other reports and the exit status are of all cases."""
    cases, path, summary = write(tmp_path, CASES), tmp_path / "out.jsonl", tmp_path / "all.json"
    whole = gradcalc("check", cases, "--no-symbolic", "--format", "jsonl").out.splitlines(keepends=True)
    path.write_text("".join(whole[:done]) + '{"cut off')
    result = gradcalc("check", cases, "--no-symbolic", "--resume", str(path), "--report", f"json={summary}")
    names = [json.loads(line)["name"] for line in path.read_text().splitlines()]
    assert (result.status, names) == (1, ["wrong", "nowhere", "right"])
    assert json.loads(summary.read_text())["summary"] == {
        "cases": 3,
        "points": 3,
        "passed": 1,
        "failed": 2,
        "error": 0,
    }


def test_check_does_not_go_on_with_other_cases(tmp_path: Path) -> None:
    """Nor with what is no outcome."""
    cases, path = write(tmp_path, CASES), tmp_path / "out.jsonl"
    other = write(tmp_path, CASES.replace("wrong", "other"), "other.toml")
    path.write_text(gradcalc("check", other, "--no-symbolic", "--format", "jsonl").out)
    assert "line 1: it is of another case" in gradcalc("check", cases, "--resume", str(path)).err
    cases = write(tmp_path, CASES)
    path.write_text(gradcalc("check", cases, "--no-symbolic", "--format", "jsonl").out)
    write(tmp_path, CASES.replace("at.x = 1", "at.x = 2"))
    assert "the case has been changed since" in gradcalc("check", cases, "--resume", str(path)).err
    path.write_text('{"name": "wrong"}\n')
    assert "line 1: it is no outcome of gradcalc check" in gradcalc("check", cases, "--resume", str(path)).err
    both = gradcalc("check", cases, "--resume", str(path), "--json")
    assert both.err == "error: --resume is for JSON Lines in a file, and names the file itself\n"


def test_a_file_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    """Also if it has no whole line."""
    path = tmp_path / "note.txt"
    path.write_text("one line")
    result = gradcalc("batch", "--resume", str(path), stdin="")
    assert (result.status, result.err.splitlines()[0]) == (
        2,
        f"error: {path} cannot be gone on with: line 1: it is no JSON",
    )
    assert path.read_text() == "one line"
