"""For programs: one JSON object with everything."""

from collections.abc import Iterator
from typing import Any

from autogradcli.compute.report import SCHEMA_VERSION
from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.formats import Format
from autogradcli.render.json import draw_json
from autogradcli.render.terminal import Terminal


def draw(outcomes: Outcomes, _: Terminal) -> Iterator[str]:
    """One object."""
    yield draw_json(outcomes_object(outcomes))


def outcomes_object(outcomes: Outcomes) -> dict[str, Any]:
    """The counts over all cases, and the cases, as JSON values."""
    shown = [each.to_dict() for each in outcomes.shown()]
    summary = outcomes.summary
    counts = {"cases": summary.cases, "points": summary.points, **summary.counts}
    return {"schema_version": SCHEMA_VERSION, "summary": counts, "cases": shown}


FORMAT: Format[Outcomes, Iterator[str]] = Format("json", (".json",), draw)
