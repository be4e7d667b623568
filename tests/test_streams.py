"""Streams, files and disks that fail: nothing is lost, and the exit status is what it is otherwise."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command import GRADCALC, started

LINE = '{"expression": "x**2", "at": {"x": 3}}\n'
RUN = shlex.join(GRADCALC)


def shell(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """What a command does in a shell, in a folder."""
    path = os.pathsep.join([os.getcwd(), *filter(None, sys.path)])
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


CASES = {
    "input and output are one file": (
        f"{RUN} batch - -o f.jsonl < f.jsonl; echo $?; cat f.jsonl",
        f"2\n{LINE}",
        "error: f.jsonl is both input and output\nhint: write to another file\n",
    ),
    "standard output is the input": (
        f"{RUN} batch f.jsonl >> f.jsonl; echo $? >&2; cat f.jsonl",
        LINE,
        "error: standard output is both input and output\nhint: write to another file\n2\n",
    ),
    "the expression comes from the output": (
        f"{RUN} eval - --x 1 -o f.json < f.json; echo $?; cat f.json",
        "2\nx**2\n",
        "error: f.json is both input and output\nhint: write to another file\n",
    ),
    "a value comes from the output": (
        f"echo 1,2 > p.csv; {RUN} eval 'sum(x)' --x @p.csv -o p.csv; echo $?; cat p.csv",
        "2\n1,2\n",
        "error: p.csv is both input and output\nhint: write to another file\n",
    ),
    "standard error is closed": (f"{RUN} eval 'x**2' --x 3 --no-symbolic --format plain 2>&-; echo $?", "6.0\n0\n", ""),
    "standard error is closed, and there is an error": (f"{RUN} eval 'x+' 2>&-; echo $?", "2\n", ""),
    "standard error is full": (f"{RUN} eval 'x+' 2>/dev/full; echo $?", "2\n", ""),
    "standard error is full, and there is a remark": (
        f"{RUN} eval 'sum(svdvals(A))' --A '[[0, 0], [0, 0]]' --no-symbolic --format plain 2>/dev/full | wc -l;"
        " echo ${PIPESTATUS[0]}",
        "1\n0\n",
        "",
    ),
    "two jobs, standard error closed": (
        f"{RUN} batch --jobs 2 f.jsonl --no-symbolic 2>&- | wc -l; echo ${{PIPESTATUS[0]}}",
        "1\n0\n",
        "",
    ),
    "standard output is closed": (
        f"{RUN} eval x --x 1 --no-symbolic >&-; echo $? >&2",
        "",
        "error: standard output is closed\nhint: write to a file by -o, or nothing by -q\n2\n",
    ),
    "standard output is closed, and nothing is written": (
        f"{RUN} eval x --x 1 --no-symbolic -q >&-; echo $? >&2",
        "",
        "0\n",
    ),
    "standard output is closed, and a file is written": (
        f"{RUN} eval x --x 1 --no-symbolic --format plain -o out >&-; echo $? >&2; cat out",
        "1.0\n",
        "0\n",
    ),
    "a full disk": (
        f"{RUN} eval x --x 1 --no-symbolic -o /dev/full; echo $?",
        "2\n",
        "error: /dev/full cannot be written: No space left on device\n",
    ),
    "a full disk behind standard output": (
        f"{RUN} batch f.jsonl --no-symbolic > /dev/full; echo $? >&2",
        "",
        "error: standard output cannot be written: No space left on device\n2\n",
    ),
    "the reader goes away": (
        f"yes '{LINE.strip()}' | head -2000 | {RUN} batch --no-symbolic | head -1 | wc -l; echo ${{PIPESTATUS[2]}}",
        "1\n141\n",
        "",
    ),
    "a working folder that is no more": (
        f"mkdir gone; cd gone; rmdir ../gone; {RUN} eval 'x**2' --x 3 --no-symbolic --format plain; echo $?",
        "6.0\n0\n",
        "",
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="the full disk is Linux's")
@pytest.mark.parametrize("command", CASES)
def test_streams_that_fail(command: str, tmp_path: Path) -> None:
    """Status, output and what is said."""
    (tmp_path / "f.jsonl").write_text(LINE)
    (tmp_path / "f.json").write_text("x**2\n")
    done = shell(CASES[command][0], tmp_path)
    assert (done.stdout, done.stderr) == CASES[command][1:]


@pytest.mark.parametrize("option", ["-o", "--resume"])
def test_two_runs_on_one_output(option: str, tmp_path: Path) -> None:
    """The second says who has it, and the first loses nothing."""
    path = tmp_path / "out.jsonl"
    with started("batch", "--no-symbolic", option, str(path), stdin=subprocess.PIPE) as (first, _):
        assert first.stdin is not None
        first.stdin.write(LINE)
        first.stdin.flush()
        while not path.exists() or not path.stat().st_size:
            time.sleep(0.05)
        second = subprocess.run(
            [*GRADCALC, "batch", option, str(path)], input=LINE, capture_output=True, text=True, check=False
        )
        first.stdin.close()
        assert first.wait(timeout=60) == 0
    assert second.returncode == 2
    assert second.stderr.startswith(f"error: {path} is being written by another gradcalc, process {first.pid}\n")
    assert path.read_text().count("\n") == 1
