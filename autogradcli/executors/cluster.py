"""Work on a cluster, through Dask's scheduler."""

from collections.abc import Iterable, Iterator
from typing import Any

from autogradcli.executors.work import Make


class Cluster:
    """The executor whose processes are the workers of a Dask scheduler."""

    def __init__(self, address: str) -> None:
        self._address = address

    def run(self, make: Make, items: Iterable[Any]) -> Iterator[Any]:
        """As every executor does."""
        raise NotImplementedError
