"""Characters that a text may not hold, and what to type instead of those that come out of documents."""

import unicodedata

from autogradcli.errors import GradcalcError, Span

MAX_LENGTH = 20_000
"""Characters of a text."""
MAX_QUOTED = 60
"""Characters of a text that a message quotes."""

FORBIDDEN = {
    "Cc": "is a control character",
    "Cf": "is invisible",
    "Cs": "is half of a surrogate pair",
    "Co": "has no meaning",
    "Cn": "has no meaning",
    "Zl": "is not a line break here",
    "Zp": "is not a line break here",
}
"""Categories of Unicode that no text may hold: what is read must be what is seen."""

REPLACEMENTS = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MULTIPLICATION SIGN}": "*",
    "\N{MIDDLE DOT}": "*",
    "\N{DOT OPERATOR}": "*",
    "\N{BULLET OPERATOR}": "*",
    "\N{BULLET}": "*",
    "\N{ASTERISK OPERATOR}": "*",
    "\N{DIVISION SIGN}": "/",
    "\N{DIVISION SLASH}": "/",
    "\N{FRACTION SLASH}": "/",
    "\N{INFINITY}": "inf",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{LESS-THAN OR SLANTED EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{GREATER-THAN OR SLANTED EQUAL TO}": ">=",
    "\N{NOT EQUAL TO}": "!=",
    "\N{LOGICAL AND}": "and",
    "\N{LOGICAL OR}": "or",
    "\N{NOT SIGN}": "not",
    "\N{DEGREE SIGN}": "*pi/180",
}
"""What stands in place of characters that have no meaning here."""

ADVICE = {
    "\N{SQUARE ROOT}": "sqrt(x)",
    "\N{CUBE ROOT}": "cbrt(x)",
    "\N{DOUBLE VERTICAL LINE}": "norm(x)",
    "\N{PARTIAL DIFFERENTIAL}": "the formula alone",
    "\N{NABLA}": "the formula alone",
    "\N{PRIME}": "the formula alone",
    "\N{N-ARY SUMMATION}": "the terms one by one",
    "\N{INTEGRAL}": "the formula alone: gradcalc differentiates, and does not integrate",
    "\\": "functions by their names, as in sqrt(x)",
    "$": "the formula alone",
    "`": "the formula alone",
}
"""What to type for characters of which a hint cannot tell the whole text."""

QUOTES = dict.fromkeys(
    "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{SINGLE LOW-9 QUOTATION MARK}", "'"
)
QUOTES |= dict.fromkeys(
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}", '"'
)
QUOTES |= dict.fromkeys(
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}", '"'
)
"""Quotation marks of documents, and those of a keyboard."""


def check_characters(source: str) -> None:
    """Raises GradcalcError if the text is too long, or at the first character that no text may hold."""
    if len(source) > MAX_LENGTH:
        message = f"the text has {len(source):,} characters, and {MAX_LENGTH:,} is the limit"
        raise GradcalcError("limit", message, source=source, span=Span(0, len(source)))
    for position, character in enumerate(source):
        if character.isprintable() or character in "\t\n\r":
            continue
        reason = FORBIDDEN.get(unicodedata.category(character))
        if reason is not None:
            message, span = f"{described(character)} {reason}", Span(position, position + 1)
            raise GradcalcError("parse", message, source=source, span=span, hint="delete it")


def described(character: str) -> str:
    """A character as an error names it: many look alike, and some cannot be seen."""
    if character.isascii() and character.isprintable():
        return character
    number, name = f"U+{ord(character):04X}", unicodedata.name(character, "").lower()
    if character.isprintable():
        return f"{character} ({number}, {name})"
    return f"the character {number} ({name})" if name else f"the character {number}"


def excerpt(source: str, span: Span) -> str:
    """A piece of a text as a message quotes it: on one line, and short."""
    text = " ".join(source[span.start : span.end].split())
    return text if len(text) <= MAX_QUOTED else f"{text[: MAX_QUOTED - 1]}\N{HORIZONTAL ELLIPSIS}"


def replacement(character: str) -> str | None:
    """What stands in place of a character, if that can be told."""
    if character in REPLACEMENTS:
        return REPLACEMENTS[character]
    plain = unicodedata.normalize("NFKC", character)
    decomposition = unicodedata.decomposition(character)
    if decomposition.startswith("<super>"):
        return "**" + plain.replace("\N{MINUS SIGN}", "-")
    if decomposition.startswith("<fraction>"):
        return "(" + plain.replace("\N{FRACTION SLASH}", "/") + ")"
    decimal = unicodedata.decimal(character, None)
    if decimal is not None:
        return str(decimal)
    return plain if plain != character and plain.isascii() and plain.isprintable() else None
