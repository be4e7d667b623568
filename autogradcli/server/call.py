"""One command line in a process of the server, with all that is the caller's: streams, folder, environment."""

import os
import signal
import socket
import sys
from typing import Any

from autogradcli.processes.ending import finish, interrupted
from autogradcli.processes.spare import receive, send, settle_in
from autogradcli.server.client import ACCEPTED, COLD, nature

PLACES = 4
"""Files that come with a call: the three standard streams, and the working folder."""


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
