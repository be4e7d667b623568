"""What went wrong in a case, as lines of text that every format uses."""

from collections.abc import Iterator

from autogradcli.checks.outcome import Outcome
from autogradcli.errors import Span, underline, visible

MOST_ALIKE = 3
"""Failures of one rule that are written out; JSON has all of them."""


def problems(outcome: Outcome) -> Iterator[tuple[int, str]]:
    """The line of the file and one sentence for each rule that does not hold, or for what makes no sense."""
    if outcome.error is not None:
        yield outcome.place.line, visible(str(outcome.error["message"]))
    alike: dict[tuple[int, str], int] = {}
    for failure in outcome.failures:
        rule = failure.line, visible(failure.rule)
        alike[rule] = alike.get(rule, 0) + 1
        if alike[rule] <= MOST_ALIKE:
            yield failure.line, visible(f"{failure.rule}: {failure.message}")
    for (line, name), number in alike.items():
        if number > MOST_ALIKE:
            yield line, f"{name}: and {number - MOST_ALIKE} more like this, of {outcome.points} points"


def details(outcome: Outcome) -> list[str]:
    """What is said of an error beside its message: the text that it points into, and a hint."""
    error = outcome.error
    if error is None:
        return []
    lines = []
    if error.get("source") and error.get("span"):
        lines += [f"  {line}" for line in underline(error["source"], Span(*error["span"]))]
    if error.get("hint"):
        lines.append(f"hint: {visible(str(error['hint']))}")
    return lines


def title(outcome: Outcome) -> str:
    """What a case is called: by its file as a whole where it has no name."""
    return visible(outcome.place.name or outcome.place.file)
