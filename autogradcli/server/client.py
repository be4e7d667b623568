"""The caller's side: a command line is handed to the server, with all that it needs of the caller."""

import os
import signal
import stat
import sys
from binascii import crc32
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import autogradcli

if TYPE_CHECKING:
    from autogradcli.processes.spare import Spare

AUTO, NEVER, REQUIRE, START = "auto", "never", "require", "start"
"""Use a server that runs; none; fail without one; start one for the calls to come."""
MODES = (AUTO, NEVER, REQUIRE)
OPTION, VARIABLE = "--server", "GRADCALC_SERVER"
COLD_COMMANDS = ("run", "server")
"""What no server takes: a program of the user's runs in a process of its own."""
COLD_OPTION = "--function"
"""It imports code of the user's."""
LOST = 70
"""The exit status of a call whose process has ended without one."""


def call_server(mode: str, arguments: Sequence[str]) -> int | None:
    """The exit status of a command line that the server has taken; None if it is to be done here."""
    if mode == NEVER or (arguments and arguments[0] in COLD_COMMANDS) or _runs_code(arguments):
        return None
    spare = _borrowed(arguments)
    if spare is not None:
        return _followed(spare)
    if mode == REQUIRE:
        os.write(2, b"error: there is no server that takes this call\nhint: type gradcalc server start\n")
        return 2
    if mode == START:
        # Only where a server is used.
        from autogradcli.errors import GradcalcError
        from autogradcli.server.control import launch

        with suppress(GradcalcError, OSError):  # where none can be started, the call is done all the same
            launch()
    return None


def split_mode(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Which way a command line is to take, and the rest of it. What is wrong with the option is left in its place."""
    mode = os.environ.get(VARIABLE, AUTO)
    for place, argument in enumerate(arguments):
        if argument == "run":
            break
        name, equals, value = argument.partition("=")
        if name == OPTION:
            end = place + 1 if equals else place + 2
            value = value if equals else "".join(arguments[place + 1 : end])
            if value in MODES:
                return value, [*arguments[:place], *arguments[end:]]
    return mode, list(arguments)


def _runs_code(arguments: Sequence[str]) -> bool:
    return any(each.partition("=")[0] == COLD_OPTION for each in arguments)


def home_of_server() -> str:
    """The folder of the server of this installation."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = os.path.join(base, "gradcalc") if base else f"/tmp/gradcalc-{os.getuid()}"
    installation = f"{sys.executable}\0{autogradcli.__file__}"
    return os.path.join(folder, f"{crc32(os.fsencode(installation)):08x}")


def is_private(folder: str) -> bool:
    """Whether a folder is there that nobody but this user can enter."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def _borrowed(arguments: Sequence[str]) -> "Spare | None":
    """A process of the server that works on a command line; None if there is none that takes it."""
    home = home_of_server()
    if not is_private(home):
        return None
    # Only now, so that a call without a server does not wait for it.
    from autogradcli.processes.spare import COMMAND, Spare
    from autogradcli.server.call import ACCEPTED, request

    try:
        spare = Spare(COMMAND, home)
        spare.tell(*request(arguments))
        return spare if spare.hear() == ACCEPTED else None
    except (OSError, ValueError):  # the server has gone, or is another one
        return None


def _followed(spare: "Spare") -> int:
    """The exit status of a call; Ctrl-C is passed on to it."""
    signal.signal(signal.SIGINT, lambda *_: spare.interrupt())
    status = spare.hear()
    if status is not None:
        return int(status)
    ended = spare.wait()
    if ended > 0:  # it has said why
        return ended
    os.write(2, b"error: the server's process for this call was ended\nhint: type gradcalc --server never ...\n")
    return LOST
