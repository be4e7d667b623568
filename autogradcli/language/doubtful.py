"""Notes on what a text says by the rules and was perhaps not meant to say."""

import re
from collections.abc import Iterator

from autogradcli.language.expression import Expression
from autogradcli.language.lexer import tokenize

LIKELY = re.compile(r"(?:\^|\*\*)\s*[-1][^;\n]*/")
"""Where no such power is there is nothing to look for."""
OPERANDS = frozenset({"number", "name", "open"})
"""What a divisor begins with."""


def doubtful_powers(source: str) -> Iterator[str]:
    """A note for each power whose exponent was perhaps meant to be a fraction: `x^1/2`, `e^-x/2`.

    Nobody writes x for x^1. An exponent of another number is left alone: x^2/2 means half of a square.
    """
    if not LIKELY.search(source):
        return
    text = Expression(tokenize(source), source)
    for index in range(len(text.tokens)):
        if text.word(index) == "**":
            yield from _fraction(text, index)


def _fraction(text: Expression, power: int) -> Iterator[str]:
    first = power + 1
    negative = text.word(first) == "-"
    last = _end(text, first)
    divisor = last + 2
    meant = (negative and text.tokens[power].end - text.tokens[power].start == 1) or (
        last == first + negative and text.word(last) == "1"
    )
    if not meant or text.word(last + 1) != "/" or text.kind(divisor) not in OPERANDS:
        return
    until = text.end(divisor)
    if text.word(until + 1) != "**":
        base = text.start(power - 1)
        read = f"({text.text(base, last)})/{text.text(divisor, until)}"
        other = f"{text.text(base, power)}({text.text(first, until)})"
        yield f"{text.text(base, until)} is read as {read}; for a power with a fraction type {other}"


def _end(text: Expression, first: int) -> int:
    """The last token of an exponent, of which there may be a power again."""
    last = text.end(first + (text.word(first) in {"-", "+"}))
    return _end(text, last + 2) if text.word(last + 1) == "**" else last
