"""`gradcalc explain`: the page behind a reason code."""

from typing import Annotated

import typer

from autogradcli.cli import arguments as options
from autogradcli.cli.output import open_output
from autogradcli.compute.codes import PAGES, page
from autogradcli.render.page import draw_page, draw_titles

EXAMPLES = """\b
Examples:
  gradcalc explain
  gradcalc explain GC101
  gradcalc explain gc202
"""

Code = Annotated[str | None, typer.Argument(metavar="CODE", help="A reason code, as a report prints it.")]


def explain(code: Code = None, output: options.Output = None) -> None:
    """What a reason code means: cause, example and remedy."""
    found = None if code is None else page(code)
    with open_output(output) as place:
        place.write(draw_titles(PAGES, place.terminal) if found is None else draw_page(found, place.terminal))
