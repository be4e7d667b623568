"""`--scheduler`: a real Dask scheduler with two workers, one of which is killed."""

import json
import os
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from autogradcli.errors import GradcalcError
from autogradcli.processes.cluster import Cluster
from autogradcli.processes.work import Lost
from tests.cases import write
from tests.command import gradcalc, started
from tests.dask_cluster import dask_cluster, wait_for_workers
from tests.tasks import Square
from tests.test_jobs import CRASHES, lines, without_times

if find_spec("distributed") is None:
    pytest.skip("the extra gradcalc[cluster] is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler on this machine."""
    with dask_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster.address


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


@contextmanager
def a_cluster(workers: int) -> Iterator[Any]:
    """A scheduler and its workers, all in this process, that a test may take down."""
    from distributed import LocalCluster  # loads for a second

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers, dashboard_address="127.0.0.1:0", processes=False, protocol="tcp"
    ) as cluster:
        yield cluster


def test_a_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing would ever come of it."""
    monkeypatch.setattr("autogradcli.processes.cluster.PATIENCE", 1)
    with a_cluster(workers=0) as cluster:
        address = cluster.scheduler_address
        result = gradcalc("batch", "--scheduler", address)
    assert (result.status, result.err.splitlines()) == (
        2,
        [f"error: the scheduler at {address} has no workers", f"hint: start one: dask worker {address}"],
    )


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
    with a_cluster(workers=1) as cluster:
        address = cluster.scheduler_address
        results, said, error = until_lost(cluster, items_until(lambda: cluster.sync(cluster.scheduler.close)))
    assert results == [i * i for i in range(len(results))]
    assert (error.message, said) == (f"the scheduler at {address} is gone", [])


def test_what_dask_logs_is_no_part_of_what_is_said(tmp_path: Path) -> None:
    """A scheduler that is killed is told in our words alone, and what was answered before is whole."""
    output = tmp_path / "out.jsonl"
    with dask_cluster(tmp_path) as cluster:
        words = ("batch", "--no-symbolic", "--scheduler", cluster.address, "-o", str(output))
        with started(*words, stdin=subprocess.PIPE) as (run, said):
            assert run.stdin is not None
            run.stdin.write('{"expression": "2 +"}\n' * 20)
            run.stdin.flush()
            while not output.exists() or not output.stat().st_size:
                time.sleep(0.05)
            os.kill(cluster.scheduler, signal.SIGKILL)
            run.stdin.write('{"expression": "2 +"}\n' * 20)  # the first ones may all be answered by now
            run.stdin.close()
            first, second = said.read().splitlines()
            assert run.wait() == 2
    assert (first, second[:5]) == (f"error: the scheduler at {cluster.address} is gone", "hint:")
    assert all(map(json.loads, output.read_text().splitlines()))


def test_a_scheduler_that_goes_before_there_are_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is told as it is afterwards."""

    class Client:
        """One that loses its scheduler while it waits, and cannot take leave."""

        def __init__(self, *_: object, **__: object) -> None:
            pass

        def wait_for_workers(self, *_: object, **__: object) -> None:
            """Lost."""
            raise ConnectionResetError

        def close(self, *_: object, **__: object) -> None:
            """Not in time."""
            raise TimeoutError

    monkeypatch.setattr("distributed.Client", Client)
    with pytest.raises(GradcalcError, match="the scheduler at tcp://a:1 is gone"):
        list(Cluster("tcp://a:1").run(Square, []))


def test_workers_that_go_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and waited for; then it is an error."""
    monkeypatch.setattr("autogradcli.processes.cluster.RETURN", 1)
    monkeypatch.setattr("autogradcli.processes.cluster.LOOK", 0.2)
    with a_cluster(workers=1) as cluster:
        results, said, error = until_lost(cluster, items_until(lambda: cluster.scale(0)))
    assert results == [i * i for i in range(len(results))]
    assert said == ["all workers of the cluster are gone; waiting 1 s for another one"]
    assert error.message == "the cluster has no workers any more"
