"""The tokens of one expression, seen as operands: where each begins and ends, and how it is written."""

from collections.abc import Collection
from dataclasses import dataclass, field

from autogradcli.errors import GradcalcError, Span
from autogradcli.functions.table import is_function
from autogradcli.language.characters import excerpt
from autogradcli.language.lexer import Token
from autogradcli.language.readings import Unclear

PI = "π"
"""A constant that is a factor of what follows it: it is no letter of a name, and no function."""


@dataclass(slots=True)
class Expression:
    """The tokens of an expression and what is known of them so far; everything is told by a token's index."""

    tokens: tuple[Token, ...]
    source: str
    values: Collection[str] = ()
    """The names that have values here, which are no functions unless they are called."""
    partners: dict[int, int] = field(default_factory=dict)
    """Opening bracket -> closing bracket, and the other way round."""
    calls: set[int] = field(default_factory=set)
    """The brackets that open the arguments of a call, or a subscript."""
    signs: set[int] = field(default_factory=set)
    """The operators that stand before one operand."""
    products: set[int] = field(default_factory=set)
    """The tokens before which a multiplication sign is meant."""

    def __post_init__(self) -> None:
        opened: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.kind == "open":
                opened.append(index)
            elif token.kind == "close":
                start = opened.pop()
                self.partners[index], self.partners[start] = start, index

    def word(self, index: int) -> str:
        """The text of a token, or nothing beyond the ends."""
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def kind(self, index: int) -> str:
        """The kind of a token, or nothing beyond the ends."""
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else ""

    def is_function(self, name: str) -> bool:
        """Whether a name can only mean a function here."""
        return name not in self.values and is_function(name)

    def start(self, last: int) -> int:
        """The first token of the operand that ends with the token `last`."""
        while True:
            if self.kind(last) == "close":
                last = self.partners[last]
                if last in self.calls:
                    last -= 1
                    continue
            if last < 1 or self.word(last - 1) != ".":
                return last
            last -= 2

    def end(self, first: int) -> int:
        """The last token of the operand that begins with the token `first`."""
        last = self.partners[first] if self.kind(first) == "open" else first
        while True:
            named = self.kind(last) == "name" and self.word(last) != PI
            if last + 1 in self.calls or (named and self.word(last + 1) == "("):
                last = self.partners[last + 1]
            elif self.word(last + 1) == "." and self.kind(last + 2) == "name":
                last += 2
            else:
                return last

    def takes_factor(self, last: int) -> bool:
        """Whether the operand that ends with a token makes a product with what stands directly after it."""
        return self.kind(last) == "number" or (self.word(last) == PI and self.word(last - 1) != ".")

    def opening(self, index: int) -> int | None:
        """The bracket that a token stands in, or None."""
        return max((first for first, last in self.partners.items() if first < index < last), default=None)

    def in_list(self, index: int) -> bool:
        """Whether a token stands between the brackets of a list."""
        opening = self.opening(index)
        return opening is not None and self.word(opening) == "["

    def text(self, first: int, last: int) -> str:
        """The source from one token to another, as a message quotes it."""
        return excerpt(self.source, Span(self.tokens[first].start, self.tokens[last].end))

    def operand_before(self, index: int) -> str:
        """The source text of the operand that ends just before a token."""
        return self.text(self.start(index - 1), index - 1)

    def error(self, first: int, last: int, message: str, hint: str | None = None) -> GradcalcError:
        """An error that points at the tokens from one to another."""
        span = Span(self.tokens[first].start, self.tokens[last].end)
        return GradcalcError("parse", message, source=self.source, span=span, hint=hint)

    def unclear(
        self, first: int, last: int, message: str, *pieces: str, hint: str | None = None, until: int | None = None
    ) -> Unclear:
        """An error that shows what can stand in place of the tokens from `first` to `until`, or to `last`."""
        span = Span(self.tokens[first].start, self.tokens[last].end)
        found = Unclear(message, source=self.source, span=span, pieces=pieces, hint=hint)
        if until is not None:
            found.edit = Span(span.start, self.tokens[until].end)
        return found
