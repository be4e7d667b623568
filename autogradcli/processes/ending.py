"""How a process that works on a command line ends: at once, with all that it has written."""

import atexit
import os
import sys

TYPE_CHECKING = False  # what a warm call imports is counted: see `client`
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

INTERRUPTED = 130
"""Ctrl-C: 128 + SIGINT, as shells have it."""
SHOW_CURSOR = b"\x1b[?25h"
"""What a progress bar owes the terminal that it is cut off from."""


def interrupted(_: int, __: "FrameType | None") -> "NoReturn":
    """End the process from within whatever it is doing.

    An exception would not do: libraries that are being imported turn it into errors of their own, or lose it.
    """
    try:
        os.write(2, (SHOW_CURSOR if os.isatty(2) else b"") + b"interrupted\n")
    finally:
        os._exit(INTERRUPTED)


def leave(status: int) -> "NoReturn":
    """End the process at once: to take torch apart, object by object, takes a third as long as to import it."""
    finish()
    os._exit(status)


def finish() -> None:
    """Do what is left to do at the end of a process."""
    atexit._run_exitfuncs()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        # What a command writes it has flushed, and has said what came of that; there is nobody left to tell.
        try:  # noqa: SIM105 - see `client`
            stream.flush()
        except (OSError, ValueError):
            pass
