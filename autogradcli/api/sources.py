"""A function of Python's: how it is written, for the head of its report, and what it takes."""

import ast
import inspect
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any

from autogradcli.errors import GradcalcError
from autogradcli.language.nearest import did_you_mean
from autogradcli.problems.point import enumerate_names


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


def check_arguments(function: Callable[..., Any], names: Collection[str]) -> None:
    """Raises GradcalcError if a function does not take arguments of these names, or takes more; if it says what."""
    with suppress(ValueError, TypeError):
        parameters = inspect.signature(getattr(function, "forward", function)).parameters
        if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
            return
        named = [
            name for name, each in parameters.items() if each.kind in {each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY}
        ]
        unknown = [name for name in names if name not in named]
        missing = [name for name in named if name not in names and parameters[name].default is inspect.Parameter.empty]
        if unknown:
            hint = did_you_mean(unknown[0], named) or f"it takes {enumerate_names(named) if named else 'none by name'}"
            raise GradcalcError("usage", f"the function takes no argument {unknown[0]}", hint=hint)
        if missing:
            message = f"the function is given no {enumerate_names(missing)}"
            raise GradcalcError("usage", message, hint=f"type {', '.join(f'{name}=NUMBER' for name in missing)}")


def _place(node: ast.expr) -> tuple[int | None, ...]:
    """Where an expression stands, as a code object says it of the instruction that computes it."""
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset
