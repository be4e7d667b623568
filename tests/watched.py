"""What a process and all that it starts take, seen from outside."""

import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped] # comes with Dask

TICK = 0.02
"""Seconds from one look to the next."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What is taken by a process and those below it together."""

    processor: float
    """Seconds; those of processes that have ended, and were waited for, are among them."""
    megabytes: float
    """Resident; a page that two processes share counts twice."""


def usage(process: psutil.Process) -> Usage:
    """What it takes at this moment; nothing, once it has ended."""
    seconds = size = 0.0
    with suppress(psutil.Error):
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.Error), each.oneshot():
                times = each.cpu_times()
                seconds += times.user + times.system + times.children_user + times.children_system
                size += each.memory_info().rss / 1e6
    return Usage(seconds, size)


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a command."""

    status: int | None
    """None if it was ended because it took too long."""
    out: str
    err: str
    seconds: float
    """By the clock on the wall."""
    most: Usage
    """The most that was seen."""


def watched(words: Sequence[str], patience: float, cwd: str | None = None) -> Run:
    """What comes of a command, which is ended with all that it started when it is not done in so many seconds."""
    start, most = time.monotonic(), Usage(0.0, 0.0)
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, cwd=cwd) as process:
        seen = psutil.Process(process.pid)
        while True:
            now = usage(seen)
            most = Usage(max(most.processor, now.processor), max(most.megabytes, now.megabytes))
            with suppress(subprocess.TimeoutExpired):
                out, err = process.communicate(timeout=TICK)
                return Run(process.returncode, out, err, time.monotonic() - start, most)
            if time.monotonic() - start > patience:
                end(seen)
                out, err = process.communicate()
                return Run(None, out, err, time.monotonic() - start, most)


def end(process: psutil.Process) -> None:
    """End a process, and all that it started."""
    with suppress(psutil.Error):
        for each in (*process.children(recursive=True), process):
            with suppress(psutil.Error):
                each.kill()
