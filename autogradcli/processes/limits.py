"""The limits of one problem: what it may take, and what it tells whoever watches over it.

A process that computes keeps the limit of time itself between operations, by `check`. What cannot be interrupted from
within, one long call of a library, is ended from without, by the pool, after a little more time.
"""

import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

from autogradcli.errors import GradcalcError

TIMEOUT = 10.0
"""Seconds that a problem may take, unless the user says otherwise."""
MAX_MEMORY = 2 << 30
"""Bytes that each of the two processes that work on a problem, ours and SymPy's, may hold by default."""
LOADING = 60.0
"""Seconds that libraries may take to be loaded."""
MOST_OVERHEARD = 4_000
"""Bytes that are passed on of what is written to descriptors."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What each item may take of the process that works on it."""

    timeout: float = inf
    """Seconds, from when its libraries are loaded."""
    memory: int | None = None
    """Bytes; None for as many as the system gives."""
    loading: float = LOADING
    """Seconds beyond its time that an item may take before libraries are loaded."""


UNLIMITED = Limits()


class OutOfTime(GradcalcError):
    """The time of the problem is up."""

    def __init__(self) -> None:
        super().__init__("limit", "out of time (GC506)", hint="type --timeout 60")

    def __reduce__(self) -> tuple[Any, ...]:
        return OutOfTime, ()


class Budget:
    """The time of one problem, which runs while the problem is worked on, and stands while another one is."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @contextmanager
    def running(self, least: float = 0.0) -> Iterator[None]:
        """Have the time run, at least so many seconds of it, and `check` look at it.

        Within another problem that is running, what that one has left is all there is.
        """
        start, stood = monotonic(), _stood.get()
        deadline = min(_deadline.get(), start + max(self.left, least))
        watcher.turn(deadline - start)
        before = _deadline.set(deadline)
        try:
            yield
        finally:
            stood = _stood.get() - stood
            _deadline.reset(before)
            _deadline.set(_deadline.get() + stood)
            self.left -= monotonic() - start - stood


@contextmanager
def standing() -> Iterator[None]:
    """Have the time of the problem at hand stand, while something is loaded that all problems after it find loaded."""
    start = monotonic()
    watcher.turn(LOADING)
    try:
        yield
    finally:
        now = monotonic()
        _stood.set(_stood.get() + now - start)
        _deadline.set(_deadline.get() + now - start)
        watcher.turn(_deadline.get() - now)


_deadline: ContextVar[float] = ContextVar("deadline", default=inf)
_stood: ContextVar[float] = ContextVar("stood", default=0.0)
"""Seconds for which the time has stood so far."""


def check() -> None:
    """Raise OutOfTime if the time of the problem at hand is up. To be called between operations."""
    if monotonic() > _deadline.get():
        raise OutOfTime


def limit_memory(size: int | None) -> None:
    """Let allocations of this process fail beyond so many bytes; where the system cannot, nothing happens.

    It is data that counts and not addresses, of which torch reserves far more than it uses.
    """
    if size is None:
        return
    with suppress(ImportError, OSError, ValueError):
        import resource

        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def memory_limit() -> int | None:
    """Bytes of data that this process may hold; None for as many as the system gives."""
    if sys.platform != "linux":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_DATA)
    return None if soft == resource.RLIM_INFINITY else soft


@contextmanager
def limited_memory(size: int | None) -> Iterator[None]:
    """Let allocations fail meanwhile that go so many bytes beyond what this process holds; on Linux alone."""
    if size is None or sys.platform != "linux":
        yield
        return
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:
        held = int(file.read().split()[DATA]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit_memory(held + size)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


DATA = 5
"""The place of the pages that count, in /proc/self/statm."""


class Watcher:
    """Whom a problem tells how far it has come: nobody, unless a pool watches over this process."""

    def __init__(self) -> None:
        self._turn: Callable[[float], None] | None = None
        self._tell: Callable[[bytes], None] | None = None

    def listen(self, turn: Callable[[float], None], tell: Callable[[bytes], None]) -> None:
        """Pass on from now on what is told."""
        self._turn, self._tell = turn, tell

    def turn(self, left: float) -> None:
        """Tell that a problem is worked on from now on which has so many seconds left."""
        if self._turn is not None:
            self._turn(left)

    def found(self, part: object) -> None:
        """Keep a part of the result, in case that this process is ended before the rest is found."""
        if self._tell is not None:
            self._tell(pickle.dumps(part, pickle.HIGHEST_PROTOCOL))

    def overhear(self) -> Callable[[], str]:
        """A function that gives what has been written since to the descriptors 1 and 2, past Python's streams.

        Where nobody watches over this process they are the user's own, and it gives nothing.
        """
        if self._tell is None:
            return str
        start = os.lseek(1, 0, os.SEEK_CUR)
        return lambda: os.pread(1, MOST_OVERHEARD, start).decode(errors="replace")


watcher = Watcher()
