"""What is asked of the gradients of a program."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autogradcli.compute.problem import DEFAULTS, Options
from autogradcli.engines.backward import PLAIN, Detail

PassesDone = Callable[[int, int], None]
"""To be called with how many passes are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of every gradient, and what may be spent on it."""

    options: Options = DEFAULTS
    """The dtype is that of the tensors; the time is for all passes together."""
    detail: Detail = PLAIN
    """How closely the graph is looked at."""
    memory: int | None = None
    """Bytes that a pass may take beyond what the program holds; None for as many as there are."""
    surrogates: tuple[str, ...] = ()
    """Names of what has a backward that differs from the derivative on purpose."""
    keep: str | None = None
    """A file for what went into the operation whose numbers were the first that are not finite."""
    references: Mapping[Any, Any] = field(default_factory=dict)
    """For a class with a backward of its own, a function of torch's operations that is to have its derivative."""
