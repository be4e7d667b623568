"""Whole-process times, taken in turns so that what slows the machine slows every contender alike."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = str(ROOT / ".venv" / "bin" / "python")
GRADCALC = str(ROOT / ".venv" / "bin" / "gradcalc")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what was measured, over how many rounds it was spread how far, and what it should be."""

    name: str
    measured: float
    low: float
    """The lower quartile of the rounds; `measured` is their median."""
    high: float
    """The upper quartile."""
    unit: str
    target: str
    """As text: `<= 1.15`, or empty where the figure is for information."""

    @property
    def judgement(self) -> str:
        """`ok` or `over` if there is a target."""
        if not self.target:
            return ""
        relation, limit = self.target.split()
        kept = {"<=": self.measured <= float(limit), ">=": self.measured >= float(limit)}[relation]
        return "ok" if kept else "over"


def figure(name: str, rounds: Sequence[float], unit: str, target: str = "") -> Figure:
    """The median and the quartiles of what the rounds gave."""
    low, _, high = quantiles(rounds, n=4, method="inclusive") if len(rounds) > 1 else [rounds[0]] * 3
    return Figure(name, median(rounds), low, high, unit, target)


def in_turns(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[float]]:
    """For each command its seconds in each round, after one round that only fills the disk's cache.

    Every round runs each command once and begins with another one, so that none is always the first after a pause.
    """
    names = list(commands)
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(-1, rounds):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            seconds = run(commands[name])
            if turn >= 0:
                times[name].append(seconds)
    return times


def run(command: Sequence[str]) -> float:
    """Seconds from start to end of a process; its output goes nowhere. RuntimeError if it crashed."""
    start = time.perf_counter()
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    seconds = time.perf_counter() - start
    if b"Traceback" in done.stderr:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr.decode(errors='replace')}")
    return seconds
