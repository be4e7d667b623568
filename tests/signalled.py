"""Signals at random moments: what is written is whole and in order, and no process is left."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.command import GRADCALC

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
        fault = _run(commands[command], which, group, moment) or _broken(command, output)
        if fault is not None:
            whom = "all" if group else "one"
            yield f"{number}: {command} -j {jobs}, {which.name} to {whom} at {moment:.2f} s: {fault}"


def _problem(number: int) -> dict[str, object]:
    return {"id": number, "expression": f"sin({number}*x) + x**2", "at": {"x": 0.3}}


def _case(number: int) -> dict[str, object]:
    return {"expression": f"sin({number}*x) + x**2", "at": {"x": 0.3}}


def _run(words: list[str], which: signal.Signals, group: bool, moment: float) -> str | None:
    """What is wrong after a signal to a run, or to its whole group as from a terminal; None if nothing is."""
    process = subprocess.Popen(
        [*GRADCALC, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(moment)
    with contextlib.suppress(ProcessLookupError):
        (os.killpg if group else os.kill)(process.pid, which)
    try:
        _, said = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return "it goes on"
    if b"Traceback" in said:
        return said.decode()
    if not _gone(process.pid):
        os.killpg(process.pid, signal.SIGKILL)
        return "a process is left"
    return None


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
    answers = [json.loads(line) for line in text.splitlines()]
    numbers = [int(answer["id"] if command == "batch" else answer["name"]) for answer in answers]
    return None if numbers == list(range(len(numbers))) else "lines are missing"
