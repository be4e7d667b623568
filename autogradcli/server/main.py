"""The server: the nursery of command lines, which starts the other two, and ends when nobody has called for long."""

import os
import socket
import sys
from contextlib import suppress
from time import monotonic, sleep, strftime
from typing import Any, NoReturn

from filelock import FileLock, Timeout

import autogradcli
from autogradcli.processes.child import spawn
from autogradcli.processes.spare import COMMAND, COMPUTE, STATUS, STOP, SYMBOLIC, Home, send
from autogradcli.server.nursery import Nursery
from autogradcli.server.parts import ENVIRONMENT, PREPARE, REHEARSE, SERVE, settle
from autogradcli.server.prefault import written_by

IDLE = 900.0
"""Seconds without a call after which the server ends."""
READY = 3
"""Forks that each nursery keeps ready."""
LOADING = 120.0
"""Seconds after which a nursery is not waited for any more."""
WAIT = 1.0
"""Seconds after which a nursery looks whether it is still wanted."""
COMMAND_LINE = (sys.executable, "-P", "-m", "autogradcli.server.main")
"""How a nursery is started: with its kind, and the folder of its server."""


def main(kind: str, home: str) -> NoReturn:
    """Be one of the nurseries of the server that lives in a folder."""
    Home.path = home
    if kind == COMMAND:
        with suppress(Timeout), FileLock(os.path.join(home, "lock"), timeout=0):
            Server(home).run()
        sys.exit(0)  # another server runs
    PREPARE[kind]()
    settle()
    nursery = Nursery(os.path.join(home, kind), SERVE[kind], READY, written_by(REHEARSE[kind]))
    nursery.watch(0, lambda: os._exit(0))  # the server holds the other end
    while True:
        nursery.turn(WAIT)


class Server(Nursery):
    """The nursery of command lines, and all that is asked of the server as a whole."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._code = code()
        self._looked = monotonic()
        self._others = {kind: _start(kind, home) for kind in (COMPUTE, SYMBOLIC)}
        PREPARE[COMMAND]()
        settle()
        for kind in self._others:
            _wait_for(os.path.join(home, kind))
        super().__init__(os.path.join(home, COMMAND), SERVE[COMMAND], READY, written_by(REHEARSE[COMMAND]))

    def run(self) -> NoReturn:
        """Serve until told to stop, or until nobody has called for long."""
        _log(f"ready: process {os.getpid()}")
        while not self.ending and (self.busy or monotonic() - self.counts.last < IDLE):
            self.turn(WAIT)
        _log("ends" if self.ending else "ends: nobody has called for long")
        self.close()
        os._exit(0)

    def close(self) -> None:
        """Lend nothing more, and end the other nurseries. What is lent goes on, and ends by itself."""
        super().close()
        for other in self._others.values():
            other.stdin.close()

    def answer(self, connection: socket.socket, said: bytes) -> None:
        """Tell how things stand, or end."""
        if said == STATUS:
            send(connection, self.status())
        self.ending |= said == STOP

    def status(self) -> dict[str, Any]:
        """What `gradcalc server status` shows."""
        pids = [os.getpid(), *self.pids, *(each.pid for each in self._others.values())]
        return {
            "process": os.getpid(),
            "calls": self.counts.calls,
            "hits": self.counts.hits,
            "running_calls": self.busy,
            "memory": sum(map(memory, pids)),
            "age": monotonic() - self.counts.since,
        }

    def lend(self, connection: socket.socket) -> None:
        """Hand a process over; none if what it would run is no more what is installed."""
        if monotonic() - self._looked > WAIT:
            self._looked = monotonic()
            if code() != self._code:
                _log("gradcalc has changed: starts anew")
                self.close()
                os.execv(sys.executable, [*COMMAND_LINE, COMMAND, self._home])
        super().lend(connection)

    def lost(self, pid: int) -> None:
        """Start another nursery in place of one that has ended."""
        for kind, other in self._others.items():
            if other.pid == pid and not self.ending:
                _log(f"the nursery {kind} has ended: starts anew")
                self._others[kind] = _start(kind, self._home)


def _start(kind: str, home: str) -> Any:
    """The process of another nursery, which ends when this one closes its standard input."""
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(home, kind))
    return spawn([*COMMAND_LINE, kind, home], ENVIRONMENT[kind], 2)


def _wait_for(path: str) -> None:
    """Wait until a nursery listens, or has had more than enough time to."""
    deadline = monotonic() + LOADING
    while not os.path.exists(path) and monotonic() < deadline:
        sleep(0.02)


def _log(text: str) -> None:
    sys.stderr.write(f"{strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    sys.stderr.flush()


def code() -> tuple[int, int]:
    """What tells whether another version has been installed: how many files there are, and when the last changed."""
    folders = [found for found, _, _ in os.walk(autogradcli.__path__[0]) if not found.endswith("__pycache__")]
    times = [entry.stat().st_mtime_ns for folder in folders for entry in os.scandir(folder) if entry.is_file()]
    return len(times), max(times)


def memory(pid: int) -> int:
    """Bytes that a process holds, with its part of what it shares; 0 where the system does not tell."""
    with suppress(OSError), open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
    return 0


if __name__ == "__main__":
    main(*sys.argv[1:])
