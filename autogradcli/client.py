"""The entry point of `gradcalc`: standard library alone, so that what needs no engine does not wait for one."""

import atexit
import contextlib
import os
import sys
from typing import NoReturn

INTERRUPTED = 130
"""Ctrl-C: 128 + SIGINT, as shells have it."""


def main() -> NoReturn:
    """Run the command line of this process, and end it."""
    try:
        from autogradcli.cli.app import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = INTERRUPTED
    leave(status)


def leave(status: int) -> NoReturn:
    """End the process at once: to take torch apart, object by object, takes a third as long as to import it."""
    atexit._run_exitfuncs()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        # What a command writes it has flushed, and has said what came of that; there is nobody left to tell.
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
