"""Cold calls of the command beside a bare `import torch` and the script that a user would write by hand."""

from collections.abc import Iterator
from pathlib import Path

from measure import GRADCALC, PYTHON, ROOT, Figure, figure, in_turns

BASELINE = "import torch"
BY_HAND = "the script by hand"
CUBIC = "5*x**3+2*x**2+4*x+8"

TARGETS = {
    "eval": "<= 1.15",
    "diff": "",
    "--help": "<= 0.25",
    "--version": "<= 0.25",
    "usage error": "<= 0.25",
    "parse error": "<= 0.25",
}
"""The most that each may take, in units of the baseline."""

COMMANDS = {
    BASELINE: [PYTHON, "-c", "import torch"],
    BY_HAND: [PYTHON, str(Path(__file__).with_name("by_hand.py"))],
    "eval": [GRADCALC, "eval", CUBIC, "--x", "2"],
    "diff": [GRADCALC, "diff", CUBIC],
    "--help": [GRADCALC, "--help"],
    "--version": [GRADCALC, "--version"],
    "usage error": [GRADCALC, "eval", CUBIC, "--xx", "2"],
    "parse error": [GRADCALC, "eval", "5*(x", "--x", "2"],
}


def startup(quick: bool) -> Iterator[Figure]:
    """Each command's time over that of the baseline in the same round, and `eval` over the script by hand."""
    times = in_turns(COMMANDS, rounds=4 if quick else 15)
    yield figure(BASELINE, times[BASELINE], "s")
    yield figure(BY_HAND, times[BY_HAND], "s")
    for name, target in TARGETS.items():
        yield figure(f"{name} / {BASELINE}", over(times[name], times[BASELINE]), "", target)
    yield figure(f"eval / {BY_HAND}", over(times["eval"], times[BY_HAND]), "", "<= 1")


def wrapper(quick: bool) -> Iterator[Figure]:
    """What scripts/gradcalc adds to the command that it calls, once all is installed."""
    commands = {"script": [str(ROOT / "scripts" / "gradcalc"), "--version"], "command": [GRADCALC, "--version"]}
    times = in_turns(commands, rounds=10 if quick else 40)
    added = [1000 * (script - command) for script, command in zip(times["script"], times["command"], strict=True)]
    yield figure("scripts/gradcalc, added to .venv/bin/gradcalc", added, "ms", "<= 50")


def over(times: list[float], baseline: list[float]) -> list[float]:
    """The ratio in each round."""
    return [time / base for time, base in zip(times, baseline, strict=True)]
