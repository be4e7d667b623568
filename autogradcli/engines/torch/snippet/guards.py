"""Natives behind a check: of the sizes that they are asked for, and of what NumPy would make of objects."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import numpy as np
import torch

from autogradcli.engines.torch.snippet.names import words
from autogradcli.errors import GradcalcError

MAX_ELEMENTS = 100_000_000
"""Components of a tensor."""
MAX_BITS = 100_000
"""Of a product of whole numbers."""

Sizes = Callable[[Sequence[Any], Mapping[str, Any]], float]


def _product(values: Sequence[Any]) -> float:
    """The product of all whole numbers, those in lists included."""
    total = 1.0
    for value in values:
        if isinstance(value, list | tuple):
            total *= _product(value)
        elif isinstance(value, int):
            total *= max(value, 1)
    return total


def _all(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> float:
    return _product([*arguments, keywords.get("size", 1)])


def _first(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> float:
    return _product([*arguments[:1], keywords.get("size", 1)])


def _last(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> float:
    return _product([keywords["size"] if "size" in keywords else arguments[-1] if arguments else 1])


def _steps(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> float:
    return _product([*arguments[2:3], keywords.get("steps", 1)])


def _range(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> float:
    numbers = [each for each in arguments if isinstance(each, int | float)]
    start = numbers[0] if len(numbers) > 1 else keywords.get("start", 0)
    end = keywords.get("end", numbers[min(len(numbers) - 1, 1)] if numbers else 0)
    step = numbers[2] if len(numbers) > 2 else keywords.get("step", 1)
    return (
        abs((end - start) / step) if step and all(isinstance(each, int | float) for each in (start, end, step)) else 1
    )


def _times(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> float:
    """How large a tensor becomes that is repeated."""
    grown = _product([*arguments[1:], *keywords.values()])
    return grown * (arguments[0].numel() if arguments and isinstance(arguments[0], torch.Tensor) else 1)


SIZES: Mapping[str, Sizes] = {
    **dict.fromkeys(words("zeros ones empty rand randn eye randperm"), _all),
    **dict.fromkeys(words("expand broadcast_to new_zeros new_ones new_empty"), lambda a, k: _all(a[1:], k)),
    **dict.fromkeys(("repeat", "tile", "repeat_interleave", "one_hot"), _times),
    "full": _first,
    "new_full": lambda a, k: _first(a[1:], k),
    "randint": _last,
    "normal": _last,
    "arange": _range,
    "linspace": _steps,
    "logspace": _steps,
    "tril_indices": _all,
    "triu_indices": _all,
    "vander": _times,
}
"""For functions that take sizes, how many components they are asked for; the rest is bounded by memory."""


def sized(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, behind a check of its sizes if it takes any."""
    if name not in SIZES:
        return function
    sizes = SIZES[name]

    @wraps(function)
    def checked(*arguments: Any, **keywords: Any) -> Any:
        count = sizes(arguments, keywords)
        if count > MAX_ELEMENTS:
            raise GradcalcError("limit", f"this tensor would have more than {MAX_ELEMENTS:,} components")
        return function(*arguments, **keywords)

    return checked


def guarded_array(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy that takes and gives numbers alone, and whose dtype is one of NumPy's own."""

    @wraps(function)
    def checked(*arguments: Any, **keywords: Any) -> Any:
        if isinstance(keywords.get("dtype"), str):
            raise GradcalcError("parse", "a dtype is not written as a text here", hint="type np.float64")
        if _product([*arguments, *keywords.values()]) > MAX_ELEMENTS and function.__name__ in _MAKING:
            raise GradcalcError("limit", f"this array would have more than {MAX_ELEMENTS:,} components")
        result = function(*arguments, **keywords)
        if isinstance(result, np.ndarray) and result.dtype.kind not in "biufc":
            raise GradcalcError("value", f"an array is made of numbers, and these make it {result.dtype}")
        return result

    return checked


_MAKING = words("zeros ones full eye arange linspace rand randn randint random uniform normal")


def guarded_prod(values: Any, **keywords: Any) -> Any:
    """`math.prod`, of whole numbers as far as their product is one that anybody needs."""
    if sum(value.bit_length() for value in values if isinstance(value, int)) > MAX_BITS:
        raise GradcalcError("limit", f"this whole number has more than {MAX_BITS:,} bits")
    return math.prod(values, **keywords)
