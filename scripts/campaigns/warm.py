"""The same command lines with a warm server and without: output, exit status and files must be the same, byte for byte.

Run from the top of the checkout: python -m scripts.campaigns.warm --first 0 --end 20
With `--many COUNT` in their place: so many calls, 8 at a time, each of which must be warm and right, and leave nothing.
A server of its own is started and stopped. Exit status 1 if there is a difference.
"""
# ruff: noqa: E501 - a command line is easier to read in one line

import argparse
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

POINTS = (
    ("5*x**3+2*x**2+4*x+8", "--x 2"), ("sin(x)*exp(-x)", "--x 0.5"), ("sigmoid(x)", "--x 40"), ("abs(x)", "--x 0"),
    ("log(x)", "--x=-1"), ("sum(x**2)", "--x '[1, 2, 3]'"), ("1 if x == 0 else expm1(x)/x", "--x 0"),
    ("softmax(x)[0]", "--x '[1, 2]'"), ("x*y + y**2", "--x 2 --y 3"), ("sqrt(sum(x**2))", "--x '[0, 0]'"),
    ("logsumexp(x, 0)", "--x '[1000, 1000.5]' --dtype float32"), ("sum(A @ A.T)", "--A '[[1, 2], [3, 4]]'"),
    ("α**2", "--α 3"), ("where(x > 0, log(x), 0)", "--x 0"), ("x**2", "--x 3 --order 2"),
)  # fmt: skip
FORMS = (
    "",
    "--json",
    "--format plain",
    "--format csv",
    "--format markdown",
    "--format latex",
    "--strict",
    "--no-symbolic",
)
WRONG = (
    "eval", "eval 'x+'", "eval 'x**2'", "eval 'sin(x' --x 2", "eval 'foo(x)' --x 2", "eval 'x**2' --x 1,2", "evil x --x 2",
    "eval 'x' --x 2 --format yaml", "eval 'x' --x @none.npy", "eval '1/2x' --x 2", "eval 'x @ y' --x 1 --y 2", "batch none.jsonl",
    "check none.toml", "graph x", "diff", "diff 'x+'", "functions sine", "explain GC999", "--nothing", "eval x --x 2 -o /none/x",
    "eval x --x 2 -o -", "eval x --x 2 -q -o x.json", "eval x --x 2 --timeout never", "eval 'x**2' --x 1e400", "eval 'x' --y 2",
)  # fmt: skip
OTHERS = (
    "$G --help", "$G", "$G --version", "$G eval --help", "$G functions", "$G functions sin", "$G functions --json | tail -c 100",
    "$G explain GC101", "$G explain", "$G diff 'sin(x)**2'", "$G diff 'x**2*y' --wrt x,y --format latex", "$G diff 'x**x' --format c",
    "$G graph 'sin(x)*x' --x 2", "$G graph 'sin(x)*x' --x 2 --format dot", "$G graph 'sin(x)*x' --x 2 -o g.svg; cat g.svg",
    "echo 'x**2' | $G eval - --x 3", "$G eval 'x**2' --x 3 -o out.json; cat out.json", "umask 077; $G eval x --x 1 -o o.txt; stat -c %a o.txt",
    "umask 000; $G eval x --x 1 -o o.txt; stat -c %a o.txt", "$G batch lines.jsonl", "$G batch - < lines.jsonl", "$G batch lines.jsonl --jobs 2",
    "$G batch lines.jsonl -o out.jsonl; cat out.jsonl", "$G batch lines.jsonl | head -1", "$G batch lines.jsonl | true",
    "yes '{\"expression\": \"x\", \"at\": {\"x\": 2}}' | $G batch - --no-symbolic | head -3", "$G check cases.toml", "$G check cases.toml --json",
    "$G check cases.toml --jobs 2", "$G check cases.toml --report junit=j.xml; wc -l < j.xml", "$G check users.toml", "$G check .",
    "NO_COLOR=1 $G eval 'abs(x)' --x 0", "FORCE_COLOR=1 $G eval 'abs(x)' --x 0", "COLUMNS=50 $G eval 'sin(x)*cos(x)' --x 1",
    "LC_ALL=C $G eval 'sqrt(x)' --x 2", "LC_ALL=C $G eval 'α' --α 2", "PYTHONIOENCODING=latin-1 $G eval 'x**2' --x 2",
    "PYTHONUTF8=1 $G eval 'x**2' --x 2", "$G eval 'x**2' --x 2 >&-", "$G eval 'x**2' --x 2 2>&-", "$G eval 'x+' 2>&-", "$G eval - --x 2 <&-",
    "$G eval 'x**2' --x 2 > /dev/full", "$G eval 'x+' 2> /dev/full", "mkdir gone; cd gone; rmdir ../gone; $G eval 'x**2' --x 2",
    "$G eval 'x**2' --x @point.json", "$G eval \"$(cat long.txt)\" --x 1 --format plain", "$G eval - --x 1 --format plain < huge.txt",
    "sleep 9 | timeout -s INT 3 $G batch -", "sleep 9 | timeout -s TERM 3 $G batch -", "(cat lines.jsonl; sleep 9) | timeout -s INT 5 $G batch - --no-symbolic",
    "$G eval 'x**2' --x 2 --function math:sin", "$G run -c 'print(1)'", "GRADCALC_DEBUG=1 $G eval 'x+'", "OMP_NUM_THREADS=1 $G eval 'x**2' --x 2",
    "$G eval 'sum(x)' --x 'ones(100000)' --format plain | tail -c 50", "$G eval 'sum(x)' --x 'ones(10**9)'", "$G eval 'x' --x 2 --seed 3 --json",
    "LC_ALL=C $G diff 'α'", "umask 077; $G diff x -o o.txt; stat -c %a o.txt", "$G diff 'x**2' >&-", "mkdir gone; cd gone; rmdir ../gone; $G diff 'x**2'",
    "$G eval 'sum(sin(x*i) for i in range(10**9))' --x 1 --timeout 2", "$G eval 'x' --x 2 --max-memory 1MB",
)  # fmt: skip
TERMINAL = ("$G eval 'abs(x) + x**2' --x 0", "$G eval 'x+'", "$G functions sin", "$G explain GC101", "$G check cases.toml", "$G batch lines.jsonl --jobs 1",
            "$G graph 'sin(x)' --x 1", "stty cols 60; $G eval 'sin(x)*exp(x)' --x 1")  # fmt: skip
FILES = {
    "lines.jsonl": '{"expression": "x**2", "at": {"x": 3}}\n{"expression": "x+"}\n{"expression": "log(x)", "at": {"x": -1}}\n',
    "cases.toml": '[square]\nexpression = "x**2"\nat.x = 3\ngradient.x = 6\n[wrong]\nexpression = "x**2"\nat.x = 3\ngradient.x = 7\n',
    "users.toml": '[square]\nexpression = "x**2"\nfunction = "mine:square"\nat.x = 3\n',
    "mine.py": "def square(x):\n    return x**2\n",
    "point.json": "3",
    "long.txt": "+".join(["x"] * 2000),
    "huge.txt": "x" + " " * 1_000_000 + "+ x",
}
SECONDS = re.compile(rb'("seconds":\s*)\{[^}]*\}|in [0-9.]+ s\b|\b[0-9.]+ s\b|time="[^"]*"|timestamp="[^"]*"')
"""What differs from one run to the next."""


class Call(NamedTuple):
    """One command line of a shell, in which $G is gradcalc."""

    script: str
    terminal: bool = False


def calls() -> list[Call]:
    """All of them."""
    found = [Call(f"$G eval '{text}' {at} {form}") for text, at in POINTS for form in FORMS]
    found += [Call(f"$G {wrong}") for wrong in WRONG] + [Call(other) for other in OTHERS]
    return found + [Call(each, terminal=True) for each in TERMINAL]


def run(call: Call, environment: dict[str, str]) -> tuple[int, bytes, bytes, dict[str, bytes]]:
    """Exit status, standard output and error of a call, and the files that it leaves."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            Path(folder, name).write_text(text)
        command = ["bash", "-c", f"set -o pipefail; {call.script}"]
        if call.terminal:
            status, output, errors = *_on_terminal(command, folder, environment), b""
        else:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, stdin=subprocess.DEVNULL, check=False
            )
            status, output, errors = done.returncode, done.stdout, done.stderr
        files = {
            path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file() and path.name not in FILES
        }
        left = {name: _plain(data, folder) for name, data in files.items()}
        return status, _plain(output, folder), _plain(errors, folder), left


def _plain(data: bytes, folder: str) -> bytes:
    return SECONDS.sub(b"...", data.replace(os.fsencode(folder), b"FOLDER"))


def _on_terminal(command: list[str], folder: str, environment: dict[str, str]) -> tuple[int, bytes]:
    """Exit status and output of a command whose streams are a terminal of 80 columns."""
    master, terminal = pty.openpty()
    subprocess.run(["stty", "cols", "80", "rows", "24"], stdin=terminal, check=True)
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    )
    os.close(terminal)
    output = bytearray()
    while select.select([master], [], [], 60)[0]:
        try:
            output += os.read(master, 65536)
        except OSError:  # everybody has closed it
            break
    os.close(master)
    return process.wait(), bytes(output)


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """The environment of a server of our own, which runs meanwhile."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": home,
            "G": f"{sys.executable} -m autogradcli",
            "TERM": "xterm",
            "GRADCALC_SERVER": "auto",
        }
        subprocess.run(
            [sys.executable, "-m", "autogradcli", "server", "start"],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        try:
            yield environment
        finally:
            subprocess.run(
                [sys.executable, "-m", "autogradcli", "server", "stop"],
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )


def main(first: int = 0, end: int | None = None) -> int:
    """Compare the calls from the first to the one before the end, and print what differs."""
    chosen = calls()[first:end]
    different = 0
    with server() as environment:
        for call in chosen:
            warm, cold = (run(call, {**environment, "GRADCALC_SERVER": mode}) for mode in ("auto", "never"))
            if warm != cold:
                different += 1
                print(f"{call.script}\n  warm {warm}\n  cold {cold}", flush=True)
    print(f"{len(chosen)} calls, {different} differ")
    return int(bool(different))


def many(count: int) -> int:
    """So many calls, 8 at a time, none of which may be cold; and what the server says then."""
    with server() as environment, ThreadPoolExecutor(8) as threads:
        warm = {**environment, "GRADCALC_SERVER": "require"}
        calls = [Call(f"$G eval 'x**2 + {number}*x' --x 2 --format plain") for number in range(count)]
        found = list(threads.map(partial(run, environment=warm), calls))
        wrong = [each for number, each in enumerate(found) if each != (0, b"%.1f\n" % (4 + number), b"", {})]
        told = run(Call("$G server status"), environment)[1].decode()
    print(*wrong, f"{count} calls, {len(wrong)} wrong", told, sep="\n")
    return int(bool(wrong) or "; 0 run now" not in told)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--first", type=int, default=0, help="number of the first call")
    options.add_argument("--end", type=int, help="number of the call before which it ends")
    options.add_argument("--many", type=int, metavar="COUNT", help="so many calls at once instead")
    asked = options.parse_args()
    sys.exit(main(asked.first, asked.end) if asked.many is None else many(asked.many))
