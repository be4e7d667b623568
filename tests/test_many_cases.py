"""Many cases of every kind: status, order and counts are right with any number of processes."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.command import gradcalc
from tests.many_cases import many_cases

COUNT = 120


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_every_case_has_its_outcome(tmp_path: Path, jobs: str) -> None:
    """The campaign `scripts/campaigns/many_cases.py` does the same with 10,000, and on a cluster."""
    text, statuses = many_cases(COUNT)
    path = tmp_path / "many.jsonl"
    path.write_text(text)
    limit = ("--timeout", "120")  # of a case, and of loading torch before the first: a busy machine fails no test
    result = gradcalc("check", str(path), "--jobs", jobs, "--json", "--no-symbolic", *limit)
    report = json.loads(result.out)
    assert [case["name"] for case in report["cases"]] == [f"case {number}" for number in range(COUNT)]
    assert [case["status"] for case in report["cases"]] == statuses
    counts = Counter(statuses)
    assert {status: report["summary"][status] for status in counts} == counts
    assert result.status == 1
