"""The `grad_fn` chain as a tree: what `backward` walked, with the value and the gradient at every node."""

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from autogradcli.compute.report import Node, Report
from autogradcli.engines.results import Array, LocalDerivative, shape
from autogradcli.errors import visible
from autogradcli.language.shapes import written
from autogradcli.render.blocks import float_writer
from autogradcli.render.layout import NARROW_GAP, Column, Table, draw_table, elide, elide_word
from autogradcli.render.numbers import state
from autogradcli.render.tensors import FEW_DIGITS, brief
from autogradcli.render.terminal import Terminal

MAX_GUIDES = 24
"""Levels that are drawn with guides; deeper ones say how deep they are."""
GOOD_EXPRESSION = 12
"""Terminal columns below which the numbers are cut before the expressions are."""
LEAST_EXPRESSION = 10
"""Terminal columns below which the expressions are not cut: their header takes as many."""
LEAST_LABEL = 16
"""Terminal columns below which the names of nodes are not cut."""
ROOMS = (30, 24, 18)
"""Terminal columns for a tensor, from a wide screen to a narrow one."""
LEAST_ROWS = 20
"""Rows that are shown on any screen."""


@dataclass(frozen=True, slots=True)
class Guides:
    """What the tree is drawn with."""

    branch: str
    last: str
    bar: str
    space: str


BOXES = Guides("├── ", "└── ", "│   ", "    ")
ASCII = Guides("|-- ", "`-- ", "|   ", "    ")
NARROW_BOXES = Guides("├ ", "└ ", "│ ", "  ")
NARROW_ASCII = Guides("|-", "`-", "| ", "  ")


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line of the tree."""

    label: str
    node: Node
    again: bool
    """Whether the node was drawn above and is only referred to."""
    derivative: LocalDerivative | None
    """Of the node one level up with respect to it, if that is known."""


More = Callable[[Sequence[TreeLine], int | None], Sequence[Column]]
"""Columns beside the usual ones, whose tensors take so many terminal columns."""


def nothing(_: Sequence[TreeLine], __: int | None) -> Sequence[Column]:
    """No columns."""
    return ()


def draw_chain(nodes: Sequence[Node], dtype: str, terminal: Terminal, more: More = nothing) -> list[str]:
    """The lines of the tree with its columns; on a terminal no wider than that, and no longer than a screenful."""
    if not nodes:
        return []
    *wider, narrowest = (*_whole(nodes, dtype, terminal, more), *_cut(nodes, dtype, terminal, more))
    return _drawn(next((each for each in wider if _fits(each, terminal)), narrowest), nodes, terminal)


def draw_whole(nodes: Sequence[Node], dtype: str, terminal: Terminal, more: More) -> list[str] | None:
    """The same if there is room for it with nothing cut; else None."""
    table = next((each for each in _whole(nodes, dtype, terminal, more) if _fits(each, terminal)), None)
    return None if table is None else _drawn(table, nodes, terminal)


def _fits(table: Table, terminal: Terminal) -> bool:
    return terminal.width is None or table.width <= terminal.width


def _drawn(table: Table, nodes: Sequence[Node], terminal: Terminal) -> list[str]:
    lines = draw_table(table, terminal)
    rows, shown = sum(len(node.inputs) for node in nodes) + 1, len(table.columns[0].cells)
    if shown < rows:
        lines += [terminal.paint(line, "dim") for line in _summary(nodes, rows - shown, terminal)]
    return lines


def _summary(nodes: Sequence[Node], rows: int, terminal: Terminal) -> Iterator[str]:
    """What the rows that are left out come to."""
    yield f"{terminal.ellipsis} {rows:,} more rows; --chain shows them"
    kinds = ", ".join(
        f"{count:,}\N{NO-BREAK SPACE}{name}" for name, count in Counter(n.name for n in nodes).most_common()
    )
    for line in textwrap.wrap(
        f"{len(nodes):,} nodes: {kinds}", terminal.width or len(kinds) + LEAST_LABEL, max_lines=3
    ):
        yield line.replace("\N{NO-BREAK SPACE}", " ")


def walk(nodes: Sequence[Node], guides: Guides, levels: int) -> Iterator[TreeLine]:
    """The rows of the tree from the output on; a node with several uses is drawn once and then referred to."""
    uses = [0] * len(nodes)
    for node in nodes:
        for target in node.inputs:
            uses[target] += 1
    drawn: set[int] = set()
    stack: list[tuple[int, int, str, str, LocalDerivative | None]] = [(0, 0, "", "", None)]
    while stack:
        index, depth, prefix, branch, derivative = stack.pop()
        node, again = nodes[index], index in drawn
        shared = f" #{index}" if uses[index] > 1 and node.inputs else ""
        guide = f"{prefix}{branch}" if depth <= levels else f"{prefix}[{depth}] "
        yield TreeLine(f"{guide}{node.name}{shared}{' (above)' if again else ''}", node, again, derivative)
        if again:
            continue
        drawn.add(index)
        if depth < levels:
            prefix += {"": "", guides.last: guides.space}.get(branch, guides.bar)
        last = len(node.inputs) - 1
        for place in range(last, -1, -1):
            below = guides.last if place == last else guides.branch
            derivative = node.derivatives[place] if node.derivatives else None
            stack.append((node.inputs[place], depth + 1, prefix, below, derivative))


def _room(rows: int, terminal: Terminal) -> int:
    """How many rows to show: all of them, or about half a screen of what is longer than a screen."""
    if terminal.height is None or rows <= max(terminal.height, LEAST_ROWS):
        return rows
    return max(terminal.height // 2, LEAST_ROWS)


def _guides(terminal: Terminal) -> tuple[Guides, Guides]:
    """Wide and narrow ones."""
    return (BOXES, NARROW_BOXES) if terminal.boxes else (ASCII, NARROW_ASCII)


def _whole(nodes: Sequence[Node], dtype: str, terminal: Terminal, more: More) -> Iterator[Table]:
    """Tables with nothing cut, each narrower than the one before."""
    wide, narrow = _guides(terminal)
    table = _table(_rows(nodes, wide, terminal), dtype, None, terminal, more)
    yield table
    if terminal.width is not None:
        yield replace(table, gap=NARROW_GAP)
        yield replace(_table(_rows(nodes, narrow, terminal), dtype, None, terminal, more), gap=NARROW_GAP)


def _cut(nodes: Sequence[Node], dtype: str, terminal: Terminal, more: More) -> Iterator[Table]:
    """Tables, each narrower than the one before: fewer digits, shorter expressions, narrower guides, no values."""
    if terminal.width is None:
        return
    wide, narrow = _guides(terminal)
    rows = _rows(nodes, wide, terminal)
    yield from (_table(rows, dtype, room, terminal, more) for room in ROOMS)
    yield from (
        _squeezed(_table(rows, dtype, room, terminal, more), terminal, GOOD_EXPRESSION) for room in (None, *ROOMS)
    )
    yield _squeezed(_table(rows, dtype, ROOMS[-1], terminal, more), terminal, LEAST_EXPRESSION)
    close = replace(_table(_rows(nodes, narrow, terminal), dtype, ROOMS[-1], terminal, more), gap=NARROW_GAP)
    yield _squeezed(close, terminal, LEAST_EXPRESSION)
    for left_out in ({"value"}, {"value", "shape"}):
        kept = tuple(column for column in close.columns if column.header not in left_out)
        table = _squeezed(replace(close, columns=kept), terminal, LEAST_EXPRESSION)
        yield table
    label, *others = table.columns
    room = max(terminal.width - (table.width - label.width), LEAST_LABEL)
    names = tuple(elide_word(text, room, terminal) for text in label.cells)
    yield replace(table, columns=(replace(label, cells=names), *others))


def _rows(nodes: Sequence[Node], guides: Guides, terminal: Terminal) -> list[TreeLine]:
    """The rows that are shown."""
    rows = list(walk(nodes, guides, _levels(guides, terminal)))
    return rows[: _room(len(rows), terminal)]


def _levels(guides: Guides, terminal: Terminal) -> int:
    """Levels that may be drawn with guides: they take a third of a terminal at most."""
    if terminal.width is None:
        return MAX_GUIDES
    return min(MAX_GUIDES, max(2, terminal.width // (3 * len(guides.bar))))


def _table(rows: Sequence[TreeLine], dtype: str, room: int | None, terminal: Terminal, more: More) -> Table:
    """The columns; numbers with fewer digits, and tensors with fewer components, where there is only so much room."""
    write = float_writer(dtype)

    def cell(row: TreeLine, value: Array) -> str:
        if row.again or value is None:
            return ""
        if room is None or shape(value):
            return brief(value, write, room, terminal.ellipsis)
        return write(value, FEW_DIGITS)

    def numbers(header: str, values: Sequence[Array]) -> Column:
        cells = tuple(cell(row, value) for row, value in zip(rows, values, strict=True))
        return Column(header, cells, right=True, styles=tuple("red" if state(value) else None for value in values))

    shapes = tuple("" if row.again else _shape(row.node) for row in rows)
    columns = [
        Column("grad_fn chain", tuple(row.label for row in rows)),
        Column("expression", tuple(visible(_text(row.node, room)) for row in rows)),
        Column("shape", shapes),
        numbers("value", [row.node.value for row in rows]),
        numbers("gradient", [row.node.gradient for row in rows]),
        *more(rows, room),
    ]
    return Table(tuple(column for column in columns if column.header != "shape" or any(shapes)))


def _text(node: Node, room: int | None) -> str:
    """What a node computes, after its module, or that alone where there is not much room; of a leaf its name."""
    text = node.expression or node.variable or ""
    if node.variable is not None and not node.inputs:
        return node.variable if room is None else _last(node.variable, 2)
    if node.module is None:
        return text
    return f"{node.module}: {text}" if room is None else _last(node.module, 1)


def _last(name: str, parts: int) -> str:
    """The last parts of a module's or a parameter's name; a module's number with the name of what it is in."""
    names = name.split(".")
    while parts < len(names) and names[-parts].isdigit():
        parts += 1
    return ".".join(names[-parts:])


def _shape(node: Node) -> str:
    sizes = shape(node.gradient if node.value is None else node.value)
    return written(sizes) if sizes else ""


def _squeezed(table: Table, terminal: Terminal, least: int) -> Table:
    """The table with its expressions elided so that it fits, but for `least` columns of them."""
    assert terminal.width is not None
    label, expression, *others = table.columns
    room = max(terminal.width - (table.width - expression.width), least)
    return replace(table, columns=(label, _elided(expression, room, terminal), *others))


def _elided(column: Column, room: int, terminal: Terminal) -> Column:
    return replace(column, cells=tuple(elide(text, room, terminal) for text in column.cells))


def dtype_of(report: Report) -> str:
    """The format that torch computed in."""
    return next((variable.dtype for variable in report.variables.values()), "float64")
