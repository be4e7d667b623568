"""What torch warns of while it computes: it belongs in the report, not on somebody's screen."""

import warnings
from collections.abc import Callable
from typing import TypeVar

import torch

torch.set_warn_always(True)  # else a warning is given once, and a report depends on those before it

Result = TypeVar("Result")


def with_warnings(run: Callable[[], Result]) -> tuple[Result, tuple[str, ...]]:
    """What `run` gives back, and a sentence for each warning that torch gave meanwhile."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        result = run()
    return result, tuple(dict.fromkeys(f"torch warns: {_sentence(str(each.message))}" for each in found))


def _sentence(message: str) -> str:
    """The message without the place in torch's own source, which torch puts behind it."""
    return message.partition(" (Triggered internally")[0].partition("\n")[0].strip().rstrip(".")
