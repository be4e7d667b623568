"""Gaussian elimination. Which row is the pivot's does not change what is meant, so the largest one known is taken."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from autogradcli.language.meaning.handles import Array

if TYPE_CHECKING:
    from autogradcli.language.tape import Builder


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


def eliminate(builder: "Builder", matrix: Array, right: Array) -> Triangle:
    """The system A X = B in triangular form."""
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


def substitute_back(builder: "Builder", triangle: Triangle) -> Array:
    """The solution of a triangular system, from the last row up."""
    solution = triangle.right.copy()
    for i in reversed(range(len(solution))):
        for j in range(i + 1, len(solution)):
            known = builder.call("mul", int(triangle.matrix[i, j]), solution[j])
            solution[i] = builder.call("sub", solution[i], known)
        solution[i] = builder.call("div", solution[i], int(triangle.matrix[i, i]))
    return solution
