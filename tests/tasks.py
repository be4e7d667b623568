"""Work for worker processes, in a module of its own: what they import for it takes longer than they work."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autogradcli.processes.limits import watcher


@dataclass(frozen=True, slots=True)
class Square:
    """Squares, unless the item says what is to happen."""

    marks: str = ""
    """A folder for notes of what has happened."""

    def begin(self, item: Any) -> Any:
        """The item; the process ends at `exit`, and at `kill once` the first time."""
        if item == "exit":
            os._exit(7)
        if item == "kill once":
            mark = Path(self.marks) / "killed"
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return 1
        return item

    def finish(self, begun: Any) -> Any:
        """The square; the process ends at `late`."""
        if begun == "late":
            os._exit(8)
        return begun * begun

    def close(self) -> None:
        """Nothing."""


def unstartable() -> Square:
    """No work: the process ends before it touches anything."""
    raise SystemExit(9)


class Double:
    """The item doubled, unless it says what is to happen."""

    def begin(self, item: Any) -> Any:
        """The item; `hang` is never begun to the end."""
        if item == "hang":
            while True:
                time.sleep(10)
        return item

    def finish(self, begun: Any) -> Any:
        """Twice the item; at `found` a part of it first, and then nothing more."""
        if begun == "found":
            watcher.found("half")
            while True:
                time.sleep(10)
        if begun == "eat":
            return len(bytearray(3 << 30))
        if begun == "abort":
            os.abort()
        return 2 * begun

    def close(self) -> None:
        """Nothing."""
