"""Processes that are ready before they are asked for: where they are, and how one is borrowed.

A warm server (`autogradcli.server`) has nurseries of them. A borrower connects to the socket of a nursery and gets a
channel to a process of its own, which ends with what it is borrowed for. What the borrower closes first, the
connection or the channel, ends the process too. Only what starts fast is imported here: a command line is waiting.
"""

import marshal
import os
import signal
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

COMMAND, COMPUTE, SYMBOLIC = "command", "compute", "symbolic"
"""The nurseries: of processes that do what a command line says, that compute, and that work for the SymPy engine."""
BORROW, INTERRUPT, STATUS, STOP = b"b", b"i", b"s", b"q"
"""What a borrower says on its connection."""
PATIENCE = 2.0
"""Seconds after which a nursery that says nothing is given up."""
_NUMBER = struct.Struct(">i")


class Home:
    """The folder of the server that this process belongs to; None in a process that was started cold."""

    path: str | None = None


class Spare:
    """A borrowed process, as what starts it sees it (`processes.child.Process`)."""

    def __init__(self, kind: str, home: str) -> None:
        """Borrow one; raises OSError if there is no server, or it does not answer in time."""
        self._connection = connect(kind, home)
        try:
            self._connection.sendall(BORROW)
            header, places, _, _ = socket.recv_fds(self._connection, _NUMBER.size, 1)
            if len(header) < _NUMBER.size or not places:
                raise ConnectionError("the server lends nothing")
        except OSError:
            self._connection.close()
            raise
        (self.pid,) = _NUMBER.unpack(header)
        self._connection.settimeout(None)
        self._channel = socket.socket(fileno=places[0])
        self.stdin: Any = None
        self.stdout: Any = None
        self._status: int | None = None

    def tell(self, message: Any, places: Sequence[int]) -> None:
        """Send the message with which it begins, and open files; the rest of the conversation is in streams.

        The last of the files, the folder, is closed here.
        """
        send(self._channel, message, places)
        os.close(places[-1])
        self.stdin, self.stdout = self._channel.makefile("wb"), self._channel.makefile("rb")

    def hear(self) -> Any:
        """The next message; None if the process has ended."""
        return receive(self._channel)[0]

    def interrupt(self) -> None:
        """Have it hear of Ctrl-C."""
        self._connection.sendall(INTERRUPT)

    def wait(self) -> int:
        """The exit status, as soon as the process has ended; minus the number of the signal that ended it."""
        if self._status is None:
            header = receive_all(self._connection, _NUMBER.size)
            self._status = _NUMBER.unpack(header)[0] if header else -signal.SIGKILL
            self._close()
        return self._status

    def kill(self) -> None:
        """Have it ended, if it has not: nobody waits for that."""
        if self._status is None:
            self._status = -signal.SIGKILL
            self._close()

    def _close(self) -> None:
        """End the conversation, also for the thread that listens."""
        for each in (self._channel, self._connection):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def borrow(kind: str, errors: int) -> Spare | None:
    """A ready process of the server that this one belongs to, in the folder and the environment of this one.

    `errors` is the file of its standard error. None if there is no such process to be had.
    """
    if Home.path is None:
        return None
    try:
        spare = Spare(kind, Home.path)
        spare.tell(*surroundings([errors]))
        return spare
    except OSError:
        return None


def stay_cold() -> None:
    """Borrow nothing from now on: code of the user's is to meet a process that knows nothing."""
    Home.path = None


def surroundings(places: Sequence[int]) -> tuple[dict[str, Any], list[int]]:
    """What of this process another one can take over: a message, and open files, of which the last is the folder."""
    umask = os.umask(0)
    os.umask(umask)
    return {"environment": dict(os.environb), "umask": umask}, [*places, os.open(".", os.O_RDONLY)]


def settle_in(message: dict[str, Any], places: Sequence[int]) -> None:
    """Take over what another process has; its files become the standard streams, one file all that print."""
    *streams, folder = places
    if len(streams) == 1:
        streams = [os.open(os.devnull, os.O_RDONLY), *2 * streams]
    for source, target in zip(streams, range(3), strict=True):
        os.dup2(source, target)
    os.fchdir(folder)
    for place in {*streams, folder}:
        os.close(place)
    os.umask(message["umask"])
    os.environ.clear()
    os.environb.update(message["environment"])


def connect(kind: str, home: str) -> socket.socket:
    """A connection to a nursery; raises OSError if there is none, or if it is another user's."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(PATIENCE)
    try:
        connection.connect(os.path.join(home, kind))
        if peer(connection) != os.getuid():
            raise PermissionError("the server is another user's")
    except OSError:
        connection.close()
        raise
    return connection


def peer(connection: socket.socket) -> int:
    """The number of the user at the other end."""
    if hasattr(socket, "SO_PEERCRED"):
        found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int(struct.unpack("3i", found)[1])
    found = connection.getsockopt(0, LOCAL_PEERCRED, 76)  # macOS, sys/ucred.h: a version, then the user
    return int(struct.unpack_from("2I", found)[1])


LOCAL_PEERCRED = 1
"""The option of macOS's `sys/un.h`."""


def hand_over(connection: socket.socket, pid: int, channel: socket.socket) -> None:
    """Hand a process over: the nursery's answer to BORROW."""
    socket.send_fds(connection, [_NUMBER.pack(pid)], [channel.fileno()])


def ended(connection: socket.socket, status: int) -> None:
    """Tell a borrower what its process ended with."""
    connection.sendall(_NUMBER.pack(status))


def send(channel: socket.socket, message: Any, places: Sequence[int] = ()) -> None:
    """Send one message of numbers, bytes, text, tuples and mappings, with open files."""
    body = marshal.dumps(message)
    socket.send_fds(channel, [_NUMBER.pack(len(body))], places)
    channel.sendall(body)


def receive(channel: socket.socket, places: int = 0) -> tuple[Any, list[int]]:
    """One message, None if the other side has ended; and the files that came with it."""
    header, found, _, _ = socket.recv_fds(channel, _NUMBER.size, places)
    body = receive_all(channel, _NUMBER.unpack(header)[0]) if len(header) == _NUMBER.size else b""
    return (marshal.loads(body) if body else None), found


def receive_all(channel: socket.socket, size: int) -> bytes:
    """So many bytes; none if the other side ends before."""
    found = bytearray()
    while len(found) < size:
        part = channel.recv(min(size - len(found), 1 << 20))
        if not part:
            return b""
        found += part
    return bytes(found)
