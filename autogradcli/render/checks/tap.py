"""The Test Anything Protocol, version 14: a line for each case, and the plan at the end."""

from collections.abc import Iterator

from autogradcli.checks.outcome import Outcome
from autogradcli.errors import visible
from autogradcli.render.checks.lines import details, problems, title
from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.formats import Format
from autogradcli.render.terminal import Terminal


def draw(outcomes: Outcomes, _: Terminal) -> Iterator[str]:
    """Test points with a YAML block below each that failed."""
    yield "TAP version 14\n"
    number = 0
    for number, outcome in enumerate(outcomes.shown(), start=1):
        verb = "ok" if outcome.status == "passed" else "not ok"
        yield f"{verb} {number} - {_escape(title(outcome))}\n{_block(outcome)}"
    yield f"1..{number}\n"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("#", "\\#")


def _block(outcome: Outcome) -> str:
    """The diagnostics: the sentences in a literal block, where nothing needs escaping."""
    found = list(problems(outcome))
    if not found:
        return ""
    lines = [sentence for _, sentence in found] + details(outcome)
    text = "".join(f"    {line}\n" for line in lines)
    place = f"  at:\n    file: {_quoted(visible(outcome.place.file))}\n    line: {found[0][0]}\n"
    return f"  ---\n  message: |2\n{text}{place}  ...\n"


def _quoted(text: str) -> str:
    """A YAML string in single quotes."""
    return "'" + text.replace("'", "''") + "'"


FORMAT: Format[Outcomes, Iterator[str]] = Format("tap", (".tap",), draw)
