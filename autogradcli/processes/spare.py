"""Processes that are ready before they are asked for: where they are, and how one is borrowed.

A warm server (`autogradcli.server`) has nurseries of them. A borrower connects to the socket of a nursery and gets a
channel to a process of its own, which ends with what it is borrowed for. What the borrower closes first, the
connection or the channel, ends the process too. Only what starts fast is imported here, since a command line is
waiting: `_socket` and no `socket`, and nothing that makes enums.
"""

import _socket
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
    from typing import Any
else:
    import _signal as signal

COMMAND, COMPUTE, SYMBOLIC = "command", "compute", "symbolic"
"""The nurseries: of processes that do what a command line says, that compute, and that work for the SymPy engine."""
BORROW, INTERRUPT, STATUS, STOP = b"b", b"i", b"s", b"q"
"""What a borrower says on its connection."""
PATIENCE = 2.0
"""Seconds after which a nursery that says nothing is given up."""
NUMBER = 4
"""Bytes of a number in a message, and of one that stands for an open file."""


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
            header, places = _receive_files(self._connection, 1)
            if len(header) < NUMBER or not places:
                raise ConnectionError("the server lends nothing")
        except OSError:
            self._connection.close()
            raise
        self.pid = _number(header)
        self._connection.settimeout(None)
        self._channel = _socket.socket(fileno=places[0])
        self.stdin: Any = None
        self.stdout: Any = None
        self._status: int | None = None

    def tell(self, message: "Any", places: "Sequence[int]") -> None:
        """Send the message with which it begins, and open files. The last of these, the folder, is closed here."""
        send(self._channel, message, places)
        os.close(places[-1])

    def open_streams(self) -> None:
        """Have the rest of the conversation in streams."""
        self.stdin, self.stdout = (os.fdopen(os.dup(self._channel.fileno()), mode) for mode in ("wb", "rb"))

    def hear(self) -> "Any":
        """The next message; None if the process has ended."""
        return receive(self._channel)[0]

    def interrupt(self) -> None:
        """Have it hear of Ctrl-C."""
        self._connection.sendall(INTERRUPT)

    def wait(self) -> int:
        """The exit status, as soon as the process has ended; minus the number of the signal that ended it."""
        if self._status is None:
            header = receive_all(self._connection, NUMBER)
            self._status = _number(header) if header else -signal.SIGKILL
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
            try:  # noqa: SIM105 - see `client`
                each.shutdown(_socket.SHUT_RDWR)
            except OSError:
                pass  # the other side was first
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
        spare.open_streams()
        return spare
    except OSError:
        return None


def stay_cold() -> None:
    """Borrow nothing from now on: code of the user's is to meet a process that knows nothing."""
    Home.path = None


def surroundings(places: "Sequence[int]") -> "tuple[dict[str, Any], list[int]]":
    """What of this process another one can take over: a message, and open files, of which the last is the folder."""
    umask = os.umask(0)
    os.umask(umask)
    return {"environment": dict(os.environb), "umask": umask}, [*places, os.open(".", os.O_RDONLY)]


def settle_in(message: "dict[str, Any]", places: "Sequence[int]") -> None:
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


def connect(kind: str, home: str) -> _socket.socket:
    """A connection to a nursery; raises OSError if there is none, or if it is another user's."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(PATIENCE)
    try:
        connection.connect(os.path.join(home, kind))
        if peer(connection) != os.getuid():
            raise PermissionError("the server is another user's")
    except OSError:
        connection.close()
        raise
    return connection


def peer(connection: _socket.socket) -> int:
    """The number of the user at the other end."""
    if hasattr(_socket, "SO_PEERCRED"):
        found = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)  # a process, its user, its group
    else:
        found = connection.getsockopt(0, LOCAL_PEERCRED, 76)  # macOS, sys/ucred.h: a version, then the user
    return int.from_bytes(found[NUMBER : 2 * NUMBER], sys.byteorder)


LOCAL_PEERCRED = 1
"""The option of macOS's `sys/un.h`."""


def hand_over(connection: _socket.socket, pid: int, channel: _socket.socket) -> None:
    """Hand a process over: the nursery's answer to BORROW."""
    _send_files(connection, _packed(pid), [channel.fileno()])


def ended(connection: _socket.socket, status: int) -> None:
    """Tell a borrower what its process ended with."""
    connection.sendall(_packed(status))


def send(channel: _socket.socket, message: "Any", places: "Sequence[int]" = ()) -> None:
    """Send one message of numbers, bytes, text, tuples and mappings, with open files."""
    body = marshal.dumps(message)
    _send_files(channel, _packed(len(body)), places)
    channel.sendall(body)


def receive(channel: _socket.socket, places: int = 0) -> "tuple[Any, list[int]]":
    """One message, None if the other side has ended; and the files that came with it."""
    header, found = _receive_files(channel, places)
    body = receive_all(channel, _number(header)) if len(header) == NUMBER else b""
    return (marshal.loads(body) if body else None), found


def _packed(number: int) -> bytes:
    return number.to_bytes(NUMBER, "big", signed=True)


def _number(header: bytes) -> int:
    return int.from_bytes(header, "big", signed=True)


def _send_files(channel: _socket.socket, header: bytes, places: "Sequence[int]") -> None:
    """As `socket.send_fds`."""
    rights = b"".join(place.to_bytes(NUMBER, sys.byteorder) for place in places)
    channel.sendmsg([header], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])


def _receive_files(channel: _socket.socket, places: int) -> "tuple[bytes, list[int]]":
    """A number, and the files that come with it: as `socket.recv_fds`."""
    header, extra, _, _ = channel.recvmsg(NUMBER, _socket.CMSG_LEN(places * NUMBER))
    rights = b"".join(data for level, kind, data in extra if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS))
    ends = range(NUMBER, len(rights) + 1, NUMBER)
    return header, [int.from_bytes(rights[end - NUMBER : end], sys.byteorder) for end in ends]


def receive_all(channel: _socket.socket, size: int) -> bytes:
    """So many bytes; none if the other side ends before."""
    found = bytearray()
    while len(found) < size:
        part = channel.recv(min(size - len(found), 1 << 20))
        if not part:
            return b""
        found += part
    return bytes(found)
