"""Texts made of values: `str`, `repr`, format specifications, f-strings, `str.format`. None of them opens a value."""

import re
from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from typing import Any

from autogradcli.errors import GradcalcError
from autogradcli.run.bounds import MAX_WIDTH, check_items, limit, weigh

CONVERSIONS: Mapping[str, Callable[[Any], str]] = {"s": str, "r": repr, "a": ascii}
_NUMBER = re.compile(r"\d+")
_FIELD = re.compile(r"\d*|[A-Za-z]\w*")


def text_of(value: Any) -> str:
    """`str(value)`."""
    weigh(value)
    return str(value)


def representation(value: Any) -> str:
    """`repr(value)`."""
    weigh(value)
    return repr(value)


def formatted(value: Any, specification: str) -> str:
    """`format(value, specification)`; an error if it pads without end."""
    if any(int(number) > MAX_WIDTH for number in _NUMBER.findall(specification[:MAX_WIDTH])):
        raise limit(f"this format pads to more than {MAX_WIDTH:,} characters")
    if len(specification) > MAX_WIDTH:
        raise limit("this format specification is too long")
    weigh(value)
    return format(value, specification)


def converted(value: Any, conversion: str | None) -> Any:
    """The value as `!s`, `!r` or `!a` make a text of it; itself without a conversion."""
    if conversion is None:
        return value
    weigh(value)
    return CONVERSIONS[conversion](value)


def fill(template: str, values: Sequence[Any], names: Mapping[str, Any]) -> str:
    """`template.format(*values, **names)`, with fields that are numbers or names alone."""
    check_items(len(template))
    parts: list[str] = []
    automatic = 0
    for literal, field, specification, conversion in Formatter().parse(template):
        parts.append(literal)
        if field is None:
            continue
        if not _FIELD.fullmatch(field) or (specification and "{" in specification):
            hint = "type an f-string"
            raise GradcalcError("parse", f"a field of format is a number or a name, and not {field}", hint=hint)
        place, automatic = (automatic, automatic + 1) if field == "" else (field, automatic)
        value = values[int(place)] if str(place).isdecimal() else names[str(place)]
        parts.append(formatted(converted(value, conversion), specification or ""))
    return "".join(parts)
