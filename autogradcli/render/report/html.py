"""HTML: opinions as a table, formulas, the chain, a picture of the graph and the verdict; for notebooks and files."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from html import escape

from autogradcli.checks.checked import Checked
from autogradcli.compute.report import Report
from autogradcli.errors import GradcalcError
from autogradcli.render.chain import draw_chain, dtype_of
from autogradcli.render.equations import derivative_of
from autogradcli.render.formats import Format
from autogradcli.render.numbers import DOUBLE_DIGITS, significant
from autogradcli.render.report.rows import HEADERS, Row, TableSyntax, rows
from autogradcli.render.report.text import draw_claims, draw_conclusion, draw_heading
from autogradcli.render.terminal import FILE

MOST_NODES = 60
"""Of a graph that is drawn."""
OPINIONS = ("variable", "at", "autograd", "symbolic", "exact", "ulps", "verdict")
"""The columns: what the page says elsewhere has none."""
DIGITS = {"symbolic": DOUBLE_DIGITS, "exact": DOUBLE_DIGITS, "ulps": 2}
"""Significant digits of a column; the others have all of theirs."""
LOOK = "body{font-family:sans-serif;margin:2em}th,td{text-align:left;padding:.2em .8em;border-bottom:1px solid #ddd}"
"""Of a page of its own; a notebook has its own."""


def begin(columns: Sequence[str]) -> str:
    """The header."""
    headers = (HEADERS.get(column, column) for column in columns)
    return f"<table><thead><tr>{''.join(f'<th>{escape(header)}</th>' for header in headers)}</tr></thead><tbody>"


def line(cells: Sequence[str]) -> str:
    """A row of the table."""
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


TABLE = TableSyntax(begin, line, "</tbody></table>")


def draw_html(report: Report) -> str:
    """The report as one element."""
    parts = [
        _lines(draw_heading(report, dtype_of(report), FILE), "pre-wrap"),
        TABLE.draw(map(_short, rows(report.to_dict())), OPINIONS) if report.findings() else "",
        _lines(_formulas(report), "pre-wrap"),
        _lines(draw_chain(report.nodes, dtype_of(report), FILE), "pre"),
        _picture(report),
        _lines(draw_conclusion(report, FILE), "pre-wrap"),
    ]
    return f"<div>{''.join(parts)}</div>"


def _lines(lines: Iterable[str], spaces: str) -> str:
    """Lines as they are, with what CSS calls the way of their spaces; nothing if there are none."""
    text = "\n".join(lines)
    return f'<pre style="white-space: {spaces}">{escape(text)}</pre>' if text else ""


def _short(row: Row) -> Row:
    return {column: significant(text, DIGITS[column]) if column in DIGITS else text for column, text in row.items()}


def _formulas(report: Report) -> Iterator[str]:
    for name, gradient in report.findings().items():
        formula = gradient.symbolic.pattern or gradient.symbolic.formula
        if isinstance(formula, str):
            yield f"{derivative_of(report.output or 'f', name)} = {formula}"


def _picture(report: Report) -> str:
    """The graph, if it is small and Graphviz draws it."""
    from autogradcli.render.graph import PICTURES
    from autogradcli.render.graph.cut import cut

    if not 0 < len(report.nodes) <= MOST_NODES:
        return ""
    with suppress(GradcalcError):
        text = PICTURES["svg"].render(cut(report, None), FILE).decode()
        return text[text.index("<svg") :]
    return ""


def draw_document(checked: Checked) -> str:
    """The report as a page of its own."""
    title = escape(checked.report.expression)
    head = f'<head><meta charset="utf-8"/><title>{title}</title><style>{LOOK}</style></head>'
    body = draw_html(checked.report) + _lines(draw_claims(checked), "pre-wrap")
    return f"<!DOCTYPE html>\n<html>{head}<body>{body}</body></html>\n"


FORMAT: Format[Checked, str] = Format("html", (".html", ".htm"), lambda checked, _: draw_document(checked))
