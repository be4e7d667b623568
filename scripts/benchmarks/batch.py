"""`gradcalc batch`: how many formulas a second, and whether memory grows with their number."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus import at_points, generated
from measure import GRADCALC, PYTHON, Figure, figure

BATCH = [GRADCALC, "batch"]
WITHOUT_SYMPY = [*BATCH, "--no-symbolic"]
PLAIN_LOOP = [PYTHON, str(Path(__file__).with_name("plain_loop.py"))]


def throughput(lines: Sequence[str], rounds: int) -> Iterator[Figure]:
    """Formulas a second of both, start and end of the process included, and the ratio in each round."""
    rates: dict[str, list[float]] = {"batch": [], "batch --no-symbolic": [], "plain loop": []}
    for _ in range(rounds):
        rates["batch"].append(rate(BATCH, lines))
        rates["batch --no-symbolic"].append(rate(WITHOUT_SYMPY, lines))
        rates["plain loop"].append(rate(PLAIN_LOOP, lines))
    for name, values in rates.items():
        yield figure(f"{name}, {len(lines)} formulas", values, "/s")
    ratios = [ours / theirs for ours, theirs in zip(rates["batch"], rates["plain loop"], strict=True)]
    yield figure("batch / plain loop", ratios, "", ">= 1")


def points(count: int, rounds: int) -> Iterator[Figure]:
    """Points of one formula a second, with SymPy and without."""
    lines = list(at_points(count))
    commands = {"batch": BATCH, "batch --no-symbolic": WITHOUT_SYMPY, "plain loop": PLAIN_LOOP}
    for name, command in commands.items():
        yield figure(f"{name}, {count} points", [rate(command, lines) for _ in range(rounds)], "/s")


def rate(command: Sequence[str], lines: Sequence[str]) -> float:
    """Lines of output a second. RuntimeError if they are not as many as the lines of input."""
    start = time.perf_counter()
    done = subprocess.run(command, input="".join(lines), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    answers = done.stdout.splitlines()
    if len(answers) != len(lines) or any('"error": {' in answer for answer in answers):
        raise RuntimeError(f"{command[0]} answered {len(answers)} of {len(lines)} lines\n{done.stderr}")
    return len(lines) / seconds


def memory(quick: bool) -> Iterator[Figure]:
    """Resident memory of the process and its children part of the way through, and what it has grown by at the end."""
    early, late = (500, 2_000) if quick else (2_000, 10_000)
    with tempfile.TemporaryFile("w+") as file:
        file.writelines(generated(late + 1, seed=2))
        file.seek(0)
        with subprocess.Popen(BATCH, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            sizes = resident_at((early, late), process)
            process.kill()
    yield figure(f"memory at {early} lines", [sizes[0]], "MB")
    yield figure(f"growth from there to {late} lines", [sizes[1] - sizes[0]], "MB", "<= 10")


def resident_at(counts: Sequence[int], process: subprocess.Popen[bytes]) -> list[float]:
    """MB in use when that many lines have been answered."""
    assert process.stdout is not None
    sizes = [resident(process.pid) for number, _ in enumerate(process.stdout, start=1) if number in counts]
    if len(sizes) != len(counts):
        raise RuntimeError("batch ended before the last line")
    return sizes


def resident(pid: int) -> float:
    """MB of memory that a process and all below it hold, as Linux counts it in /proc."""
    status = Path(f"/proc/{pid}/status").read_text()
    own = int(status.partition("VmRSS:")[2].split()[0]) / 1000
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(resident(int(child)) for child in children)
