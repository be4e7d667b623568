"""The lines on which the keys of a case file stand.

The readers of the standard library give values without places. The text that they have accepted is well formed, so a
scan that knows strings, comments and brackets finds every key.
"""

import json
import re
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""The keys and the places in lists that lead to a value."""
Lines = Mapping[KeyPath, int]
"""For each path its line, counted from 1."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*(\.?)""")
_PIECE = re.compile(
    r"""
    (?P<string> "{3}(?:[^\\]|\\.)*?"{3,5}(?!") | '{3}.*?'{3,5}(?!') | "(?:[^"\\]|\\.)*" | '[^']*' )
    | (?P<comment> \#[^\n]* )
    | (?P<open> [\[{] ) | (?P<close> [\]}] ) | (?P<end> \n )
    | (?P<other> [^"'\#\[\]{}\n]+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_JSON = re.compile(r'(?P<string>"(?:[^"\\]|\\.)*")|(?P<open>[\[{])|(?P<close>[\]}])|(?P<next>,)|(?P<colon>:)')


def line_of(lines: Lines, path: KeyPath) -> int:
    """The line of a path, or of the nearest value around it whose line is known."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def toml_lines(text: str) -> Lines:
    """The line of every table and key of a TOML text, those inside of `{...}` excepted."""
    scan = _Toml(text)
    while scan.step():
        pass
    return scan.lines


class _Toml:
    """A walk through a TOML text, from one table header or assignment to the next."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._position = 0
        self._counted = 0
        self._line = 1
        self._table: KeyPath = ()
        self._sizes: dict[KeyPath, int] = {}
        """How many tables each list of tables has so far."""

    def step(self) -> bool:
        """Whether there was one more header or assignment."""
        blank = _BLANK.match(self._text, self._position)
        assert blank is not None
        self._position = blank.end()
        if self._position == len(self._text):
            return False
        self._line += self._text.count("\n", self._counted, self._position)
        self._counted = self._position
        if self._text.startswith("[[", self._position):
            self._list_header()
        elif self._text.startswith("[", self._position):
            self._position += 1
            self._table = self._note(self._path((), self._keys()))
            self._position += 1
        else:
            self._note(self._path(self._table, self._keys()))
            self._skip_value()
        return True

    def _list_header(self) -> None:
        self._position += 2
        keys = self._keys()
        self._position += 2
        path = (*self._path((), keys[:-1]), keys[-1])
        self.lines.setdefault(path, self._line)
        size = self._sizes[path] = self._sizes.get(path, 0) + 1
        self._table = self._note((*path, size - 1))

    def _note(self, path: KeyPath) -> KeyPath:
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], self._line)
        return path

    def _path(self, table: KeyPath, keys: list[str]) -> KeyPath:
        """The path that keys lead to; in a list of tables they mean the last one so far."""
        for key in keys:
            table = (*table, key)
            if table in self._sizes:
                table = (*table, self._sizes[table] - 1)
        return table

    def _keys(self) -> list[str]:
        """The parts of a dotted key."""
        keys = []
        dot = "."
        while dot:
            match = _KEY.match(self._text, self._position)
            assert match is not None
            written, dot = match.groups()
            self._position = match.end()
            keys.append(json.loads(written) if written[0] == '"' else written.strip("'"))
        return keys

    def _skip_value(self) -> None:
        """Go to the end of the line on which the value ends."""
        depth = 0
        while piece := _PIECE.match(self._text, self._position):
            if piece.lastgroup == "end" and not depth:
                return
            depth += {"open": 1, "close": -1}.get(piece.lastgroup or "", 0)
            self._position = piece.end()


def json_lines(text: str) -> Lines:
    """The line of every key and every item of a JSON text."""
    lines: dict[KeyPath, int] = {}
    keys: list[str | int] = []
    """Where the walk is: in an object the present key, in a list the number of the present item."""
    line, counted, last = 1, 0, ""
    for piece in _JSON.finditer(text):
        line += text.count("\n", counted, piece.start())
        counted = piece.start()
        if piece.lastgroup == "string":
            last = piece[0]
        elif piece.lastgroup == "open":
            lines.setdefault(tuple(keys), line)
            keys.append("" if piece[0] == "{" else 0)
        elif piece.lastgroup == "close":
            keys.pop()
        elif piece.lastgroup == "colon":
            keys[-1] = json.loads(last)
            lines[tuple(keys)] = line
        elif isinstance(keys[-1], int):
            keys[-1] += 1
    return lines
