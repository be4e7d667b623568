"""A Dask cluster of processes of this machine."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORKERS = 2


@dataclass(frozen=True, slots=True)
class DaskCluster:
    """A scheduler with workers that come back when they are killed."""

    address: str
    scheduler: int
    """The number of its process."""


@contextmanager
def dask_cluster(folder: Path) -> Iterator[DaskCluster]:
    """A cluster, in whose folder its log is; nothing is left of it afterwards."""
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with (folder / "log").open("w") as log, ExitStack() as started:

        def start(*words: str) -> int:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                stderr=log,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": python_path},
                start_new_session=True,
            )
            started.callback(_end, process)
            return process.pid

        scheduler = start(
            "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"
        )
        address = _address_in(folder / "log")
        workers = ["--nworkers", str(WORKERS), "--nthreads", "1", "--no-dashboard"]
        start("distributed.cli.dask_worker", address, *workers, "--local-directory", str(folder))
        wait_for_workers(address)
        yield DaskCluster(address, scheduler)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it with all that it started; a worker without its scheduler would ask for it for ever."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _address_in(log: Path) -> str:
    """The address that the scheduler prints when it is ready."""
    for _ in range(600):
        if match := re.search(r"tcp://[\d.]+:\d+", log.read_text()):
            return match[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def wait_for_workers(address: str) -> dict[str, int]:
    """The process of each worker, when all are there."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(WORKERS, timeout=60)
        pids: dict[str, int] = client.run(os.getpid)
        return pids
