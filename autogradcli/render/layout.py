"""Columns, side by side: widths, alignment, and what is done where there is no room."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autogradcli.errors import columns
from autogradcli.render.terminal import Terminal

PADDED = 120
"""Widest cell that others are padded to; off a terminal cells may be longer, since nothing is cut there."""


NARROW_GAP = 2
"""Spaces between two columns where there is little room."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    header: str
    """One line or several, the last one next to the cells."""
    cells: tuple[str, ...]
    right: bool = False
    """Whether it is aligned at its right edge."""
    styles: tuple[str | None, ...] = ()
    """The style of each cell, or of none."""

    @property
    def width(self) -> int:
        """Terminal columns that it takes."""
        return max(min(columns(text), PADDED) for text in (*self.header.split("\n"), *self.cells))


@dataclass(frozen=True, slots=True)
class Table:
    """Columns side by side."""

    columns: tuple[Column, ...]
    gap: int = 3
    """Spaces between two columns."""

    @property
    def width(self) -> int:
        """Terminal columns that it takes."""
        return sum(column.width for column in self.columns) + self.gap * (len(self.columns) - 1)


def one_line(column: Column) -> Column:
    """The column with its header on one line."""
    return replace(column, header=column.header.replace("\n", " "))


def draw_table(table: Table, terminal: Terminal) -> list[str]:
    """The lines of the table, the header first."""
    headers = [column.header.split("\n") for column in table.columns]
    height = max(map(len, headers))
    raised = [[""] * (height - len(header)) + header for header in headers]
    slots = [(column.width, column.right) for column in table.columns]
    gap = " " * table.gap
    lines = [
        gap.join(_cells(slots, [header[i] for header in raised], ["bold"] * len(headers), terminal)).rstrip()
        for i in range(height)
    ]
    for i in range(len(table.columns[0].cells)):
        styles = [column.styles[i] if column.styles else None for column in table.columns]
        lines.append(gap.join(_cells(slots, [column.cells[i] for column in table.columns], styles, terminal)).rstrip())
    return lines


def _cells(
    slots: Sequence[tuple[int, bool]], texts: Sequence[str], styles: Sequence[str | None], terminal: Terminal
) -> Iterator[str]:
    """Texts padded to the widths of their columns."""
    for (width, right), text, style in zip(slots, texts, styles, strict=True):
        space = " " * (width - columns(text))
        painted = terminal.paint(text, style)
        yield space + painted if right else painted + space


def elide(text: str, width: int, terminal: Terminal) -> str:
    """The text, with its middle left out where it is wider than `width`."""
    if columns(text) <= width:
        return text
    room = max(width - len(terminal.ellipsis), 2)
    head = _take(text, (room + 1) // 2)
    tail = _take(text[::-1], room // 2)[::-1]
    return f"{head}{terminal.ellipsis}{tail}"


def _take(text: str, width: int) -> str:
    """As much of the beginning of the text as fits."""
    used = 0
    for index, character in enumerate(text):
        used += columns(character)
        if used > width:
            return text[:index]
    return text
