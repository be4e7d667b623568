"""The limits of time and memory: what goes beyond them costs its item alone, and keeps what was found of it."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from autogradcli.processes.limits import Budget, Limits, OutOfTime, check, standing
from autogradcli.processes.pool import Pool
from autogradcli.processes.work import MEMORY, TIME, Lost
from tests.cases import write
from tests.command import GRADCALC
from tests.tasks import Double

LIMITS = Limits(timeout=0.3, memory=1 << 30, loading=0.0)
"""Nothing is loaded here."""


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("item", "reason", "found"),
    [
        ("hang", TIME, None),
        ("found", TIME, "half"),
        ("eat", MEMORY, None),
        ("abort", "SIGABRT", None),
    ],
)
def test_an_item_beyond_a_limit_is_lost_alone(jobs: int, item: str, reason: str, found: str | None) -> None:
    """All others have their results, in order."""
    results = list(Pool(jobs, LIMITS).run(Double, [1, 2, item, 3, 4]))
    assert (results[:2], results[3:]) == ([2, 4], [6, 8])
    assert isinstance(results[2], Lost)
    assert (results[2].reason, None if results[2].part is None else results[2].found) == (reason, found)


def test_time_runs_while_a_problem_is_worked_on_alone() -> None:
    """And `check` raises when it is up, outside of it never."""
    budget = Budget(0.05)
    with budget.running():
        check()
    time.sleep(0.1)
    with budget.running():
        check()
        time.sleep(0.06)
        with pytest.raises(OutOfTime):
            check()
    check()


def test_time_stands_while_something_is_loaded() -> None:
    """For the problem at hand and for those that it is a part of."""
    outer, inner = Budget(0.2), Budget(0.2)
    with outer.running():
        with inner.running():
            with standing():
                time.sleep(0.3)
            check()
        check()
    assert min(inner.left, outer.left) > 0


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    """A gradcalc as a process of its own."""
    return subprocess.run([*GRADCALC, *words], capture_output=True, text=True, check=False)


BOUND = "sum(i0e(x*i) for i in range(3000))"
"""Its proof takes more than a minute at 1e4, one operation after the other."""


def test_eval_beyond_its_time_has_what_was_found() -> None:
    """Torch's value and gradient, and the engine that ran out."""
    done = run("eval", BOUND, "--x", "1e4", "--timeout", "6", "--json", "--no-symbolic")
    report = json.loads(done.stdout)
    gradient = report["gradients"]["x"]
    assert (done.returncode, done.stderr, report["verdict"]) == (0, "", "unverified")
    assert gradient["reason"]["code"] == "GC506"
    assert gradient["reason"]["message"].startswith("ball arithmetic ran out of time: --timeout allows more")
    assert gradient["autograd"] < 0 < report["value"]


UP = "unverified: x: the time was up before torch had a gradient: --timeout allows more (GC506)\n"


@pytest.mark.parametrize(
    ("function", "strict", "expected"),
    [
        ("hangs", [], (0, "none\n", UP)),
        ("hangs", ["--strict"], (3, "none\n", UP)),
        ("crashes", [], (2, "", "error: the process that worked on this ended twice: exit status 3\n")),
    ],
)
def test_code_that_hangs_is_unverified_and_one_that_ends_its_process_an_error(
    function: str, strict: list[str], expected: tuple[int, str, str]
) -> None:
    """Never a hang, never a process that is left behind, and never an empty line where a number should be."""
    words = ["--function", f"tests.users_code:{function}", "--timeout", "1", "--format", "plain", *strict]
    done = run("eval", "x", "--x", "13", *words)
    assert (done.returncode, done.stdout, done.stderr) == expected


def test_what_code_writes_past_pythons_streams_is_a_note() -> None:
    """Never a part of a report."""
    done = run("eval", "x", "--x", "2", "--function", "tests.users_code:shouts", "--format", "plain", "--no-symbolic")
    said = "note: tests.users_code:shouts printed: to the one | and to the other\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, "1.0\n", said)


HANGS = """
    [[case]]
    name = "before"
    expression = "x"
    at.x = 1
    function = "tests.users_code:hangs"

    [[case]]
    name = "hang"
    expression = "x"
    at.x = 13
    function = "tests.users_code:hangs"

    [[case]]
    name = "after"
    expression = "x"
    at.x = 2
    function = "tests.users_code:hangs"
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_case_that_hangs_is_an_error_and_the_run_goes_on(tmp_path: Path, jobs: str) -> None:
    """With one job as with two."""
    done = run("check", write(tmp_path, HANGS), "--jobs", jobs, "--json", "--no-symbolic", "--timeout", "4")
    cases = json.loads(done.stdout)["cases"]
    assert [case["status"] for case in cases] == ["passed", "error", "passed"]
    assert cases[1]["error"]["message"] == "the case is out of time (GC506)"
    assert done.returncode == 2


@pytest.mark.parametrize("wrong", ["", "2", "many", "-1GB", "1e9", "2 XB"])
def test_max_memory_is_a_size(wrong: str) -> None:
    """Large enough for torch."""
    done = run("eval", "x", "--x", "1", f"--max-memory={wrong}")
    hint = "hint: type --max-memory 2GB; it can be 500MB or more"
    assert (done.returncode, done.stderr) == (2, f"error: --max-memory cannot be {wrong}\n{hint}\n")
