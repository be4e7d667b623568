"""The exponential of a matrix by scaling and squaring, on top of rows that no text names.

Each of these is one component of the exponential of a matrix of one size, or a derivative of it with respect to
entries of the matrix. Their values are the exact engine's own; their partial derivatives are such rows again.
"""

from fractions import Fraction
from math import ceil, fsum, isfinite, log2

from autogradcli.functions.function import Function, NoDefinition
from autogradcli.functions.handles import Array, TapeBuilder
from autogradcli.functions.later import numpy as np

LARGEST = 8
"""The most rows a matrix may have: each component depends on each entry, and so does each partial derivative."""
MOST_HALVINGS = 64
"""Beyond them there are no numbers in any dtype to be proven."""


def matrix_exponential(builder: TapeBuilder, A: Array) -> Array:  # noqa: N803 (torch's own name)
    """The exponential of one matrix: of A over a power of two, squared as often."""
    size = len(A)
    if size > LARGEST:
        raise NoDefinition(f"matrix_exp of more than {LARGEST} rows")
    if not size:
        return A
    halvings = _halvings(builder, A)
    scaled = builder.call("div", A, builder.literal(Fraction(2**halvings))).ravel().tolist()
    none = builder.literal(Fraction(0))
    places = [builder.literal(Fraction(place)) for place in range(size * size)]
    found = [builder.call(_name(size), place, none, *scaled) for place in places]
    power = np.array(found, dtype=np.intp).reshape(size, size)
    for _ in range(halvings):
        power = builder.call("matmul", power, power)
    return power


def _halvings(builder: TapeBuilder, A: Array) -> int:  # noqa: N803
    """How often the matrix is halved, about as torch does it: until no column's sizes add up to more than 1."""
    sizes = builder.estimates(A.ravel().tolist()) or []
    norm = max((fsum(map(abs, sizes[column :: len(A)])) for column in range(len(A))), default=0.0)
    return min(MOST_HALVINGS, max(0, ceil(log2(norm)))) if isfinite(norm) and norm else 0


def _name(size: int) -> str:
    return f"_matrix_exp_{size}"


def _component(size: int) -> Function:
    """The row for matrices of one size.

    `place` is the component's place row by row. `along` says with respect to which entries it is differentiated: its
    digits in base size**2 + 1 are their places, from 1 on; a 0 is none.
    """
    count = size * size
    entries = [f"a{place}" for place in range(count)]
    base, given = count + 1, ", ".join(entries)
    return Function(
        _name(size),
        f"place: number, along: number, {given}",
        f"A component of the exponential of a matrix of {size} rows, or a derivative of it.",
        torch="",
        arb="matrix_exponential",
        partials=("0", "0", *(f"{_name(size)}(place, along*{base} + {each + 1}, {given})" for each in range(count))),
    )


ROWS: tuple[Function, ...] = tuple(_component(size) for size in range(1, LARGEST + 1))
