"""What torch warns of while it computes: it belongs in the report, not on somebody's screen."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

torch.set_warn_always(True)  # else a warning is given once, and a report depends on those before it


@contextmanager
def recorded() -> Iterator[list[warnings.WarningMessage]]:
    """A context in which warnings go into a list, each as often as it is given."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield found


def sentences(found: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    """A sentence for each warning, none twice."""
    return tuple(dict.fromkeys(f"torch warns: {_sentence(str(each.message))}" for each in found))


def _sentence(message: str) -> str:
    """The message without the place in torch's own source, which torch puts behind it."""
    return message.partition(" (Triggered internally")[0].partition("\n")[0].strip().rstrip(".")
