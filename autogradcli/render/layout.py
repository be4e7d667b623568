"""Columns, side by side: widths, alignment, and what is done where there is no room."""

from collections.abc import Sequence
from dataclasses import dataclass

from autogradcli.errors import columns
from autogradcli.render.terminal import Terminal

GAP = 3
"""Spaces between two columns."""
PADDED = 120
"""Widest cell that others are padded to; off a terminal cells may be longer, since nothing is cut there."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    header: str
    cells: tuple[str, ...]
    right: bool = False
    """Whether it is aligned at its right edge."""
    styles: tuple[str | None, ...] = ()
    """The style of each cell, or of none."""

    @property
    def width(self) -> int:
        """Terminal columns that it takes."""
        return max((min(columns(text), PADDED) for text in (self.header, *self.cells)), default=0)


def total_width(table: Sequence[Column]) -> int:
    """Terminal columns that the table takes."""
    return sum(column.width for column in table) + GAP * (len(table) - 1)


def draw_table(table: Sequence[Column], terminal: Terminal) -> list[str]:
    """The lines of the table, the header first."""
    lines = [_line([(column, column.header, "bold") for column in table], terminal)]
    for index in range(len(table[0].cells)):
        row = [(column, column.cells[index], column.styles[index] if column.styles else None) for column in table]
        lines.append(_line(row, terminal))
    return lines


def _line(row: Sequence[tuple[Column, str, str | None]], terminal: Terminal) -> str:
    parts = []
    for column, text, style in row:
        space = " " * (column.width - columns(text))
        painted = terminal.paint(text, style)
        parts.append(space + painted if column.right else painted + space)
    return (" " * GAP).join(parts).rstrip()


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
