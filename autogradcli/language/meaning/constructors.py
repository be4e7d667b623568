"""Tensors of constants: exact numbers, as the text fixes them."""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from autogradcli.language.meaning.handles import array, check_size, filled, handle
from autogradcli.language.shapes import Shape

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle


def _filled(value: int) -> Callable[..., "Handle"]:
    def meaning(builder: "Builder", size: Shape) -> "Handle":
        return handle(filled(size, builder.literal(Fraction(value))))

    return meaning


def _filled_like(value: int) -> Callable[..., "Handle"]:
    def meaning(builder: "Builder", x: "Handle") -> "Handle":
        return handle(filled(np.shape(x), builder.literal(Fraction(value))))

    return meaning


def full(_: "Builder", size: int | Shape, fill_value: int) -> "Handle":
    """One number everywhere."""
    return handle(filled(size, fill_value))


def full_like(_: "Builder", x: "Handle", fill_value: int) -> "Handle":
    """One number everywhere, in the shape of another tensor."""
    return handle(filled(np.shape(x), fill_value))


def eye(builder: "Builder", n: int, m: int | None) -> "Handle":
    """Ones on the diagonal, and zeros."""
    check_size(n * (n if m is None else m))
    zero, one = builder.literal(Fraction(0)), builder.literal(Fraction(1))
    return np.where(np.eye(n, m, dtype=bool), one, zero).astype(np.intp)


def _constants(builder: "Builder", values: Sequence[Fraction]) -> "Handle":
    return array(np.array([builder.literal(each) for each in values], dtype=np.intp))


def arange(builder: "Builder", start: Fraction, end: Fraction, step: Fraction) -> "Handle":
    """As many numbers as torch gives: (end - start)/step, rounded up."""
    count = max(math.ceil((end - start) / step), 0)
    check_size(count)
    return _constants(builder, [start + index * step for index in range(count)])


def arange_to(builder: "Builder", end: Fraction) -> "Handle":
    """From 0 on by steps of 1."""
    return arange(builder, Fraction(0), end, Fraction(1))


def linspace(builder: "Builder", start: "Handle", end: "Handle", steps: int) -> "Handle":
    """Numbers at equal distances; of one alone, the start."""
    check_size(steps)
    parts = _constants(builder, [Fraction(index, max(steps - 1, 1)) for index in range(steps)])
    return handle(array(builder.formula("start + part*(end - start)", start=start, end=end, part=parts)))


CONSTRUCTORS: Mapping[str, Callable[..., "Handle"]] = {
    "zeros": _filled(0),
    "ones": _filled(1),
    "zeros_like": _filled_like(0),
    "ones_like": _filled_like(1),
    "full": full,
    "full_like": full_like,
    "eye": eye,
    "arange": arange,
    "arange_to": arange_to,
    "linspace": linspace,
}
"""By the name of the table's row."""
