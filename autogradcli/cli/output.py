"""Where results go: standard output, a file, or nowhere."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from autogradcli.errors import GradcalcError
from autogradcli.render.terminal import FILE, Terminal, terminal_of


@dataclass(frozen=True, slots=True)
class Output:
    """The place for the result of a command."""

    name: str
    """What errors call it."""
    stream: TextIO | None
    """None where only the exit status is wanted."""

    @property
    def terminal(self) -> Terminal:
        """How its reader sees it."""
        return FILE if self.stream is None else terminal_of(self.stream)

    def write(self, text: str) -> None:
        """Pass the text on at once; an error if that fails, unless it is because the reader went away."""
        if self.stream is None:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise file_error(self.name, error, "written") from error


def check_output(path: str | None, quiet: bool) -> None:
    """Nothing; an error if the two options contradict each other."""
    if path is not None and quiet:
        raise GradcalcError("usage", "--quiet leaves nothing for --output to write", hint="leave one of them out")


@contextmanager
def open_output(path: str | None, quiet: bool = False) -> Iterator[Output]:
    """The output of a command with these options; an error if the file cannot be written."""
    check_output(path, quiet)
    if quiet:
        yield Output("nothing", None)
    elif path is None or path == "-":
        yield Output("standard output", sys.stdout)
    else:
        try:
            file = open(path, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
        except (OSError, ValueError) as error:
            raise file_error(path, error, "written") from error
        with file:
            yield Output(path, file)


def file_error(path: str, error: OSError | ValueError, what: str) -> GradcalcError:
    """The error that a file cannot be read or written, with the system's own word for why."""
    return GradcalcError("file", f"{path} cannot be {what}: {getattr(error, 'strerror', None) or error}")


def abandon_standard_output() -> None:
    """Send what is still buffered nowhere: Python tries to write it once more at exit, and complains."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(line: str) -> None:
    """Print a line for the person at the terminal: on standard error, where results never are."""
    sys.stderr.write(f"{line}\n")
