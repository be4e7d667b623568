"""Symbols: real scalars, which for the components of a tensor are called `x[0]`, `W[1, 2]`."""

import math

from sympy import Symbol

from autogradcli.language.shapes import Shape, indices

Index = int | str
"""A place along an axis, or the letter that stands for any place."""


class TensorComponent(Symbol):  # type: ignore[misc]
    """One component of a tensor."""

    __slots__ = ("indices", "tensor")
    tensor: str
    indices: tuple[Index, ...]

    def __new__(cls, tensor: str, *indices: Index) -> "TensorComponent":
        """The real symbol of this name; the same one whenever it is asked for."""
        self: TensorComponent = super().__new__(cls, f"{tensor}[{', '.join(map(str, indices))}]", real=True)
        self.tensor, self.indices = tensor, indices
        return self

    def sort_key(self, order: object = None) -> object:  # noqa: ARG002
        """The place in a printed sum: among other symbols by its name, and `x[2]` before `x[10]`."""
        places = (f"{index:09d}" if isinstance(index, int) else index for index in self.indices)
        return Symbol.class_key(), (1, (f"{self.tensor}[{', '.join(places)}",)), _ONE, _ONE_ITSELF


_ONE_ITSELF = Symbol("x").sort_key()[3]
_ONE = _ONE_ITSELF.sort_key()


def symbols(name: str, shape: Shape) -> list[Symbol]:
    """The symbols of a variable, row by row; of a number the only one, which has its name."""
    if not shape:
        return [Symbol(name, real=True)]
    return [TensorComponent(name, *indices(place, shape)) for place in range(math.prod(shape))]
