"""`gradcalc explain`: the page behind a reason code, or behind a word."""

from typing import Annotated

import typer

from autogradcli.cli.writing import Endings, Writing
from autogradcli.compute.codes import PAGES, Page, page
from autogradcli.errors import GradcalcError
from autogradcli.functions.table import is_function
from autogradcli.language.nearest import did_you_mean
from autogradcli.pages import ALIASES, NAMES, word_page
from autogradcli.render.json import draw_json
from autogradcli.render.page import DRAW, draw_titles, page_object

EXAMPLES = """\b
Examples:
  gradcalc explain
  gradcalc explain GC101
  gradcalc explain verdict
"""

ABOUT_NAN = "type gradcalc explain GC201, GC202 or GC203: NaN has several causes"
MOST = 3
"""Codes that a hint names."""
FORMATS = Endings(("text", "markdown", "json"), {".txt": "text", ".md": "markdown", ".json": "json"})

Code = Annotated[
    str | None,
    typer.Argument(metavar="CODE", help="A reason code, as a report prints it, or a word: kink, ulp, json, cases."),
]


def explain(*, code: Code = None, writing: Writing) -> None:
    """The page behind a reason code or a word.

    Of a code: cause, example and remedy. Without one, all of them are listed.
    """
    form = writing.form(FORMATS)
    found = None if code is None else word_page(code) or _page(code)
    with writing.open(form) as place:
        if found is not None:
            place.write(DRAW[form](found, place.terminal))
            return
        words = [each for each in map(word_page, NAMES) if each is not None]
        everything = [{"word": each.word, "title": each.title} for each in words] + [
            page_object(each) for each in PAGES
        ]
        place.write(draw_json(everything) if form == "json" else draw_titles(words, PAGES, place.terminal))


def _page(code: str) -> Page:
    """The page of a code; GradcalcError with the nearest word if it is neither code nor word."""
    if code.isdigit():
        code = f"GC{code}"
    near = ABOUT_NAN if code.casefold() == "nan" else did_you_mean(code, [*NAMES, *ALIASES])
    try:
        return page(code)
    except GradcalcError as error:
        if code.upper().startswith("GC"):
            raise
        # Only where there is no page.
        from autogradcli.cli.app import COMMANDS

        if code in COMMANDS:
            near = f"type gradcalc help {code}"
        elif is_function(code):
            near = f"type gradcalc functions {code}"
        elif about := [each.code for each in PAGES if code.casefold() in each.title.casefold()]:
            near = f"type gradcalc explain {' or '.join(about[:MOST])}"
        hint = near or f"the words are {', '.join(NAMES)}; gradcalc explain lists the codes"
        raise GradcalcError("name", f"there is no page about {code}", hint=hint) from error
