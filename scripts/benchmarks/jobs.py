"""Many processes: what a second job is worth for `check` and `batch`, and `batch` beside the plain loop."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from batch import BATCH, PLAIN_LOOP, rate
from measure import GRADCALC, Figure, figure

CHECK = [GRADCALC, "check"]


def jobs(lines: Sequence[str], rounds: int) -> Iterator[Figure]:
    """Rates with one job and with two, taken in turns, and their ratios in each round."""
    contenders = {
        "batch, no SymPy": [*BATCH, "--no-symbolic"],
        "batch, no SymPy, 2 jobs": [*BATCH, "--no-symbolic", "--jobs", "2"],
        "batch, 2 jobs": [*BATCH, "--jobs", "2"],
        "plain loop": PLAIN_LOOP,
    }
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    checks: dict[str, list[float]] = {"check": [], "check, 2 jobs": []}
    for _ in range(rounds):
        for name, command in contenders.items():
            rates[name].append(rate(command, lines))
        for name, words in zip(checks, ([], ["--jobs", "2"]), strict=True):
            checks[name].append(check_rate([*CHECK, *words, "--no-symbolic"], lines))
    for name, values in (rates | checks).items():
        yield figure(f"{name}, {len(lines)} formulas", values, "/s")
    yield _ratio("batch without SymPy / plain loop", rates["batch, no SymPy"], rates["plain loop"], ">= 5")
    yield _ratio("batch with 2 jobs / plain loop", rates["batch, 2 jobs"], rates["plain loop"], ">= 2")
    yield _ratio("check: 2 jobs / 1 job", checks["check, 2 jobs"], checks["check"], ">= 1.6")


def _ratio(name: str, ours: Sequence[float], theirs: Sequence[float], target: str) -> Figure:
    return figure(name, [one / other for one, other in zip(ours, theirs, strict=True)], "", target)


def check_rate(command: Sequence[str], lines: Sequence[str]) -> float:
    """Cases a second. RuntimeError if not all of them pass."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.jsonl"
        path.write_text("".join(lines))
        start = time.perf_counter()
        done = subprocess.run([*command, "--json", str(path)], capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
    summary = json.loads(done.stdout)["summary"]
    if summary["passed"] != len(lines):
        raise RuntimeError(f"{summary} of {len(lines)} cases\n{done.stderr}")
    return len(lines) / seconds
