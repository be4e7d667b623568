"""Messages between a process and those that it starts: length-prefixed pickles of our own classes, over pipes."""

import pickle
import queue
import struct
from typing import Any, BinaryIO

_LENGTH = struct.Struct(">Q")


def pack(message: object) -> bytes:
    """One message as it goes over the pipe."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


def receive(stream: BinaryIO) -> Any:
    """The next message; None when the other side has closed its end, be it in the middle of a message."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(header)
    body = stream.read(length)
    return None if len(body) < length else pickle.loads(body)


def write_all(stream: BinaryIO, messages: "queue.SimpleQueue[bytes | None]") -> None:
    """Write packed messages as they come, until None does or the other side has ended, which its reader finds out."""
    try:
        with stream:
            while (message := messages.get()) is not None:
                stream.write(message)
                if messages.empty():
                    stream.flush()
    except OSError:
        pass
