"""Options for how many processes work, and where."""

from typing import Annotated

import typer

from autogradcli.cli.arguments import whole
from autogradcli.errors import GradcalcError
from autogradcli.executors.here import Here
from autogradcli.executors.processes import Processes
from autogradcli.executors.work import Executor

MOST_JOBS = 1024

Jobs = Annotated[
    int,
    typer.Option("--jobs", "-j", metavar="N", help="Work in N processes.", parser=whole("--jobs", MOST_JOBS)),
]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Work on the cluster of this Dask scheduler: tcp://host:8786."),
]


def executor(jobs: int, scheduler: str | None) -> Executor:
    """The executor that the options ask for."""
    if scheduler is None:
        return Here() if jobs == 1 else Processes(jobs)
    if jobs != 1:
        raise GradcalcError("usage", "--jobs is for this machine, --scheduler for a cluster", hint="leave one out")
    from autogradcli.executors.cluster import Cluster

    return Cluster(scheduler)
