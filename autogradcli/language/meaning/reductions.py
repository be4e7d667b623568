"""Reductions: sums, products, extremes, and the lists that they begin with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle

Array = np.ndarray[Any, np.dtype[np.intp]]
Axes = int | Sequence[int] | None


def stack(_: "Builder", components: Sequence["Handle"]) -> Array:
    """A list literal: its items along a new first axis."""
    return np.stack([np.asarray(each, dtype=np.intp) for each in components])


def fold(builder: "Builder", name: str, handles: Sequence[int]) -> int:
    """A two-operand function over many, as a balanced tree: the error of a sum grows with the logarithm of its size."""
    level = list(handles)
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [builder.call(name, *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def reduce(x: "Handle", dim: Axes, keepdim: bool, reduction: Callable[[Sequence[int]], int]) -> "Handle":
    """A reduction over some axes; over all of them if none is named."""
    array = np.asarray(x, dtype=np.intp)
    axes = tuple(range(array.ndim)) if dim is None else tuple(axis % array.ndim for axis in np.atleast_1d(dim))
    kept = [axis for axis in range(array.ndim) if axis not in axes]
    rows = array.transpose(*kept, *axes).reshape(*[array.shape[axis] for axis in kept], -1)
    result = np.apply_along_axis(lambda handles: reduction(handles.tolist()), -1, rows).astype(np.intp)
    shape = [1 if axis in axes else size for axis, size in enumerate(array.shape)]
    result = result.reshape(shape) if keepdim else result
    return int(result) if result.ndim == 0 else result


def _folded(name: str) -> Callable[..., "Handle"]:
    def meaning(builder: "Builder", x: "Handle", dim: Axes = None, keepdim: bool = False) -> "Handle":
        return reduce(x, dim, keepdim, lambda handles: fold(builder, name, handles))

    return meaning


total, product, largest, smallest = map(_folded, ("add", "mul", "maximum", "minimum"))


def mean(builder: "Builder", x: "Handle", dim: Axes = None, keepdim: bool = False) -> "Handle":
    """The sum over the number of components."""
    sums = total(builder, x, dim, keepdim)
    return builder.call("div", sums, builder.literal(Fraction(np.size(x) // np.size(sums))))


def median(builder: "Builder", x: "Handle") -> "Handle":
    """The middle component in order of size; of two middle ones the smaller."""
    handles = np.ravel(np.asarray(x, dtype=np.intp)).tolist()
    for i, j in comparisons(len(handles)):
        pair = handles[i], handles[j]
        handles[i], handles[j] = builder.call("minimum", *pair), builder.call("maximum", *pair)
    return handles[(len(handles) - 1) // 2]


def comparisons(size: int) -> Iterator[tuple[int, int]]:
    """The pairs of places to be put in order, one after the other, to sort any sequence of this size.

    Batcher's merge exchange: Knuth, The Art of Computer Programming, volume 3, 5.2.2, algorithm M.
    """
    first = 1 << max(size - 1, 0).bit_length() >> 1
    run = first
    while run:
        stride, distance, remainder = first, run, 0
        while True:
            yield from ((i, i + distance) for i in range(size - distance) if i & run == remainder)
            if stride == run:
                break
            distance, stride, remainder = stride - run, stride >> 1, run
        run >>= 1


def norm(builder: "Builder", x: "Handle") -> "Handle":
    """The Euclidean (Frobenius) norm."""
    return builder.call("sqrt", total(builder, builder.call("square", x)))


def dot(builder: "Builder", x: "Handle", y: "Handle") -> "Handle":
    """The sum of the products of components."""
    return total(builder, builder.call("mul", x, y))


def binary_cross_entropy_with_logits(builder: "Builder", x: "Handle", y: "Handle") -> "Handle":
    """The mean of (1 - y) x + softplus(-x), which is -y log sigmoid(x) - (1 - y) log(1 - sigmoid(x))."""
    unlikely = builder.call("mul", builder.call("sub", builder.literal(Fraction(1)), y), x)
    return mean(builder, builder.call("add", unlikely, builder.call("softplus", builder.call("neg", x))))


REDUCTIONS: Mapping[str, Callable[..., "Handle"]] = {
    "stack_items": stack,
    "sum": total,
    "prod": product,
    "mean": mean,
    "amax": largest,
    "amin": smallest,
    "max_all": largest,
    "min_all": smallest,
    "median": median,
    "norm": norm,
    "dot": dot,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
}
"""By the name of the table's row."""
