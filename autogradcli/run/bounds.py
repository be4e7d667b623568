"""Bounds on what a snippet may make: numbers, texts, lists and steps that grow no further than anybody needs.

Python computes `10**10**8` for hours and `'a'*10**10` with all memory there is; here each ends in one clear error.
"""

import math
from collections.abc import Iterator, Sized
from contextlib import contextmanager
from typing import Any

from autogradcli.errors import GradcalcError

MAX_BITS = 100_000
"""Of a whole number."""
MAX_ITEMS = 1_000_000
"""Of a list, and characters of a text; items within items count."""
MAX_STEPS = 50_000_000
"""Parts of the text that are evaluated, each as often as it is."""
MAX_OUTPUT = 10_000_000
"""Characters that a snippet prints."""
MAX_WIDTH = 1_000
"""Characters that a format pads a value to, and digits that it asks for."""
MAX_MEMORY = 4 * 2**30
"""Bytes that a snippet may take beyond what the process has when it begins."""

CONTAINERS = (list, tuple, dict)


class Budget:
    """The steps that are left."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Count some steps; an error if there are none left."""
        self.left -= steps
        if self.left < 0:
            raise limit(f"the snippet takes more than {MAX_STEPS:,} steps")


def limit(message: str, hint: str | None = None) -> GradcalcError:
    """The error for a bound that is passed; the interpreter adds the place."""
    return GradcalcError("limit", message, hint=hint)


def check_whole(bits: float) -> None:
    """Nothing; an error if a whole number would have more bits than any may have."""
    if bits > MAX_BITS:
        raise limit(f"this whole number has more than {MAX_BITS:,} bits", "type it as a float, as 10.0**20")


def check_items(count: int) -> None:
    """Nothing; an error if a list or a text would be longer than any may be."""
    if count > MAX_ITEMS:
        raise limit(f"this is longer than {MAX_ITEMS:,} items or characters")


def weigh(value: Any) -> None:
    """Nothing; an error if a value has more than so many items, those within items counted as often as they appear."""
    if type(value) not in CONTAINERS:
        return
    count = 0
    todo = [value]
    while todo:
        items = _items(todo.pop())
        count += len(items)
        if count > MAX_ITEMS:
            check_items(count)
        todo.extend(item for item in items if type(item) in CONTAINERS)


def _items(value: Any) -> list[Any]:
    return [*value.keys(), *value.values()] if isinstance(value, dict) else list(value)


def length(value: object) -> int:
    """How many items a value has; 1 if it has none."""
    return len(value) if isinstance(value, Sized) else 1


def bits(value: int) -> int:
    """Of a whole number."""
    return value.bit_length()


def power_bits(base: int, exponent: int) -> float:
    """About how many bits a power has."""
    return exponent * math.log2(abs(base)) if abs(base) > 1 and exponent > 0 else 1


@contextmanager
def memory_bounded() -> Iterator[None]:
    """Let allocations fail, as errors in the snippet, before the machine has no memory left."""
    try:
        import resource
    except ImportError:  # a system without it has the other bounds
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = _address_space() + MAX_MEMORY
    if bound <= MAX_MEMORY or (soft != resource.RLIM_INFINITY and soft <= bound):
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int:
    """Bytes of addresses that the process has; 0 where that cannot be told."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
    except (OSError, ValueError):
        return 0
    import resource

    return pages * resource.getpagesize()
