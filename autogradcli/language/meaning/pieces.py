"""Several tensors: of parts, NumPy's slices; of statistics, other rows."""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradcli.language.meaning.handles import Array, array, handle

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder, Handle

Sizes = int | Sequence[int]


def _part(x: Array, dim: int, start: int, end: int) -> "Handle":
    axis = dim % x.ndim
    return x[(*[slice(None)] * axis, slice(start, end))]


def split(_: "Builder", x: "Handle", split_size_or_sections: Sizes, dim: int, field: str) -> "Handle":
    """The part at a place: of one size, or of the sizes that are listed."""
    whole, place = array(x), int(field)
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        return _part(whole, dim, place * size, (place + 1) * size)
    ends = [0, *accumulate(split_size_or_sections)]
    return _part(whole, dim, ends[place], ends[place + 1])


def split_with_sizes(builder: "Builder", x: "Handle", split_sizes: Sizes, dim: int, field: str) -> "Handle":
    """The part at a place, of the sizes that are listed."""
    return split(builder, x, split_sizes, dim, field)


def chunk(builder: "Builder", x: "Handle", chunks: int, dim: int, field: str) -> "Handle":
    """The part at a place, each of the size over the number of chunks, rounded up."""
    size = max(-(-np.shape(x)[dim] // chunks), 1)
    return split(builder, x, size, dim, field)


def tensor_split(_: "Builder", x: "Handle", indices_or_sections: Sizes, dim: int, field: str) -> "Handle":
    """The part at a place; the first parts are one longer where the size is no multiple of their number."""
    return np.array_split(array(x), indices_or_sections, dim)[int(field)]


def _along(dimension: Callable[[int], int]) -> Callable[..., "Handle"]:
    def meaning(builder: "Builder", x: "Handle", indices_or_sections: Sizes, field: str) -> "Handle":
        return tensor_split(builder, x, indices_or_sections, dimension(np.ndim(x)), field)

    return meaning


def unbind(_: "Builder", x: "Handle", dim: int, field: str) -> "Handle":
    """The slice at a place."""
    return handle(np.asarray(array(x).take(int(field), dim)))


def meshgrid(_: "Builder", tensors: Sequence["Handle"], indexing: str, field: str) -> "Handle":
    """The coordinates along one axis, everywhere on the grid."""
    axes = [np.atleast_1d(array(each)) for each in tensors]
    return np.meshgrid(*axes, indexing=indexing)[int(field)]  # type: ignore[call-overload, no-any-return]


def broadcast_tensors(_: "Builder", tensors: Sequence["Handle"], field: str) -> "Handle":
    """The tensor at a place, in the shape of all."""
    return handle(np.broadcast_arrays(*map(array, tensors))[int(field)])


def _with_mean(name: str) -> Callable[..., "Handle"]:
    def meaning(builder: "Builder", x: "Handle", field: str, **options: Any) -> "Handle":
        if field == "mean":
            chosen = {key: each for key, each in options.items() if key in {"dim", "keepdim"}}
            return builder.call("mean", x, **chosen)  # type: ignore[no-any-return]
        return builder.call(name, x, **options)  # type: ignore[no-any-return]

    return meaning


def aminmax(builder: "Builder", x: "Handle", dim: int | None, keepdim: bool, field: str) -> "Handle":
    """The smallest or the largest component."""
    return builder.call(f"a{field}", x, dim=dim, keepdim=keepdim)  # type: ignore[no-any-return]


PIECES: Mapping[str, Callable[..., "Handle"]] = {
    "split": split,
    "split_with_sizes": split_with_sizes,
    "chunk": chunk,
    "tensor_split": tensor_split,
    "hsplit": _along(lambda dimensions: min(dimensions - 1, 1)),
    "vsplit": _along(lambda _: 0),
    "dsplit": _along(lambda _: 2),
    "unbind": unbind,
    "meshgrid": meshgrid,
    "broadcast_tensors": broadcast_tensors,
    **{
        f"{name}_mean{variant}": _with_mean(f"{name}{variant}")
        for name in ("var", "std")
        for variant in ("", "_corrected", "_all")
    },
    "aminmax": aminmax,
}
"""By the name of the table's row."""
