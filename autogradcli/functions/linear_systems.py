"""Linear systems and determinants: by minors for small matrices, else by Gaussian elimination."""

from fractions import Fraction
from typing import NamedTuple

from autogradcli.functions.handles import Array, TapeBuilder
from autogradcli.functions.later import numpy as np

Places = tuple[int, ...]


class Minors:
    """The minors of one matrix, each computed once."""

    def __init__(self, builder: TapeBuilder, matrix: Array) -> None:
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


class Triangle(NamedTuple):
    """A linear system whose matrix has been made triangular."""

    matrix: Array
    """Its components on and above the diagonal; what is below was eliminated."""
    right: Array
    """The right sides, a column each."""
    swaps: int
    """How many times two rows were exchanged."""

    @property
    def pivots(self) -> list[int]:
        """The diagonal."""
        return [int(each) for each in self.matrix.diagonal()]


def eliminate(builder: TapeBuilder, matrix: Array, right: Array) -> Triangle:
    """The system A X = B in triangular form.

    Which row is the pivot's does not change what is meant, so the largest one known is taken.
    """
    rows = np.concatenate([matrix, right], axis=1)
    swaps = 0
    for k in range(len(rows)):
        sizes = [builder.call("abs", int(each)) for each in rows[k:, k]]
        pivot = k + (builder.largest(sizes) or 0)
        if pivot != k:
            rows[[k, pivot]] = rows[[pivot, k]]
            swaps += 1
        for i in range(k + 1, len(rows)):
            factor = builder.call("div", int(rows[i, k]), int(rows[k, k]))
            rows[i, k + 1 :] = builder.call("sub", rows[i, k + 1 :], builder.call("mul", factor, rows[k, k + 1 :]))
    return Triangle(rows[:, : len(rows)], rows[:, len(rows) :], swaps)


def substitute_back(builder: TapeBuilder, triangle: Triangle) -> Array:
    """The solution of a triangular system, from the last row up."""
    solution = triangle.right.copy()
    for i in reversed(range(len(solution))):
        for j in range(i + 1, len(solution)):
            known = builder.call("mul", int(triangle.matrix[i, j]), solution[j])
            solution[i] = builder.call("sub", solution[i], known)
        solution[i] = builder.call("div", solution[i], int(triangle.matrix[i, i]))
    return solution
