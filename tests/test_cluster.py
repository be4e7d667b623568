"""`--scheduler`: a real Dask scheduler with two workers, one of which is killed."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from autogradcli.errors import GradcalcError
from autogradcli.processes.work import Lost
from tests.cases import write
from tests.command import gradcalc
from tests.test_jobs import CRASHES, Square, lines, without_times

pytest.importorskip("distributed", reason="the extra gradcalc[cluster] is not installed")

from distributed import LocalCluster

from autogradcli.processes.cluster import Cluster

ROOT = Path(__file__).parent.parent
WORKERS = 2


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler on this machine; the workers come back when they are killed."""
    folder = tmp_path_factory.mktemp("cluster")
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with (folder / "log").open("w") as log, ExitStack() as started:
        begin = partial(subprocess.Popen, stderr=log, cwd=folder, env={**os.environ, "PYTHONPATH": python_path})

        def start(*words: str) -> None:
            process = begin([sys.executable, "-m", *words])
            started.callback(process.wait)
            started.callback(process.terminate)

        start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        found = address_in(folder / "log")
        workers = ["--nworkers", str(WORKERS), "--nthreads", "1", "--no-dashboard"]
        start("distributed.cli.dask_worker", found, *workers, "--local-directory", str(folder))
        wait_for_workers(found)
        yield found


def address_in(log: Path) -> str:
    """The address that the scheduler prints when it is ready."""
    for _ in range(300):
        if match := re.search(r"tcp://[\d.]+:\d+", log.read_text()):
            return match[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def wait_for_workers(address: str) -> dict[str, int]:
    """The process of each worker, when all are there."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(WORKERS, timeout=60)
        pids: dict[str, int] = client.run(os.getpid)
        return pids


def test_results_come_in_the_order_of_the_items(address: str) -> None:
    """As with any executor."""
    assert list(Cluster(address).run(Square, range(300))) == [i * i for i in range(300)]
    assert list(Cluster(address).run(Square, [])) == []


def test_a_worker_that_is_killed_costs_nothing(address: str) -> None:
    """From outside and mid-run: what it had is done by the other."""
    pids = wait_for_workers(address)

    def items() -> Iterator[int]:
        for number in range(400):
            if number == 150:
                os.kill(next(iter(pids.values())), signal.SIGKILL)
            time.sleep(0.005)
            yield number

    assert list(Cluster(address).run(Square, items())) == [i * i for i in range(400)]


def test_an_item_that_ends_every_worker_is_lost_alone(address: str, tmp_path: Path) -> None:
    """Its block is taken apart when several workers have been lost over it."""
    wait_for_workers(address)
    items: list[Any] = [*range(20), "exit", *range(20)]
    results = list(Cluster(address).run(partial(Square, str(tmp_path)), items))
    assert isinstance(results[20], Lost)
    assert results[:20] + results[21:] == [i * i for i in range(20)] * 2


def test_batch_answers_the_same_as_here(address: str) -> None:
    """Answers, order and exit status."""
    wait_for_workers(address)
    here = gradcalc("batch", "--no-symbolic", stdin=lines(60))
    there = gradcalc("batch", "--no-symbolic", "--scheduler", address, stdin=lines(60))
    assert (there.status, without_times(there.out)) == (here.status, without_times(here.out))


def test_check_over_the_cluster(address: str, tmp_path: Path) -> None:
    """Code of users that ends the process loses its case alone."""
    wait_for_workers(address)
    result = gradcalc("check", write(tmp_path, CRASHES), "--scheduler", address, "--json", "--no-symbolic")
    assert [case["status"] for case in json.loads(result.out)["cases"]] == ["passed", "error", "passed"]


def test_addresses_that_lead_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that says what an address looks like."""
    monkeypatch.setattr("autogradcli.processes.cluster.PATIENCE", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        result = gradcalc("batch", "--scheduler", address)
        assert result.status == 2
        assert result.err.startswith(f"error: there is no scheduler at {address}\n")
    both = gradcalc("batch", "--scheduler", "tcp://127.0.0.1:9", "--jobs", "2")
    assert both.err == "error: --jobs is for this machine, --scheduler for a cluster\nhint: leave one out\n"


def test_a_port_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up, though Dask would wait."""
    monkeypatch.setattr("autogradcli.processes.cluster.PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        assert gradcalc("batch", "--scheduler", address).err.startswith(f"error: there is no scheduler at {address}\n")


def test_a_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing would ever come of it."""
    monkeypatch.setattr("autogradcli.processes.cluster.PATIENCE", 1)
    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", processes=False, protocol="tcp") as cluster:  # type: ignore[no-untyped-call]
        address = cluster.scheduler_address
        result = gradcalc("batch", "--scheduler", address)
    assert (result.status, result.err.splitlines()) == (
        2,
        [f"error: the scheduler at {address} has no workers", f"hint: start one: dask worker {address}"],
    )


@contextmanager
def a_cluster() -> Iterator[Any]:
    """A scheduler with one worker, both in this process, that a test may take down."""
    with LocalCluster(n_workers=1, dashboard_address="127.0.0.1:0", processes=False, protocol="tcp") as cluster:  # type: ignore[no-untyped-call]
        yield cluster


def items_until(take_down: Callable[[], object]) -> Iterator[int]:
    """Numbers without an end; something happens in the midst of them."""
    for number in count():
        if number == 150:
            take_down()
        time.sleep(0.002)
        yield number


def until_lost(cluster: Any, items: Iterator[int]) -> tuple[list[int], list[str], GradcalcError]:
    """The results that came, what was said meanwhile, and the error at the end."""
    results, said = deque[int](), list[str]()
    with pytest.raises(GradcalcError) as raised:
        results.extend(Cluster(cluster.scheduler_address, say=said.append).run(Square, items))
    return [*results], said, raised.value


def test_a_scheduler_that_goes_away() -> None:
    """An error that names it, after the results that there were."""
    with a_cluster() as cluster:
        address = cluster.scheduler_address
        results, said, error = until_lost(cluster, items_until(lambda: cluster.sync(cluster.scheduler.close)))
    assert results == [i * i for i in range(len(results))]
    assert (error.message, said) == (f"the scheduler at {address} is gone", [])


def test_workers_that_go_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and waited for; then it is an error."""
    monkeypatch.setattr("autogradcli.processes.cluster.RETURN", 1)
    monkeypatch.setattr("autogradcli.processes.cluster.LOOK", 0.2)
    with a_cluster() as cluster:
        results, said, error = until_lost(cluster, items_until(lambda: cluster.scale(0)))
    assert results == [i * i for i in range(len(results))]
    assert said == ["all workers of the cluster are gone; waiting 1 s for another one"]
    assert error.message == "the cluster has no workers any more"
