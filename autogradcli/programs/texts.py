"""The text of a program: what stands at a place where torch was called, and what its value is called."""

import ast
import linecache
import os
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from autogradcli.errors import Span

MAX_TEXT = 400
"""Characters of an excerpt."""


class SourceLine(Protocol):
    """Where torch was called."""

    @property
    def file(self) -> str:
        """The name of the file, as its code has it."""

    @property
    def position(self) -> tuple[int, int, int, int]:
        """First line, last line, first column and end column (in bytes of UTF-8)."""


class File:
    """The text of one file."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def excerpt(self, position: tuple[int, int, int, int]) -> str:
        """What stands between two places, on one line."""
        first, last, start, end = position
        lines = [line.encode() for line in self.lines[first - 1 : last]]
        if not lines:
            return ""
        lines[-1] = lines[-1][:end] if end else lines[-1]
        lines[0] = lines[0][start:]
        return " ".join(b" ".join(lines).decode(errors="replace").split())[:MAX_TEXT]

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree; an empty one if it is not Python."""
        try:
            return ast.parse("".join(self.lines))
        except (SyntaxError, ValueError):
            return ast.Module([], [])

    @cached_property
    def names(self) -> dict[tuple[int, int, int, int], str]:
        """The name that the value of an expression is given, by the expression's position."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
                target: Any = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(target, ast.Name):
                    value: Any = node if isinstance(node, ast.AugAssign) else node.value
                    found[_position(value)] = target.id
        return found

    def statement(self, line: int) -> ast.stmt | None:
        """The innermost `if`, `while`, loop or assignment that decides at a line."""
        found: ast.stmt | None = None
        for node in ast.walk(self.tree):
            if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
                deciding = isinstance(node, ast.If | ast.While | ast.Assert)
                simple = not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.With | ast.Try)
                if (deciding and _tests_at(node, line)) or (simple and not deciding):
                    found = node
        return found


def _tests_at(node: Any, line: int) -> bool:
    """Whether the condition of a statement stands on a line."""
    return bool(node.test.lineno <= line <= (node.test.end_lineno or node.test.lineno))


def _position(node: Any) -> tuple[int, int, int, int]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


class Texts:
    """The texts of a program's files; `sources` are those that are no files, `main` is the file of the program."""

    def __init__(self, sources: Mapping[str, str] | None = None, main: str | None = None) -> None:
        self._sources = sources or {}
        self._main = main
        self._files: dict[str, File] = {}

    def file(self, name: str) -> File:
        """The text of a file; nothing if it cannot be read."""
        if name not in self._files:
            text = self._sources.get(name)
            lines = linecache.getlines(name) if text is None else text.splitlines(keepends=True)
            self._files[name] = File(lines)
        return self._files[name]

    def code(self, place: SourceLine | None) -> str:
        """What stands at a place."""
        return "" if place is None else self.file(place.file).excerpt(place.position)

    def name(self, place: SourceLine | None) -> str | None:
        """What the program calls the value of the expression there."""
        return None if place is None else self.file(place.file).names.get(place.position)

    def where(self, file: str | None, line: int) -> str:
        """How a report names a line: `line 8`, and `layers.py:8` in a file that is not the program's."""
        if file is None or file == self._main or not os.path.isfile(file):
            return f"line {line}"
        return f"{os.path.basename(file)}:{line}"

    def definition(self, file: str, line: int) -> int:
        """The line of the `def` of a function whose code begins at a line, which is that of its first decorator."""
        for node in ast.walk(self.file(file).tree):
            if isinstance(node, ast.FunctionDef) and node.decorator_list and node.decorator_list[0].lineno == line:
                return node.lineno
        return line

    def excerpts(self) -> "Excerpts":
        """A source that holds nothing yet."""
        return Excerpts(self)


class Excerpts:
    """The source of one pass: the lines where torch was called, each once."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._starts: dict[Any, int] = {}
        self._parts: list[str] = []
        self._length = 0

    @property
    def source(self) -> str:
        """All of the lines."""
        return "".join(self._parts)

    def span(self, place: SourceLine | None, otherwise: str) -> Span:
        """Where the text of a place lies in the source; a line of its own where there is none."""
        if place is None or not self._texts.code(place):
            start = self._start_of(otherwise, otherwise)
            return Span(start, start + len(otherwise))
        first, last, start_column, end_column = place.position
        lines = self._texts.file(place.file).lines[first - 1 : last]
        whole = "".join(lines).rstrip("\n")
        before = len(lines[0].encode()[:start_column].decode(errors="replace"))
        behind = sum(map(len, lines[:-1])) + len(lines[-1].encode()[:end_column].decode(errors="replace"))
        start = self._start_of((place.file, first, last), whole)
        return Span(start + before, start + min(behind, len(whole)))

    def variable(self, name: str, used: Span) -> Span:
        """Where a variable stands by its name in the operation that uses it first; else the whole operation."""
        found = re.search(rf"(?<![\w.]){re.escape(name)}\b", self.source[used.start : used.end])
        return used if found is None else Span(used.start + found.start(), used.start + found.end())

    def name(self, place: SourceLine | None) -> str | None:
        """What the program calls the value of the expression at a place."""
        return self._texts.name(place)

    def _start_of(self, key: Any, text: str) -> int:
        """Where a text begins, which is added if it is new."""
        if key not in self._starts:
            self._starts[key] = self._length
            self._parts.append(f"{text}\n")
            self._length += len(text) + 1
        return self._starts[key]
