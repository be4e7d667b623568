"""For a person: a line for each case, what is wrong with it, and a summary."""

from collections.abc import Iterator

from autogradcli.checks.outcome import Outcome
from autogradcli.errors import visible
from autogradcli.render.checks.lines import details, problems, title
from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.formats import Format
from autogradcli.render.terminal import Terminal

STYLES = {"passed": "green", "failed": "red", "error": "red"}
WIDTH = max(map(len, STYLES))


def draw(outcomes: Outcomes, terminal: Terminal) -> Iterator[str]:
    """The report, piece by piece."""
    for outcome in outcomes.shown():
        yield "".join(f"{line}\n" for line in _case(outcome, terminal))
    lines = [outcomes.summary.sentence(), outcomes.summary.worst_case()]
    yield "".join(f"{line}\n" for line in lines if line)


def _case(outcome: Outcome, terminal: Terminal) -> Iterator[str]:
    status = terminal.paint(outcome.status.ljust(WIDTH), STYLES[outcome.status])
    yield f"{status}  {title(outcome)}{_claims(outcome)}"
    for line, sentence in problems(outcome):
        yield f"    {visible(outcome.place.file)}:{line}: {sentence}"
    for sentence in details(outcome):
        yield f"      {sentence}"
    yield from (f"    note: {visible(remark)}" for remark in outcome.remarks)


def _claims(outcome: Outcome) -> str:
    said = [f"claim.{visible(name)} {status}" for name, status in outcome.claims.items()]
    return f"  ({', '.join(said)})" if said else ""


FORMAT: Format[Outcomes, Iterator[str]] = Format("text", (".txt",), draw)
