"""How many threads torch takes for what is run again: one for small passes, where several wait for each other."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

FEW = 100_000_000
"""Scalar operations of a pass below which one thread is enough."""


class _Threads:
    """How many threads the program had; None where that has not been changed."""

    program: int | None = None


@contextmanager
def threads_for(operations: int) -> Iterator[None]:
    """A context in which torch takes one thread if there is little to do."""
    before = torch.get_num_threads()
    if operations > FEW or before == 1 or _Threads.program is not None:
        yield
        return
    _Threads.program = before
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _Threads.program = None


def are_fewer() -> bool:
    """Whether torch takes fewer threads than in the program, which may change the last bits of numbers."""
    return _Threads.program is not None


@contextmanager
def as_in_the_program() -> Iterator[None]:
    """A context in which torch takes as many threads as in the program."""
    now, program = torch.get_num_threads(), _Threads.program
    torch.set_num_threads(program or now)
    _Threads.program = None
    try:
        yield
    finally:
        torch.set_num_threads(now)
        _Threads.program = program
