"""What all executors have in common."""

import gc
import pickle
import traceback
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
    """What it ended with: `exit status 1`, `SIGKILL`; or `TIME` or `MEMORY`."""
    part: bytes | None = None
    """What had been found of the result until then, pickled; None if nothing had."""

    @property
    def found(self) -> Any:
        """The part of the result that was found; None if there is none."""
        return None if self.part is None else pickle.loads(self.part)


TIME, MEMORY = "out of time", "out of memory"
"""The reasons of what went beyond a limit."""


@dataclass(frozen=True, slots=True)
class Raised:
    """In place of the result of a call: it raised an error."""

    error: Exception


class Calls:
    """The work whose items are calls."""

    def begin(self, item: Callable[[], Any]) -> Callable[[], Any]:
        """Nothing is begun."""
        return item

    def finish(self, begun: Callable[[], Any]) -> Any:
        """What the call gives, or that it raised an error."""
        try:
            return begun()
        except Exception as error:
            error.add_note("".join(traceback.format_exception(error)))
            return Raised(error)

    def close(self) -> None:
        """Nothing was started."""


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
