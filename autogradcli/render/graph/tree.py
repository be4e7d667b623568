"""A graph as a tree for the terminal: the chain of `eval`, with the local derivative of every edge and with remarks."""

from collections.abc import Sequence

from autogradcli.render.blocks import float_writer
from autogradcli.render.chain import TreeLine, draw_chain, dtype_of
from autogradcli.render.formats import Format
from autogradcli.render.graph.cut import Excerpt
from autogradcli.render.graph.marks import marks
from autogradcli.render.graph.palette import SIGNS
from autogradcli.render.graph.picture import derivative_text, saved_text
from autogradcli.render.layout import Column
from autogradcli.render.terminal import Terminal

STYLES = {"good": "green", "doubtful": "yellow", "wrong": "alarm", "lost": "red"}
"""The style of a remark by its tone."""


def draw_tree(excerpt: Excerpt, terminal: Terminal) -> str:
    """The tree, as wide as the terminal; off a terminal nothing is cut."""
    report = excerpt.report
    write = float_writer(dtype_of(report))
    remarks = marks(excerpt.nodes, report.gradients)

    def remark(row: TreeLine) -> str:
        if row.again:
            return ""
        texts = [
            f"{SIGNS[mark.tone]} {mark.text}" if terminal.boxes else mark.text for mark in remarks.get(row.node.id, ())
        ]
        below = excerpt.below.get(row.node.id, 0)
        return "; ".join([*texts, *([f"{terminal.ellipsis} {below:,} more below"] if below else [])])

    def style(row: TreeLine) -> str | None:
        found = remarks.get(row.node.id, ())
        return STYLES[found[0].tone] if found else None

    def more(rows: Sequence[TreeLine], room: int | None) -> Sequence[Column]:
        slopes = tuple(derivative_text(row.derivative, write, room, terminal.ellipsis) for row in rows)
        saved = tuple("" if row.again else saved_text(row.node, write, room, terminal.ellipsis) for row in rows)
        texts = tuple(map(remark, rows))
        columns = [
            Column("local derivative", slopes, right=True),
            Column("saved", saved),
            Column("remarks", texts, styles=tuple(map(style, rows))),
        ]
        return [column for column in columns if any(column.cells)]

    return "\n".join(draw_chain(excerpt.nodes, dtype_of(report), terminal, more)) + "\n"


FORMAT: Format[Excerpt, str] = Format("tree", (".txt",), draw_tree)
