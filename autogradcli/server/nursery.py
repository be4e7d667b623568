"""A nursery: a process that has imported what its forks need, and keeps some of them ready."""

import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from types import FrameType

from autogradcli.processes.spare import BORROW, INTERRUPT, ended, hand_over, peer
from autogradcli.server.prefault import Span, copy

Serve = Callable[[socket.socket], None]
"""What a fork does with its channel."""
BACKLOG = 128


@dataclass(slots=True)
class Counts:
    """What has happened so far."""

    calls: int = 0
    hits: int = 0
    """Calls that found a process ready."""
    since: float = field(default_factory=monotonic)
    last: float = field(default_factory=monotonic)
    """When a process was last borrowed, or given back."""


@dataclass(slots=True)
class _Fork:
    """A process of the nursery."""

    pid: int
    channel: socket.socket
    """The borrower's end, until it is lent."""


class Nursery:
    """Lends forks of this process, each once. Nothing here may compute: a fork of what has computed can hang."""

    def __init__(self, path: str, serve: Serve, ready: int, written: Sequence[Span] = ()) -> None:
        """Listen at a socket of this path; `ready` forks are kept, each of which is to serve its borrower.

        `written` is the memory that a fork writes to, as far as that is known.
        """
        self._serve = serve
        self._ready = ready
        self._written = written
        self._spares: list[_Fork] = []
        self._lent: dict[int, socket.socket] = {}
        self.counts = Counts()
        self.ending = False
        self._selector = selectors.DefaultSelector()
        self._listener = _listen(path)
        self.watch(self._listener, self._accept)
        self._wakeup = _wakeup_on_child()
        self.watch(self._wakeup, self._reap)
        signal.signal(signal.SIGTERM, self._terminate)

    def watch(self, place: socket.socket | int, act: Callable[[], None]) -> None:
        """Have something done when there is something to read at a place."""
        self._selector.register(place, selectors.EVENT_READ, act)

    def forget(self, place: socket.socket | int) -> None:
        """Look at a place no more."""
        self._selector.unregister(place)

    @property
    def busy(self) -> int:
        """How many processes are lent."""
        return len(self._lent)

    @property
    def pids(self) -> list[int]:
        """All forks that are alive."""
        return [each.pid for each in self._spares] + list(self._lent)

    def turn(self, patience: float) -> None:
        """Do what there is to do; or make one more fork ready; or wait so many seconds."""
        lacking = len(self._spares) < self._ready
        for key, _ in self._selector.select(0 if lacking else patience):
            key.data()
            lacking = False  # who asks comes first
        if lacking:
            self._spares.append(self._fork())

    def close(self) -> None:
        """Lend nothing more. What is lent goes on, and ends by itself."""
        self._listener.close()
        for spare in self._spares:
            spare.channel.close()

    def _terminate(self, _: int, __: FrameType | None) -> None:
        self.ending = True

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            connection, _ = self._listener.accept()
            if peer(connection) != os.getuid():
                connection.close()
                return
            connection.setblocking(False)
            self.watch(connection, lambda: self._hear(connection))

    def _hear(self, connection: socket.socket) -> None:
        """What a borrower says: that it wants a process, that its process is interrupted, or that it ends."""
        if connection.fileno() < 0:  # what it was lent has ended, and was reaped a moment before
            return
        try:
            said = connection.recv(1)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        pid = next((pid for pid, borrower in self._lent.items() if borrower is connection), None)
        if said == BORROW and pid is None:
            self.lend(connection)
        elif said == INTERRUPT and pid is not None:
            os.kill(pid, signal.SIGINT)
        elif pid is not None:
            os.kill(pid, signal.SIGKILL)
            self.forget(connection)
        else:
            with suppress(OSError):
                self.answer(connection, said)
            self.forget(connection)
            connection.close()

    def answer(self, connection: socket.socket, said: bytes) -> None:
        """Answer what else a connection may say."""

    def lend(self, connection: socket.socket) -> None:
        """Hand a process to a borrower."""
        self.counts.calls += 1
        self.counts.hits += bool(self._spares)
        self.counts.last = monotonic()
        fork = self._spares.pop(0) if self._spares else self._fork()
        self._lent[fork.pid] = connection
        with suppress(OSError):
            hand_over(connection, fork.pid, fork.channel)
        fork.channel.close()

    def _reap(self) -> None:
        """Tell the borrowers of what has ended."""
        with suppress(BlockingIOError):
            os.read(self._wakeup, 512)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._ended(pid, os.waitstatus_to_exitcode(status))

    def _ended(self, pid: int, status: int) -> None:
        connection = self._lent.pop(pid, None)
        if connection is None:
            self._spares = [each for each in self._spares if each.pid != pid]
            self.lost(pid)
            return
        self.counts.last = monotonic()
        with suppress(OSError):
            ended(connection, status)
        with suppress(KeyError, ValueError):
            self.forget(connection)
        connection.close()

    def lost(self, pid: int) -> None:
        """A process has ended that nobody had borrowed."""

    def _fork(self) -> _Fork:
        kept, given = socket.socketpair()
        pid = os.fork()
        if not pid:
            self._become(given)
        given.close()
        return _Fork(pid, kept)

    def _become(self, channel: socket.socket) -> None:
        """Serve one borrower, with nothing else of the nursery's open; never come back."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            place = channel.detach()
            os.closerange(3, place)
            os.closerange(place + 1, os.sysconf("SC_OPEN_MAX"))
            copy(self._written)
            self._serve(socket.socket(fileno=place))
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)


def _listen(path: str) -> socket.socket:
    """A socket that only this user can connect to."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def _wakeup_on_child() -> int:
    """A pipe in which there is something to read when a child has ended."""
    reading, writing = os.pipe()
    for place in (reading, writing):
        os.set_blocking(place, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reading
