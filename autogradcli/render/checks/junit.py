"""JUnit XML, as CI systems read it: a suite for each file, a test case for each case."""

import platform
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from autogradcli.checks.outcome import Outcome
from autogradcli.errors import visible
from autogradcli.render.checks.lines import details, problems, title
from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.formats import Format
from autogradcli.render.terminal import Terminal

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def draw(outcomes: Outcomes, _: Terminal) -> Iterator[str]:
    """One XML document, valid in the schema of Ant's JUnit task and in that of Jenkins, which overlap in few things."""
    began = datetime.now().isoformat(timespec="seconds")
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    for number, (file, cases) in enumerate(groupby(outcomes.shown(), key=lambda each: each.place.file)):
        yield from _suite(number, file, list(cases), began)
    yield "</testsuites>\n"


def _suite(number: int, file: str, cases: list[Outcome], began: str) -> Iterator[str]:
    name, host = _attribute(file), _attribute(platform.node() or "localhost")
    where = f'id="{number}" package={name} timestamp="{began}" hostname={host}'
    yield f"  <testsuite name={name} {where}{_counts(cases)}>\n    <properties/>\n"
    for case in cases:
        opened = f"    <testcase classname={name} name={_attribute(title(case))}{_time([case])}"
        if case.status == "passed":
            yield f"{opened}/>\n"
        else:
            yield f"{opened}>\n{_failure(case)}    </testcase>\n"
    yield "    <system-out/>\n    <system-err/>\n  </testsuite>\n"


def _failure(case: Outcome) -> str:
    """What is wrong: one element, because readers show only the first."""
    found = list(problems(case))
    lines = [f"{visible(case.place.file)}:{line}: {sentence}" for line, sentence in found] + details(case)
    kind = "error" if case.status == "error" else "failure"
    rule = case.failures[0].rule if case.failures else str((case.error or {}).get("kind"))
    text = escape(_legal("\n".join(lines)))
    return f"      <{kind} message={_attribute(found[0][1])} type={_attribute(rule)}>{text}</{kind}>\n"


def _counts(cases: list[Outcome]) -> str:
    failures = sum(case.status == "failed" for case in cases)
    errors = sum(case.status == "error" for case in cases)
    return f' tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="0"{_time(cases)}'


def _time(cases: list[Outcome]) -> str:
    return f' time="{sum(case.seconds for case in cases):.3f}"'


def _attribute(text: str) -> str:
    return quoteattr(_legal(text), {"\n": "&#10;", "\t": "&#9;"})


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


FORMAT: Format[Outcomes, Iterator[str]] = Format("junit", (".xml",), draw)
