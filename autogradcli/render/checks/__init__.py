"""What came of the cases of `gradcalc check`, in every format: a piece of text for each case, or all at the end."""

from collections.abc import Iterator

from autogradcli.render.checks.summary import Outcomes
from autogradcli.render.formats import Formats

FORMATS: Formats[Outcomes, Iterator[str]] = Formats(
    __name__, "text", "json", "jsonl", "junit", "github", "tap", "markdown"
)
"""All of them."""
