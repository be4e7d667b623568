"""A graph as a tree for the terminal: the chain of `eval`, with the local derivative of every edge and with remarks."""

from collections.abc import Callable, Sequence

from autogradcli.compute.report import Node
from autogradcli.errors import visible
from autogradcli.render.blocks import float_writer
from autogradcli.render.chain import TreeLine, draw_chain, draw_whole, dtype_of
from autogradcli.render.formats import Format
from autogradcli.render.graph.cut import Excerpt
from autogradcli.render.graph.marks import marks
from autogradcli.render.graph.palette import SIGNS
from autogradcli.render.graph.picture import derivative_text, saved_text
from autogradcli.render.layout import Column, wrapped
from autogradcli.render.terminal import Terminal

STYLES = {"good": "green", "doubtful": "yellow", "wrong": "alarm", "lost": "red"}
"""The style of a remark by its tone."""


LONGEST_REMARK, MOST_LINES = 10_000, 4
"""Columns and lines of the remarks on one node below the tree."""


def draw_tree(excerpt: Excerpt, terminal: Terminal) -> str:
    """The tree, as wide as the terminal; off a terminal nothing is cut.

    Where there is no room for remarks beside the nodes they stand below the tree; then the local derivatives are left
    out as well.
    """
    tree, dtype = _Tree(excerpt, terminal), dtype_of(excerpt.report)
    lines = draw_whole(excerpt.nodes, dtype, terminal, tree.everything)
    if lines is None:
        lines = draw_whole(excerpt.nodes, dtype, terminal, tree.signed_slopes)
        lines = lines or draw_chain(excerpt.nodes, dtype, terminal, tree.signs)
        lines += tree.remarks()
    return "\n".join(lines) + "\n"


class _Tree:
    """What stands beside the nodes of a tree, and below it."""

    def __init__(self, excerpt: Excerpt, terminal: Terminal) -> None:
        self._excerpt = excerpt
        self._terminal = terminal
        self._write = float_writer(dtype_of(excerpt.report))
        self._marks = marks(excerpt.nodes, excerpt.report.gradients)

    def everything(self, rows: Sequence[TreeLine], room: int | None) -> Sequence[Column]:
        """All columns."""
        return [
            *self._slopes(rows, room),
            *self._column("saved", rows, lambda row: saved_text(row.node, self._write, room, self._terminal.ellipsis)),
            *self._column("remarks", rows, lambda row: "; ".join(self._texts(row.node))),
        ]

    def signed_slopes(self, rows: Sequence[TreeLine], room: int | None) -> Sequence[Column]:
        """The local derivatives, and of the remarks the signs."""
        return [*self._slopes(rows, room), *self.signs(rows, room)]

    def signs(self, rows: Sequence[TreeLine], _: int | None) -> Sequence[Column]:
        """Of the remarks the signs, where the terminal has them."""
        if not self._terminal.boxes:
            return []
        return self._column(
            "", rows, lambda row: "".join(SIGNS[mark.tone] for mark in self._marks.get(row.node.id, ()))
        )

    def remarks(self) -> list[str]:
        """The remarks, a line for each node that has any."""
        return [
            line
            for node in self._excerpt.nodes
            if (texts := self._texts(node))
            for line in wrapped(
                f"{visible(_name(node))}: {'; '.join(texts)}",
                self._terminal.width or LONGEST_REMARK,
                MOST_LINES,
                self._terminal,
            )
        ]

    def _slopes(self, rows: Sequence[TreeLine], room: int | None) -> Sequence[Column]:
        texts = tuple(derivative_text(row.derivative, self._write, room, self._terminal.ellipsis) for row in rows)
        return [Column("local derivative", texts, right=True)] if any(texts) else []

    def _column(self, header: str, rows: Sequence[TreeLine], cell: Callable[[TreeLine], str]) -> Sequence[Column]:
        """A column with the colours of the remarks; none if there is nothing in it."""
        cells = tuple("" if row.again else cell(row) for row in rows)
        found = [self._marks.get(row.node.id, ()) for row in rows]
        styles = tuple(STYLES[each[0].tone] if each and header != "saved" else None for each in found)
        return [Column(header, cells, styles=styles)] if any(cells) else []

    def _texts(self, node: Node) -> list[str]:
        texts = [
            f"{SIGNS[mark.tone]} {mark.text}" if self._terminal.boxes else mark.text
            for mark in self._marks.get(node.id, ())
        ]
        below = self._excerpt.below.get(node.id, 0)
        return [*texts, *([f"{self._terminal.ellipsis} {below:,} more below"] if below else [])]


def _name(node: Node) -> str:
    """What a remark below the tree is about."""
    leaf = node.variable if node.variable and not node.inputs else None
    return leaf or node.expression or node.name


FORMAT: Format[Excerpt, str] = Format("tree", (".txt",), draw_tree)
