"""GitHub's workflow commands: an annotation at the line of each rule that does not hold, and the summary."""

from collections.abc import Iterator

from autogradcli.errors import visible
from autogradcli.render.checks.lines import details, problems, title
from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.formats import Format
from autogradcli.render.terminal import Terminal


def draw(outcomes: Outcomes, _: Terminal) -> Iterator[str]:
    """A line for each annotation, and the summary at the end."""
    for outcome in outcomes:
        for line, sentence in problems(outcome):
            where = f"file={_property(visible(outcome.place.file))},line={line},title={_property(title(outcome))}"
            yield f"::error {where}::{_data(chr(10).join([sentence, *details(outcome)]))}\n"
    yield f"{outcomes.summary.sentence()}\n"


def _data(text: str) -> str:
    """The text as the runner wants it: toolkit/packages/core/src/command.ts, escapeData."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """The same for a property, escapeProperty."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMAT: Format[Outcomes, Iterator[str]] = Format("github", (), draw)
