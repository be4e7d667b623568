"""`--jobs`: many processes, the same results in the same order; what ends a process costs at most its own item."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from autogradcli.errors import GradcalcError
from autogradcli.processes.pool import Pool
from autogradcli.processes.serial import Serial
from autogradcli.processes.work import Executor, Lost
from tests.cases import write
from tests.command import gradcalc, started
from tests.tasks import Square, unstartable

EXECUTORS: list[Executor] = [Serial(), Pool(1), Pool(3)]


@pytest.mark.parametrize("executor", EXECUTORS, ids=["serial", "one", "three"])
@pytest.mark.parametrize("count", [0, 1, 500])
def test_results_come_in_the_order_of_the_items(executor: Executor, count: int) -> None:
    """Whatever the number of processes, and of items."""
    assert list(executor.run(Square, range(count))) == [i * i for i in range(count)]


@pytest.mark.parametrize("executor", EXECUTORS, ids=["serial", "one", "three"])
def test_what_taking_items_raises_is_raised(executor: Executor) -> None:
    """An input that breaks off ends the run."""

    def items() -> Iterator[int]:
        yield 1
        raise GradcalcError("file", "broken")

    with pytest.raises(GradcalcError, match="broken"):
        list(executor.run(Square, items()))


def test_items_are_taken_as_there_is_room() -> None:
    """Of an input without end no more is read than is on its way."""
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    run = Pool(2).run(Square, items())
    assert [next(iter(run)) for _ in range(10)] == [i * i for i in range(1, 11)]
    time.sleep(0.2)
    run.close()  # type: ignore[attr-defined]
    assert taken < 500


@pytest.mark.parametrize("last", ["exit", "late"])
def test_an_item_that_ends_its_process_is_lost_alone(last: str) -> None:
    """All others have their results, in order."""
    items: list[Any] = [*range(50), last, *range(50, 100)]
    results = list(Pool(2).run(Square, items))
    assert results[50] == Lost(f"exit status {7 if last == 'exit' else 8}")
    assert results[:50] + results[51:] == [i * i for i in range(100)]


def test_a_process_that_is_killed_from_outside_costs_nothing(tmp_path: Path) -> None:
    """Its items are given to others, the one that it was busy with among them."""
    items: list[Any] = [*range(40), "kill once", *range(40)]
    results = list(Pool(2).run(partial(Square, str(tmp_path)), items))
    assert results == [*(i * i for i in range(40)), 1, *(i * i for i in range(40))]


def test_processes_that_cannot_be_started_are_an_error() -> None:
    """The run ends; it does not start them for ever."""
    with pytest.raises(GradcalcError, match="worker processes cannot be started: exit status 9"):
        list(Pool(2).run(unstartable, range(3)))


def lines(count: int) -> str:
    """Lines for `batch`, one in ten of which makes no sense."""
    objects = [
        {"id": i, "expression": "2 +" if i % 10 == 3 else f"x**2 + {i}*x", "at": {"x": i / 7}} for i in range(count)
    ]
    return "".join(json.dumps(each) + "\n" for each in objects)


def without_times(out: str) -> list[dict[str, Any]]:
    """The answers, but for how long they took."""
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in out.splitlines()]


def test_batch_answers_the_same_with_any_number_of_jobs() -> None:
    """Answers, order and exit status."""
    one, two = (gradcalc("batch", "--jobs", jobs, stdin=lines(60)) for jobs in ("1", "2"))
    assert (one.status, two.status) == (2, 2)
    assert without_times(one.out) == without_times(two.out)


CRASHES = """
    [[case]]
    name = "before"
    expression = "x"
    at.x = 1
    function = "tests.users_code:crashes"

    [[case]]
    name = "crash"
    expression = "x"
    at.x = 13
    function = "tests.users_code:crashes"

    [[case]]
    name = "after"
    expression = "x"
    at.x = 2
    function = "tests.users_code:crashes"
"""


def test_code_of_users_that_ends_the_process_loses_its_case_alone(tmp_path: Path) -> None:
    """With --jobs it is an error of that case, with what the process ended with."""
    result = gradcalc("check", write(tmp_path, CRASHES), "--jobs", "2", "--json", "--no-symbolic")
    cases = json.loads(result.out)["cases"]
    assert [case["status"] for case in cases] == ["passed", "error", "passed"]
    assert cases[1]["error"]["message"] == "the process that worked on this case ended twice: exit status 3"
    assert result.status == 2


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "5000"])
def test_jobs_is_a_whole_number(wrong: str) -> None:
    """From 1 on."""
    result = gradcalc("batch", f"--jobs={wrong}")
    assert result.status == 2
    assert result.err.startswith(f"error: --jobs cannot be {wrong}\n")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_leaves_whole_lines_and_no_processes(tmp_path: Path, jobs: str) -> None:
    """Ctrl-C goes to the whole group, as from a terminal; what was begun is ended with it."""
    path = tmp_path / "out.jsonl"
    command = ["batch", "--no-symbolic", "--jobs", jobs, "-o", str(path)]
    with started(*command, stdin=subprocess.PIPE) as (process, errors):
        assert process.stdin is not None
        process.stdin.write(lines(2000))
        process.stdin.flush()
        while not path.exists() or path.stat().st_size < 100_000:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert errors.read() == "interrupted\n"
        assert _ends(process.pid)
    text = path.read_text()
    assert text.endswith("\n")
    assert [answer["id"] for answer in without_times(text)] == list(range(text.count("\n")))


def _ends(group: int) -> bool:
    """Whether all processes of a group end within a few seconds."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
