"""The text of a snippet as a syntax tree: bounded, and made of nothing but what is listed."""

import ast
import warnings
from collections.abc import Iterator
from itertools import accumulate

from autogradcli.errors import GradcalcError, Span
from autogradcli.run.refusals import ALLOWED, refusal

MAX_LENGTH = 400_000
"""Characters of a snippet."""
MAX_NODES = 200_000
"""Nodes of its syntax tree."""
MAX_DEPTH = 200
"""Nodes within nodes."""

Located = ast.stmt | ast.expr | ast.arg | ast.keyword | ast.alias | ast.excepthandler
"""Nodes that know their place."""


class Source:
    """A snippet: its text, its tree, and where each node of the tree stands in the text."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.name = name
        # Lines as Python's parser counts them: a form feed, say, does not end one.
        self._lines = self.text.split("\n")
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]
        self.tree = self._parse()
        self._check()

    def line(self, span: Span) -> int:
        """The number of the line on which a span begins, from 1 on."""
        return self.text.count("\n", 0, span.start) + 1

    def code(self, span: Span) -> str:
        """The source text of a span, on one line."""
        return " ".join(self.text[span.start : span.end].split())

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        if not isinstance(node, Located):
            return Span(0, 0)
        last_line, last_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Span(self._offset(node.lineno, node.col_offset), self._offset(last_line, last_column))

    def error(self, kind: str, message: str, node: ast.AST | Span, hint: str | None = None) -> GradcalcError:
        """An error at a node: its message names the line."""
        span = node if isinstance(node, Span) else self.span(node)
        return GradcalcError(kind, f"line {self.line(span)}: {message}", source=self.text, span=span, hint=hint)

    def _offset(self, line: int, column: int) -> int:
        """A place in characters; Python's parser counts columns in bytes of UTF-8."""
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        characters = column if text.isascii() else len(text.encode()[:column].decode(errors="replace"))
        return self._starts[line - 1] + characters

    def _parse(self) -> ast.Module:
        if len(self.text) > MAX_LENGTH:
            raise GradcalcError("limit", f"{self.name} has more than {MAX_LENGTH:,} characters")
        try:
            with warnings.catch_warnings(action="ignore"):
                return ast.parse(self.text)
        except SyntaxError as error:
            raise self._invalid(error) from None
        except (RecursionError, MemoryError):
            raise GradcalcError("limit", f"{self.name} is nested too deep for Python's own parser") from None
        except ValueError as error:
            raise GradcalcError("parse", f"{self.name} is no Python text: {error}") from None

    def _invalid(self, error: SyntaxError) -> GradcalcError:
        line = min(error.lineno or 1, len(self._lines) or 1)
        start = self._starts[line - 1] + max((error.offset or 1) - 1, 0)
        return self.error("parse", f"{type(error).__name__}: {error.msg}", Span(start, start + 1))

    def _check(self) -> None:
        """Nothing; an error at the first node that is not part of the subset, or beyond a bound."""
        for count, (node, depth) in enumerate(walk(self.tree)):
            if count >= MAX_NODES:
                raise GradcalcError("limit", f"{self.name} has more than {MAX_NODES:,} parts")
            if depth > MAX_DEPTH:
                raise self.error("limit", f"this is nested more than {MAX_DEPTH} deep", node)
            if type(node) not in ALLOWED:
                message, hint = refusal(node)
                raise self.error("parse", message, node, hint)


def walk(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Every node in the order of the text, with its depth: the deepest chain of expressions that it ends."""
    stack = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        # A node without a place, such as an operator, is refused at the node that holds it.
        children = list(ast.iter_child_nodes(node))
        stack.extend((child, depth + 1) for child in reversed(children))
