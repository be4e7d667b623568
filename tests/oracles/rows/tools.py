"""What the meanings of all families share."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mpmath import mp

Array = Any
"""A NumPy array of objects: mpmath's numbers, or True and False."""


def each(function: Callable[..., Any]) -> Callable[..., Array]:
    """A function of numbers, component by component, of whatever broadcasts."""
    return lambda *operands: np.asarray(np.frompyfunc(function, len(operands), 1)(*operands), dtype=object)


def several(parts: Callable[..., Sequence[Array]]) -> Callable[..., Array]:
    """The part that the field names by its place."""
    return lambda field, **given: parts(**given)[int(field)]


def values(found: Callable[..., Array]) -> Callable[..., Array]:
    """Of values and indices the values."""

    def meaning(field: str, **given: Any) -> Array:
        if field != "values":
            raise NotImplementedError
        return found(**given)

    return meaning


def either(**found: Callable[..., Array]) -> Callable[..., Array]:
    """What the field names."""
    return lambda field, **given: found[field](**given)


def numbers(values: Any) -> Array:
    """A list of numbers as a vector of mpmath's."""
    return np.array([mp.mpf(each.numerator) / each.denominator for each in values], dtype=object)


def axes(dim: Any) -> Any:
    """Dimensions as NumPy has them."""
    return tuple(dim) if isinstance(dim, tuple | list) else dim
