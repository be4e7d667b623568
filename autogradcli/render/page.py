"""The page behind a reason code, and the list of them."""

import shlex
import textwrap
from collections.abc import Iterable

from autogradcli.compute.codes import Page
from autogradcli.render.terminal import Terminal

WIDTH = 80


def draw_titles(pages: Iterable[Page], terminal: Terminal) -> str:
    """One line for each code."""
    return "".join(f"{terminal.paint(page.code, 'bold')}   {page.title}\n" for page in pages)


def draw_page(page: Page, terminal: Terminal) -> str:
    """Title, cause, example and remedy."""
    parts = [terminal.paint(f"{page.code} {page.title}", "bold"), textwrap.fill(page.cause, WIDTH)]
    if page.example:
        parts.append(f"Example:\n    gradcalc {shlex.join(page.example)}")
    parts.append(textwrap.fill(f"What to do: {page.remedy}", WIDTH))
    return "\n\n".join(parts) + "\n"
