"""Run a snippet: what it prints goes out at once, and how it ended is given back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autogradcli.errors import GradcalcError, Span
from autogradcli.run.bounds import memory_bounded
from autogradcli.run.builtins import builtins
from autogradcli.run.machine import Machine
from autogradcli.run.source import Source
from autogradcli.run.statements import Statements


@dataclass(frozen=True, slots=True)
class Raised:
    """The error that ended a snippet, as Python would name it."""

    type: str
    message: str
    span: Span


def execute(source: Source, library: Any, write: Callable[[str], object], seed: int | None) -> Raised | None:
    """The error that ends the snippet, or None if it runs to its end.

    GradcalcError for what is not part of the subset (before anything is run, as far as that can be known) and for
    bounds that are passed.
    """
    machine = Machine(source, library, write)
    machine.builtins = builtins(machine)
    program = Statements(machine).program(source.tree)
    try:
        with library.running(seed, lambda: machine.span), memory_bounded():
            program({})
    except GradcalcError as error:
        raise error if error.span else source.error(error.kind, error.message, machine.span, error.hint) from None
    except RecursionError:
        raise source.error("limit", "functions and brackets are nested too deep here", machine.span) from None
    except Exception as problem:
        return Raised(type(problem).__name__, str(problem), machine.span)
    return None
