"""The caller's side: a command line is handed to the server, with all that it needs of the caller."""

import os
import stat
import sys

import autogradcli
from autogradcli.processes.spare import COMMAND, Spare, surroundings

TYPE_CHECKING = False  # what a warm call imports is counted: see `autogradcli.client`
if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
    from typing import Any
else:
    import _signal as signal

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
COLD = -1
"""The server's answer that the caller had better do it itself."""
ACCEPTED = -2
"""The server's answer that the call is on its way."""
LARGEST = 2**61 - 1
"""A prime, by which the names of installations are told apart."""
FIXED = ("DYLD_", "KMP_", "LANG", "LC_", "LD_", "MALLOC_", "MKL_", "OMP_", "OPENBLAS_", "PYTHON", "SYMPY_", "TORCH")
"""How names begin of variables that are read once, when a library is loaded or Python starts."""


def call_server(mode: str, arguments: "Sequence[str]") -> int | None:
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
        from contextlib import suppress

        from autogradcli.errors import GradcalcError
        from autogradcli.server.control import launch

        with suppress(GradcalcError, OSError):  # where none can be started, the call is done all the same
            launch()
    return None


def split_mode(arguments: "Sequence[str]") -> tuple[str, list[str]]:
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


def _runs_code(arguments: "Sequence[str]") -> bool:
    return any(each.partition("=")[0] == COLD_OPTION for each in arguments)


def home_of_server() -> str:
    """The folder of the server of this installation."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = os.path.join(base, "gradcalc") if base else f"/tmp/gradcalc-{os.getuid()}"
    installation = f"{sys.executable}\0{autogradcli.__file__}"
    return os.path.join(folder, f"{int.from_bytes(os.fsencode(installation)) % LARGEST:x}")


def is_private(folder: str) -> bool:
    """Whether a folder is there that nobody but this user can enter."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def _borrowed(arguments: "Sequence[str]") -> Spare | None:
    """A process of the server that works on a command line; None if there is none that takes it."""
    home = home_of_server()
    if not is_private(home):
        return None
    try:
        spare = Spare(COMMAND, home)
        spare.tell(*_request(arguments))
        return spare if spare.hear() == ACCEPTED else None
    except (OSError, ValueError):  # the server has gone, or is another one
        return None


def nature() -> "tuple[Any, ...]":
    """What of a process cannot be changed any more, and so must be the same in the caller's and in ours."""
    flags = sys.flags
    return (
        sys.executable,
        (flags.debug, flags.optimize, flags.dev_mode, flags.utf8_mode, flags.bytes_warning, flags.int_max_str_digits),
        tuple(sys.warnoptions),
        sys.getfilesystemencoding(),
        tuple(sorted(pair for pair in os.environb.items() if os.fsdecode(pair[0]).startswith(FIXED))),
    )


def _request(arguments: "Sequence[str]") -> "tuple[dict[str, Any], list[int]]":
    """What a caller tells of itself, and its open files."""
    message, places = surroundings(range(3))
    streams = [_description(each) for each in (sys.stdin, sys.stdout, sys.stderr)]
    own = {"arguments": [os.fsencode(each) for each in arguments], "nature": nature(), "streams": streams}
    return message | own, places


def _description(stream: "Any") -> "tuple[str, str, bool] | None":
    """How a standard stream turns text into bytes; None of one that is closed."""
    return None if stream is None else (stream.encoding, stream.errors, stream.line_buffering)


def _followed(spare: Spare) -> int:
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
