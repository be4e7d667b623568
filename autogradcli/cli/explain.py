"""`gradcalc explain`: the page behind a reason code."""

from typing import Annotated

import typer

from autogradcli.cli.writing import Endings, Writing
from autogradcli.compute.codes import PAGES, page
from autogradcli.render.page import draw_page, draw_titles

EXAMPLES = """\b
Examples:
  gradcalc explain
  gradcalc explain GC101
  gradcalc explain gc202
"""

FORMATS = Endings(("text", "markdown", "json"), {".txt": "text", ".md": "markdown", ".json": "json"})

Code = Annotated[str | None, typer.Argument(metavar="CODE", help="A reason code, as a report prints it.")]


def explain(*, code: Code = None, writing: Writing) -> None:
    """What a reason code means: cause, example and remedy."""
    found = None if code is None else page(code)
    with writing.open() as place:
        place.write(draw_titles(PAGES, place.terminal) if found is None else draw_page(found, place.terminal))
