"""The interface of all executors."""

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

WINDOW = 32
"""Items that one process has on their way at once."""


class Work(Protocol):
    """What is done with an item, in two halves: between them, other items are begun."""

    def begin(self, item: Any) -> Any:
        """Start the item."""

    def finish(self, begun: Any) -> Any:
        """The item's result, waited for."""

    def close(self) -> None:
        """End what was started to work with."""


Make = Callable[[], Work]
"""Makes the work, in each process anew; pickled to get there."""


@dataclass(frozen=True, slots=True)
class Lost:
    """In place of a result: the process that worked on the item ended, and so did the next one."""

    reason: str
    """What it ended with."""


class Executor(Protocol):
    """Does work on items."""

    def run(self, make: Make, items: Iterable[Any]) -> Iterator[Any]:
        """The result of every item or a `Lost`, in order; each as soon as it and all before it are done.

        Items are taken as there is room for them: there may be no end to them. What taking them raises is raised.
        """


def settle() -> None:
    """After the first item: what it has loaded stays for good, and an item leaves little garbage to look for."""
    gc.freeze()
    gc.set_threshold(YOUNG)


YOUNG = 20_000
"""Objects that are made before the garbage among them is looked for; some twenty items make as many."""
