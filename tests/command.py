"""The whole command line, driven in this process through one function."""

import io
import sys
import tempfile
from dataclasses import dataclass
from unittest.mock import patch

from autogradcli.cli.app import run


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a command."""

    status: int
    out: str
    err: str


class Screen(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def gradcalc(*words: str, stdin: str | bytes = b"", stream: type[io.TextIOWrapper] = io.TextIOWrapper) -> Result:
    """The result of one command line; `stream` is what it writes to: a pipe, or a `Screen`."""
    out, err = stream(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with tempfile.TemporaryFile("w+b") as file, io.TextIOWrapper(file) as text:
        file.write(stdin.encode() if isinstance(stdin, str) else stdin)
        file.seek(0)
        with patch.object(sys, "stdout", out), patch.object(sys, "stderr", err), patch.object(sys, "stdin", text):
            status = run(words)
    return Result(status, _written(out), _written(err))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()
