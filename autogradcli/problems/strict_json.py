"""JSON that means one thing only: no key twice, no NaN, no number that a double cannot hold.

Python's own reader takes more than the standard allows, and drops what stands twice without a word.
"""

import json
import math
from collections import Counter
from typing import Any

from autogradcli.errors import GradcalcError

MAX_DIGITS = 4_000
"""Digits of an integer: Python refuses to read longer ones."""


def read_json(data: bytes, what: str) -> Any:
    """The value that the bytes mean; `what` is what errors call them."""
    try:
        text = data.decode("utf-8-sig")  # some editors begin a file with a mark
        return json.loads(text, object_pairs_hook=_unique, parse_int=_integer, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        byte = f"byte {error.start + 1} is {data[error.start]:#04x}"
        raise GradcalcError("parse", f"{what} is not UTF-8: {byte}") from error
    except json.JSONDecodeError as error:
        raise GradcalcError("parse", f"{what} is not JSON: {error.msg} at {_place(error)}") from error
    except RecursionError as error:
        raise GradcalcError("limit", f"{what} is nested too deep") from error


def _place(error: json.JSONDecodeError) -> str:
    """Where the text stops being JSON; its line is said only where there are several."""
    if "\n" not in error.doc.strip():
        return f"character {error.pos + 1}"
    return f"line {error.lineno}, character {error.colno}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise GradcalcError("parse", f'"{twice}" stands twice in one object')
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise GradcalcError("limit", f"an integer has more than {MAX_DIGITS:,} digits")
    return int(text)


def _refuse_constant(text: str) -> float:
    name = text.lower().removesuffix("inity")
    raise GradcalcError("value", f"{text} is not JSON", hint=f'type "{name}", in quotes')


NOT_FINITE = ("nan", "inf", "-inf")
"""What is no number in JSON, and how reports write it: as text."""


def json_component(value: Any, label: str) -> float:
    """A component of a tensor: a number as `json_number` has it, or one of the texts for what is not finite."""
    return float(value) if value in NOT_FINITE else json_number(value, label)


def json_number(value: Any, label: str) -> float:
    """The double nearest to a JSON number; raises GradcalcError for anything else, and beyond the largest double."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GradcalcError("value", f"{label} must be a number, and is {json_kind(value)}")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if math.isinf(found):
        raise GradcalcError("value", f"{label} is beyond the largest double, 1.8e308")
    return found


def json_kind(value: Any) -> str:
    """What JSON calls a value of this kind."""
    kinds = {type(None): "null", bool: "true or false", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "a number")
