"""Where results go: standard output, a file, or nowhere."""

import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import BinaryIO, Literal, TextIO

from autogradcli.errors import GradcalcError, visible
from autogradcli.language.nearest import did_you_mean
from autogradcli.render.layout import fitted
from autogradcli.render.terminal import FILE, Terminal, terminal_of


@dataclass(frozen=True, slots=True)
class Output:
    """The place for the result of a command."""

    name: str
    """What errors call it."""
    stream: TextIO | None
    """None where only the exit status is wanted."""
    colours: str = "auto"
    """When there are colours: one of `render.terminal.COLOURS`."""
    for_people: bool = False
    """Whether lines that are wider than a terminal are broken between words."""

    @property
    def terminal(self) -> Terminal:
        """How its reader sees it."""
        return FILE if self.stream is None else terminal_of(self.stream, self.colours)

    def write(self, text: str) -> None:
        """Pass the text on at once; raises GradcalcError if that fails, unless it is because the reader went away."""
        if self.stream is None:
            return
        if self.for_people and (width := self.terminal.width) is not None:
            text = fitted(text, width)
        try:
            with uninterrupted():
                self.stream.write(text)
                self.stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise file_error(self.name, error, "written") from error


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back, so that what is written is whole; a second one is obeyed, for a reader may stand still."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    obey = signal.getsignal(signal.SIGINT)
    held: list[tuple[int, FrameType | None]] = []

    def hold(number: int, frame: FrameType | None) -> None:
        held.append((number, frame))
        if len(held) > 1 and callable(obey):
            obey(number, frame)

    signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, obey)
        if held and callable(obey):
            obey(*held[0])


@contextmanager
def open_output(
    path: str | None, quiet: bool = False, colours: str = "auto", for_people: bool = False
) -> Iterator[Output]:
    """The output of a command with these options; raises GradcalcError if the file cannot be written."""
    if quiet:
        yield Output("nothing", None)
    elif path is None or path == "-":
        if sys.stdout is None:
            raise GradcalcError("file", "standard output is closed", hint="write to a file by -o, or nothing by -q")
        yield Output("standard output", sys.stdout, colours, for_people)
    else:
        with locked(path), _closed(path, _opened(path, "w")) as stream:
            yield Output(path, stream, "never" if colours == "auto" else colours)


@contextmanager
def append_output(path: str) -> Iterator[Output]:
    """The end of a file, behind its last whole line; the file is made if it is not there."""
    with locked(path):
        try:
            with open(path, "a+b") as file:
                file.truncate(_whole_lines(file))
        except (OSError, ValueError) as error:
            raise file_error(path, error, "written") from error
        with _closed(path, _opened(path, "a")) as stream:
            yield Output(path, stream)


def _opened(path: str, mode: Literal["w", "a"]) -> TextIO:
    try:
        return open(path, mode, encoding="utf-8", errors="backslashreplace")
    except (OSError, ValueError) as error:
        raise file_error(path, error, "written") from error


@contextmanager
def _closed(path: str, stream: TextIO) -> Iterator[TextIO]:
    """Close a file at the end: an error if that fails, unless one has been raised already."""
    try:
        yield stream
    except BaseException:
        with suppress(OSError):
            stream.close()
        raise
    try:
        stream.close()
    except OSError as error:
        raise file_error(path, error, "written") from error


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Keep other runs of gradcalc on this machine from a file meanwhile; raises GradcalcError if one of them has it.

    The lock is a file elsewhere, so that nothing is left beside the user's. Where it cannot be made, nothing is locked.
    """
    shared = os.path.exists(path) and not os.path.isfile(path)  # a device, or a pipe
    if shared or "\0" in path:
        yield
        return
    # Only where a picture is kept, or a file is locked.
    from hashlib import sha256

    # Only where a picture is kept, or a file is locked.
    from filelock import FileLock, Timeout
    from platformdirs import user_cache_dir

    place = Path(user_cache_dir("gradcalc"), "locks", sha256(os.fsencode(os.path.realpath(path))).hexdigest())
    holder, lock = place.with_suffix(".pid"), FileLock(place.with_suffix(".lock"), timeout=0)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        holder.write_text(str(os.getpid()))
    except Timeout as error:
        by = holder.read_text() if holder.exists() else "unknown"
        message = f"{path} is being written by another gradcalc, process {by}"
        raise GradcalcError("file", message, hint="write to another file, or wait for it") from error
    except OSError:
        pass
    try:
        yield
    finally:
        lock.release()


def _whole_lines(file: BinaryIO) -> int:
    """Bytes of a file up to the end of its last whole line."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - CHUNK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


CHUNK = 1 << 20
"""Bytes read at once."""


def file_error(path: str, error: OSError | ValueError, what: str) -> GradcalcError:
    """The error that a file cannot be read or written, with the system's own word for why."""
    hint = None
    if path.lstrip().startswith("{"):
        hint = f"for a line itself type echo {shlex.quote(path)} | gradcalc batch"
    elif isinstance(error, FileNotFoundError) and os.path.isdir(folder := os.path.dirname(path) or "."):
        hint = did_you_mean(os.path.basename(path), os.listdir(folder))
    return GradcalcError("file", f"{path} cannot be {what}: {getattr(error, 'strerror', None) or error}", hint=hint)


def abandon_standard_output() -> None:
    """Send what is still buffered nowhere: Python tries to write it once more at exit, and complains."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(line: str) -> None:
    """Print a line for the person at the terminal, where it is broken between words: on standard error.

    Names and messages in it may hold any characters. That nobody hears it changes nothing of what the command gives.
    """
    line = "\n".join(map(visible, line.split("\n")))
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            width = terminal_of(sys.stderr).width
            sys.stderr.write(f"{line if width is None else fitted(line, width)}\n")
            sys.stderr.flush()
