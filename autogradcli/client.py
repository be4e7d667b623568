"""The entry point of `gradcalc`: standard library alone, so that what needs no engine does not wait for one."""

import atexit
import contextlib
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130
"""Ctrl-C: 128 + SIGINT, as shells have it."""
SHOW_CURSOR = b"\x1b[?25h"
"""What a progress bar owes the terminal that it is cut off from."""


def main() -> NoReturn:
    """Run the command line of this process, and end it."""
    _occupy_standard_places()
    signal.signal(signal.SIGINT, interrupted)
    from autogradcli.server.client import call_server, split_mode

    mode, arguments = split_mode(sys.argv[1:])
    status = call_server(mode, arguments)
    if status is not None:
        os._exit(status)
    from autogradcli.cli.app import run

    status = run(arguments)
    if arguments[:1] == ["run"]:  # what a program leaves behind is taken down as Python does it
        sys.exit(status)
    leave(status)


def _occupy_standard_places() -> None:
    """Open the null device where a standard stream is closed: else the next file that is opened would be in its place.

    Python has None for such a stream, and keeps it.
    """
    for place in range(3):
        try:
            os.fstat(place)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


def interrupted(_: int, __: FrameType | None) -> NoReturn:
    """End the process from within whatever it is doing.

    An exception would not do: libraries that are being imported turn it into errors of their own, or lose it.
    """
    with contextlib.suppress(OSError):
        os.write(2, (SHOW_CURSOR if os.isatty(2) else b"") + b"interrupted\n")
    os._exit(INTERRUPTED)


def leave(status: int) -> NoReturn:
    """End the process at once: to take torch apart, object by object, takes a third as long as to import it."""
    atexit._run_exitfuncs()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        # What a command writes it has flushed, and has said what came of that; there is nobody left to tell.
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
