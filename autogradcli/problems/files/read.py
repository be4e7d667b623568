"""Values from files: `--x @points.npy`, or one tensor of several, `--x @model.pt:fc.bias`.

The path is relative to the working directory, and means what it means to whoever typed the command.
"""

import os
import re
import stat
from collections.abc import Callable, Mapping

from autogradcli.errors import GradcalcError, visible
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.program import Program
from autogradcli.problems.files.arrays import read_npy, read_npz, read_safetensors, read_torch
from autogradcli.problems.files.csv_json import read_csv, read_json_file
from autogradcli.problems.files.source import Source
from autogradcli.problems.point import MARK

READERS: Mapping[str, Callable[[Source], Program]] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".csv": read_csv,
    ".json": read_json_file,
    ".pt": read_torch,
    ".pth": read_torch,
    ".safetensors": read_safetensors,
}
"""How each kind of file is read."""
PICKLES = (".pkl", ".pickle", ".joblib", ".bin")
"""Files that run code when they are read."""

_REFERENCE = re.compile(rf"(.*?({'|'.join(map(re.escape, READERS))}))(?::(.*))?", re.IGNORECASE | re.DOTALL)
"""A path, its suffix, and the name of a tensor after it."""


def read_file(reference: str, label: str) -> Program:
    """The value that `@points.npy` or `@model.pt:fc.bias` means; `label` is what the value is called."""
    path, suffix, name = _split(reference.removeprefix(MARK), label)
    try:
        _check_regular(path, label)
        with open(path, "rb") as stream:
            return READERS[suffix](Source(label, path, name, stream))
    except GradcalcError as error:
        hint = error.hint and visible(error.hint)
        raise GradcalcError(error.kind, visible(error.message), hint=hint) from error
    except Exception as error:  # a damaged file can make a reader fail in any way
        why = getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__
        raise GradcalcError("file", visible(f"{label}: {path} cannot be read: {why}")) from error


def path_of(reference: str) -> str:
    """The path in `@model.pt:fc.bias`. Raises GradcalcError if no values are read from such a file."""
    return _split(reference.removeprefix(MARK), reference)[0]


def _split(reference: str, label: str) -> tuple[str, str, str | None]:
    found = _REFERENCE.fullmatch(reference)
    if found is not None:
        return found[1], found[2].lower(), found[3] or None
    hint = f"a file of values ends in {', '.join(READERS)}"
    if not reference:
        raise GradcalcError("file", f"{label}: {MARK} stands without the name of a file", hint=hint)
    if reference.lower().endswith(PICKLES):
        hint = "such a file can run any program when it is read: save the numbers with numpy.save"
    raise GradcalcError("file", f"{label}: {reference} is no file that values are read from", hint=hint)


def _check_regular(path: str, label: str) -> None:
    """Raises GradcalcError if there is no such file, or if reading it might never end."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError as error:
        raise GradcalcError("file", f"{label}: there is no file {path}", hint=_where(path)) from error
    if stat.S_ISDIR(mode):
        raise GradcalcError("file", f"{label}: {path} is a directory", hint="name a file in it")
    if not stat.S_ISREG(mode):
        raise GradcalcError("file", f"{label}: {path} is no regular file", hint="copy what it gives to a file first")


def _where(path: str) -> str:
    """Where a file that is not there may be."""
    if path.startswith("~"):
        return "the shell replaces ~ only at the beginning of a word: type $HOME"
    folder, name = os.path.split(path)
    try:
        neighbours = os.listdir(folder or os.curdir)
    except OSError:
        return f"there is no directory {folder} that can be read"
    return did_you_mean(name, neighbours) or f"the path starts at the working directory, {os.getcwd()}"
