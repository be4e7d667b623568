"""`gradcalc check`: what holds, what does not, in which order, and the exit status."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from autogradcli.checks import work
from tests.cases import write
from tests.command import gradcalc

MIXED = """
    [[case]]
    name = "square"
    expression = "x**2"
    at.x = 3
    value = 9
    grad.x = "2*x"

    [[case]]
    name = "wrong gradient"
    expression = "x**3"
    at = [{x = 0}, {x = 2}]
    grad.x = "x**2"

    [[case]]
    name = "kink"
    expression = "abs(x)"
    at.x = 0
    verdict = "kink"

    [[case]]
    name = "nonsense"
    expression = "2 +"
"""

TEXT = """\
passed  square
failed  wrong gradient
    FILE:13: grad.x: torch gives 12.0 at x = 2.0, expected 4.0 (off by 8, allowed 4e-07)
passed  kink
error   nonsense
    FILE:23: something is missing after +
        2 +
          ^
4 cases at 4 points: 2 passed, 1 failed, 1 error
worst: 0 ulp, the gradient of square at x = 3.0
"""


def test_what_a_person_reads(tmp_path: Path) -> None:
    """A line for each case in the order of the file; what is wrong with its line; counts; the worst case."""
    path = write(tmp_path, MIXED)
    result = gradcalc("check", path, "--no-symbolic")
    assert (result.status, result.err) == (1, "")
    assert result.out == TEXT.replace("FILE", path)


STATUS = {
    "passes": ('expression = "x**2"\nat.x = 3', 0),
    "value fails": ('expression = "x**2"\nat.x = 3\nvalue = 8', 1),
    "gradient fails": ('expression = "x**2"\nat.x = 3\ngrad.x = 5', 1),
    "gradient within the tolerance": ('expression = "x**2"\nat.x = 3\ngrad.x = 5\ntolerance = 0.2', 0),
    "gradient is wrong": ('expression = "where(x > 0, sqrt(x), x)"\nat.x = -1', 1),
    "undefined": ('expression = "log(x)"\nat.x = 0', 3),
    "undefined as expected": ('expression = "log(x)"\nat.x = 0\nverdict = "undefined"', 0),
    "kink": ('expression = "abs(x)"\nat.x = 0', 0),
    "kink where none is expected": ('expression = "abs(x)"\nat.x = 0\nverdict = ["verified", "imprecise"]', 1),
    "no kink where one is expected": ('expression = "abs(x)"\nat.x = 1\nverdict = "kink"', 1),
    "value that has none": ('expression = "x"\nat.x = -1\nvalue = "log(x)"', 1),
    "no sense": ('expression = "x +"\nat.x = 3', 2),
    "torch refuses": ('expression = "bitwise(x)"\nat.x = 3', 2),
    "too many ulps": ('expression = "sigmoid(x)"\nat.x = 40\nmax_ulps = 1', 1),
    "several points": ('expression = "x**2"\nat = [{x = 1}, {x = 2}, {x = -3}]\nvalue = "x*x"\ngrad.x = "x + x"', 0),
    "sample": ('expression = "exp(x)*y"\nat.y = 2\nsample.x = "normal(0, 1)"\ncount = 5\ngrad.x = "2*exp(x)"', 0),
    "float32": ('expression = "x/3"\nat.x = 1\nvalue = 0.33333334\ndtype = "float32"', 0),
    "an intermediate": ('expression = "y = x**2; exp(y)"\nat.x = 1\nwrt = ["y"]\ngrad.y = "exp(x**2)"', 0),
}


@pytest.mark.parametrize(("text", "status"), STATUS.values(), ids=STATUS)
def test_exit_status_of_one_case(tmp_path: Path, text: str, status: int) -> None:
    """0 if it holds, 1 if it does not, 2 if it makes no sense, 3 where there is no derivative."""
    assert gradcalc("check", write(tmp_path, f"[[case]]\n{text}"), "--no-symbolic").status == status


MANY = {
    "failed and error": (["value fails", "no sense", "undefined"], 1),
    "error and undefined": (["undefined", "no sense", "passes"], 2),
    "undefined": (["passes", "undefined"], 3),
}


@pytest.mark.parametrize(("names", "status"), MANY.values(), ids=MANY)
def test_exit_status_over_all_cases(tmp_path: Path, names: list[str], status: int) -> None:
    """1 for any that fails; else 2 for any that makes no sense; else 3."""
    text = "".join(f"[[case]]\n{STATUS[name][0]}\n" for name in names)
    assert gradcalc("check", write(tmp_path, text), "--no-symbolic", "--quiet").status == status


def test_strict_wants_all_verified(tmp_path: Path) -> None:
    """A kink passes, and with --strict it does not, unless the case expects it."""
    kink = '[[case]]\nname = "a"\nexpression = "abs(x)"\nat.x = 0\n'
    assert gradcalc("check", write(tmp_path, kink), "--strict", "--no-symbolic").status == 3
    assert gradcalc("check", write(tmp_path, kink + 'verdict = "kink"'), "--strict", "--no-symbolic").status == 0


def test_defaults_are_for_cases_that_say_nothing_themselves(tmp_path: Path) -> None:
    """A case's own key counts; the point of the defaults is left out by a case that has a sample."""
    text = """
        [defaults]
        dtype = "float16"
        at.x = 0.1

        [[case]]
        expression = "x"
        value = 0.0999755859375
        tolerance = 0

        [[case]]
        expression = "x"
        dtype = "float64"
        value = 0.1

        [[case]]
        expression = "x"
        sample.x = "integers(7, 9)"
        count = 3
    """
    cases = json.loads(gradcalc("check", write(tmp_path, text), "--json", "--no-symbolic").out)["cases"]
    assert [case["status"] for case in cases] == ["passed"] * 3
    assert cases[2]["verdicts"] == {"verified": 3}


def test_select_by_part_of_a_name_or_by_pattern(tmp_path: Path) -> None:
    """Only these cases are run; it is an error if there are none."""
    path = write(tmp_path, MIXED)
    for pattern, names in (("k", ["kink"]), ("*a*", ["square", "wrong gradient"]), ("square", ["square"])):
        cases = json.loads(gradcalc("check", path, "--select", pattern, "--json", "--no-symbolic").out)["cases"]
        assert [case["name"] for case in cases] == names
    result = gradcalc("check", path, "--select", "cube")
    assert (result.status, result.err) == (2, "error: no case is called cube\n")


def test_fail_fast_stops_after_the_first_failure(tmp_path: Path) -> None:
    """What comes before it is reported, and itself."""
    result = gradcalc("check", write(tmp_path, MIXED), "--fail-fast", "--no-symbolic")
    assert [line for line in result.out.splitlines() if line[0] != " "] == [
        "passed  square",
        "failed  wrong gradient",
        "2 cases at 3 points: 1 passed, 1 failed",
        "worst: 0 ulp, the gradient of square at x = 3.0",
    ]


def test_only_failures_counts_all(tmp_path: Path) -> None:
    """Cases that pass are counted and not shown."""
    result = gradcalc("check", write(tmp_path, MIXED), "--only-failures", "--no-symbolic")
    assert "passed  " not in result.out
    assert "4 cases at 4 points: 2 passed, 1 failed, 1 error\n" in result.out


def test_directories_are_searched_in_order(tmp_path: Path) -> None:
    """By the convention of names, hidden folders left out; a file is named as it was found."""
    case = '[[case]]\nexpression = "{}"\n'
    for name in ("b.grad.toml", "a.grad.toml", "c.toml", ".git/d.grad.toml", "sub/e.grad.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(case.format(ord(Path(name).name[0])))
    (tmp_path / "f.grad.jsonl").write_text('{"expression": "102"}\n')
    result = gradcalc("check", str(tmp_path), "--json", "--no-symbolic")
    assert [case["name"] for case in json.loads(result.out)["cases"]] == ["97", "98", "102", "101"]


FILES = {
    "nothing.grad.toml": "there is no file or directory nothing.grad.toml",
    "formulas.yaml": "formulas.yaml is not a case file",
    "empty": "empty has no case files in it",
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_case_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """An error before anything is computed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "formulas.yaml").touch()
    result = gradcalc("check", name)
    assert (result.status, result.err.splitlines()[0]) == (2, f"error: {FILES[name]}")


def test_json_and_json_lines_say_the_same_as_toml(tmp_path: Path) -> None:
    """Cases in three notations, errors with the line of the key in question."""
    toml = '[[case]]\nexpression = "x"\nat.x = 1\n\n[[case]]\nexpression = "x"\n"grad"."x" = 2\nat.x = 1'
    one, two = '{"expression": "x", "at": {"x": 1}}', '{"expression": "x",\n "grad": {"x": 2}, "at": {"x": 1}}'
    texts = {
        "a.toml": (toml, 7),
        "a.json": (f'{{"case": [\n{one},\n{two}]}}', 4),
        "a.jsonl": (f"{one}\n\n{two.replace(chr(10), '')}\n", 3),
    }
    for name, (text, line) in texts.items():
        cases = json.loads(gradcalc("check", write(tmp_path, text, name), "--json", "--no-symbolic").out)["cases"]
        assert [case["status"] for case in cases] == ["passed", "failed"]
        assert [(each["rule"], each["line"]) for each in cases[1]["failures"]] == [("grad.x", line)]


BROKEN = [
    ("a.json", '{"case": [}', 1, "the file is not JSON: Expecting value at character 11"),
    ("a.json", '{"case":\n [}', 2, "the file is not JSON: Expecting value at line 2, character 3"),
    ("a.json", "[]", 1, "the file is not a JSON object"),
    ("a.jsonl", "{}\n{", 2, "the line is not JSON: Expecting property name enclosed in double quotes at character 2"),
    ("a.jsonl", '"x"', 1, "a case must be a table, and is text"),
]


@pytest.mark.parametrize(("name", "text", "line", "message"), BROKEN)
def test_what_is_not_json(tmp_path: Path, name: str, text: str, line: int, message: str) -> None:
    """The line is told, and what comes before it is still run."""
    cases = json.loads(gradcalc("check", write(tmp_path, text, name), "--json").out)["cases"]
    assert (cases[-1]["line"], cases[-1]["error"]["message"]) == (line, message)


def test_other_reports_are_written_beside_the_first(tmp_path: Path) -> None:
    """--report names a format and a file, as often as it is given."""
    path = write(tmp_path, MIXED)
    reports = ["--report", f"tap={tmp_path}/a.tap", "--report", f"json={tmp_path}/a.json"]
    result = gradcalc("check", path, "--quiet", "--no-symbolic", *reports)
    assert (result.status, result.out) == (1, "")
    assert (tmp_path / "a.tap").read_text().startswith("TAP version 14\nok 1 - square\n")
    assert json.loads((tmp_path / "a.json").read_text())["summary"]["failed"] == 1
    for wrong in ("tap", "tapp=x", "tap="):
        assert gradcalc("check", path, "--report", wrong).status == 2


def test_samples_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    """Points depend on the seed and on the variable's name, not on the variables beside it."""

    def worst(text: str) -> str:
        path = write(tmp_path, f'[[case]]\nexpression = "x*1"\n{text}', "sample.toml")
        result = gradcalc("check", path, "--json", "--no-symbolic")
        return str(json.loads(result.out)["cases"][0]["worst"]["point"])

    first = worst('sample.x = "uniform(-3, 3)"\ncount = 1\nseed = 1')
    assert first == worst('sample.x = "uniform(-3, 3)"\ncount = 1\nseed = 1')
    assert first != worst('sample.x = "uniform(-3, 3)"\ncount = 1\nseed = 2')


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "a.toml"], "a.toml is both input and output"),
        (["-o", "link.toml"], "link.toml is both input and output"),
        (["--report", "json=a.toml"], "a.toml is both input and output"),
        (["--resume", "a.toml"], "a.toml is both input and output"),
        (["-o", "b.txt", "--report", "junit=b.txt"], "b.txt is to be written twice"),
    ],
)
def test_case_files_are_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    """Nor one report by another."""
    path = write(tmp_path, MIXED, "a.toml")
    before = Path(path).read_text()
    (tmp_path / "link.toml").symlink_to(path)
    monkeypatch.chdir(tmp_path)
    result = gradcalc("check", "a.toml", *options)
    assert (result.status, result.err.splitlines()[0]) == (2, f"error: {message}")
    assert Path(path).read_text() == before


def test_the_first_case_is_not_charged_with_the_import_of_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of a case starts when the engines are there."""
    seen: list[str] = []

    def clock() -> float:
        seen.append("clock")
        return float(len(seen))

    monkeypatch.setattr(work, "import_module", seen.append)
    monkeypatch.setattr(work, "time", SimpleNamespace(perf_counter=clock))
    case = write(tmp_path, '[[case]]\nexpression = "2*x"\nat.x = 1\n')
    assert gradcalc("check", case, "--no-symbolic").status == 0
    assert seen == ["autogradcli.engines.torch.engine", "clock", "clock"]
