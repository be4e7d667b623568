"""Ctrl-C and the processes that gradcalc starts."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Have a child that starts meanwhile never hear of Ctrl-C, which a terminal sends to parent and child alike.

    A child inherits what is blocked, and keeps it; what it could do itself comes after its interpreter has started.
    An interrupt of the parent is delivered afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
