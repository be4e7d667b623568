"""From the tokens of a statement to Python's syntax tree, every node of which knows its place in the source.

Names and numbers are written as placeholders, so `lambda`, `größe` or a number of a thousand digits never reach
Python's own lexer, and the text that is parsed is plain ASCII, in which a column is a character.
"""

import ast
import sys
from dataclasses import dataclass

from autogradcli.errors import GradcalcError, Span
from autogradcli.language.characters import excerpt
from autogradcli.language.expression import Expression
from autogradcli.language.grammar import Statement
from autogradcli.language.lexer import Token

RECURSION_LIMIT = 100_000
"""`ast.parse` counts the depth of the tree it builds against the limit; a sum of 10,000 terms is 10,000 deep."""


LONGEST_PATH = 4
"""Points in a dotted name; `torch.nn.functional.relu` has three."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The syntax tree of one statement, with the way back to the source."""

    name: Token | None
    """The name that the statement gives to its value."""
    root: ast.expr
    expression: Expression
    starts: dict[int, int]
    """Column at which a token starts in the parsed text -> index of the token."""
    ends: dict[int, int]
    """Column at which a token ends in the parsed text -> index of the token."""

    def token(self, placeholder: str) -> Token:
        """The token of a name in the tree."""
        return self.expression.tokens[int(placeholder[1:])]

    def called(self, node: ast.Call) -> Token:
        """The name that is called, without what stands before it."""
        assert isinstance(node.func, ast.Name | ast.Attribute)
        return self.token(node.func.id if isinstance(node.func, ast.Name) else node.func.attr)

    def path(self, node: ast.expr) -> tuple[str, ...]:
        """The names of a dotted name, `("torch", "special")`; empty for every other expression."""
        names: list[str] = []
        while isinstance(node, ast.Attribute) and len(names) < LONGEST_PATH:
            names.append(self.token(node.attr).text)
            node = node.value
        return (self.token(node.id).text, *reversed(names)) if isinstance(node, ast.Name) else ()

    def first(self, node: ast.expr | ast.keyword) -> int:
        """Index of the first token of a node."""
        return self.starts[node.col_offset]

    def last(self, node: ast.expr | ast.keyword) -> int:
        """Index of the last token of a node."""
        assert node.end_col_offset is not None
        return self.ends[node.end_col_offset]

    def span(self, node: ast.expr | ast.keyword) -> Span:
        """Where a node stands in the source."""
        return Span(self.expression.tokens[self.first(node)].start, self.expression.tokens[self.last(node)].end)

    def bracketed(self, operand: ast.expr) -> Span:
        """Where an operand of an operator stands in the source, with the brackets around it."""
        first, last = self.first(operand), self.last(operand)
        while self.expression.word(first - 1) == "(" and self.expression.word(last + 1) == ")":
            first, last = first - 1, last + 1
        return Span(self.expression.tokens[first].start, self.expression.tokens[last].end)

    def quote(self, span: Span) -> str:
        """The source text of a span, as a message quotes it."""
        return excerpt(self.expression.source, span)

    def error(self, kind: str, message: str, span: Span, hint: str | None = None) -> GradcalcError:
        """An error in this text."""
        return GradcalcError(kind, message, source=self.expression.source, span=span, hint=hint)


def build_tree(statement: Statement) -> Tree:
    """The tree of a well-formed statement."""
    expression = statement.expression
    pieces: list[str] = []
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    column = 0
    for index, token in enumerate(expression.tokens):
        if index in expression.products:
            pieces.append("*")
            column += 2
        piece = _placeholder(index, token)
        starts[column], ends[column + len(piece)] = index, index
        column += len(piece) + 1
        pieces.append(piece)
    return Tree(statement.name, _parse(" ".join(pieces), expression), expression, starts, ends)


def _placeholder(index: int, token: Token) -> str:
    return {"name": f"a{index}", "number": "0", "string": "''"}.get(token.kind, token.text)


def _parse(text: str, expression: Expression) -> ast.expr:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION_LIMIT))
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, RecursionError, MemoryError) as error:
        # The grammar lets nothing else pass that Python's parser refuses; how deep that goes differs between versions.
        span = Span(expression.tokens[0].start, expression.tokens[-1].end)
        message, hint = "this expression is nested too deep", "give names to parts of it: y = ...; ..."
        raise GradcalcError("limit", message, source=expression.source, span=span, hint=hint) from error
    finally:
        sys.setrecursionlimit(limit)
