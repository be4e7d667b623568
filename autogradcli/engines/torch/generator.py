"""torch's global state: the generator of random numbers, and the format that new tensors have."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def seed(number: int) -> None:
    """Start torch's generator: then `randn(3)` gives what it gives in any program after `torch.manual_seed(number)`."""
    torch.manual_seed(number)


@contextmanager
def default_dtype(kind: torch.dtype) -> Iterator[None]:
    """New tensors of no said format have this one: `randn(3)` draws other numbers in float64 than in float32."""
    before = torch.get_default_dtype()
    if before == kind:
        yield
        return
    torch.set_default_dtype(kind)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
