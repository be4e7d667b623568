"""Objects as JSON: UTF-8, strict, with keys in their own order."""

import json
import re
from typing import Any

from autogradcli.compute.report import fields_of, plain

_LONE = re.compile("[\ud800-\udfff]")


def draw_json(value: Any) -> str:
    """An object over many lines, for one result that a person may read as well."""
    return _escape(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)) + "\n"


def draw_json_line(value: Any) -> str:
    """An object on one line, for a stream of results; dataclasses and numbers that are not finite may be in it."""
    try:
        text = _LINE.encode(value)
    except ValueError:  # few have a nan or an infinity in them, and to look for one takes as long as all of this
        text = _LINE.encode(plain(value))
    return _escape(text) + "\n"


_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=fields_of)


def _escape(text: str) -> str:
    """The text with halves of surrogate pairs escaped, which UTF-8 cannot hold and JSON can."""
    return text if text.isascii() else _LONE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
