"""The entry point of `gradcalc`: standard library alone, so that what needs no engine does not wait for one.

What a warm call imports, here and in `server.client`, takes longer than all that it does: neither `typing` nor what
makes enums (`signal`, `socket`, `re`) is imported on its way.
"""

import os
import sys

from autogradcli.processes.ending import interrupted, leave

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import NoReturn
else:
    import _signal as signal


def main() -> "NoReturn":
    """Run the command line of this process, and end it."""
    _occupy_standard_places()
    signal.signal(signal.SIGINT, interrupted)
    # Only where a server is used.
    from autogradcli.server.client import call_server, split_mode

    mode, arguments = split_mode(sys.argv[1:])
    status = call_server(mode, arguments)
    if status is not None:
        os._exit(status)
    if arguments[:1] == ["diff"] and len(arguments) > 1 and not {"-h", "--help"} & {*arguments}:
        # Only for this command: it waits for nothing but SymPy.
        from autogradcli.engines.sympy.process import start_ahead

        start_ahead()
    # Only when it is needed: Typer and the commands come with it.
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
