"""Options for how many processes work, and where."""

from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from autogradcli.cli.arguments import whole
from autogradcli.cli.output import say
from autogradcli.errors import GradcalcError
from autogradcli.processes.limits import Limits, OutOfTime
from autogradcli.processes.pool import Pool
from autogradcli.processes.work import MEMORY, TIME, Calls, Executor, Lost, Raised

Result = TypeVar("Result")
MOST_JOBS = 1024

Jobs = Annotated[
    int,
    typer.Option("--jobs", "-j", metavar="N", help="Work in N processes.", parser=whole("--jobs", MOST_JOBS)),
]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Work on the cluster of this Dask scheduler: tcp://host:8786."),
]


def within(limits: Limits, call: Callable[[], Result]) -> Result | Lost:
    """What a call gives in a process of its own, or that it went beyond the limits. What else it raises is raised."""
    (result,) = executor(1, None, limits).run(Calls, [call])
    if isinstance(result, Raised):
        reached = {OutOfTime: TIME, MemoryError: MEMORY}.get(type(result.error))
        if reached is not None:
            return Lost(reached)
        raise result.error
    return result  # type: ignore[no-any-return]


def executor(jobs: int, scheduler: str | None, limits: Limits) -> Executor:
    """The executor that the options ask for; the process of the command itself never works on an item."""
    if scheduler is None:
        return Pool(jobs, limits)
    if jobs != 1:
        raise GradcalcError("usage", "--jobs is for this machine, --scheduler for a cluster", hint="leave one out")
    # distributed is an extra.
    from autogradcli.processes.cluster import Cluster

    return Cluster(scheduler, limits, say)
