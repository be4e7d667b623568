"""The command line: options to problems, reports to text and an exit status."""

import os
import sys
from typing import NoReturn

from autogradcli.cli.app import run


def main() -> NoReturn:
    """Run the command line of this process, and end the process with its exit status.

    It ends on the spot: to take an imported torch down piece by piece costs a third of importing it, for nothing.
    """
    status = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)
