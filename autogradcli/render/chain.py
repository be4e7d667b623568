"""The `grad_fn` chain as a tree: what `backward` walked, with the value and the gradient at every node."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autogradcli.compute.report import Node
from autogradcli.errors import visible
from autogradcli.render.layout import Column, Table, draw_table, elide
from autogradcli.render.numbers import shortest, significant
from autogradcli.render.terminal import Terminal

MAX_GUIDES = 24
"""Levels that are drawn with guides; deeper ones say how deep they are."""
GOOD_EXPRESSION = 12
"""Terminal columns below which the numbers are cut before the expressions are."""
LEAST_EXPRESSION = 10
"""Terminal columns below which the expressions are not cut: their header takes as many."""
LEAST_DIGITS = 6
"""Significant digits of the numbers where the terminal is too narrow for all of them."""
LEAST_ROWS = 20
"""Rows that are shown on any screen."""


@dataclass(frozen=True, slots=True)
class Guides:
    """What the tree is drawn with, four columns each."""

    branch: str
    last: str
    bar: str
    space: str = "    "


BOXES = Guides("├── ", "└── ", "│   ")
ASCII = Guides("|-- ", "`-- ", "|   ")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the tree."""

    label: str
    node: Node
    again: bool
    """Whether the node was drawn above and is only referred to."""


def draw_chain(nodes: Sequence[Node], dtype: str, terminal: Terminal) -> list[str]:
    """The lines of the tree with its columns; on a terminal no wider than that, and no longer than a screenful."""
    if not nodes:
        return []
    rows = list(walk(nodes, BOXES if terminal.boxes else ASCII, _guides(terminal)))
    shown = rows[: _room(len(rows), terminal)]
    lines = draw_table(_fit(shown, dtype, terminal), terminal)
    if len(shown) < len(rows):
        more = f"{terminal.ellipsis} {len(rows) - len(shown)} more rows, shown in full off a terminal: | less"
        lines.append(terminal.paint(more, "dim"))
    return lines


def walk(nodes: Sequence[Node], guides: Guides, levels: int) -> Iterator[Row]:
    """The rows of the tree from the output on; a node with several uses is drawn once and then referred to."""
    uses = [0] * len(nodes)
    for node in nodes:
        for target in node.inputs:
            uses[target] += 1
    drawn: set[int] = set()
    stack = [(0, 0, "", "")]
    while stack:
        index, depth, prefix, branch = stack.pop()
        node, again = nodes[index], index in drawn
        shared = f" #{index}" if uses[index] > 1 and node.inputs else ""
        guide = f"{prefix}{branch}" if depth <= levels else f"{prefix}[{depth}] "
        yield Row(f"{guide}{node.name}{shared}{' (above)' if again else ''}", node, again)
        if again:
            continue
        drawn.add(index)
        if depth < levels:
            prefix += {"": "", guides.last: guides.space}.get(branch, guides.bar)
        last = len(node.inputs) - 1
        for place in range(last, -1, -1):
            below = guides.last if place == last else guides.branch
            stack.append((node.inputs[place], depth + 1, prefix, below))


def _guides(terminal: Terminal) -> int:
    """Levels that may be drawn with guides: they take a third of a terminal at most."""
    return MAX_GUIDES if terminal.width is None else min(MAX_GUIDES, max(2, terminal.width // 12))


def _room(rows: int, terminal: Terminal) -> int:
    """How many rows to show: all of them, or about half a screen of what is longer than a screen."""
    if terminal.height is None or rows <= max(terminal.height, LEAST_ROWS):
        return rows
    return max(terminal.height // 2, LEAST_ROWS)


def _fit(rows: Sequence[Row], dtype: str, terminal: Terminal) -> Table:
    """The columns, with shorter numbers and elided expressions where the terminal is too narrow for them."""
    expressions = [visible(row.node.expression or row.node.variable or "") for row in rows]
    table = _columns(rows, expressions, dtype)
    if terminal.width is None or table.width <= terminal.width:
        return table
    label, expression, *numbers = table.columns
    room = terminal.width - (table.width - expression.width)
    if room < min(expression.width, GOOD_EXPRESSION):
        shorter = [_cut(column) for column in numbers]
        room += sum(column.width for column in numbers) - sum(column.width for column in shorter)
        numbers = shorter
    room = max(room, LEAST_EXPRESSION)
    elided = tuple(elide(text, room, terminal) for text in expression.cells)
    return Table((label, replace(expression, cells=elided), *numbers))


def _columns(rows: Sequence[Row], expressions: Sequence[str], dtype: str) -> Table:
    values = tuple("" if row.again or row.node.value is None else shortest(row.node.value, dtype) for row in rows)
    gradients = tuple(
        "" if row.again or row.node.gradient is None else shortest(row.node.gradient, dtype) for row in rows
    )
    return Table(
        (
            Column("grad_fn chain", tuple(row.label for row in rows)),
            Column("expression", tuple(expressions)),
            Column("value", values, right=True),
            Column("gradient", gradients, right=True),
        )
    )


def _cut(column: Column) -> Column:
    return replace(column, cells=tuple(_shorter(text) for text in column.cells))


def _shorter(text: str) -> str:
    """The number in fewer digits, unless it is short as it is."""
    return text if len(text) <= LEAST_DIGITS + 2 else significant(text, LEAST_DIGITS)
