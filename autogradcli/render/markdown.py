"""Markdown: text whose special characters are escaped."""

import re

_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~#$&])")


def cell(text: str) -> str:
    """Any text on one line, as the cell of a table shows it, whatever signs it has."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))
