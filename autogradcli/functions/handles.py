"""What the body of a row works with: the builder of the tape, and arrays of handles.

A body says what a function of whole tensors means, component by component, in a few lines. It takes the builder and,
by the names of the row's parameters, the handles of its operands (a list for a parameter that takes several, None for
one that was left out) and its options; of a row with fields also the `field` that is chosen. It appends scalar
operations and gives the result's handles: an index for a number, an array of them in the shape of a tensor. These are
the definitions that torch's kernels, fused or not, are checked against.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Concatenate, Protocol, TypeAlias

from autogradcli.functions.later import numpy as np

Array: TypeAlias = "np.ndarray[Any, np.dtype[np.intp]]"
Handle: TypeAlias = "int | Array"
"""An index of the tape, or an array of them in the shape of the tensor."""
Axes: TypeAlias = int | Sequence[int] | None
"""One dimension or several, counted from the end if negative; None for all."""
Sizes: TypeAlias = int | Sequence[int]
"""One size, or several."""

PLACES = ("values", "indices")
"""The fields of what torch gives with places."""
MAX_ELEMENTS = 1_000_000
"""Components of one tensor."""


class TooLong(Exception):
    """A program has more scalar operations than an engine was allowed, or more of something that costs as much."""

    def __init__(self, limit: int, what: str = "scalar operations") -> None:
        super().__init__(f"there are more than {limit:,} {what}")


class TapeBuilder(Protocol):
    """Appends operations to a tape; `language.tape.TapeWriter` does."""

    def call(self, name: str, *operands: Handle, **options: object) -> Any:
        """Append the row of this name; its result's handles."""

    def formula(self, text: str, **operands: Handle) -> Any:
        """Append an expression in the operands; its result's handles."""

    def literal(self, value: Fraction | str) -> int:
        """Append a constant."""

    def gradient(self, output: Handle, wrt: Handle, upstream: Handle) -> Handle:
        """Append the derivative of a value with respect to an earlier one, times an upstream gradient."""

    def foresee(self, operations: int) -> None:
        """Raise TooLong if so many operations more are too many."""

    def number(self, index: int) -> Fraction | None:
        """The exact number that an entry is; None if it is no constant."""

    def is_condition(self, index: int) -> bool:
        """Whether an entry is true or false."""

    def is_input(self, index: int) -> bool:
        """Whether an entry is a component of a variable."""

    def largest(self, handles: Sequence[int]) -> int | None:
        """The place of the largest of some entries; None if no values are known."""

    def estimates(self, handles: Sequence[int]) -> Sequence[float] | None:
        """Approximate values of some entries; None if no values are known."""


Body = Callable[Concatenate[TapeBuilder, ...], Handle]
"""The type of a body."""


def array(x: Handle) -> Array:
    """The handles as an array; a number as one without dimensions."""
    return np.asarray(x, dtype=np.intp)


def handle(x: Array) -> Handle:
    """The array as what a meaning gives back: of a number, its handle."""
    return int(x) if x.ndim == 0 else x


def filled(size: Sizes, each: int) -> Array:
    """One handle everywhere; raises TooLong if that were too many."""
    check_size(math.prod(np.atleast_1d(size).tolist()))
    return np.full(size, each, dtype=np.intp)


def check_size(components: int) -> None:
    """Raise TooLong for more components than a tensor may have."""
    if components > MAX_ELEMENTS:
        raise TooLong(MAX_ELEMENTS)


OF_NOTHING = {"add": Fraction(0), "mul": Fraction(1)}
"""What a function of two gives over no components at all; over nothing torch takes no other."""


def fold(builder: TapeBuilder, name: str, handles: Sequence[int]) -> int:
    """A two-operand function over many, as a balanced tree: the error of a sum grows with the logarithm of its size."""
    level = list(handles) or [builder.literal(OF_NOTHING[name])]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [builder.call(name, *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def reduce(x: Handle, dim: Axes, keepdim: bool, reduction: Callable[[Sequence[int]], int]) -> Handle:
    """A reduction over some axes; over all of them if none is named."""
    whole = array(x)
    axes = axes_of(whole, dim)
    kept = [axis for axis in range(whole.ndim) if axis not in axes]
    outer = tuple(whole.shape[axis] for axis in kept)
    rows = whole.transpose(*kept, *axes).reshape(math.prod(outer), math.prod(whole.shape[axis] for axis in axes))
    result = np.array([reduction(row) for row in rows.tolist()], dtype=np.intp).reshape(outer)
    if keepdim:
        result = result.reshape([1 if axis in axes else size for axis, size in enumerate(whole.shape)])
    return handle(result)


def axes_of(x: Array, dim: Axes) -> tuple[int, ...]:
    """The axes that `dim` names, from 0 on: all for None and for (), as torch reads it; none of a number."""
    if dim is None or dim == () or x.ndim == 0:
        return tuple(range(x.ndim))
    return tuple(axis % x.ndim for axis in ([dim] if isinstance(dim, int) else dim))


def along(x: Handle, dim: int, change: Callable[[list[int]], Sequence[int]]) -> Handle:
    """Each line along a dimension replaced by another one, which may be of another length."""
    whole = array(x)
    if not whole.size:
        return whole
    lines = np.atleast_1d(whole)
    result = np.apply_along_axis(lambda line: np.array(change(line.tolist()), dtype=np.intp), dim, lines)
    return handle(result if whole.ndim else result.reshape(()))


def moved(move: Callable[..., Array]) -> Body:
    """The meaning of a row that only moves components about, by what follows x in its signature."""

    def meaning(_: TapeBuilder, x: Handle, **others: Any) -> Handle:
        return handle(move(array(x), *others.values()))

    return meaning
