"""Components of the exponential of a matrix and their derivatives of all orders, on balls."""

from collections.abc import Iterator, Sequence
from math import isqrt

from flint import arb, arb_mat, ctx

from autogradcli.functions.function import NoDefinition

LARGEST_BLOCK = 64
"""The most rows of a matrix whose exponential is taken."""
MOST_KEPT = 16
"""Matrices of which what was found is kept: a sweep asks of each of its components, for each of its entries."""
_KEPT: dict[tuple[int, ...], tuple[Sequence[arb], dict[tuple[int, ...], arb_mat]]] = {}
"""By the precision and the identities of a matrix's entries: the entries, and exponentials by what they are along."""


def matrix_exponential(place: arb, along: arb, *entries: arb) -> arb:
    """A component of exp(A), differentiated with respect to the entries that `along` lists; see the row.

    NaN for what is no place. Raises NoDefinition for too many entries, of which each doubles the matrix.
    """
    size, wanted, listed = isqrt(len(entries)), place.unique_fmpz(), along.unique_fmpz()
    if wanted not in range(len(entries)) or listed is None or listed < 0:
        return arb.nan()
    directions = tuple(sorted(_digits(int(listed), len(entries) + 1)))
    if size * 2 ** len(directions) > LARGEST_BLOCK:
        raise NoDefinition("a derivative of matrix_exp of this order")
    found = _found(entries)
    if directions not in found:
        found[directions] = _block(entries, size, directions).exp()
    row, column = divmod(int(wanted), size)
    return found[directions][row, found[directions].ncols() - size + column]


def _digits(number: int, base: int) -> Iterator[int]:
    while number:
        number, digit = divmod(number, base)
        yield digit - 1


def _found(entries: Sequence[arb]) -> dict[tuple[int, ...], arb_mat]:
    key = (ctx.prec, *map(id, entries))
    if key not in _KEPT:
        if len(_KEPT) >= MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
        _KEPT[key] = entries, {}
    return _KEPT[key][1]


def _block(entries: Sequence[arb], size: int, directions: Sequence[int]) -> arb_mat:
    """The matrix whose exponential has in its upper right block the derivative of exp(A) along all directions.

    For one of them it is [[A, E], [0, A]] (Higham, Functions of Matrices, theorem 3.6), and so on with that as A.
    """
    matrix = [list(entries[start : start + size]) for start in range(0, len(entries), size)]
    for direction in directions:
        old, (row, column) = len(matrix), divmod(direction, size)
        zeros = [arb(0)] * old
        upper = [[*line, *zeros] for line in matrix]
        for start in range(0, old, size):
            upper[start + row][old + start + column] = arb(1)
        matrix = upper + [[*zeros, *line] for line in matrix]
    return arb_mat(matrix)
