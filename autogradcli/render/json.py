"""Objects as JSON: UTF-8, strict, with keys in their own order."""

import json
import re
from typing import Any

from autogradcli.compute.report import fields_of, plain

_LONE = re.compile("[\ud800-\udfff]")


def draw_json(value: Any) -> str:
    """An object over many lines, for one result that a person may read as well."""
    return _escape(_indented(value, "\n")) + "\n"


def _indented(value: Any, margin: str) -> str:
    """As `json.dumps` with an indent of 2, whose own encoder takes a minute for a few million numbers."""
    inner = f"{margin}  "
    if isinstance(value, dict) and value:
        pairs = (f"{_encode(key)}: {_indented(item, inner)}" for key, item in value.items())
        return f"{{{inner}{f',{inner}'.join(pairs)}{margin}}}"
    if isinstance(value, list | tuple) and value:
        if _NUMBERS.issuperset(map(type, value)):
            text = _encode(value)[1:-1].replace(",", f",{inner}")
        else:
            text = f",{inner}".join([_indented(each, inner) for each in value])
        return f"[{inner}{text}{margin}]"
    return _encode(value)


def draw_json_line(value: Any) -> str:
    """An object on one line, for a stream of results; dataclasses and numbers that are not finite may be in it."""
    try:
        text = _LINE.encode(value)
    except ValueError:  # few have a nan or an infinity in them, and to look for one takes as long as all of this
        text = _LINE.encode(plain(value))
    return _escape(text) + "\n"


_NUMBERS = frozenset({float, int, bool, type(None)})
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=fields_of)


def _escape(text: str) -> str:
    """The text with halves of surrogate pairs escaped, which UTF-8 cannot hold and JSON can."""
    return text if text.isascii() else _LONE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
