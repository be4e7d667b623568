"""The protocol of formats: a format is one file, with its name, the suffixes of its files, and how it renders.

What is rendered differs, and each kind has its folder: reports (`report`), what came of cases (`checks`), graphs
(`graph`), the ledgers of programs (`programs`). To add a format, add a file with a `FORMAT` to the folder, and its name
to the list in the folder's `__init__`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, TypeVar

from autogradcli.render.terminal import Terminal

Subject = TypeVar("Subject")
"""What is rendered."""
Written = TypeVar("Written")
"""What it becomes: text, pieces of text as they come, or the bytes of a picture."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How reports are written one after the other, as they come."""

    begin: str
    """What stands before all of them."""
    draw: Callable[[Mapping[str, Any]], str]
    """The text of one report or failure, given as a JSON object."""
    end: str
    """What stands after all of them."""


@dataclass(frozen=True, slots=True)
class Format(Generic[Subject, Written]):
    """A way to write something down."""

    name: str
    """The name of its file, and what `--format` calls it."""
    suffixes: tuple[str, ...]
    """How the names of its files end, the usual one first."""
    render: Callable[[Subject, Terminal], Written]
    """What is to be written, for a reader at this terminal; off a terminal nothing is cut."""
    stream: Stream | None = None
    """The same for many reports; None for a format that holds one."""


class Formats(Generic[Subject, Written]):
    """The formats of one kind of subject by name; a format is imported when it is asked for."""

    def __init__(self, package: str, *names: str) -> None:
        self._package = package
        self.names = names

    def __getitem__(self, name: str) -> Format[Subject, Written]:
        found: Format[Subject, Written] = import_module(f"{self._package}.{name}").FORMAT
        return found

    def suffixes(self) -> dict[str, str]:
        """The name of the format that each suffix means."""
        return {suffix: name for name in self.names for suffix in self[name].suffixes}
