"""`gradcalc batch`: a report for each line, whatever the lines hold."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from autogradcli.compute.compute import Pending
from autogradcli.compute.report import Report
from tests.command import GRADCALC, gradcalc, started


def lines(*objects: object) -> str:
    """JSON Lines of these objects; text is a line as it is."""
    return "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in objects)


def answers(out: str) -> list[Any]:
    """The objects of JSON Lines."""
    return [json.loads(line) for line in out.splitlines()]


GOOD = {"id": "good", "expression": "x**2", "at": {"x": 3}}
UNDEFINED = {"id": "undefined", "expression": "log(x)", "at": {"x": 0}}
MISMATCH = {"id": "mismatch", "expression": "sin(pi*x)/x", "at": {"x": "1e-320"}}
BAD = {"id": "bad", "expression": "2 +"}


def test_a_report_for_each_line_in_order() -> None:
    """Good lines and bad ones are answered in their order, and the run goes on to the end."""
    objects: list[dict[str, object]] = [{"id": i, "expression": f"x**{i}", "at": {"x": 2}} for i in range(1, 100)]
    objects.insert(50, dict(BAD))
    result = gradcalc("batch", "--no-symbolic", stdin=lines(*objects))
    found = answers(result.out)
    assert [each["id"] for each in found] == [each["id"] for each in objects]
    assert found[50]["error"]["message"] == "something is missing after +"
    assert [each["gradients"]["x"]["autograd"] for each in found if "error" not in each] == [
        i * 2.0 ** (i - 1) for i in range(1, 100)
    ]
    assert result.err == ""


def test_what_an_answer_looks_like() -> None:
    """One compact line: a report as `eval --json` gives it, or the failure with its place in the text."""
    result = gradcalc("batch", stdin=lines(GOOD, BAD, "not JSON"))
    report, bad, broken = answers(result.out)
    assert report["gradients"]["x"]["symbolic"]["formula"] == "2*x"
    assert list(report)[:3] == ["schema_version", "id", "expression"]
    assert bad == {
        "schema_version": 1,
        "id": "bad",
        "expression": "2 +",
        "error": {"kind": "parse", "message": "something is missing after +", "span": [2, 3], "hint": None},
    }
    assert (broken["id"], broken["expression"], broken["error"]["kind"]) == (None, None, "parse")
    assert ": " not in result.out.splitlines()[0]


def test_a_defect_does_not_take_other_lines_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of gradcalc's own is told from an error in the line, and the run goes on."""
    evaluate, report = Pending.evaluate, Pending.report

    def fail_on_sine(self: Pending) -> None:
        if "sin" in self._problem.program.source:
            raise ZeroDivisionError("by accident")
        evaluate(self)

    def fail_on_cosine(self: Pending) -> Report:
        if "cos" in self._problem.program.source:
            raise ZeroDivisionError("by accident")
        return report(self)

    monkeypatch.setattr(Pending, "evaluate", fail_on_sine)
    monkeypatch.setattr(Pending, "report", fail_on_cosine)
    objects = [{"id": name, "expression": f"{name}(x)", "at": {"x": 1}} for name in ("sin", "cos", "exp")]
    result = gradcalc("batch", "--no-symbolic", stdin=lines(*objects))
    sine, cosine, exponential = answers(result.out)
    assert sine["error"] == {
        "kind": "internal",
        "message": "ZeroDivisionError: by accident",
        "span": None,
        "hint": "this is a defect of gradcalc: please report it",
    }
    assert (cosine["id"], cosine["expression"], cosine["error"]) == ("cos", "cos(x)", sine["error"])
    assert exponential["verdict"] == "verified"
    assert result.status == 2


STATUS = [
    ([], 0),
    ([GOOD], 0),
    ([GOOD, UNDEFINED], 3),
    ([UNDEFINED, BAD, GOOD], 2),
    ([MISMATCH, BAD, UNDEFINED], 1),
]


@pytest.mark.parametrize(("objects", "status"), STATUS, ids=["none", "good", "undefined", "bad", "mismatch"])
def test_exit_status_over_all_lines(objects: list[object], status: int) -> None:
    """1 for any mismatch; else 2 for any line that makes no sense; else 3 for any undefined; else 0."""
    for words in ([], ["--quiet"]):
        result = gradcalc("batch", "--no-symbolic", *words, stdin=lines(*objects))
        assert result.status == status
        assert len(result.out.splitlines()) == (0 if words else len(objects))


def test_options_are_for_lines_that_say_nothing_themselves() -> None:
    """`--dtype` holds for all lines but those with a dtype of their own."""
    result = gradcalc("batch", "--dtype", "float32", "--no-symbolic", stdin=lines(GOOD, GOOD | {"dtype": "float16"}))
    assert [each["variables"]["x"]["dtype"] for each in answers(result.out)] == ["float32", "float16"]


def test_files_in_their_order(tmp_path: Path) -> None:
    """Several files are one stream, standard input among them; blank lines count for nothing."""
    (tmp_path / "a.jsonl").write_text("\n" + lines(GOOD | {"id": 1}) + "\n\n")
    (tmp_path / "b.jsonl").write_text(json.dumps(GOOD | {"id": 3}))
    words = [str(tmp_path / "a.jsonl"), "-", str(tmp_path / "b.jsonl")]
    result = gradcalc("batch", "--no-symbolic", *words, stdin=lines(GOOD | {"id": 2}))
    assert [each["id"] for each in answers(result.out)] == [1, 2, 3]


def test_reports_to_a_file(tmp_path: Path) -> None:
    """`-o` takes the reports; what is read cannot be written at the same time."""
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(lines(GOOD))
    result = gradcalc("batch", "--no-symbolic", str(source), "-o", str(target))
    assert (result.status, result.out) == (0, "")
    assert answers(target.read_text())[0]["id"] == "good"
    both = gradcalc("batch", "--no-symbolic", str(source), "-o", str(source))
    assert (both.status, both.err) == (
        2,
        f"error: {source} is both input and output\nhint: write to another file\n",
    )
    assert source.read_text() == lines(GOOD)


def test_other_alphabets_and_halves_of_pairs_come_through() -> None:
    """Names are written as they are; what UTF-8 cannot hold is escaped."""
    result = gradcalc("batch", "--no-symbolic", stdin='{"id": "\\ud800", "expression": "λ", "at": {"λ": 1}}\n')
    assert '"λ":{' in result.out
    assert answers(result.out)[0]["id"] == "\ud800"


def test_a_report_comes_as_soon_as_it_is_done() -> None:
    """While the input stands still, what it gave so far has been answered."""
    with subprocess.Popen([*GRADCALC, "batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(lines(GOOD | {"id": number}))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(60) == 0


def test_an_interrupt_ends_it() -> None:
    """Ctrl-C while it waits for input: status 130 and one word."""
    with started("batch", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as (process, errors):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines(GOOD))
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert errors.read() == "interrupted\n"


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    """`gradcalc batch | head -1` prints one report and no traceback."""
    path = tmp_path / "in.jsonl"
    path.write_text(lines(*[GOOD] * 500))
    pipe = subprocess.PIPE
    with subprocess.Popen([*GRADCALC, "batch", "--no-symbolic", str(path)], stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == b""
