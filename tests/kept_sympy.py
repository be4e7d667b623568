"""SymPy's process, handed on from test to test: its start costs more than most tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from autogradcli.engines.sympy import process
from autogradcli.engines.sympy.process import SymbolicProcess

_start: Any = process._Child
_close = SymbolicProcess.close
_idle: dict[int, Any] = {}
"""The child that nobody uses, for each process of Python: a fork of this one has no threads that listen to it."""


def _take(memory: int | None) -> Any:
    """The child that is idle, or a new one; always a new one if it is to have a limit of memory."""
    child = _idle.pop(os.getpid(), None) if memory is None else None
    return _start(memory) if child is None else child


def _put_back(symbolic: SymbolicProcess) -> None:
    """Keep the child if it lives and is done with all that it was asked; else end it."""
    child = symbolic._child
    is_done = child.worked and child.ticket is None and all(each.complete for each in symbolic._tickets.values())
    is_plain = symbolic._memory is None and os.getpid() not in _idle
    if is_done and is_plain and child._replies.empty():
        child.worked = False
        _idle[os.getpid()] = child
    else:
        _close(symbolic)


@contextmanager
def handed_on() -> Iterator[None]:
    """While this lasts, a child that is idle serves the next who wants one."""
    with patch.object(process, "_Child", _take), patch.object(SymbolicProcess, "close", _put_back):
        yield


def end() -> None:
    """End the child that is idle."""
    child = _idle.pop(os.getpid(), None)
    if child is not None:
        child.close()
