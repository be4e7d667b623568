"""HTML: the opinions as a table, the formulas, the chain and a picture of the graph; for notebooks and for files."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from html import escape

from autogradcli.checks.checked import Checked
from autogradcli.compute.report import Report
from autogradcli.errors import GradcalcError
from autogradcli.render.chain import draw_chain, dtype_of
from autogradcli.render.equations import derivative_of
from autogradcli.render.formats import Format
from autogradcli.render.report.rows import HEADERS, OF_ONE, TableSyntax, rows
from autogradcli.render.terminal import FILE

MOST_NODES = 60
"""Of a graph that is drawn."""


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
    chain = "\n".join(draw_chain(report.nodes, dtype_of(report), FILE))
    parts = [
        TABLE.draw(rows(report.to_dict()), OF_ONE),
        *(f"<p><code>{escape(text)}</code></p>" for text in _formulas(report)),
        f"<pre>{escape(chain)}</pre>" if chain else "",
        _picture(report),
        *(f"<p>note: {escape(note)}</p>" for note in report.notes),
    ]
    return f"<div>{''.join(parts)}</div>"


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
    head = f'<head><meta charset="utf-8"/><title>{title}</title></head>'
    failures = "".join(f"<p>{escape(failure)}</p>" for failure in checked.failures)
    return f"<!DOCTYPE html>\n<html>{head}<body>{draw_html(checked.report)}{failures}</body></html>\n"


FORMAT: Format[Checked, str] = Format("html", (".html", ".htm"), lambda checked, _: draw_document(checked))
