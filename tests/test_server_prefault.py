"""Memory that a call writes to is copied before the call."""

import mmap
import os
import resource
import sys
from collections.abc import Sequence

import pytest

from autogradcli.server.prefault import Span, copy, written_by

linux = pytest.mark.skipif(sys.platform != "linux", reason="the system tells it there alone")
PAGES = 300


@pytest.fixture
def memory() -> mmap.mmap:
    """Memory of this process with something in every page."""
    made = mmap.mmap(-1, PAGES * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    _write(made)
    return made


def _write(memory: mmap.mmap) -> None:
    for page in range(PAGES):
        memory[page * mmap.PAGESIZE] = 1


def _faults_in_a_fork(memory: mmap.mmap, spans: Sequence[Span]) -> int:
    """How many faults it costs a fork to write to every page, after parts of the memory were copied."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        copy(spans)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        _write(memory)
        os.write(writing, str(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        found = int(stream.read())
    os.waitpid(pid, 0)
    return found


@linux
def test_what_is_copied_before_costs_no_fault(memory: mmap.mmap) -> None:
    """Without it, each page costs one."""
    spans = written_by(lambda: _write(memory))
    assert _faults_in_a_fork(memory, ()) >= PAGES
    assert _faults_in_a_fork(memory, spans) < PAGES / 4


@linux
def test_what_is_only_read_is_not_copied(memory: mmap.mmap) -> None:
    """It stays shared."""
    assert _faults_in_a_fork(memory, written_by(lambda: memory[:])) >= PAGES


@linux
def test_a_rehearsal_that_fails_tells_nothing() -> None:
    """The server works without, as it does where the system does not tell."""
    assert not written_by(lambda: os._exit(3))
    assert not written_by(lambda: 1 / 0)
