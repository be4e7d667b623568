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
from autogradcli.run.trace import Tracer

STOPPED = "gradcalc"
"""Stands for the type of an error that Python would not raise: a bound, or what only shows when it is run."""


@dataclass(frozen=True, slots=True)
class Raised:
    """The error that ended a snippet, as Python would name it."""

    type: str
    message: str
    span: Span
    hint: str | None = None
    value: Any = None
    """The tensor whose method raised it, if it was one."""


def execute(
    source: Source,
    library: Any,
    write: Callable[[str], object],
    seed: int | None,
    tracer: Tracer | None = None,
) -> Raised | None:
    """The error that ends the snippet, or None if it runs to its end.

    GradcalcError for what is not part of the subset, before anything is run. A bound that is passed on the way ends the
    snippet as an error does.
    """
    machine = Machine(source, library, write)
    machine.builtins = builtins(machine)
    program = Statements(machine, tracer).program(source.tree)
    try:
        with library.running(seed, lambda: machine.span), memory_bounded():
            program({})
    except BrokenPipeError:
        raise
    except GradcalcError as error:
        if error.kind == "file":  # what the snippet prints cannot be written
            raise
        message = error.message if error.span is None else error.message.partition(": ")[2]
        return Raised(STOPPED, message, error.span or machine.span, error.hint)
    except RecursionError:
        return Raised(STOPPED, "functions and brackets are nested too deep here", machine.span)
    except Exception as problem:
        return Raised(type(problem).__name__, str(problem), machine.span, value=machine.receiver)
    return None
