"""Random input of every kind, and a process that works on it while its time and its memory are watched from outside."""

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.functions.function import REQUIRED, Parameter
from autogradcli.functions.table import rows
from autogradcli.language.parser import parse
from tests.watched import Stretch, stretches

NUMBERS = ("0", "1", "-1", "2", "0.5", "3", "1e4", "1e300", "1e-320", "1.7e308", "inf", "pi", "10**6", "2**62", "40")
SIGNS = (*"+-*/%@^()[],;:=<>&|~.#\\²√λ", "**", "==", ">=", "!=", "1_0")
LOOPS = ("if", "else", "for", "in", "range(9)", "range(10**9)", "and", "not")
OPTIONAL = ("None", "True", "'text'", "dim=0", "keepdim=True", "torch.", "F.", "np.", ".T")
WORDS = (*NUMBERS, *SIGNS, *LOOPS, *OPTIONAL, "x", "y", "\u0000", "\n")
"""What texts are made of, beside the names of functions."""
NAMES = sorted(rows())
SHAPES = (*("2", "3", "2, 3", "3, 3", "1, 2, 4", "1", "40, 40") * 5, "1000, 1000", "1, 100000")
RANGES = (*("range(3)", "range(30)") * 5, "range(3000)", "range(10**9)")
"""Large ones are a few of a hundred: they take a hundred times as long as all others, and are many all the same."""
ARGUMENTS = {
    "flag": ("True", "False"),
    "int": ("0", "1", "-1", "2", "3", "10**6", "2**62"),
    "ints": ("0", "1", "2", "3", "(0, 1)", "(1, 2)", "-1", "(1, 1, 1)", "10**6"),
    "nested": ("0", "[0, 1]", "[[0, 1], [1, 0]]"),
    "shape": ("3", "(2, 3)", "(1000, 1000)", "(-1)", "(0)"),
    "indices": ("0", "[0, 1]", "arange(3)", "[[0, 1], [1, 0]]", "[10**6]"),
    "classes": ("0", "[0, 1]", "[0.5, 0.5]"),
    "order": ("1", "2", "inf", "'fro'", "0", "-1", "'nuc'"),
}
"""What is given for parameters of a kind; numbers for all others."""
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
        return f"sum({inner[0]} for i in {chance.choice(RANGES)})"
    if kind < 0.5:
        return f"({inner[0]} if {inner[-1]} > 0 else {inner[0]})"
    if kind < 0.55:
        return f"{inner[0]}[{chance.choice(('0', '1:3', '-1', '...', 'None', ':, 0'))}]"
    return call(chance, chance.choice(NAMES), depth - 1) if kind < 0.95 else f"{chance.choice(NAMES)}({inner[0]}, 1)"


def call(chance: Random, name: str, depth: int) -> str:
    """A call of a function with arguments of the kinds that it takes, now and then with one too few, or none left out.

    Their shapes fit each other by chance alone.
    """
    given: list[str] = []
    for each in rows()[name].parameters:
        if each.default is REQUIRED or chance.random() < 0.3:
            argument = _argument(chance, each, depth)
            given.append(f"{each.name}={argument}" if given and chance.random() < 0.3 else argument)
        elif chance.random() < 0.8:
            break
    return f"{name}({', '.join(given)})"


def _argument(chance: Random, parameter: Parameter, depth: int) -> str:
    if parameter.choices:
        return repr(chance.choice(parameter.choices))
    if parameter.kind in {"tensor", "fixed", "mask", "boolean"} or chance.random() < 0.05:
        inner = expression(chance, depth)
        return f"{inner} > 0" if parameter.kind in {"mask", "boolean"} else inner
    if parameter.kind in {"sequence", "pair"}:
        return f"[{', '.join(expression(chance, depth) for _ in range(chance.randint(0, 3)))}]"
    return chance.choice(ARGUMENTS.get(parameter.kind, NUMBERS))


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
    answers, sys.stdout = sys.stdout, io.StringIO()
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
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


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


SERVER = (sys.executable, "-m", "tests.fuzzed")
TIMEOUT = 2.0
"""Short, so that those few evaluations that take all of it are not most of a campaign's time."""
BATCH = (sys.executable, "-m", "autogradcli", "batch", "--timeout", str(TIMEOUT))
LARGEST = 2_200.0
"""Megabytes that one process may have resident: the 2 GiB that are allowed, and what libraries have mapped."""
LIMITS = {"parser": 1.0, "evaluations": TIMEOUT + 1, "files": 2.0, "commands": 2.0}
"""Seconds that an input of each kind may take, once libraries are loaded."""
PATIENCE = 120.0
"""Seconds by the clock after which a process that says nothing is ended."""
BLOCK = 2_000
"""Lines that one process answers."""
AHEAD = 40
"""Lines that may be on their way when one is answered: more than `batch` works on at once."""


def fuzz(kind: str, count: int, seed: int, slower: float = 1.0) -> Iterator[Fault]:
    """The faults among so many inputs of one kind, each of which may take so many times what is allowed."""
    chance = Random(f"{seed} {kind}")
    if kind == "files":
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder))
    for start in range(0, count, BLOCK):
        lines = [_line(kind, chance) for _ in range(min(BLOCK, count - start))]
        yield from _faults(kind, lines, slower * LIMITS[kind])


def _faults(kind: str, lines: Sequence[str], seconds: float) -> Iterator[Fault]:
    """The faults among lines that one process answers; those that may have taken too much are tried again alone."""
    doubtful: set[int] = set()
    answered = -1  # the harmless one
    for stretch in _stretches(kind, lines, AHEAD):
        if answered >= 0 and _is_too_much(stretch, 0.8 * seconds):
            doubtful.update(range(answered, min(len(lines), answered + AHEAD)))
        for answer in stretch.answers:
            if _is_defect(answer):
                yield Fault(answer[:500], lines[answered])
            answered += 1
        if stretch.silent > PATIENCE:
            break
    if answered < len(lines):
        doubtful.update(range(max(answered, 0), min(len(lines), answered + AHEAD)))
        yield from _faults(kind, lines[answered + AHEAD :], seconds)
    yield from _faults_alone(kind, [lines[number] for number in sorted(doubtful)], seconds)


def _faults_alone(kind: str, lines: Sequence[str], seconds: float) -> Iterator[Fault]:
    """The faults among lines each of which is answered before the next one comes; each is told once.

    A harmless line stands before each, which has a worker load the libraries where the one before was ended.
    """
    if not lines:
        return
    answered, bad = -1, False
    sent = [each for line in lines for each in (line, HARMLESS[kind])]
    for stretch in _stretches(kind, sent, 1):
        doubtful = answered >= 0 and answered % 2 == 0
        ends = stretch.silent > PATIENCE
        if doubtful and not bad and (ends or _is_too_much(stretch, seconds)):
            yield Fault(f"{stretch.took.processor:.1f} s, {stretch.took.largest:.0f} MB", sent[answered])
            bad = True
        if stretch.answers:
            answered, bad = answered + len(stretch.answers), False
        if ends:
            break
    if answered < len(sent):
        place = max(answered, 0) // 2
        if not bad:
            yield Fault("ends its process", lines[place])
        yield from _faults_alone(kind, lines[place + 1 :], seconds)


def _stretches(kind: str, lines: Sequence[str], ahead: int) -> Iterator[Stretch]:
    return stretches(BATCH if kind == "evaluations" else SERVER, [HARMLESS[kind], *lines], ahead)


def _is_too_much(stretch: Stretch, seconds: float) -> bool:
    """Whether it is by the clock and of the processor, which others slow down and several processes share."""
    return min(stretch.took.processor, stretch.silent) > seconds or stretch.took.largest > LARGEST


def _is_defect(answer: str) -> bool:
    return any(each in answer for each in ('"kind":"internal"', '"kind":"lost"', '"internal'))


def _line(kind: str, chance: Random) -> str:
    if kind == "evaluations":
        return evaluation(chance)
    if kind == "files":
        suffix, content = damaged(chance)
        return json.dumps(["files", [suffix, content.hex()]])
    return json.dumps([kind, command(chance) if kind == "commands" else text(chance)])


KINDS = ("parser", "evaluations", "files", "commands")
HARMLESS = {
    "parser": json.dumps(["parser", "sin(x)"]),
    "evaluations": json.dumps({"expression": "sin(x)", "at": {"x": 1}}),
    "files": json.dumps(["files", [".json", FILES[".json"].hex()]]),
    "commands": json.dumps(["commands", ["eval", "x", "--x", "2"]]),
}
"""For each kind a line that is answered in no time."""

if __name__ == "__main__":
    serve()
