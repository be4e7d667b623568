"""The reports of `gradcalc check`, each read by a reader of its format that is not gradcalc's."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from autogradcli.checks.case import CasePlace
from autogradcli.checks.outcome import Failure, Outcome, Worst, unusable
from autogradcli.errors import ExitCode, GradcalcError, Span
from autogradcli.render.checks import github, jsonl, junit, markdown, tap, text
from autogradcli.render.checks import json as as_json
from autogradcli.render.checks.summary import Outcomes, Summary
from autogradcli.render.terminal import FILE, Terminal

NASTY = 'a <b> & "c" \' ]]> | # % \\ \x00\x1b[31m \ud800 \ufffe 日本 x\ny'
"""A name with everything in it that some format must escape."""


def outcomes() -> list[Outcome]:
    """One that passed, one that failed twice, one that makes no sense; names and messages are nasty."""
    passed = Outcome(
        CasePlace("good", "a.toml", 1), "passed", verdicts={"verified": 2}, worst=Worst(1.5, "x", "x = 2.0")
    )
    failures = (
        Failure("grad.x", "torch gives 1.0, expected 2.0", 7, ExitCode.MISMATCH),
        Failure("claim.x", NASTY, 8, ExitCode.MISMATCH),
    )
    failed = Outcome(CasePlace(NASTY, "a.toml", 5), "failed", failures, verdicts={"verified": 1}, claims={"x": "wrong"})
    error = GradcalcError("parse", "something is missing", source="2 +", span=Span(2, 3), hint="type 2 + 3")
    return [passed, failed, unusable(CasePlace("", "b:c,d.toml", 1), error, 3)]


def test_junit_is_valid_and_complete() -> None:
    """An XML parser reads it; counts, places and messages are right; nothing illegal is left."""
    root = ET.fromstring("".join(junit.draw(Outcomes(outcomes()), FILE)))
    assert root.tag == "testsuites"
    suites = root.findall("testsuite")
    counts = [[suite.get(key) for key in ("name", "tests", "failures", "errors", "skipped")] for suite in suites]
    assert counts == [["a.toml", "2", "1", "0", "0"], ["b:c,d.toml", "1", "0", "1", "0"]]
    good, bad = suites[0].findall("testcase")
    assert (good.get("name"), good.get("classname"), len(good)) == ("good", "a.toml", 0)
    assert bad.get("name", "").startswith('a <b> & "c" \' ]]> | # % \\ ␀␛[31m')
    (failure,) = bad
    assert failure.get("type") == "grad.x"
    assert failure.get("message") == "grad.x: torch gives 1.0, expected 2.0"
    assert (failure.text or "").startswith("a.toml:7: grad.x: torch gives 1.0, expected 2.0\na.toml:8: claim.x: a <b>")
    (error,) = suites[1].findall("testcase/error")
    assert error.text == "b:c,d.toml:3: something is missing\n  2 +\n    ^\nhint: type 2 + 3"


NUMBER, WHOLE, MOMENT = r"\d+\.\d{3}", r"\d+", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
ATTRIBUTES = {
    "testsuites": {},
    "testsuite": {"name": ".+", "package": ".*", "id": WHOLE, "timestamp": MOMENT, "hostname": ".+", "time": NUMBER}
    | dict.fromkeys(["tests", "failures", "errors", "skipped"], WHOLE),
    "testcase": {"name": ".*", "classname": ".*", "time": NUMBER},
    "failure": {"message": ".*", "type": ".*"},
    "error": {"message": ".*", "type": ".*"},
    "properties": {},
    "system-out": {},
    "system-err": {},
}
"""What Ant's schema (JUnit.xsd of Windy Road) demands, all of it, of what Jenkins' schema (junit-10.xsd) allows."""
CHILDREN = {
    "testsuites": "(testsuite )*",
    "testsuite": "properties (testcase )*system-out system-err ",
    "testcase": "(error |failure )?",
}
"""Elements in the order in which they must come."""


def test_junit_is_what_both_schemas_allow() -> None:
    """The elements, their order and their attributes: none that one of the two does not know, none missing."""
    for element in ET.fromstring("".join(junit.draw(Outcomes(outcomes()), FILE))).iter():
        children = "".join(f"{child.tag} " for child in element)
        assert re.fullmatch(CHILDREN.get(element.tag, ""), children), element.tag
        demanded = ATTRIBUTES[element.tag]
        assert set(element.keys()) == set(demanded), element.tag
        for name, pattern in demanded.items():
            assert re.fullmatch(pattern, element.get(name, ""), re.DOTALL), (element.tag, name)


def annotations(report: str) -> Iterator[tuple[dict[str, str], str]]:
    """Properties and text of each workflow command, as GitHub's runner takes it apart."""
    for line in report.splitlines():
        if match := re.fullmatch(r"::error (.*?)::(.*)", line):
            properties = dict(each.split("=", 1) for each in match[1].split(","))
            yield {key: _unescaped(value) for key, value in properties.items()}, _unescaped(match[2])


def _unescaped(value: str) -> str:
    for code, sign in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        value = value.replace(code, sign)
    return value


def test_github_points_at_the_line_of_each_rule() -> None:
    """One annotation for each rule that does not hold, on its own line of the file."""
    report = "".join(github.draw(Outcomes(outcomes()), FILE))
    found = list(annotations(report))
    assert [(each["file"], each["line"]) for each, _ in found] == [
        ("a.toml", "7"),
        ("a.toml", "8"),
        ("b:c,d.toml", "3"),
    ]
    assert found[0][1] == "grad.x: torch gives 1.0, expected 2.0"
    assert found[2][1] == "something is missing\n  2 +\n    ^\nhint: type 2 + 3"
    assert report.endswith("3 cases at 3 points: 1 passed, 1 failed, 1 error\n")


def test_tap_has_a_line_for_each_case_and_a_plan() -> None:
    """Numbered from 1, the plan at the end, no sign that would be a directive."""
    lines = "".join(tap.draw(Outcomes(outcomes()), FILE)).splitlines()
    assert (lines[0], lines[-1]) == ("TAP version 14", "1..3")
    points = [line for line in lines if re.match(r"(not )?ok \d", line)]
    assert [point.split(" - ")[0] for point in points] == ["ok 1", "not ok 2", "not ok 3"]
    assert not any(re.search(r"(?<!\\)#", point) for point in points)
    assert lines[3:6] == ["  ---", "  message: |2", "    grad.x: torch gives 1.0, expected 2.0"]


def test_markdown_has_a_row_for_each_case() -> None:
    """Four cells each, whatever is in them; the summary is the headline."""
    lines = "".join(markdown.draw(Outcomes(outcomes()), FILE)).splitlines()
    assert lines[0] == "### gradcalc: 3 cases at 3 points: 1 passed, 1 failed, 1 error"
    rows = [line for line in lines if line.startswith("|")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [5] * 5


def test_json_says_everything() -> None:
    """Counts over all cases, and the cases that are shown."""
    report = json.loads("".join(as_json.draw(Outcomes(outcomes(), only_failures=True), FILE)))
    assert report["summary"] == {"cases": 3, "points": 3, "passed": 1, "failed": 1, "error": 1}
    assert [case["status"] for case in report["cases"]] == ["failed", "error"]
    assert report["cases"][1]["error"]["hint"] == "type 2 + 3"
    lines = list(jsonl.draw(Outcomes(outcomes()), FILE))
    assert [json.loads(line)["status"] for line in lines] == ["passed", "failed", "error"]


def test_text_shows_nothing_that_a_terminal_obeys() -> None:
    """Escapes and control characters of names are drawn; colours are gradcalc's own."""
    drawn = "".join(text.draw(Outcomes(outcomes()), FILE))
    assert "\x1b" not in drawn
    assert "\x00" not in drawn
    coloured = "".join(text.draw(Outcomes(outcomes()), Terminal(colours=True)))
    assert coloured.startswith("\x1b[32mpassed\x1b[0m  good\n")


def test_of_many_failures_of_one_rule_a_few_are_written_out() -> None:
    """Three of 20 points, and how many more; JSON has all."""
    found = tuple(Failure("verdict", f"mismatch at x = {x}", 3, ExitCode.MISMATCH) for x in range(20))
    outcome = Outcome(CasePlace("f", "a.toml", 1), "failed", found, verdicts={"mismatch": 20})
    drawn = "".join(text.draw(Outcomes([outcome]), FILE))
    assert drawn.count("a.toml:3: verdict: mismatch at") == 3
    assert "a.toml:3: verdict: and 17 more like this, of 20 points\n" in drawn
    assert "".join(as_json.draw(Outcomes([outcome]), FILE)).count("mismatch at") == 20


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), 0),
        ((0, 3), 3),
        ((3, 2), 2),
        ((2, 1, 3), 1),
    ],
)
def test_summary_of_nothing_and_of_much(codes: tuple[int, ...], expected: int) -> None:
    """The exit status over all; counts in the plural and in the singular."""
    from autogradcli.checks.outcome import exit_code

    assert exit_code({ExitCode(code) for code in codes}) == expected
    assert Summary().sentence() == "0 cases at 0 points: nothing"
