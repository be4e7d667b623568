"""HTML for notebooks: a table of rows."""

from collections.abc import Iterable, Sequence
from html import escape

from autogradcli.render.rows import Row


def draw(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """One table."""
    header = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(row[column])}</td>' for column in columns)}</tr>" for row in rows)
    return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>"
