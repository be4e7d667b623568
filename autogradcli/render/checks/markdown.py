"""Markdown, for a job summary: the counts, and a table of what is wrong."""

from collections.abc import Iterable, Iterator

from autogradcli.checks.outcome import Outcome
from autogradcli.render.checks.lines import problems, title
from autogradcli.render.checks.summary import Summary
from autogradcli.render.markdown import cell

MARKS = {"passed": "✅", "failed": "❌", "error": "❗"}


def draw(outcomes: Iterable[Outcome], only_failures: bool) -> Iterator[str]:
    """The summary, and a table of the cases."""
    summary = Summary()
    shown = [each for each in map(summary.add, outcomes) if not (only_failures and each.status == "passed")]
    yield f"### gradcalc: {summary.sentence()}\n"
    if worst := summary.worst_case():
        yield f"\n{cell(worst)}\n"
    if shown:
        yield "\n| | case | place | what is wrong |\n| --- | --- | --- | --- |\n"
    yield from map(_row, shown)


def _row(outcome: Outcome) -> str:
    found = list(problems(outcome))
    line = found[0][0] if found else outcome.place.line
    wrong = "<br>".join(cell(sentence) for _, sentence in found)
    place = cell(f"{outcome.place.file}:{line}")
    return f"| {MARKS[outcome.status]} | {cell(title(outcome))} | {place} | {wrong} |\n"
