"""What commands read: files, standard input, an expression that comes through a pipe."""

import os
import re
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import BinaryIO

from autogradcli.cli.output import file_error, say
from autogradcli.errors import GradcalcError
from autogradcli.language.characters import MAX_LENGTH
from autogradcli.problems.point import MARK

_PROGRAM = re.compile(r"[\w./~-]+\.(?:py|ipynb)")
STANDARD_INPUT = STANDARD_OUTPUT = "-"


def read_expression(argument: str, output: str | None = None) -> str:
    """The expression itself, or what stands on standard input where it is `-`; that must not be the output."""
    if argument != STANDARD_INPUT:
        if os.path.isfile(name := argument.removeprefix(MARK)) and name != argument:
            hint = f"type {STANDARD_INPUT} < {name} in its place"
            raise GradcalcError("usage", f"{MARK} is for values: an expression is read from standard input", hint=hint)
        if _PROGRAM.fullmatch(argument):
            hint = f"type gradcalc run {argument}, or gradcalc graph --run {argument}"
            raise GradcalcError("usage", f"{argument} is a program, and no expression", hint=hint)
        return argument
    with _standard_input(output) as stream:
        # A character takes up to four bytes; more than that is for the parser to refuse, and need not be read.
        text = stream.read(4 * MAX_LENGTH + 4)
    try:
        return text.decode().strip()
    except UnicodeDecodeError as error:
        raise GradcalcError("parse", f"standard input is not UTF-8: byte {error.start + 1}") from error


OTHERS = {".toml": "check", ".py": "run", ".ipynb": "run"}
"""The commands that read a file with such an ending."""


def open_inputs(paths: Sequence[str], output: str | None) -> list[BinaryIO]:
    """The files, or standard input if there are none; raises GradcalcError if one cannot be read, or is the output.

    Who reads them closes them: to close a stream on which another thread waits is to wait with it.
    """
    with ExitStack() as opened:
        inputs = [opened.enter_context(_open(path, output)) for path in paths or [STANDARD_INPUT]]
        opened.pop_all()
        return inputs


def _open(path: str, output: str | None) -> BinaryIO:
    if path == STANDARD_INPUT:
        return _standard_input(output)
    try:
        check_apart([path], [output])
        if os.path.isdir(path):
            raise GradcalcError("file", f"{path} is a directory")
        if other := OTHERS.get(os.path.splitext(path)[1]):
            raise GradcalcError(
                "file", f"{path} is no file of points or problems", hint=f"type gradcalc {other} {path}"
            )
        return _apart(open(path, "rb"), output)
    except (OSError, ValueError) as error:
        raise file_error(path, error, "read") from error


def check_values_apart(values: Iterable[str], output: str | None) -> None:
    """Raises GradcalcError if a file that one of these values is read from is the output."""
    files = [value for value in values if value.startswith(MARK)]
    if files and output is not None:
        from autogradcli.problems.files.read import path_of

        check_apart([path_of(each) for each in files], [output])


def check_apart(inputs: Sequence[str], outputs: Sequence[str | None]) -> None:
    """Raises GradcalcError if a file is to be read and written, or is to be written twice."""
    written = [path for path in outputs if path is not None and path != STANDARD_OUTPUT]
    for number, output in enumerate(written):
        if any(_is_same(output, path) for path in inputs):
            raise GradcalcError("usage", f"{output} is both input and output", hint="write to another file")
        if any(_is_same(output, path) for path in written[:number]):
            raise GradcalcError("usage", f"{output} is to be written twice", hint="write to two files")


def _is_same(path: str, other: str) -> bool:
    """Whether two paths are those of one file, there or not; devices may be read and written at once."""
    if os.path.exists(path) and os.path.exists(other):
        return os.path.isfile(path) and os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)


def _apart(stream: BinaryIO, output: str | None) -> BinaryIO:
    """The stream; raises GradcalcError if it reads the regular file at a path, or that behind standard output.

    A file that grows by what is written of it has no end.
    """
    name, place = ("standard output", 1) if output is None or output == STANDARD_OUTPUT else (output, output)
    read = os.fstat(stream.fileno())
    if stat.S_ISREG(read.st_mode) and os.path.exists(place) and os.path.samestat(read, os.stat(place)):
        raise GradcalcError("usage", f"{name} is both input and output", hint="write to another file")
    return stream


def _standard_input(output: str | None) -> BinaryIO:
    """Standard input in bytes, behind a buffer of its own: a thread that waits in Python's blocks the exit."""
    if sys.stdin is None:
        raise GradcalcError("file", "standard input is closed")
    if sys.stdin.isatty():
        say("reading from the terminal; Ctrl-D ends the input")
    return _apart(open(sys.stdin.fileno(), "rb", closefd=False), output)


def total_size(inputs: Sequence[BinaryIO]) -> int | None:
    """Bytes in all inputs together; None if one of them is no file, whose end nobody knows."""
    found = [os.fstat(stream.fileno()) for stream in inputs]
    return sum(each.st_size for each in found) if all(stat.S_ISREG(each.st_mode) for each in found) else None
