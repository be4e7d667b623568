"""For programs: one JSON object with everything, or one line of JSON for each case."""

from collections.abc import Iterable, Iterator

from autogradcli.checks.outcome import Outcome
from autogradcli.compute.report import SCHEMA_VERSION
from autogradcli.render.checks.summary import Summary
from autogradcli.render.json import draw_json, draw_json_line


def draw(outcomes: Iterable[Outcome], only_failures: bool) -> Iterator[str]:
    """One object: the counts over all cases, and the cases."""
    summary = Summary()
    every = [summary.add(outcome) for outcome in outcomes]
    shown = [each.to_dict() for each in every if not (only_failures and each.status == "passed")]
    counts = {"cases": summary.cases, "points": summary.points, **summary.counts}
    yield draw_json({"schema_version": SCHEMA_VERSION, "summary": counts, "cases": shown})


def draw_lines(outcomes: Iterable[Outcome], only_failures: bool) -> Iterator[str]:
    """A line for each case, as soon as it is done."""
    for outcome in outcomes:
        if not (only_failures and outcome.status == "passed"):
            yield draw_json_line({"schema_version": SCHEMA_VERSION, **outcome.to_dict()})
