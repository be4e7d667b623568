"""Markdown: tables of text that stands for itself."""

import re
from collections.abc import Iterable, Sequence

from autogradcli.render.rows import Row

_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~#$&])")


def cell(text: str) -> str:
    """Any text on one line, as the cell of a table shows it, whatever signs it has."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def begin(columns: Sequence[str]) -> str:
    """The header of a table."""
    return _line(columns) + _line(["---"] * len(columns))


def draw(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """A line of the table for each row."""
    return "".join(_line([cell(row[column]) for column in columns]) for row in rows)


def end() -> str:
    """Nothing."""
    return ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
