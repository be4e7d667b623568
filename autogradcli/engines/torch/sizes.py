"""The size of a result before torch makes it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from autogradcli.functions.handles import MAX_ELEMENTS
from autogradcli.language.shapes import Shape, written


class TooLarge(Exception):
    """A result would have more components than a tensor may have."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(f"this would have shape {written(shape)}, and {MAX_ELEMENTS:,} numbers are allowed")


def check_size(run: Callable[..., Any], positional: Sequence[Any], keywords: Mapping[str, Any]) -> None:
    """Raise TooLarge if a call would give more than `MAX_ELEMENTS` components.

    No result has more components than those of all operands, and all whole numbers among the arguments, multiply to.
    Where that is too many, torch is asked for the shape alone, which it works out on tensors without storage.
    """
    arguments = [*positional, *keywords.values()]
    if math.prod(map(_factor, _leaves(arguments))) <= MAX_ELEMENTS:
        return
    try:
        result = run(*map(_bare, positional), **{name: _bare(each) for name, each in keywords.items()})
    except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError, AttributeError):
        return  # it depends on the numbers, or makes no sense, which torch says better
    for each in _leaves([result]):
        if isinstance(each, torch.Tensor) and each.numel() > MAX_ELEMENTS:
            raise TooLarge(tuple(each.shape))


def _leaves(arguments: Sequence[Any]) -> Iterator[Any]:
    for each in arguments:
        if isinstance(each, list | tuple):
            yield from _leaves(each)
        else:
            yield each


def _factor(argument: Any) -> int:
    """What an argument may multiply the number of components by."""
    if isinstance(argument, torch.Tensor):
        return max(1, argument.numel())
    return max(1, abs(argument)) if isinstance(argument, int) else 1


def _bare(argument: Any) -> Any:
    """An argument with the shapes of its tensors, and nothing in them."""
    if isinstance(argument, torch.Tensor):
        return torch.empty_like(argument, device="meta")
    if isinstance(argument, list | tuple):
        return type(argument)(map(_bare, argument))
    return argument
