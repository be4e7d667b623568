"""SymPy's process, handed on from test to test: its start costs more than most tests."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from autogradcli.engines.sympy import process
from autogradcli.engines.sympy.messages import MemoryLimit, Request
from autogradcli.engines.sympy.process import SymbolicProcess
from autogradcli.processes.limits import MAX_MEMORY

_close = SymbolicProcess.close
_idle: dict[tuple[int, int | None], "_Child"] = {}
"""The children that nobody uses, for each process of Python, whose forks have no threads that listen to them; and for
each limit of memory.
"""
LIMITS = (None, MAX_MEMORY)
"""Limits of memory with which children are kept: those that tests have by the hundred."""
PATIENCE = 2.0
"""Seconds in which a child may finish what nobody waits for any more: as long as a new one takes to start."""


class _Child(process._Child):
    """A child that knows whether it was asked anything since it was last taken."""

    asked = False

    def send(self, request: Request) -> None:
        """Queue a request."""
        self.asked = self.asked or not isinstance(request, MemoryLimit)
        super().send(request)


def _take(memory: int | None) -> _Child:
    """The child that is idle, or a new one."""
    return _idle.pop((os.getpid(), memory), None) or _Child(memory)


def _put_back(symbolic: SymbolicProcess) -> None:
    """Keep the child if it lives and is done with all that it was asked; else end it."""
    if symbolic._memory in LIMITS:
        _finish(symbolic)
    child, place = symbolic._child, (os.getpid(), symbolic._memory)
    is_done = child.ticket is None and all(each.complete for each in symbolic._tickets.values())
    is_wanted = symbolic._memory in LIMITS and place not in _idle
    if isinstance(child, _Child) and is_wanted and is_done and child.worked >= child.asked and child._replies.empty():
        child.worked = child.asked = False
        _idle[place] = child
    else:
        _close(symbolic)


def _finish(symbolic: SymbolicProcess) -> None:
    """Have the child finish what a command asked that ended with an error."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not all(each.complete for each in symbolic._tickets.values()):
        symbolic._listen(deadline)


@contextmanager
def handed_on() -> Iterator[None]:
    """While this lasts, a child that is idle serves the next who wants one."""
    with patch.object(process, "_Child", _take), patch.object(SymbolicProcess, "close", _put_back):
        yield


def end() -> None:
    """End the children that are idle."""
    for place in [each for each in _idle if each[0] == os.getpid()]:
        _idle.pop(place).close()
