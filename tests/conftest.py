"""What holds for the whole suite."""

import os
import posix
from collections import Counter
from collections.abc import Generator, Iterator

import coverage
import pytest
from hypothesis import HealthCheck, settings

from tests import kept_sympy

# The same examples in every run: chance belongs into the campaigns, which print their seed.
settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a busy machine fails no test
settings.load_profile("suite")

# A server that somebody has started on this machine is none of the tests' business.
os.environ["GRADCALC_SERVER"] = "never"
# Hundreds of processes are started: none of them compiles our modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SLOW = frozenset(
    {
        "test_claims_in_pieces",
        "test_cluster",
        "test_fuzz",
        "test_guards",
        "test_interrupts",
        "test_limits",
        "test_many_cases",
        "test_no_false_alarm",
        "test_no_false_alarm_tensors",
        "test_operators",
        "test_planted_faults",
        "test_planted_tensor_faults",
        "test_remedies",
        "test_scripts",
        "test_server",
        "test_signals",
        "test_streams",
    }
)
"""Modules of short campaigns, and of processes that are waited for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow modules, so that `-m "not slow"` leaves them out, and number the cases of functions.

    Slow modules come first: what is left at the end are small tests, which keep all workers busy to the last.
    """
    items.sort(key=lambda item: item.path.stem not in SLOW)
    cases = Counter[str]()
    for item in items:
        if item.path.stem in SLOW:
            item.add_marker(pytest.mark.slow)
        function = item.nodeid.partition("[")[0]
        cases[function] += 1
        item.stash[CASE] = cases[function]


@pytest.fixture(scope="session", autouse=True)
def last_of_sympy() -> Iterator[None]:
    """At the end, SymPy's process is ended as well."""
    yield
    kept_sympy.end()


@pytest.fixture(autouse=True)
def one_sympy(request: pytest.FixtureRequest) -> Iterator[None]:
    """SymPy's process is handed on from test to test, but where it is what is tested."""
    if request.path.stem == "test_sympy_process":
        yield
    else:
        with kept_sympy.handed_on():
            yield


UNMEASURED = frozenset(
    {
        "test_adjoint",
        "test_claims_in_pieces",
        "test_fuzz",
        "test_interrupts",
        "test_nist",
        "test_no_false_alarm",
        "test_no_false_alarm_tensors",
        "test_operators",
        "test_parser_limits",
        "test_partials",
        "test_planted_faults",
        "test_planted_tensor_faults",
        "test_row_meanings",
        "test_scripts",
        "test_signals",
        "test_streams",
        "test_tensor_rows",
    }
)
"""Short campaigns and walks over the whole table: they run lines that other tests run, hundreds of times over.

Measuring which lines run takes as long as running them.
"""
WITH_THEIR_PROCESSES = frozenset({"test_jobs", "test_server"})
"""Where the processes that tests start are what is tested: elsewhere they are not measured."""
MEASURED_CASES = 12
"""So many cases of each test function are measured: those after them run the same lines."""
CASE = pytest.StashKey[int]()
"""Which case of its function a test is: 1 is the first."""


MEASURING = pytest.StashKey[coverage.Coverage]()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Coverage rests between tests: it would follow pytest through all that it does for each of them."""
    measuring = coverage.Coverage.current()
    if measuring is None:
        return (yield)
    session.config.stash[MEASURING] = measuring
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Coverage rests where nothing new runs: in some modules, and in most processes that tests start."""
    measuring = item.config.stash.get(MEASURING, None)
    if measuring is None:
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        if item.path.stem not in WITH_THEIR_PROCESSES:
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        if not _is_measured(item):
            patch.setattr(os, "_exit", posix._exit)
            return (yield)
        measuring.start()
        try:
            return (yield)
        finally:
            measuring.stop()


def _is_measured(item: pytest.Item) -> bool:
    if item.path.stem in UNMEASURED or item.get_closest_marker("campaign"):
        return False
    return item.stash[CASE] <= MEASURED_CASES
