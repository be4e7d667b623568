"""One child process, and the messages to it and from it."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, BinaryIO, Protocol

from autogradcli.processes.messages import pack, receive, write_all

Serve = Callable[[BinaryIO, BinaryIO], None]
"""What a child does with the stream of its requests and that of its replies."""


class Process(Protocol):
    """What a child needs of a process: that of a new interpreter, or of a fork of this one."""

    pid: int
    stdin: Any
    stdout: Any

    def wait(self) -> int:
        """The exit status, as soon as the process has ended; minus the number of the signal that ended it."""

    def kill(self) -> None:
        """End it, if it has not ended."""


class Child:
    """A child process, with a thread that reads from it and one that writes to it, so that neither side ever waits."""

    def __init__(self, process: Process, hear: Callable[[Any, float], None]) -> None:
        """Begin to listen: `hear` is given each message and the time at which it came, and None at the end."""
        self._process = process
        self._hear = hear
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._threads = (
            threading.Thread(target=self._listen, daemon=True),
            threading.Thread(target=write_all, args=(process.stdin, self._outgoing), daemon=True),
        )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def listen(self) -> None:
        """Start to read and to write."""
        for thread in self._threads:
            thread.start()

    def _listen(self) -> None:
        with self._process.stdout as stream:
            while (message := receive(stream)) is not None:
                self._hear(message, monotonic())
        self._hear(None, monotonic())

    def send(self, message: object) -> None:
        """Queue a message."""
        self._outgoing.put(pack(message))

    def kill(self) -> None:
        """End it, whatever it is doing; the thread that reads hears of it."""
        self._process.kill()

    def exit_reason(self) -> str:
        """What it ended with, as soon as it has ended: `exit status 1`, `SIGKILL`."""
        status = self._process.wait()
        self._outgoing.put(None)
        return f"exit status {status}" if status >= 0 else signal.Signals(-status).name

    def close(self) -> None:
        """End it, and the threads with it."""
        self._process.kill()
        self._process.wait()
        self._outgoing.put(None)
        for thread in self._threads:
            thread.join()


def spawn(command: Sequence[str], environment: Mapping[str, str], errors: int) -> Process:
    """A new interpreter that finds the same modules as this one; `errors` is the file of its standard error."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    with interrupts_blocked():
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**environment, **os.environ, "PYTHONPATH": path},
        )


class Fork:
    """A copy of this process, which serves its parent and ends: it costs nothing, and finds every module loaded."""

    def __init__(self, serve: Serve, errors: int) -> None:
        requests, stdin = os.pipe()
        stdout, replies = os.pipe()
        with interrupts_blocked():
            self.pid = os.fork()
            if not self.pid:
                _become_child(serve, requests, replies, errors)
        os.close(requests)
        os.close(replies)
        self.stdin, self.stdout = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb")
        self._status: int | None = None
        self._lock = threading.Lock()

    def wait(self) -> int:
        """As of every process."""
        with self._lock:
            if self._status is None:
                self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return self._status

    def kill(self) -> None:
        """As of every process. Nobody else has the number of a process that is not waited for."""
        if self._status is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _become_child(serve: Serve, requests: int, replies: int, errors: int) -> None:
    """Serve the parent on two pipes, with nothing else of the parent's open; never come back."""
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (errors, 2), (errors, 1)):
            os.dup2(source, target)
        first, second = sorted((requests, replies))
        os.closerange(3, first)
        os.closerange(first + 1, second)
        os.closerange(second + 1, os.sysconf("SC_OPEN_MAX"))
        serve(os.fdopen(requests, "rb"), os.fdopen(replies, "wb"))
        status = 0
    finally:
        os._exit(status)


def can_fork() -> bool:
    """Whether a copy of this process could work: a copy has one thread, which torch and macOS do not bear."""
    return sys.platform == "linux" and "torch" not in sys.modules and threading.active_count() == 1


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


def die_with_parent() -> None:
    """Have the system end this process when its parent ends, be it in the middle of a call; on Linux alone."""
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


PR_SET_PDEATHSIG = 1
"""The number of that request in `linux/prctl.h`."""
