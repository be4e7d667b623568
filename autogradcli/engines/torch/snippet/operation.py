"""What a snippet can call, and where it finds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autogradcli.errors import Span
from autogradcli.language.function import Function

Caller = Callable[..., Any]
"""Takes the arguments of a call as the snippet gives them, and does what Python would do."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """Something that a snippet can call."""

    name: str
    """As messages call it: `torch.sin`."""
    run: Caller
    rows: tuple[Function, ...] = ()
    """The rows of the table that it can mean."""
    inplace: bool = False
    """Whether it changes its first argument."""

    def __repr__(self) -> str:
        return f"<built-in function {self.name}>"


@dataclass(frozen=True, slots=True, eq=False)
class Namespace:
    """A module as a snippet sees it."""

    name: str
    names: Mapping[str, Any]
    """Operations, namespaces and constants."""

    def __repr__(self) -> str:
        return f"<module '{self.name}'>"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a reader of the report should know, at a place of the text."""

    code: str
    """What it is about, one word or two."""
    span: Span
    facts: Mapping[str, Any]
    """The names, shapes and values of this case."""
