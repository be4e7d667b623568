"""Calls that a warm server takes, beside the script by hand and other calculators."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from measure import GRADCALC, Figure, figure, in_turns, run
from startup import BASELINE, BY_HAND, COMMANDS, CUBIC, over

WARM = [GRADCALC, "--server", "require"]
CALLS = {"warm eval": [*WARM, "eval", CUBIC, "--x", "2"], "warm diff": [*WARM, "diff", CUBIC]}
OTHERS = {
    "qalc": ["qalc", "diff(5x^3+2x^2+4x+8)"],
    "maxima": ["maxima", "--very-quiet", "--batch-string=diff(5*x^3+2*x^2+4*x+8, x);"],
}
"""Calculators on the same derivative, where they are installed."""


def warm(quick: bool) -> Iterator[Figure]:
    """Whole processes; and a loop of 100 calls, one after the other."""
    others = {name: command for name, command in OTHERS.items() if shutil.which(command[0])}
    commands = {name: COMMANDS[name] for name in (BASELINE, BY_HAND)} | CALLS | others
    with _server():
        times = in_turns(commands, rounds=4 if quick else 15)
        yield figure("warm eval", times["warm eval"], "s")
        yield figure(f"warm eval / {BY_HAND}", over(times["warm eval"], times[BY_HAND]), "", "<= 0.05")
        yield figure(f"warm eval / {BASELINE}", over(times["warm eval"], times[BASELINE]), "")
        yield figure("warm diff", times["warm diff"], "s", "<= 0.06")
        for name in others:
            yield figure(f"warm eval / {name}", over(times["warm eval"], times[name]), "", "<= 1")
        calls = 20 if quick else 100
        yield figure(f"{calls} warm calls", [sum(run(CALLS["warm eval"]) for _ in range(calls))], "s", "<= 8")


@contextmanager
def _server() -> Iterator[None]:
    """A server of our own runs meanwhile."""
    with tempfile.TemporaryDirectory() as home:
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = home
        subprocess.run([GRADCALC, "server", "start"], check=True, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            subprocess.run([GRADCALC, "server", "stop"], check=True, stdout=subprocess.DEVNULL)
            os.environ.pop("XDG_RUNTIME_DIR")
            if before is not None:
                os.environ["XDG_RUNTIME_DIR"] = before
