"""The formats that are tables of rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autogradcli.render import csv, latex, markdown
from autogradcli.render.rows import COLUMNS, Row, rows


@dataclass(frozen=True, slots=True)
class TableFormat:
    """How a table begins, goes on and ends."""

    begin: Callable[[Sequence[str]], str]
    draw: Callable[[Iterable[Row], Sequence[str]], str]
    end: Callable[[], str]


TABLES = {
    "csv": TableFormat(csv.begin, csv.draw, csv.end),
    "markdown": TableFormat(markdown.begin, markdown.draw, markdown.end),
    "latex": TableFormat(latex.begin, latex.draw, latex.end),
}
"""The formats by name."""

OF_ONE = tuple(column for column in COLUMNS if column != "id")
"""The columns of a table about one report."""


def draw_table_of(answer: Mapping[str, Any], form: str) -> str:
    """The table of one report, given as a JSON object."""
    table = TABLES[form]
    return table.begin(OF_ONE) + table.draw(rows(answer), OF_ONE) + table.end()
