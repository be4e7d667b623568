"""Characters that a source may not hold, and what to type instead of them."""

import unicodedata

from autogradcli.errors import GradcalcError, Span

MAX_LENGTH = 20_000
"""Characters of a source text."""

REPLACEMENTS = {
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "∙": "*",
    "•": "*",
    "∗": "*",
    "÷": "/",
    "∕": "/",
    "⁄": "/",
    "√": "sqrt(x)",
    "∛": "cbrt(x)",
    "∞": "inf",
    "≤": "<=",
    "⩽": "<=",
    "≥": ">=",
    "⩾": ">=",
    "≠": "!=",
    "∧": "and",
    "∨": "or",
    "¬": "not",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "‘": "'",
    "’": "'",
    "′": "'",
    "∑": "a sum of terms",
    "∫": "the integral worked out",
    "∂": "the function itself: gradcalc differentiates it",
    "°": "*pi/180",
    "‰": "/1000",
}
"""What to type for characters that people paste from documents."""


def check_characters(source: str) -> None:
    """Nothing; raises an error at the first character that no text may hold, or if the text is too long."""
    if len(source) > MAX_LENGTH:
        raise GradcalcError(
            "limit",
            f"the text has {len(source):,} characters, and {MAX_LENGTH:,} is the limit",
            source=source,
            span=Span(0, len(source)),
        )
    for position, character in enumerate(source):
        if not (" " <= character <= "~" or character in "\t\n\r" or character.isalnum()):
            _check_unusual(source, position, character)


def _check_unusual(source: str, position: int, character: str) -> None:
    category = unicodedata.category(character)
    reason = _FORBIDDEN.get(category)
    if reason is None:
        return
    name = unicodedata.name(character, "")
    raise GradcalcError(
        "parse",
        f"character U+{ord(character):04X}{f' ({name.lower()})' if name else ''} {reason}",
        source=source,
        span=Span(position, position + 1),
        hint="delete it" if category == "Cf" else None,
    )


_FORBIDDEN = {
    "Cc": "is a control character",
    "Cf": "is invisible",
    "Cs": "is half of a surrogate pair",
    "Co": "has no meaning",
    "Cn": "has no meaning",
    "Zl": "is not a line break here",
    "Zp": "is not a line break here",
}


def replacement(character: str) -> str | None:
    """What to type instead of this character, if that can be told."""
    if character in REPLACEMENTS:
        return REPLACEMENTS[character]
    plain = unicodedata.normalize("NFKC", character)
    if unicodedata.decomposition(character).startswith("<super>"):
        return f"**{plain.replace(chr(0x2212), '-')}"
    if unicodedata.decomposition(character).startswith("<fraction>"):
        return f"({plain.replace(chr(0x2044), '/')})"
    decimal = unicodedata.decimal(character, None)
    if decimal is not None:
        return str(decimal)
    return plain if plain != character and plain.isascii() and plain.isprintable() else None
