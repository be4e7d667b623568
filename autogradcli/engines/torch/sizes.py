"""The size of a result before torch makes it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch.nn import functional

from autogradcli.functions.function import Function
from autogradcli.functions.handles import MAX_ELEMENTS
from autogradcli.language.shapes import Shape, written
from autogradcli.processes.limits import standing

MOST_COPIES = 30 * MAX_ELEMENTS
"""Numbers that a convolution may make on the way: it writes out, for each window, a copy of what is in it."""
CONVOLUTIONS = dict.fromkeys((functional.conv1d, functional.conv2d, functional.conv3d), False) | dict.fromkeys(
    (functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d), True
)
"""Whether a convolution is transposed, so that there is a window for each component of the operand, not the result."""


SQUARED = ("diag", "diag_embed", "diagflat", "linalg_vander", "pdist", "vander")
"""Rows whose result may have as many components as the square of what their operand has."""


REFUSALS = (RuntimeError, TypeError, ValueError, IndexError, AssertionError)
"""What torch raises for arguments that it does not take; its Python functions raise AssertionError too."""


class TooLarge(Exception):
    """A result, or what is made on the way to it, would have more components than is allowed."""

    def __init__(self, shape: Shape, allowed: int = MAX_ELEMENTS) -> None:
        super().__init__(f"this would have shape {written(shape)}, and {allowed:,} numbers are allowed")


def check_size(
    function: Function, run: Callable[..., Any], positional: Sequence[Any], keywords: Mapping[str, Any]
) -> None:
    """Raise TooLarge if a call would give more than `MAX_ELEMENTS` components, or make too many on the way.

    No result has more components than those of all operands, and all whole numbers among the arguments, multiply to,
    but for the `SQUARED` and the `FORETOLD`. Where that is too many, the shape is worked out.
    """
    if function.name in FORETOLD:
        for shape, allowed in FORETOLD[function.name](*positional, **keywords):
            if math.prod(shape) > allowed:
                raise TooLarge(shape, allowed)
        return
    arguments = [*positional, *keywords.values()]
    most = math.prod(map(_factor, _leaves(arguments)))
    if function.name in SQUARED:
        most *= positional[0].numel()
    if most <= MAX_ELEMENTS:
        return
    result = (
        _broadcast(arguments)
        if not (function.tensor or function.by_channel)
        else _bare_result(run, positional, keywords)
    )
    for shape in (tuple(each.shape) for each in _leaves([result]) if isinstance(each, torch.Tensor)):
        if math.prod(shape) > MAX_ELEMENTS:
            raise TooLarge(shape)
    if run in CONVOLUTIONS and result is not None:
        _check_windows(positional[0] if CONVOLUTIONS[run] else result, positional[1])


def _combinations(x: torch.Tensor, r: int = 2, with_replacement: bool = False) -> Iterator[tuple[Shape, int]]:
    """The choices of `r` components; before them torch makes those that differ in their order alone."""
    count, r = x.numel(), max(r, 0)
    yield (math.comb(count + (max(r - 1, 0) if with_replacement else 0), r), r), MAX_ELEMENTS
    yield (count,) * r, MOST_COPIES


def _of_rows(x: torch.Tensor, **_: Any) -> Iterator[tuple[Shape, int]]:
    """A number for each pair of rows."""
    yield (len(x),) * 2 if x.ndim > 1 else (), MAX_ELEMENTS


def _one_hot(x: torch.Tensor, num_classes: int = -1) -> Iterator[tuple[Shape, int]]:
    classes = int(x.max()) + 1 if num_classes < 0 and x.numel() else num_classes
    yield (*x.shape, max(classes, 0)), MAX_ELEMENTS


def _repeated(
    x: torch.Tensor, repeats: int | torch.Tensor, dim: int | None = None, **_: Any
) -> Iterator[tuple[Shape, int]]:
    """Each component, or each slice, so many times; torch multiplies modulo 2**64, and writes beyond its memory."""
    sizes, place = ((x.numel(),), 0) if dim is None else (tuple(x.shape), dim)
    if not -len(sizes) <= place < len(sizes):
        return
    place %= len(sizes)
    counts = [repeats] if isinstance(repeats, int) else [int(each) for each in repeats.flatten().tolist()]
    length = sum(max(each, 0) for each in counts) * (sizes[place] if len(counts) == 1 else 1)
    yield (*sizes[:place], length, *sizes[place + 1 :]), MAX_ELEMENTS


FORETOLD: Mapping[str, Callable[..., Iterator[tuple[Shape, int]]]] = {
    "combinations": _combinations,
    "corrcoef": _of_rows,
    "cov": _of_rows,
    "one_hot": _one_hot,
    "repeat_interleave": _repeated,
    "repeat_interleave_each": _repeated,
}
"""Rows whose shape torch must not be asked for: the shapes that it makes, and what each may multiply to."""


def _broadcast(arguments: Sequence[Any]) -> Any:
    """The result of a function that is applied component by component, with nothing in it; None if there is none."""
    try:
        return torch.broadcast_tensors(*(_bare(each) for each in arguments if isinstance(each, torch.Tensor)))  # type: ignore[no-untyped-call]
    except RuntimeError:
        return None


def _bare_result(run: Callable[..., Any], positional: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """The result of a call with nothing in it; None if it hangs on the numbers, or makes no sense."""
    _load()
    try:
        return run(*map(_bare, positional), **{name: _bare(each) for name, each in keywords.items()})
    except (*REFUSALS, AttributeError):
        return None


@cache
def _load() -> None:
    """Have torch import what it works shapes out by, which takes it a second."""
    with standing():
        torch.add(torch.empty(0, device="meta"), 1)


def _check_windows(over: torch.Tensor, weight: torch.Tensor) -> None:
    """Raise TooLarge if a window for each place of a tensor, each as large as a kernel, have too many components."""
    copies = math.prod(over.shape[2 - weight.ndim :]), math.prod(weight.shape[1:])
    if math.prod(copies) > MOST_COPIES:
        raise TooLarge(copies, MOST_COPIES)


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
