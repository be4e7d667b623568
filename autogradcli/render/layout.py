"""Columns, side by side: widths, alignment, and what is done where there is no room."""

import re
import textwrap
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


def wrapped(text: str, width: int, most: int, terminal: Terminal, indent: str = "  ") -> list[str]:
    """The text on lines of at most so many columns, broken between words, the later ones indented; at most so many."""
    lines = textwrap.wrap(
        text, max(width, LEAST_WIDTH), subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"{_take(lines[most - 1], max(width, LEAST_WIDTH) - 4).rstrip()} {terminal.ellipsis}"]


_PAINTED = re.compile(r"\x1b\[[0-9;]*m")
_WORDS = re.compile(r" *[^ ]+")
_BESIDE = re.compile(r" *[^ ]+(?: [^ ]+)* {2,}")


def fitted(text: str, width: int) -> str:
    """The text with every line that is wider than the terminal broken between words, and the rest of it indented."""
    return "".join(_fitted(line, width) for line in text.splitlines(keepends=True))


def _fitted(line: str, width: int) -> str:
    plain = _PAINTED.sub("", line.rstrip("\n"))
    if columns(plain) <= width:
        return line
    beside = _BESIDE.match(plain)
    indent = len(beside[0]) if beside and len(beside[0]) <= width // 2 else len(plain) - len(plain.lstrip()) + 2
    lines, used = [""], 0
    for word in _WORDS.findall(line.rstrip("\n")):
        goes_on = not used or used + columns(_PAINTED.sub("", word)) <= width
        piece = word if goes_on else word.lstrip()
        if not goes_on:
            lines.append(" " * indent)
            used = indent
        lines[-1] += piece
        used += columns(_PAINTED.sub("", piece))
    return "\n".join(lines) + line[len(line.rstrip("\n")) :]


LEAST_WIDTH = 20
"""Columns of a line, however narrow the terminal."""


def elide(text: str, width: int, terminal: Terminal) -> str:
    """The text, with its middle left out where it is wider than `width`: between words, unless it is one word."""
    if columns(text) <= width:
        return text
    room = max(width - len(terminal.ellipsis), 2)
    head = _words_that_fit(text, (room + 1) // 2)
    tail = _words_that_fit(text[::-1], room - columns(head))[::-1]
    return f"{head}{terminal.ellipsis}{tail}" if head or tail else elide_word(text, width, terminal)


def elide_word(text: str, width: int, terminal: Terminal) -> str:
    """The text, with its middle left out where it is wider than `width`, wherever that is."""
    if columns(text) <= width:
        return text
    room = max(width - len(terminal.ellipsis), 2)
    return f"{_take(text, (room + 1) // 2)}{terminal.ellipsis}{_take(text[::-1], room // 2)[::-1]}"


_BROKEN = re.compile(r"(?:[^\W_]|(?<=\d)\.|\.(?=\d))+$")
_INSIDE = re.compile(r"[^\W_]{2}|\d\.|\.\d")


def _words_that_fit(text: str, width: int) -> str:
    """As much of the beginning of the text as fits, without a part of a name or a number at its end."""
    taken = _take(text, width)
    inside = _INSIDE.fullmatch(text, len(taken) - 1, len(taken) + 1) if taken else None
    return _BROKEN.sub("", taken) if inside else taken


def _take(text: str, width: int) -> str:
    """As much of the beginning of the text as fits."""
    used = 0
    for index, character in enumerate(text):
        used += columns(character)
        if used > width:
            return text[:index]
    return text
