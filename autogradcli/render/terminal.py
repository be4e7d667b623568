"""Where text will be read: how wide it is, and whether it has colours and box characters."""

import os
from dataclasses import dataclass, replace
from shutil import get_terminal_size
from typing import TextIO

STYLES = {"bold": "1", "dim": "2", "green": "32", "yellow": "33", "red": "1;31", "alarm": "1;37;41"}
"""ANSI codes by what they are for."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A place for text."""

    width: int | None = None
    """Columns; None where nothing is ever cut, because nobody looks at it as it is: a file, a pipe."""
    height: int | None = None
    """Lines of a screenful; None where there is no screen."""
    colours: bool = False
    boxes: bool = False
    """Whether it can show box characters and an ellipsis."""

    @property
    def endless(self) -> "Terminal":
        """The same where nothing is cut or left out, as in a file."""
        return replace(self, width=None, height=None)

    @property
    def tall(self) -> "Terminal":
        """The same with as many lines as anybody wants."""
        return replace(self, height=None)

    @property
    def ellipsis(self) -> str:
        """What stands for text left out."""
        return "…" if self.boxes else "..."

    def paint(self, text: str, style: str | None) -> str:
        """The text in a style of `STYLES`, where there are colours."""
        if not self.colours or style is None or not text:
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


FILE = Terminal()
"""A file or a pipe: plain text of any width."""


COLOURS = ("auto", "always", "never")
"""When there are colours: `auto` leaves it to the place and to the environment."""


def terminal_of(stream: TextIO, colours: str = "auto") -> Terminal:
    """The terminal that a stream writes to, or `FILE`, with colours as `COLOURS` says.

    `COLUMNS`, `LINES`, `NO_COLOR`, `FORCE_COLOR` and `TERM=dumb` are honoured.
    """
    wanted = _wanted(colours)
    if not stream.isatty():
        return replace(FILE, colours=bool(wanted))
    size = get_terminal_size()
    dumb = (os.environ.get("TERM") or "dumb") == "dumb"
    return Terminal(size.columns, size.lines, not dumb if wanted is None else wanted, _has_boxes(stream.encoding))


def _wanted(colours: str) -> bool | None:
    """Whether colours are wanted anyhow, or not at all; None if the place tells. NO_COLOR beats FORCE_COLOR."""
    if colours != "auto":
        return colours == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR", "0") not in {"", "0"} else None


def _has_boxes(encoding: str) -> bool:
    try:
        "│├└─…".encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
