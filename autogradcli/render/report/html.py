"""A table in HTML, for notebooks."""

from collections.abc import Sequence
from html import escape

from autogradcli.render.report.rows import TableSyntax


def begin(columns: Sequence[str]) -> str:
    """The header."""
    return f"<table><thead><tr>{''.join(f'<th>{escape(column)}</th>' for column in columns)}</tr></thead><tbody>"


def line(cells: Sequence[str]) -> str:
    """A row of the table."""
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


TABLE = TableSyntax(begin, line, "</tbody></table>")
