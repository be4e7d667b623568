"""Random input of every kind, and a process that works on it while its time and its memory are watched from outside."""

import contextlib
import io
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.functions.table import rows
from autogradcli.language.parser import parse

NUMBERS = ("0", "1", "-1", "2", "0.5", "3", "1e4", "1e300", "1e-320", "1.7e308", "inf", "pi", "10**6", "2**62", "40")
SIGNS = (*"+-*/%@^()[],;:=<>&|~.#\\²√λ", "**", "==", ">=", "!=", "1_0")
LOOPS = ("if", "else", "for", "in", "range(9)", "range(10**9)", "and", "not")
ARGUMENTS = ("None", "True", "'text'", "dim=0", "keepdim=True", "torch.", "F.", "np.", ".T")
WORDS = (*NUMBERS, *SIGNS, *LOOPS, *ARGUMENTS, "x", "y", "\u0000", "\n")
"""What texts are made of, beside the names of functions."""
NAMES = sorted(rows())
SHAPES = ("2", "3", "2, 3", "3, 3", "1, 2, 4", "40, 40", "1000, 1000", "1, 100000", "1")
VALUES = (
    *NUMBERS,
    "[1, 2, 3]",
    "[[1, 2], [3, 4]]",
    "[[2, 1, 0], [1, 3, 1], [0, 1, 4]]",
    "[1e300, -1e300]",
    "ones(300)",
)


def text(chance: Random) -> str:
    """A text, sensible or not."""
    if chance.random() < 0.5:
        return expression(chance, 4)
    words = (*WORDS, *chance.sample(NAMES, 5))
    return chance.choice(("", " ")).join(chance.choice(words) for _ in range(chance.randint(1, 40)))


def expression(chance: Random, depth: int) -> str:
    """An expression that is well formed, but hardly ever makes sense."""
    if not depth or chance.random() < 0.15:
        tensor = f"{chance.choice(('ones', 'zeros', 'eye'))}({chance.choice(SHAPES)})"
        return chance.choice((*NUMBERS, "x", "x", "y", "y", tensor))
    inner = [expression(chance, depth - 1) for _ in range(chance.randint(1, 3))]
    kind = chance.random()
    if kind < 0.4:
        sign = chance.choice(("+", "-", "*", "/", "**", "@", "%"))
        return f"({f' {sign} '.join(inner)})"
    if kind < 0.45:
        return f"sum({inner[0]} for i in range({chance.choice(('3', '30', '3000', '10**9'))}))"
    if kind < 0.5:
        return f"({inner[0]} if {inner[-1]} > 0 else {inner[0]})"
    if kind < 0.55:
        return f"{inner[0]}[{chance.choice(('0', '1:3', '-1', '...', 'None', ':, 0'))}]"
    options = chance.choice(("", "", "", ", dim=0", ", 1", ", keepdim=True", ", 10**6"))
    return f"{chance.choice(NAMES)}({', '.join(inner)}{options})"


def evaluation(chance: Random) -> str:
    """A line for `gradcalc batch`."""
    at = {name: chance.choice(VALUES) for name in ("x", "y")}
    said = f"sum({expression(chance, chance.randint(1, 4))}) + 0*x + 0*y" if chance.random() < 0.8 else text(chance)
    dtype = chance.choice(("float64", "float64", "float32", "float16", "bfloat16"))
    return json.dumps({"expression": said, "at": at, "dtype": dtype})


FILES: dict[str, bytes] = {
    ".json": b'{"a": [1, 2.5, -3e5], "b": [[1, 2], [3, 4]]}',
    ".csv": b"x,y\n1,2\n3,4.5\n",
    ".grad.toml": b'[defaults]\nat.x = 2\n[[case]]\nname = "a"\nexpression = "x**2"\ngrad.x = "2*x"\n[[case]]\n'
    b'expression = "sin(x)"\nsample.x = "uniform(-1, 1)"\ncount = 3\n',
    ".jsonl": b'{"expression": "x**2", "at": {"x": 2}}\n{"expression": "sin(y)", "at": {"y": [1, 2]}}\n',
}
"""Files that are whole, by their suffixes."""


def prepare(folder: Path) -> None:
    """Add files of the binary formats to `FILES`."""
    import numpy as np
    import torch
    from safetensors.numpy import save

    np.save(folder / "a.npy", np.arange(6.0).reshape(2, 3))
    np.savez_compressed(folder / "a.npz", a=np.ones(3), b=np.eye(2))
    torch.save({"a": torch.ones(2, 3)}, folder / "a.pt")
    (folder / "a.safetensors").write_bytes(save({"a": np.ones((2, 2)), "b": np.zeros(3)}))
    FILES.update({path.suffix: path.read_bytes() for path in sorted(folder.iterdir())})


def damaged(chance: Random) -> tuple[str, bytes]:
    """The suffix of a file, and what is in it: some bytes are other ones, missing, or doubled."""
    suffix = chance.choice(sorted(FILES))
    content = bytearray(FILES[suffix])
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(content) + 1)
        piece = content[place : place + chance.randint(1, 30)]
        others = (b"", bytes(piece) * 2, chance.randbytes(len(piece)), b"\xff" * 4, b"[" * 50, b"9" * 9)
        content[place : place + len(piece)] = chance.choice(others)
    return suffix, bytes(content)


COMMANDS = ("eval", "diff", "batch", "check", "graph", "functions", "explain")
OPTIONS = ("--x", "--x=2", "--json", "-o", "--wrt", "--format", "plain", "--seed", "--timeout", "--max-memory", "1GB")
MORE = ("--of", "--set", "x=2", "--dtype", "float32", "-q", "--help", "--strict", "--jobs", "--", "--upstream")


def command(chance: Random) -> list[str]:
    """The words of a command line that computes nothing, or next to nothing."""
    words = (*COMMANDS, *OPTIONS, *MORE, "x**2", "", "-", "2", "x", "y", "GC101", "sin", "-1", "\u0000", "é")
    return [chance.choice(words) for _ in range(chance.randint(1, 7))]


def serve() -> None:
    """Answer each line of standard input, which says what is to be read: `ok`, `error`, or what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # some command lines write a file
        for line in sys.stdin:
            kind, content = json.loads(line)
            try:
                answer = READ[kind](content)
            except GradcalcError:
                answer = "error"
            except Exception as error:
                answer = f"internal {type(error).__name__}: {error}"
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _parse(content: str) -> str:
    parse(content)
    return "ok"


def _read_file(content: Sequence[str]) -> str:
    from autogradcli.problems.cases.read import read_cases
    from autogradcli.problems.files.read import read_file

    suffix, data = content[0], bytes.fromhex(content[1])
    path = Path(f"a{suffix}")
    path.write_bytes(data)
    if suffix in {".grad.toml", ".jsonl"}:
        list(read_cases(str(path)))
    else:
        read_file(f"@{path}:a" if suffix != ".csv" else f"@{path}", "--x")
    return "ok"


def _run_command(words: list[str]) -> str:
    from autogradcli.cli import app, jobs
    from autogradcli.processes.serial import Serial

    nobody = io.StringIO(), io.StringIO()
    with (
        patch.object(jobs, "Pool", lambda *_: Serial()),
        contextlib.redirect_stdout(nobody[0]),
        contextlib.redirect_stderr(nobody[1]),
        Path(os.devnull).open(encoding="utf-8") as nothing,
        patch.object(sys, "stdin", nothing),
    ):
        status = app.run(words)
    return f"internal: exit status 70: {nobody[1].getvalue()}" if status == ExitCode.INTERNAL else "ok"


READ: dict[str, Callable[[Any], str]] = {"parser": _parse, "files": _read_file, "commands": _run_command}


@dataclass(frozen=True, slots=True)
class Fault:
    """What must not be."""

    what: str
    content: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one line."""

    answer: str | None
    """None if the process ended, or was ended because it took too long."""
    seconds: float
    """Of an own clock; of a process that has no children, those of the processor, which others do not slow down."""
    megabytes: float
    """The most that was seen."""


class Watched:
    """A process that answers lines, one after the other."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._start()

    def _start(self) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            self._words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def ask(self, line: str, patience: float) -> Reply:
        """What comes of a line; the process is ended when it is not done in so many seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pid = self._process.pid
        start, before, most = time.monotonic(), processor_seconds(pid), 0.0
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        while not select.select([self._process.stdout], [], [], 0.05)[0]:
            most = max(most, resident(pid))
            if time.monotonic() - start > patience:
                self.close()
                self._start()
                return Reply(None, time.monotonic() - start, most)
        seconds = time.monotonic() - start
        own = processor_seconds(pid) - before
        answer = self._process.stdout.readline().decode()
        if not answer:
            self.close()
            self._start()
        return Reply(answer or None, seconds if children(pid) else min(seconds, own), max(most, resident(pid)))

    def close(self) -> None:
        """End it, and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


def resident(pid: int) -> float:
    """Megabytes that the largest of a process and those below it holds, as Linux counts it."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        own = float(status.partition("VmRSS:")[2].split()[0]) / 1000 if "VmRSS:" in status else 0.0
        return max([own, *map(resident, children(pid))])
    return 0.0


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    with contextlib.suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    return []


def processor_seconds(pid: int) -> float:
    """How long a process has worked."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


SERVER = (sys.executable, "-m", "tests.fuzzed")
TIMEOUT = 5.0
BATCH = (sys.executable, "-m", "autogradcli", "batch", "--timeout", str(TIMEOUT))
LARGEST = 2_200.0
"""Megabytes: the 2 GiB that are allowed, and what is counted otherwise."""
LIMITS = {"parser": 1.0, "evaluations": TIMEOUT + 1, "files": 2.0, "commands": 2.0}
"""Seconds that an input of each kind may take, once libraries are loaded."""
LOADING = 60


def fuzz(kind: str, count: int, seed: int) -> Iterator[Fault]:
    """The faults among so many inputs of one kind."""
    chance = Random(f"{seed} {kind}")
    if kind == "files":
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder))
    watched = Watched(BATCH if kind == "evaluations" else SERVER)
    try:
        loading = True
        for _ in range(count):
            line = _line(kind, chance)
            reply = watched.ask(line, LOADING)
            limit = LOADING if loading else LIMITS[kind]
            yield from _faults(reply, limit, line)
            # What is computed first waits for libraries, also after a process was ended.
            loading = _waits_for_libraries(kind, loading, reply.answer)
    finally:
        watched.close()


def _waits_for_libraries(kind: str, loading: bool, answer: str | None) -> bool:
    if answer is None or "GC506" in answer:
        return True
    return loading and kind != "parser" and '"verdict"' not in answer and '"ok"' not in answer


def _faults(reply: Reply, limit: float, line: str) -> Iterator[Fault]:
    if reply.answer is None:
        yield Fault("hangs, or ends its process", line)
    elif any(each in reply.answer for each in ('"kind":"internal"', '"kind":"lost"', '"internal')):
        yield Fault(reply.answer[:500].strip(), line)
    if reply.megabytes > LARGEST:
        yield Fault(f"{reply.megabytes:.0f} MB", line)
    if reply.seconds > limit:
        yield Fault(f"{reply.seconds:.1f} s", line)


def _line(kind: str, chance: Random) -> str:
    if kind == "evaluations":
        return evaluation(chance)
    if kind == "files":
        suffix, content = damaged(chance)
        return json.dumps(["files", [suffix, content.hex()]])
    return json.dumps([kind, command(chance) if kind == "commands" else text(chance)])


KINDS = ("parser", "evaluations", "files", "commands")

if __name__ == "__main__":
    serve()
