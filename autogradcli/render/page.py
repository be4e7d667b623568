"""The pages behind reason codes and words, and the list of them."""

import re
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from autogradcli.compute.codes import Page
from autogradcli.compute.report import fields_of, plain
from autogradcli.pages import WordPage
from autogradcli.render.json import draw_json
from autogradcli.render.terminal import Terminal

WIDTH = 80
FENCE, HEADING = "```", re.compile("#+ ")
"""What Markdown has around a block, and before a heading."""


def draw_titles(words: Sequence[WordPage], codes: Sequence[Page], terminal: Terminal) -> str:
    """One line for each word and each code."""
    width = max(len(page.word) for page in words)
    lines = [f"{terminal.paint(page.word.ljust(width), 'bold')}   {page.title}" for page in words]
    return "\n".join([*lines, "", *(f"{terminal.paint(page.code, 'bold')}   {page.title}" for page in codes)]) + "\n"


def draw_page(page: Page | WordPage, terminal: Terminal) -> str:
    """A page as a person reads it: of a code its title, cause, example and remedy."""
    if isinstance(page, WordPage):
        return "".join(f"{line}\n" for line in _lines(page.text, terminal))
    parts = [terminal.paint(f"{page.code} {page.title}", "bold"), textwrap.fill(page.cause, WIDTH)]
    if page.example:
        parts.append(f"Example:\n    gradcalc {shlex.join(page.example)}")
    parts.append(textwrap.fill(f"What to do: {page.remedy}", WIDTH))
    return "\n\n".join(parts) + "\n"


def _lines(text: str, terminal: Terminal) -> Iterator[str]:
    """The lines of a page, blocks of code indented, none broken in mid-word by a terminal."""
    inside = False
    for line in text.splitlines():
        if line.startswith(FENCE):
            inside = not inside
        elif HEADING.match(line) and not inside:
            yield terminal.paint(HEADING.sub("", line), "bold")
        elif inside and line:
            yield from _fitted(f"    {line}", terminal)
        else:
            yield line


def _fitted(line: str, terminal: Terminal) -> Sequence[str]:
    """The line, or the lines of words that it takes on a narrow terminal."""
    if terminal.width is None or len(line) <= terminal.width:
        return [line]
    return textwrap.wrap(
        line, terminal.width, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False
    )


def draw_page_markdown(page: Page | WordPage, _: Terminal) -> str:
    """A page as a document."""
    if isinstance(page, WordPage):
        return page.text
    example = f"    gradcalc {shlex.join(page.example)}\n\n" if page.example else ""
    return f"# {page.code} {page.title}\n\n{page.cause}\n\n{example}What to do: {page.remedy}\n"


def draw_page_json(page: Page | WordPage, _: Terminal) -> str:
    """A page as a JSON object."""
    return draw_json(page_object(page))


def page_object(page: Page | WordPage) -> dict[str, Any]:
    """The fields of a page as JSON values."""
    return plain(fields_of(page))  # type: ignore[no-any-return]


DRAW = {"text": draw_page, "markdown": draw_page_markdown, "json": draw_page_json}
"""How a page is written, by the name of the format."""
