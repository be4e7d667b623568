"""Comma-separated values, RFC 4180 but for the ends of lines: for spreadsheets and data frames."""

import csv
import io
from collections.abc import Iterable, Sequence

from autogradcli.render.rows import Row


def begin(columns: Sequence[str]) -> str:
    """The header."""
    return _line(columns)


def draw(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """A line for each row."""
    return "".join(_line([row[column] for column in columns]) for row in rows)


def end() -> str:
    """Nothing."""
    return ""


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
