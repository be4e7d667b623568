"""Inputs that ask for far too much: each is answered, or refused, in a few seconds and little memory.

Run from the top of the checkout: python -m scripts.campaigns.sizes --only PART
The time and the memory of all processes of a command are watched from outside. Exit status 1 if one is too much.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.watched import Run, watched

SECONDS, MEGABYTES = 11.0, 1000.0
"""What each may take, of the processor and of memory."""
PATIENCE = 120.0
"""Seconds by the clock on the wall, on a machine that does other things as well."""
BETA = "sum(i0e(x*i) for i in range(3000))"
DOUBLED = "a=x; b=x" + "; a=a+a; b=b+b" * 24 + "; a/(1-b)"
CASE = '[[case]]\nexpression = "sum(x)"\nsample.x = "{}"\ncount = {}\n'

FILES = {
    "loop.grad.toml": CASE.format("sum(i for i in range(10**9) if i < 0)", 3),
    "nested.grad.toml": "at." + ".".join(["x"] * 50_000) + " = 1\n",
    "braces.grad.toml": "x = " + "{a = " * 50_000,
    "samples.grad.toml": CASE.format("uniform(0, 1, (1000, 1000))", 100_000),
}

ROWS: dict[str, list[str]] = {
    "a loop without an end": ["eval", "sum(x for i in range(10**9) if i<0)", "--x", "1"],
    "a loop in a loop": ["eval", "sum(sum(x for j in range(10**5) if j<0) for i in range(10**5))", "--x", "1"],
    "a loop over empty ones": ["eval", "sum(sum(x for j in range(0)) for i in range(10**9))", "--x", "1"],
    "a loop in a sample": ["check", "loop.grad.toml"],
    "a sum of two vectors": ["eval", "x*sum(ones(8000,1)+ones(1,8000))", "--x", "2"],
    "kron": ["eval", "x*sum(kron(ones(1000), ones(5000)))", "--x", "2"],
    "outer": ["eval", "x*sum(outer(ones(15000), ones(15000)))", "--x", "2"],
    "a product of matrices": ["eval", "x*sum(eye(1000)@eye(1000))", "--x", "2"],
    "conv1d": ["eval", "x*sum(conv1d(ones(1,1,100000), ones(1,1,1000)))", "--x", "2"],
    "sin of a million": ["eval", "sum(sin(x)**2)", "--x", "randn(1000, 1000)"],
    "the sum of a million": ["eval", "sum(x)", "--x", "ones(1000000)"],
    "a million, in JSON": ["eval", "sum(sin(x)**2)", "--x", "randn(1000, 1000)", "--json"],
    "many Bessel functions": ["eval", BETA, "--x", "1e4"],
    "24 doublings": ["eval", DOUBLED, "--x", "0.3"],
    "much memory is allowed": ["eval", "sum(x*ones(4000,1)*ones(1,4000))", "--x", "2", "--max-memory", "6GB"],
    "a million, much memory": ["eval", "sum(x*ones(1000,1)*ones(1,1000))", "--x", "2", "--max-memory", "6GB"],
    "50,000 keys": ["check", "nested.grad.toml"],
    "50,000 braces": ["check", "braces.grad.toml"],
    "samples of 10**11 numbers": ["check", "samples.grad.toml"],
}


def main(part: str) -> int:
    """Run them, and print what each took."""
    print(f"{'input':<28} {'status':>6} {'s':>6} {'cpu s':>6} {'MB':>6}   answer")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        asked = [name for name in ROWS if part in name]
        return int(sum(_is_too_much(name, _run(ROWS[name], folder)) for name in asked) > 0)


def _run(words: list[str], folder: str) -> Run:
    return watched([sys.executable, "-m", "autogradcli", *words], PATIENCE, folder)


def _is_too_much(name: str, run: Run) -> bool:
    """Print a row, and tell whether it is beyond the bounds."""
    bad = run.status not in {0, 2} or run.most.processor > SECONDS or run.most.megabytes > MEGABYTES
    took = f"{run.seconds:6.1f} {run.most.processor:6.1f} {run.most.megabytes:6.0f}"
    said = next(iter((run.err or run.out[-400:].strip().rpartition("\n")[2]).splitlines()), "")
    print(f"{name:<28} {run.status!s:>6} {took} {'!' if bad else ' '} {said[:100]}", flush=True)
    return bad


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", metavar="PART", help="of the name of a row")
    sys.exit(main(options.parse_args().only))
