"""Markdown, for a job summary: the counts, and a table of what is wrong."""

from collections.abc import Iterator

from autogradcli.checks.outcome import Outcome
from autogradcli.errors import visible
from autogradcli.render.checks.lines import details, problems, title
from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.formats import Format
from autogradcli.render.markdown import cell
from autogradcli.render.terminal import Terminal

MARKS = {"passed": "✅", "failed": "❌", "error": "❗"}


def draw(outcomes: Outcomes, _: Terminal) -> Iterator[str]:
    """The summary, and a table of the cases."""
    shown = list(outcomes.shown())
    summary = outcomes.summary
    yield f"### gradcalc: {summary.sentence()}\n"
    if worst := summary.worst_case():
        yield f"\n{cell(worst)}\n"
    if shown:
        yield "\n| | case | place | what is wrong |\n| --- | --- | --- | --- |\n"
    yield from map(_row, shown)


def _row(outcome: Outcome) -> str:
    found = list(problems(outcome))
    line = found[0][0] if found else outcome.place.line
    wrong = "<br>".join(map(cell, [*(sentence for _, sentence in found), *details(outcome)]))
    place = cell(visible(f"{outcome.place.file}:{line}"))
    return f"| {MARKS[outcome.status]} | {cell(title(outcome))} | {place} | {wrong} |\n"


FORMAT: Format[Outcomes, Iterator[str]] = Format("markdown", (".md",), draw)
