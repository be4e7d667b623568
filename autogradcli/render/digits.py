"""Fewer digits: results as they are shown to who wants numbers in so many significant digits."""

import math
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from autogradcli.compute.report import Ball, Symbolic
from autogradcli.render.numbers import enclosure, significant

Found = TypeVar("Found")
UNTOUCHED = frozenset({"ulps", "value_ulps", "seconds"})
"""Fields whose numbers are short as they are."""


def in_digits(found: Found, digits: int) -> Found:
    """The same with every number in so many significant digits.

    A ball grows by what is cut off its middle, so that the truth stays in it.
    """
    return _rounded(found, digits)  # type: ignore[no-any-return]


def _rounded(found: Any, digits: int) -> Any:
    match found:
        case float():
            return float(f"{found:.{digits}g}") if math.isfinite(found) else found
        case dict():
            return {key: each if key in UNTOUCHED else _rounded(each, digits) for key, each in found.items()}
        case list() | tuple() if type(found) in {list, tuple}:
            return type(found)(_rounded(each, digits) for each in found)
        case Ball():
            value, _, radius = enclosure(found.value, found.radius, digits).partition(" ± ")
            return Ball(value, radius)
        case Symbolic():
            shorter = None if found.digits is None else _decimals(found.digits, digits)
            return replace(found, value=_rounded(found.value, digits), digits=shorter)
    if is_dataclass(found) and not isinstance(found, type):
        inner = {each.name: getattr(found, each.name) for each in fields(found) if each.name not in UNTOUCHED}
        return replace(found, **{name: _rounded(each, digits) for name, each in inner.items()})
    return found


def _decimals(text: Any, digits: int) -> Any:
    if isinstance(text, list | tuple):
        return [_decimals(each, digits) for each in text]
    return None if text is None else significant(text, digits)
