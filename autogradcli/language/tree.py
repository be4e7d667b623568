"""From the tokens of a statement to Python's syntax tree, every node of which knows its place in the source.

Names and numbers are written as placeholders, so `lambda`, `größe` or a number of a thousand digits never reach Python's own
lexer, and the text that is parsed is plain ASCII in which columns and characters are the same.
"""

import ast
import sys
from dataclasses import dataclass

from autogradcli.errors import GradcalcError, Span
from autogradcli.language.grammar import Statement
from autogradcli.language.lexer import Token

RECURSION_LIMIT = 100_000
"""`ast.parse` counts the depth of the tree it builds against the limit; a sum of 10,000 terms is 10,000 deep."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The syntax tree of one statement, with the way back to the source."""

    root: ast.expr
    tokens: tuple[Token, ...]
    starts: dict[int, int]
    """Column at which a token starts in the parsed text -> index of the token."""
    ends: dict[int, int]
    """Column at which a token ends in the parsed text -> index of the token."""

    def token(self, placeholder: str) -> Token:
        """The token of a name in the tree."""
        return self.tokens[int(placeholder[1:])]

    def first(self, node: ast.expr | ast.keyword) -> int:
        """Index of the first token of a node."""
        return self.starts[node.col_offset]

    def last(self, node: ast.expr | ast.keyword) -> int:
        """Index of the last token of a node."""
        assert node.end_col_offset is not None
        return self.ends[node.end_col_offset]

    def span(self, node: ast.expr | ast.keyword) -> Span:
        """Where a node stands in the source."""
        return Span(self.tokens[self.first(node)].start, self.tokens[self.last(node)].end)

    def bracketed(self, operand: ast.expr) -> Span:
        """Where an operand of an operator stands in the source, with the brackets around it."""
        first, last = self.first(operand), self.last(operand)
        while 0 < first and last + 1 < len(self.tokens):
            if self.tokens[first - 1].text != "(" or self.tokens[last + 1].text != ")":
                break
            first, last = first - 1, last + 1
        return Span(self.tokens[first].start, self.tokens[last].end)


def build_tree(statement: Statement, source: str) -> Tree:
    """The tree of a checked statement."""
    pieces: list[str] = []
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    column = 0
    for index, token in enumerate(statement.tokens):
        if index in statement.products:
            pieces.append("*")
            column += 2
        piece = _placeholder(index, token)
        starts[column], ends[column + len(piece)] = index, index
        column += len(piece) + 1
        pieces.append(piece)
    root = _parse(" ".join(pieces), Span(statement.tokens[0].start, statement.tokens[-1].end), source)
    return Tree(root, statement.tokens, starts, ends)


def _placeholder(index: int, token: Token) -> str:
    return {"name": f"a{index}", "number": "0", "string": "''"}.get(token.kind, token.text)


def _parse(text: str, span: Span, source: str) -> ast.expr:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION_LIMIT))
    try:
        return ast.parse(text, mode="eval").body
    except (RecursionError, MemoryError) as error:
        raise GradcalcError("limit", "the expression is nested too deep", source=source, span=span) from error
    except SyntaxError as error:
        raise GradcalcError("parse", "this is not an expression", source=source, span=span) from error
    finally:
        sys.setrecursionlimit(limit)
