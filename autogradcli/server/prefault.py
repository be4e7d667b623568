"""Memory that a call will write to is copied before the call comes.

A fork shares all memory with its nursery, and copies a page when it first writes to it: some 4,000 pages where torch
computes, each with a fault that costs more than the copy. Which pages these are hardly depends on what is asked, so a
nursery lets one fork rehearse, and all others have the same pages copied at once while they wait for a call.
"""

import ctypes
import mmap
import os
import signal
import struct
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

Span = tuple[int, int]
"""Where a part of the memory begins, and its length, in bytes."""
PRESENT, EXCLUSIVE = 1 << 63, 1 << 56
"""Of an entry of `/proc/self/pagemap`: the page is in memory, and no other process has it
(`Documentation/admin-guide/mm/pagemap.rst` of Linux)."""
ENTRY = 8
"""Bytes of such an entry."""
POPULATE_WRITE = 23
"""`MADV_POPULATE_WRITE` of Linux 5.14, `asm-generic/mman-common.h`. What is older refuses it, and nothing is lost."""
GAP = 2
"""Pages between two that are written to which are copied as well: a call of the system costs more."""
PATIENCE = 60
"""Seconds after which a rehearsal is ended."""


def written_by(rehearse: Callable[[], object]) -> Sequence[Span]:
    """The parts of this process's memory that a fork writes to when it rehearses; none where no system tells it."""
    if sys.platform != "linux":
        return ()
    writable = list(_writable())
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        _rehearse(rehearse, writable, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        numbers = array("Q", stream.read())
    os.waitpid(pid, 0)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def copy(spans: Sequence[Span]) -> None:
    """Have copies of these parts of the memory in this process."""
    if not spans:
        return
    populate = _libc.madvise
    for start, length in spans:
        populate(start, length, POPULATE_WRITE)


def _rehearse(rehearse: Callable[[], object], writable: Sequence[Span], writing: int) -> None:
    """In a fork: tell what it has written to; never come back."""
    try:
        signal.alarm(PATIENCE)
        nothing = os.open(os.devnull, os.O_RDWR)
        for place in range(3):
            os.dup2(nothing, place)
        rehearse()
        found = array("Q", (number for span in _written(writable) for number in span))
        with os.fdopen(writing, "wb") as stream:
            stream.write(found)
    finally:
        os._exit(0)


def _writable() -> Iterator[Span]:
    """The parts of the memory that this process may write to, and that no other process shares."""
    with suppress(OSError), open("/proc/self/maps", encoding="ascii") as file:
        for line in file:
            place, rights, _ = line.split(maxsplit=2)
            start, end = (int(each, 16) for each in place.split("-"))
            if rights == "rw-p":
                yield start, end - start


def _written(writable: Sequence[Span]) -> Iterator[Span]:
    """The pages of these that are this process's own."""
    size = mmap.PAGESIZE
    with suppress(OSError), open("/proc/self/pagemap", "rb", buffering=0) as file:
        for start, length in writable:
            file.seek(start // size * ENTRY)
            entries = struct.unpack(f"{length // size}Q", file.read(length // size * ENTRY))
            own = [place for place, entry in enumerate(entries) if entry & PRESENT and entry & EXCLUSIVE]
            yield from ((start + first * size, count * size) for first, count in _runs(own))


def _runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where numbers follow on each other, or nearly: the first, and how many."""
    first = last = None
    for place in places:
        if first is None or last is None:
            first = place
        elif place - last > GAP:
            yield first, last - first + 1
            first = place
        last = place
    if first is not None and last is not None:
        yield first, last - first + 1


_libc = ctypes.CDLL(None)
_libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
