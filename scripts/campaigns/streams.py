"""Standard streams that are closed, full or left, in all combinations: the exit status is what it must be.

Run from the top of the checkout: python -m scripts.campaigns.streams --count 200
Exit status 1 if there is a fault.
"""

import argparse
import shlex
import subprocess
import sys
from random import Random

COMMANDS = {
    "eval 'x**2' --x 3 --no-symbolic": 0,
    "eval 'x**2' --x 3 --no-symbolic --json": 0,
    "eval 'x+'": 2,
    "eval 'log(x)' --x=-1 --no-symbolic --format plain": 3,
    "eval 'relu(x) + 1e6*x' --x 0 --strict --no-symbolic": 3,
    "eval 'x**2' --x 3 --no-symbolic -q": 0,
    "eval 'x**2' --x 3 --no-symbolic -o /dev/null": 0,
    "batch - --no-symbolic": 0,
    "batch - --no-symbolic --jobs 2": 0,
    "graph 'x**2' --x 3": 0,
    "functions sin": 0,
    "explain GC101": 0,
    "diff 'x**2'": 0,
    "--help": 0,
    "--version": 0,
}
"""Each with its exit status where nothing fails."""
LINE = '{"expression": "x**2", "at": {"x": 3}}'
OUTPUTS = {"": None, ">&-": 2, ">/dev/full": 2, "| true": None}
ERRORS = ("", "2>&-", "2>/dev/full")


def main(count: int, seed: int) -> int:
    """Run them, and print what went wrong."""
    chance = Random(seed)
    faults = 0
    for _ in range(count):
        command, output, error = (chance.choice(list(each)) for each in (COMMANDS, OUTPUTS, ERRORS))
        done = _run(command, output, error)
        status = int(done.stderr.rpartition("status ")[2])
        if "Traceback" in done.stderr or status not in _allowed(command, output):
            faults += 1
            print(f"{command} {output} {error}: {done.stderr}", flush=True)
    print(f"{count} runs, seed {seed}, {faults} faults")
    return int(bool(faults))


def _run(command: str, output: str, error: str) -> "subprocess.CompletedProcess[str]":
    program = f"{shlex.join([sys.executable, '-m', 'autogradcli'])} {command}"
    script = f"echo {shlex.quote(LINE)} | {program} {error} {output}; echo status ${{PIPESTATUS[1]}} >&2"
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)


def _allowed(command: str, output: str) -> set[int]:
    """The exit statuses that are right: a reader that goes away may have gone before or after the last word."""
    usual = COMMANDS[command]
    silent = usual == 2 or " -q" in command or " -o " in command
    if silent or not output:
        return {usual}
    return {usual, 141} if output == "| true" else {2}


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--seed", type=int, default=0)
    sys.exit(main(**vars(options.parse_args())))
