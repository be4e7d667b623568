"""For programs: a line of JSON for each case, as soon as it is done."""

from collections.abc import Iterator

from autogradcli.compute.report import SCHEMA_VERSION
from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.formats import Format
from autogradcli.render.json import draw_json_line
from autogradcli.render.terminal import Terminal


def draw(outcomes: Outcomes, _: Terminal) -> Iterator[str]:
    """The lines."""
    for outcome in outcomes.shown():
        yield draw_json_line({"schema_version": SCHEMA_VERSION, **outcome.to_dict()})


FORMAT: Format[Outcomes, Iterator[str]] = Format("jsonl", (".jsonl",), draw)
