"""Ctrl-C, as a terminal sends it: to gradcalc and to all that it has started, at any moment."""

import os
import signal
import subprocess
import sys
import time

import pytest

from autogradcli.processes.child import interrupts_blocked
from tests.command import started
from tests.symbolic import HARD

COMMANDS = {"batch": ["batch"], "eval": ["eval", HARD, "--x", "0.5", "--timeout", "60"]}
"""Neither of them ends by itself."""
DELAYS = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.1, 1.4]
"""Seconds after the interpreter's own start: until the imports of torch and SymPy are done."""


@pytest.fixture(scope="module")
def startup() -> float:
    """Seconds until an interpreter is up and has imported the entry point, at the worst of a few times."""
    return max(_startup() for _ in range(4))


def _startup() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import autogradcli.client"], check=True)
    return time.perf_counter() - start


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("command", COMMANDS)
def test_an_interrupt_at_any_moment_is_one_line(startup: float, command: str, delay: float) -> None:
    """Status 130 and no traceback, whatever was being imported or computed."""
    with started(*COMMANDS[command], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as (process, _):
        time.sleep(2 * startup + delay)  # the machine may be busier than a moment ago
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert out == ""
    assert (process.returncode, err) == (130, "interrupted\n")


def test_the_child_does_not_hear_of_it() -> None:
    """SIGINT is blocked in SymPy's process from its first instruction on."""
    program = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    command = [sys.executable, "-c", program]
    with interrupts_blocked():
        inside = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    after = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (inside, after) == ("True\n", "False\n")
