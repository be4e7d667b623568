"""What a process and its workers say to each other: length-prefixed pickles over the worker's own pipes.

The parent sends the `Make`, and then items with their numbers. The worker answers (number, None) when it touches an
item, and (number, (result,)) when it is done with it.
"""

import pickle
import struct
from typing import Any, BinaryIO

_LENGTH = struct.Struct(">Q")


def pack(message: Any) -> bytes:
    """One message as it goes over the pipe."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


def receive(stream: BinaryIO) -> Any:
    """The next message; EOFError when the other side has closed its end, be it in the middle of a message."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(header)
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return pickle.loads(body)
