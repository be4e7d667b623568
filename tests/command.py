"""The whole command line, driven in this process through one function."""

import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO
from unittest.mock import patch

from autogradcli.cli import jobs
from autogradcli.cli.app import run
from autogradcli.processes.limits import Limits
from autogradcli.processes.pool import Pool
from autogradcli.processes.serial import Serial
from autogradcli.processes.work import Executor


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a command."""

    status: int
    out: str
    err: str


class Screen(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def in_this_process(number: int, limits: Limits) -> Executor:
    """The executor of a command in the suite: one job works here, where torch is loaded and coverage measures."""
    return Serial() if number == 1 else Pool(number, limits)


def gradcalc(*words: str, stdin: str | bytes = b"", stream: type[io.TextIOWrapper] = io.TextIOWrapper) -> Result:
    """The result of one command line; `stream` is what it writes to: a pipe, or a `Screen`."""
    out, err = stream(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with tempfile.TemporaryFile("w+b") as file, io.TextIOWrapper(file) as text:
        file.write(stdin.encode() if isinstance(stdin, str) else stdin)
        file.seek(0)
        with (
            patch.object(sys, "stdout", out),
            patch.object(sys, "stderr", err),
            patch.object(sys, "stdin", text),
            patch.object(jobs, "Pool", in_this_process),
        ):
            main, path = sys.modules["__main__"], sys.path[:]
            try:
                status = run(words)
            finally:  # a program that was run has put its own in their place
                sys.modules["__main__"], sys.path[:] = main, path
    return Result(status, _written(out), _written(err))


GRADCALC = [sys.executable, "-m", "autogradcli"]
"""The command as a process of its own."""


@contextmanager
def started(
    *words: str, stdin: int | None = None, stdout: int | None = None
) -> Iterator[tuple["subprocess.Popen[str]", IO[str]]]:
    """A gradcalc that is to be interrupted, in a group of its own, and its standard error; it never outlives its test.

    It runs without coverage, whose lock an interrupt may find taken: the process would then wait for itself.
    """
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with subprocess.Popen(
        [*GRADCALC, *words],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=unmeasured,
    ) as process:
        assert process.stderr is not None
        try:
            yield process, process.stderr
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()
