"""Text of the language put in the place of other text: with brackets where the signs around it bind tighter."""

import ast
import re
from typing import NamedTuple

LONGEST = 2_000
"""Characters of a text up to which it is looked at how tightly it binds."""

ATOM, POWER, PRODUCT, SUM, LOOSE = range(4, -1, -1)
"""How tightly an expression holds together."""


_AFTER_WORD = re.compile(r"\b(?:if|else|in)\s+$")
_BEFORE_WORD = re.compile(r"^(?:if|else|for)\b")
"""Words that an expression of any kind may stand beside."""


class Surroundings(NamedTuple):
    """The text before and after."""

    before: str
    after: str


def fitted(text: str, place: Surroundings) -> str:
    """The text, in brackets if it would fall apart at this place."""
    before, after = _AFTER_WORD.sub("(", place.before).rstrip(), _BEFORE_WORD.sub(")", place.after.lstrip())
    return text if _tightness(text) >= max(_demanded_before(before), _demanded_after(after)) else f"({text})"


def _demanded_before(before: str) -> int:
    last = before[-1:]
    if before.endswith("**") or last == "^":
        return ATOM
    if last in "*/@%":
        return POWER if last else LOOSE
    if last == "-":
        return PRODUCT
    if last == "=":
        return SUM if before[-2:-1] in set("=<>!") else LOOSE
    if last in "+<>":
        return SUM
    return LOOSE if last in "([,;:\n" else ATOM


def _demanded_after(after: str) -> int:
    first = after[:1]
    if not first or first in ")],;:\n":
        return LOOSE
    if after.startswith("**") or first not in "*/@%+-<>=!":
        return ATOM
    return PRODUCT if first in "*/@%" else SUM


def _tightness(text: str) -> int:
    """How tightly a text holds together; LOOSE if that cannot be told."""
    if len(text) > LONGEST:
        return LOOSE
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return LOOSE
    match node:
        case ast.Name() | ast.Constant() | ast.Call() | ast.Subscript() | ast.Attribute() | ast.List():
            return ATOM
        case ast.BinOp(op=ast.Pow()):
            return POWER
        case ast.BinOp(op=ast.Mult() | ast.Div() | ast.Mod() | ast.MatMult()) | ast.UnaryOp(op=ast.USub()):
            return PRODUCT
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return SUM
    return LOOSE


def option_text(value: object) -> str | None:
    """What the text fixes for an option, as it is typed; None for one that is left out."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return ", ".join(map(_item, value)) if len(value) == 1 else f"({', '.join(map(_item, value))})"
    return str(value)


def _item(value: object) -> str:
    """A subscript or a dimension."""
    if isinstance(value, slice):
        ends = ["" if each is None else str(each) for each in (value.start, value.stop)]
        return ":".join(ends if value.step is None else [*ends, str(value.step)])
    if value is Ellipsis:
        return "..."
    return f"[{', '.join(map(_item, value))}]" if isinstance(value, tuple) else str(value)
