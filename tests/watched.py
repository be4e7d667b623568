"""What processes take, seen from outside, and what becomes of those that take too much."""

import fcntl
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

import psutil  # type: ignore[import-untyped] # comes with Dask

TICK = 0.05
"""Seconds from one look to the next."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What is taken by a process and those below it."""

    processor: float
    """Seconds of all together; those of processes that have ended, and were waited for, are among them."""
    megabytes: float
    """Resident, of all together; a page that two of them share counts twice."""
    largest: float
    """Megabytes of the largest of them."""


NOTHING = Usage(0.0, 0.0, 0.0)


def usage(process: psutil.Process) -> Usage:
    """What it takes at this moment; nothing, once it has ended."""
    seconds, sizes = 0.0, [0.0]
    with suppress(psutil.Error):
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.Error), each.oneshot():
                times = each.cpu_times()
                seconds += times.user + times.system + times.children_user + times.children_system
                sizes.append(each.memory_info().rss / 1e6)
    return Usage(seconds, sum(sizes), max(sizes))


def most(one: Usage, other: Usage) -> Usage:
    """The larger of both, in each respect."""
    return Usage(
        max(one.processor, other.processor), max(one.megabytes, other.megabytes), max(one.largest, other.largest)
    )


def end(process: psutil.Process) -> None:
    """End a process, and all that it started."""
    with suppress(psutil.Error):
        for each in (*process.children(recursive=True), process):
            with suppress(psutil.Error):
                each.kill()


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
    start, seen = time.monotonic(), NOTHING
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, cwd=cwd) as process:
        tree = psutil.Process(process.pid)
        while True:
            seen = most(seen, usage(tree))
            with suppress(subprocess.TimeoutExpired):
                out, err = process.communicate(timeout=TICK)
                return Run(process.returncode, out, err, time.monotonic() - start, seen)
            if time.monotonic() - start > patience:
                end(tree)
                out, err = process.communicate()
                return Run(None, out, err, time.monotonic() - start, seen)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What came from one look at a process that answers lines to the next."""

    answers: list[str]
    """Those that have come."""
    took: Usage
    """What it has taken since the last answer before: seconds by all processes, and what is resident now."""
    silent: float
    """Seconds by the clock since the last answer before."""


def stretches(words: Sequence[str], lines: Sequence[str], ahead: int) -> Iterator[Stretch]:
    """Look after look at a process that answers lines, until it ends. It is ended when nobody looks any more.

    It has at most so many lines `ahead` of its answers; the first line it has alone, so that all others find libraries
    loaded.
    """
    with tempfile.TemporaryFile("w+") as found:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=found, stderr=subprocess.DEVNULL, text=True)
        tree = psutil.Process(process.pid)
        try:
            yield from _looks(process, tree, found.fileno(), lines, ahead)
        finally:
            end(tree)
            process.communicate()


def _send(stream: IO[str], lines: Sequence[str], sent: int, due: int) -> int:
    """Write the lines that are due, and close the stream behind the last; how many are sent. There may be no reader."""
    with suppress(OSError):
        stream.writelines(f"{line}\n" for line in lines[sent:due])
        stream.flush()
        if due == len(lines):
            stream.close()
    return due


def _looks(
    process: "subprocess.Popen[str]", tree: psutil.Process, found: int, lines: Sequence[str], ahead: int
) -> Iterator[Stretch]:
    assert process.stdin is not None
    fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, 1 << 20)  # so that to write never waits
    read = sent = answered = 0
    before, since, ended = 0.0, time.monotonic(), False
    while not ended:
        due = min(len(lines), answered + ahead if answered else 1)
        if sent < due:
            sent = _send(process.stdin, lines, sent, due)
        with suppress(subprocess.TimeoutExpired):
            process.wait(TICK)
            ended = True
        now, silent = usage(tree), time.monotonic() - since
        text = os.pread(found, 1 << 30, read)
        whole = text[: text.rfind(b"\n") + 1]
        answers = whole.decode().splitlines()
        # What ended processes have taken counts only once they were waited for, and may not count at all.
        before = min(before, now.processor)
        yield Stretch(answers, Usage(now.processor - before, now.megabytes, now.largest), silent)
        if answers:
            read, answered = read + len(whole), answered + len(answers)
            before, since = now.processor, time.monotonic()
