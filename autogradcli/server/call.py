"""One command line in a process of the server, with all that is the caller's: streams, folder, environment."""

import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

from autogradcli.processes.ending import finish, interrupted
from autogradcli.processes.spare import receive, send, settle_in, surroundings

COLD = -1
"""The answer that the caller had better do it itself."""
ACCEPTED = -2
"""The answer that the call is on its way."""
PLACES = 4
"""Files that come with a call: the three standard streams, and the working folder."""
FIXED = ("DYLD_", "KMP_", "LANG", "LC_", "LD_", "MALLOC_", "MKL_", "OMP_", "OPENBLAS_", "PYTHON", "SYMPY_", "TORCH")
"""How names begin of variables that are read once, when a library is loaded or Python starts."""


def nature() -> tuple[Any, ...]:
    """What of a process cannot be changed any more, and so must be the same in the caller's and in ours."""
    flags = sys.flags
    return (
        sys.executable,
        (flags.debug, flags.optimize, flags.dev_mode, flags.utf8_mode, flags.bytes_warning, flags.int_max_str_digits),
        tuple(sys.warnoptions),
        sys.getfilesystemencoding(),
        tuple(sorted(pair for pair in os.environb.items() if os.fsdecode(pair[0]).startswith(FIXED))),
    )


def request(arguments: Sequence[str]) -> tuple[dict[str, Any], list[int]]:
    """What a caller tells of itself, and its open files."""
    message, places = surroundings(range(3))
    streams = [_description(each) for each in (sys.stdin, sys.stdout, sys.stderr)]
    own = {"arguments": [os.fsencode(each) for each in arguments], "nature": nature(), "streams": streams}
    return message | own, places


def _description(stream: Any) -> tuple[str, str, bool] | None:
    """How a standard stream turns text into bytes; None of one that is closed."""
    return None if stream is None else (stream.encoding, stream.errors, stream.line_buffering)


def serve(channel: socket.socket) -> None:
    """Do what one caller asks for, and tell the exit status."""
    asked, places = receive(channel, PLACES)
    if asked is None or len(places) != PLACES:
        return
    if asked["nature"] != nature():
        send(channel, COLD)
        return
    send(channel, ACCEPTED)
    _become(asked, places)

    # Only when it is needed: Typer and the commands come with it.
    from autogradcli.cli.app import run

    signal.signal(signal.SIGINT, interrupted)
    arguments = [os.fsdecode(each) for each in asked["arguments"]]
    sys.argv[1:] = arguments
    status = run(arguments)
    finish()
    send(channel, int(status))
    os._exit(0)


def _become(asked: dict[str, Any], places: list[int]) -> None:
    """Take over what the caller has."""
    settle_in(asked, places)
    for name, place, description in zip(("stdin", "stdout", "stderr"), range(3), asked["streams"], strict=True):
        setattr(sys, name, _stream(name, place, description))


def _stream(name: str, place: int, description: tuple[str, str, bool] | None) -> Any:
    """A standard stream as Python makes it."""
    if description is None:
        return None
    encoding, errors, by_line = description
    stream = open(  # noqa: SIM115
        place,
        "r" if name == "stdin" else "w",
        encoding=encoding,
        errors=errors,
        newline="\n" if place else None,
        closefd=False,
        buffering=1 if by_line else -1,
    )
    stream.mode = "r" if name == "stdin" else "w"  # type: ignore[misc]
    return stream
