"""For a person: a line for each case, what is wrong with it, and a summary."""

from collections.abc import Iterable, Iterator

from autogradcli.checks.outcome import Outcome
from autogradcli.errors import visible
from autogradcli.render.checks.lines import details, problems, title
from autogradcli.render.checks.summary import Summary
from autogradcli.render.terminal import Terminal

STYLES = {"passed": "green", "failed": "red", "error": "red"}
WIDTH = max(map(len, STYLES))


def draw(outcomes: Iterable[Outcome], terminal: Terminal, only_failures: bool) -> Iterator[str]:
    """The report, piece by piece."""
    summary = Summary()
    for outcome in map(summary.add, outcomes):
        if not (only_failures and outcome.status == "passed"):
            yield "".join(f"{line}\n" for line in _case(outcome, terminal))
    lines = [summary.sentence(), summary.worst_case()]
    yield "".join(f"{line}\n" for line in lines if line)


def _case(outcome: Outcome, terminal: Terminal) -> Iterator[str]:
    status = terminal.paint(outcome.status.ljust(WIDTH), STYLES[outcome.status])
    yield f"{status}  {title(outcome)}{_claims(outcome)}"
    for line, sentence in problems(outcome):
        yield f"    {visible(outcome.place.file)}:{line}: {sentence}"
    for sentence in details(outcome):
        yield f"      {sentence}"


def _claims(outcome: Outcome) -> str:
    said = [f"claim.{visible(name)} {status}" for name, status in outcome.claims.items()]
    return f"  ({', '.join(said)})" if said else ""
