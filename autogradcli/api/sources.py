"""How a function of Python's is written, for the head of its report."""

import ast
import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any


def written_call(function: Callable[..., Any], names: Sequence[str]) -> str:
    """The body of a lambda as its source has it; of another function a call with these names."""
    return body_of(function) or f"{getattr(function, '__name__', type(function).__name__)}({', '.join(names)})"


def body_of(function: Any) -> str | None:
    """The text of a lambda's body, on one line; None for another function, or if the source is not at hand."""
    if getattr(function, "__name__", "") != "<lambda>":
        return None
    with suppress(OSError, TypeError, SyntaxError, ValueError):
        source = "".join(inspect.findsource(function)[0])
        places = set(function.__code__.co_positions())
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Lambda) and _place(node.body) in places:
                return " ".join((ast.get_source_segment(source, node.body) or "").split()) or None
    return None


def _place(node: ast.expr) -> tuple[int | None, ...]:
    """Where an expression stands, as a code object says it of the instruction that computes it."""
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset
