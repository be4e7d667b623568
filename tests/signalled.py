"""Signals at random moments: what is written is whole and in order, and no process is left.

On a cluster they go to its workers and its scheduler as well: a worker costs nothing, and what is left to do when the
scheduler is gone is done with `--resume`.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from tests.command import GRADCALC
from tests.dask_cluster import DaskCluster, dask_cluster, wait_for_workers

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP)
JOBS = ("1", "2")
LINES = 3000
LATEST = 6.0
"""Seconds after which the last signals come."""
PATIENCE = 15.0
"""Seconds within which every process of a run must be gone."""


def faults(count: int, seed: int, folder: Path, extra: tuple[str, ...] = ()) -> Iterator[str]:
    """What went wrong in so many runs that were ended by a signal; `extra` are more words for `batch` and `check`."""
    chance = Random(seed)
    lines, cases = folder / "lines.jsonl", folder / "cases.jsonl"
    lines.write_text("".join(json.dumps(_problem(number)) + "\n" for number in range(LINES)), encoding="utf-8")
    cases.write_text("".join(json.dumps({"name": str(n)} | _case(n)) + "\n" for n in range(LINES)), encoding="utf-8")
    output = folder / "out.jsonl"
    for number in range(count):
        output.unlink(missing_ok=True)
        jobs = chance.choice(JOBS)
        commands = {
            "eval": ["eval", "sum(i0e(x*i) for i in range(300))", "--x", "1e4", "--json", "-o", str(output)],
            "batch": ["batch", str(lines), "--no-symbolic", "-j", jobs, "-o", str(output), *extra],
            "check": ["check", str(cases), "--no-symbolic", "-j", jobs, "--format", "jsonl", "-o", str(output), *extra],
        }
        command = chance.choice(sorted(commands))
        which, group, moment = chance.choice(SIGNALS), chance.random() < 0.5, chance.uniform(0, LATEST)
        send = partial(_send, which, os.killpg if group else os.kill)
        fault = _run(commands[command], send, moment, PATIENCE).fault or _broken(command, output)
        if fault is not None:
            whom = "all" if group else "one"
            yield f"{number}: {command} -j {jobs}, {which.name} to {whom} at {moment:.2f} s: {fault}"


def _problem(number: int) -> dict[str, object]:
    return {"id": number, "expression": f"sin({number}*x) + x**2", "at": {"x": 0.3}}


def _case(number: int) -> dict[str, object]:
    return {"expression": f"sin({number}*x) + x**2", "at": {"x": 0.3}}


@dataclass(frozen=True, slots=True)
class _Ended:
    """A run that something happened to."""

    status: int
    said: str
    fault: str | None
    """What is wrong about its end; None if nothing is."""


def _send(which: signal.Signals, send: Callable[[int, int], None], pid: int) -> None:
    """Send a signal to a run, or to its whole group as from a terminal, if it has not ended."""
    with contextlib.suppress(ProcessLookupError):
        send(pid, which)


def _run(words: list[str], happens: Callable[[int], None], moment: float, patience: float) -> _Ended:
    """What comes of a run to which something happens after so many seconds; it must end in the seconds of patience."""
    ours = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has it ignored, and so would what it starts
    process = subprocess.Popen(
        [*GRADCALC, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    signal.signal(signal.SIGHUP, ours)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(moment)
    happens(process.pid)
    fault = None
    try:
        said = process.communicate(timeout=patience)[1].decode()
    except subprocess.TimeoutExpired:
        fault, said = "it goes on", ""
    if "Traceback" in said or "internal error" in said:
        fault = said
    elif fault is None and not _gone(process.pid):
        fault = "a process is left"
    if fault is not None:
        _send(signal.SIGKILL, os.killpg, process.pid)
    return _Ended(process.wait(), said, fault)


def _gone(group: int) -> bool:
    """Whether all processes of a group have ended within the patience."""
    for _ in range(int(PATIENCE / 0.05)):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def _broken(command: str, output: Path) -> str | None:
    """What is wrong with what was written; None if it is whole lines in order, none missing between them."""
    text = output.read_text(encoding="utf-8") if output.exists() else ""
    if command == "eval":
        return None if not text or isinstance(json.loads(text), dict) else "half a report"
    if text and not text.endswith("\n"):
        return "half a line"
    numbers = _numbers(output, "id" if command == "batch" else "name") if text else []
    return None if numbers == list(range(len(numbers))) else "lines are missing"


def _numbers(output: Path, key: str = "id") -> list[int]:
    """The numbers of the lines that were answered."""
    answers = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    return [int(answer[key]) for answer in answers]


VICTIMS = ("run", "worker", "scheduler")
FEW = 400
"""Lines of a run on a cluster."""
FINISH = 600.0
"""Seconds within which a run must end that nothing was sent to."""


def cluster_faults(count: int, seed: int, folder: Path) -> Iterator[str]:
    """What went wrong in so many runs on a cluster, of which something was ended: the run, a worker, the scheduler."""
    chance = Random(seed)
    lines = folder / "few.jsonl"
    lines.write_text("".join(json.dumps(_problem(number)) + "\n" for number in range(FEW)), encoding="utf-8")
    number = 0
    while number < count:
        with dask_cluster(folder) as cluster:
            victim = ""
            while number < count and victim != "scheduler":
                victim, moment = chance.choice(VICTIMS), chance.uniform(0, 2 * LATEST)
                fault = _cluster_fault(cluster, victim, moment, lines, folder / f"out{number}.jsonl")
                if fault is not None:
                    yield f"{number}: {victim} at {moment:.2f} s: {fault}"
                number += 1


def _cluster_fault(cluster: DaskCluster, victim: str, moment: float, lines: Path, output: Path) -> str | None:
    words = ["batch", str(lines), "--no-symbolic", "--resume", str(output)]
    workers = [*wait_for_workers(cluster.address).values()]
    happens = _ending(workers[0] if victim == "worker" else cluster.scheduler)
    if victim == "run":
        happens = partial(_send, signal.SIGINT, os.kill)
    ended = _run([*words, "--scheduler", cluster.address], happens, moment, PATIENCE if victim == "run" else FINISH)
    fault = ended.fault or _broken("batch", output)
    if fault is None and victim == "worker" and (ended.status, _numbers(output)) != (0, [*range(FEW)]):
        fault = f"not all was answered: {ended.said}"
    if fault is None and victim == "scheduler" and ended.status != 0:
        fault = None if f"scheduler at {cluster.address}" in ended.said else f"it is not told: {ended.said}"
        resumed = _run(words, lambda _: None, 0.0, FINISH)
        fault = fault or resumed.fault or (None if _numbers(output) == [*range(FEW)] else "it does not go on")
    return fault


def _ending(pid: int) -> Callable[[int], None]:
    """What ends a process that is not the run."""
    return lambda _: _send(signal.SIGKILL, os.kill, pid)
