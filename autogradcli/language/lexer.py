"""The lexer: text -> tokens, each with its place in the text."""

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from autogradcli.errors import GradcalcError, Span
from autogradcli.language.characters import (
    ADVICE,
    QUOTES,
    REPLACEMENTS,
    check_characters,
    described,
    excerpt,
    replacement,
)
from autogradcli.language.readings import Unclear

KEYWORDS = frozenset({"if", "else", "and", "or", "not", "for", "in", "True", "False", "None"})
"""The only names that cannot be variables."""

MAX_NAME_LENGTH = 100
"""Characters of a name."""
MAX_NUMBER_LENGTH = 1_000
"""Characters of a number."""
LARGEST = Fraction(2**1024 - 2**970)
"""From here on float64 rounds to infinity."""
SMALLEST = Fraction(1, 2**1075)
"""Up to here float64 rounds to zero."""

OPERATORS = (
    *("===", "**=", "//=", "..."),
    *("**", "//", "%%", "<=", ">=", "==", "!=", "<>", "=<", "=>", ":=", "->", "&&", "||", "<<", ">>"),
    *("+=", "-=", "*=", "/=", "%=", "^=", "@=", "&=", "|="),
    *"+-*/%^@<>=&|~!,.:",
)
"""Longest first; those that the language does not have are known so that the error can name them whole."""

_TOKEN = re.compile(
    r"(?P<space>[^\S\n\r]+)"
    r"|(?P<separator>\r\n|[\n\r;])"
    r"|(?P<number>(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?)"
    r"|(?P<name>\w+)"
    r"|(?P<string>\"[^\"\n\r]*\"|'[^'\n\r]*')"
    r"|(?P<open>[(\[{])"
    r"|(?P<close>[)\]}])"
    r"|(?P<operator>" + "|".join(re.escape(operator) for operator in OPERATORS) + ")"
)
_WHOLE = re.compile(r"(?<![\w.])\d+\s*$")
_RADIX = re.compile(r"0[xX][0-9a-fA-F_]*[0-9a-fA-F]\b|0[oO][0-9_]*[0-9]\b|0[bB][0-9_]*[0-9]\b")
_DIGITS = re.compile(r"[0-9]+(?:_[0-9]+)*")


class Token(NamedTuple):
    """A word of the language; a plain tuple, as there are many."""

    kind: str
    """`number`, `name`, `keyword`, `string`, `open`, `close`, `operator` or `separator`."""
    text: str
    """What it means: as in the source, but `**` for `^`, and names in Unicode's normal form NFKC."""
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where it stands in the source."""
        return Span(self.start, self.end)


def tokenize(source: str) -> tuple[Token, ...]:
    """The tokens of a text, without spaces; errors for characters and words that the language does not have."""
    check_characters(source)
    tokens: list[Token] = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None or match.lastgroup is None:
            raise _unknown_character(source, position)
        kind = match.lastgroup
        end = match.end()
        if kind == "number":
            _check_radix(source, position)
        elif kind == "name":
            end = _end_of_name(source, end)
        if kind != "space":
            tokens.append(_token(source, kind, position, end))
        position = end
    return tuple(tokens)


def _token(source: str, kind: str, start: int, end: int) -> Token:
    text = source[start:end]
    if kind == "name":
        text = _name(source, start, end)
        kind = "keyword" if text in KEYWORDS else "name"
    return Token(kind, "**" if text == "^" else text, start, end)


def _end_of_name(source: str, end: int) -> int:
    """Where a name ends that has letters up to `end`: accents and vowel signs are characters of their own."""
    while end < len(source) and f"a{source[end]}".isidentifier():
        end += 1
    return end


def _name(source: str, start: int, end: int) -> str:
    """The name in normal form."""
    for position in range(start, end):
        character = source[position]
        raised = unicodedata.decomposition(character).startswith("<super>")
        if raised or character in REPLACEMENTS or character in ADVICE or not f"a{character}".isidentifier():
            raise _unknown_character(source, position)
    if end - start > MAX_NAME_LENGTH:
        message = f"a name may have {MAX_NAME_LENGTH} characters"
        raise GradcalcError("limit", message, source=source, span=Span(start, end))
    name = normal(source[start:end])
    if not name.isidentifier():
        raise _unknown_character(source, start)
    return name


def normal(name: str) -> str:
    """The form in which a name is compared, Unicode's NFKC: two spellings that look alike are one name."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def _unknown_character(source: str, position: int) -> GradcalcError:
    character = source[position]
    if character in {"\\", "$"}:
        return _latex(source, position)
    span, hint = Span(position, position + 1), ADVICE.get(character)
    if character in "\"'":
        return GradcalcError("parse", "this quotation mark has no partner", source=source, span=span)
    message = f"{described(character)} is not part of the language"
    if character in QUOTES:
        return _quoted(source, position, message)
    other = None if hint else replacement(character)
    if other is not None and unicodedata.decomposition(character).startswith("<sub>"):
        hint, other = other, None
    if other is not None:
        return _replaced(source, position, other, message)
    return GradcalcError("parse", message, source=source, span=span, hint=hint and f"type {hint}")


def _replaced(source: str, position: int, other: str, message: str) -> Unclear:
    """The error for a character in whose place another text stands: of `3½` the digits before it belong to it."""
    whole = _WHOLE.search(source[:position]) if other.startswith("(") else None
    start = whole.start() if whole else position
    piece = f"({whole[0].strip()} + {other[1:]}" if whole else _apart(source, position, other)
    error = Unclear(message, source=source, span=Span(position, position + 1), pieces=[piece])
    error.edit = Span(start, position + 1)
    error.hint = f"type {piece.strip()}"
    return error


def _apart(source: str, position: int, word: str) -> str:
    """What stands in place of a character, as a word that does not touch its neighbours."""
    if not word.isalpha():
        return word
    before, after = source[:position][-1:], source[position + 1 :][:1]
    return f"{' ' if before.isalnum() else ''}{word}{' ' if after.isalnum() else ''}"


def _quoted(source: str, position: int, message: str) -> Unclear:
    """The error for a quotation mark of a document, around the whole text or around a word in it."""
    span, inner = Span(position, position + 1), source.strip()
    if not position and len(inner) > 2 and source[0] in QUOTES and inner[-1] in QUOTES:
        error = Unclear(message, source=source, span=span, pieces=[inner[1:-1]], hint="without such marks type {}")
        error.edit = Span(0, len(source))
        return error
    end = next((place for place in range(position + 1, len(source)) if source[place] in QUOTES), None)
    if end is None:
        error = Unclear(message, source=source, span=span, pieces=[""], hint="without it type {}")
        error.hint = "delete it"
        return error
    piece = "".join(QUOTES.get(each, each) for each in source[position : end + 1])
    error = Unclear(message, source=source, span=span, pieces=[piece])
    error.edit = Span(position, end + 1)
    return error


def _latex(source: str, position: int) -> Unclear:
    """The error for LaTeX, with what it means, as far as that can be told."""
    # Only where somebody types it.
    from autogradcli.language.latex import from_latex

    span, message = Span(position, position + 1), f"{source[position]} is not part of the language"
    error = Unclear(message, source=source, span=span, pieces=[from_latex(source)], hint="in place of LaTeX type {}")
    error.edit = Span(0, len(source))
    error.hint = f"type {ADVICE[source[position]]}"
    return error


def _check_radix(source: str, start: int) -> None:
    """Raises GradcalcError for `0x10`, which would otherwise be nought times the variable `x10`."""
    match = _RADIX.match(source, start)
    if match is not None:
        span = Span(start, match.end())
        hint = "type the number in decimal digits"
        raise GradcalcError("parse", f"{match[0][:2]} is not part of the language", source=source, span=span, hint=hint)


@lru_cache(maxsize=1000)
def number_value(token: Token, source: str) -> Fraction:
    """The exact value of a number token; raises GradcalcError if it is malformed or beyond the numbers of float64."""
    if len(token.text) > MAX_NUMBER_LENGTH:
        raise _error("limit", f"a number may have {MAX_NUMBER_LENGTH:,} characters", token, source)
    mantissa, _, exponent = token.text.lower().partition("e")
    parts = [*mantissa.split("."), exponent.lstrip("+-")]
    if not all(part == "" or _DIGITS.fullmatch(part) for part in parts):
        raise _error(
            "parse", f"{excerpt(source, token.span)} is not a number", token, source, "underscores stand between digits"
        )
    value = _shifted(mantissa.replace("_", ""), exponent.replace("_", ""))
    if value >= LARGEST:
        message = f"{excerpt(source, token.span)} is larger than any float64 number"
        raise _error("limit", message, token, source, "type inf, or up to 1.797e308")
    if 0 < value <= SMALLEST:
        message = f"{excerpt(source, token.span)} is smaller than any float64 number"
        raise _error("limit", message, token, source, "type 0, or down to 5e-324")
    return value


def _shifted(mantissa: str, exponent: str) -> Fraction:
    """The mantissa times ten to the exponent, which is cut off far outside the range before anything grows."""
    whole, _, decimals = mantissa.partition(".")
    magnitude = min(int(exponent.lstrip("+-0")[:9] or "0"), 3 * MAX_NUMBER_LENGTH)
    shift = -magnitude if exponent.startswith("-") else magnitude
    return int(whole + decimals) * Fraction(10) ** (shift - len(decimals))


def _error(kind: str, message: str, token: Token, source: str, hint: str | None = None) -> GradcalcError:
    return GradcalcError(kind, message, source=source, span=token.span, hint=hint)
