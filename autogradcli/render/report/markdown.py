"""A table in Markdown."""

from collections.abc import Sequence

from autogradcli.render.markdown import cell
from autogradcli.render.report.rows import HEADERS, TableSyntax, table_format


def begin(columns: Sequence[str]) -> str:
    """The header."""
    return _line([HEADERS.get(column, column) for column in columns]) + _line(["---"] * len(columns))


def line(cells: Sequence[str]) -> str:
    """A line of the table, its cells as they are typed."""
    return _line(list(map(cell, cells)))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


FORMAT = table_format("markdown", (".md",), TableSyntax(begin, line))
