"""Comma-separated values, RFC 4180 but for the ends of lines: for spreadsheets and data frames."""

import csv
import io
from collections.abc import Sequence

from autogradcli.render.report.rows import TableSyntax, table_format


def line(cells: Sequence[str]) -> str:
    """A line with any text in its cells."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


FORMAT = table_format("csv", (".csv",), TableSyntax(begin=line, line=line, missing=""))
