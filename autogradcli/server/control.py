"""The server from outside: it is started, stopped, and asked how it is."""

import os
import subprocess
from contextlib import closing
from time import monotonic, sleep
from typing import Any, NoReturn

from autogradcli.errors import GradcalcError
from autogradcli.processes.spare import COMMAND, STATUS, STOP, connect, receive
from autogradcli.server.client import home_of_server, is_private

PATIENCE = 120.0
"""Seconds in which a server must have started."""
ENDING = 20.0
"""Seconds in which it must have ended."""
STEP = 0.05
LOG = "log"


def home() -> str:
    """The server's folder, made if it is not there; raises GradcalcError if others could enter it."""
    place = home_of_server()
    for folder in (os.path.dirname(place), place):
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            pass
        except OSError as error:
            hint = "let XDG_RUNTIME_DIR name a folder of your own"
            raise GradcalcError("file", f"{folder} cannot be made: {error.strerror}", hint=hint) from error
        if not is_private(folder):
            raise GradcalcError("file", f"{folder} is not this user's alone", hint=f"type chmod 700 {folder}")
    return place


def status() -> dict[str, Any] | None:
    """How the server is; None if none runs."""
    try:
        with closing(connect(COMMAND, home_of_server())) as connection:
            connection.sendall(STATUS)
            found: dict[str, Any] | None = receive(connection)[0]
            return found
    except OSError:
        return None


def become() -> NoReturn:
    """Be the server, in this process."""
    # Only where a server is used.
    from autogradcli.server.main import COMMAND_LINE

    os.execv(COMMAND_LINE[0], [*COMMAND_LINE, COMMAND, home()])


def launch() -> "subprocess.Popen[bytes]":
    """Start a server in the background, and do not wait for it. Where one runs already, this one ends at once."""
    # Only where a server is used.
    from autogradcli.server.main import COMMAND_LINE

    folder = home()
    with open(os.path.join(folder, LOG), "ab") as log:
        return subprocess.Popen(
            [*COMMAND_LINE, COMMAND, folder],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )


def start() -> tuple[dict[str, Any], bool]:
    """How the server is, once it runs, and whether it ran before; raises GradcalcError if it does not start."""
    found = status()
    if found is not None:
        return found, True
    process = launch()
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        found = status()
        if found is not None:
            return found, found["process"] != process.pid
        if process.poll():
            break
        sleep(STEP)
    raise GradcalcError("internal", "the server does not start", hint=f"see {os.path.join(home(), LOG)}")


def stop() -> bool:
    """Whether there was a server to stop; it is gone when this returns. Calls that it has taken go on to their end."""
    try:
        with closing(connect(COMMAND, home_of_server())) as connection:
            connection.sendall(STOP)
    except OSError:
        return False
    deadline = monotonic() + ENDING
    while status() is not None and monotonic() < deadline:
        sleep(STEP)
    return True
