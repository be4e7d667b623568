"""Minors: the determinants of square parts of a matrix, as polynomials in its components."""

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from autogradcli.language.meaning.handles import Array

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder

Places = tuple[int, ...]


class Minors:
    """The minors of one matrix, each computed once."""

    def __init__(self, builder: "Builder", matrix: Array) -> None:
        self._builder = builder
        self._matrix = matrix
        self._all: Places = tuple(range(len(matrix)))
        self._known: dict[tuple[Places, Places], int] = {}

    @property
    def determinant(self) -> int:
        """The minor of all rows and columns."""
        return self._minor(self._all, self._all)

    def adjugate(self) -> Array:
        """The transpose of the matrix of cofactors; over the determinant it is the inverse."""
        places = [(row, column) for column in self._all for row in self._all]
        return np.array([self._cofactor(*place) for place in places], dtype=np.intp).reshape(self._matrix.shape)

    def _cofactor(self, row: int, column: int) -> int:
        minor = self._minor(_without(self._all, row), _without(self._all, column))
        return self._builder.call("neg", minor) if (row + column) % 2 else minor

    def _minor(self, rows: Places, columns: Places) -> int:
        key = rows, columns
        if key not in self._known:
            self._known[key] = self._expand(rows, columns)
        return self._known[key]

    def _expand(self, rows: Places, columns: Places) -> int:
        """By the first row; the determinant of nothing is 1."""
        if not rows:
            return self._builder.literal(Fraction(1))
        first, others = rows[0], rows[1:]
        if not others:
            return int(self._matrix[first, columns[0]])
        total = 0
        for place, column in enumerate(columns):
            minor = self._minor(others, _without(columns, column))
            term = self._builder.call("mul", int(self._matrix[first, column]), minor)
            total = self._builder.call("sub" if place % 2 else "add", total, term) if place else term
        return total


def _without(places: Places, place: int) -> Places:
    return tuple(each for each in places if each != place)
