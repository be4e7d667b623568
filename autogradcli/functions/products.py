"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Array, Handle, TapeBuilder, array, handle
from autogradcli.functions.handles import fold as joined
from autogradcli.functions.handles import reduce as reduced
from autogradcli.functions.later import numpy as np

Labels = list[int]
"""For each axis a number: axes with the same one are taken along together."""


class Labelled(NamedTuple):
    """A tensor whose axes have labels."""

    values: Array
    labels: Labels


def inner_products(builder: TapeBuilder, x: Array, y: Array) -> Handle:
    """The sums along the last axis of the products of what broadcasts."""
    return reduced(builder.call("mul", x, y), -1, False, lambda handles: joined(builder, "add", handles))


def matmul(builder: TapeBuilder, x: Handle, y: Handle) -> Handle:
    """Products of matrices, of which all but the last two dimensions are batches; a vector is a row or a column."""
    left, right = array(x), array(y)
    if right.ndim == 1:
        return inner_products(builder, left, right)
    columns = right.swapaxes(-1, -2)
    if left.ndim == 1:
        return inner_products(builder, left, columns)
    return inner_products(builder, left[..., :, None, :], columns[..., None, :, :])


def inner(builder: TapeBuilder, x: Handle, y: Handle) -> Handle:
    """The sum of products over the last dimension of both."""
    left, right = array(x), array(y)
    if not (left.ndim and right.ndim):
        return builder.call("mul", x, y)
    return tensordot(builder, x, y, ((-1,), (-1,)))


def tensordot(builder: TapeBuilder, a: Handle, b: Handle, dims: int | Sequence[Sequence[int]]) -> Handle:
    """The sum of products over some dimensions of both."""
    left, right = array(a), array(b)
    if isinstance(dims, int):
        dims = range(left.ndim - dims, left.ndim), range(dims)
    firsts, seconds = ([axis % x.ndim for axis in each] for each, x in zip(dims, (left, right), strict=True))
    labels = list(range(left.ndim))
    others = iter(range(left.ndim, left.ndim + right.ndim))
    matching = [firsts[seconds.index(axis)] if axis in seconds else next(others) for axis in range(right.ndim)]
    kept = [label for label in (*labels, *matching) if label not in firsts]
    return handle(contract(builder, Labelled(left, labels), Labelled(right, matching), kept).values)


def contract(builder: TapeBuilder, x: Labelled, y: Labelled, kept: Labels) -> Labelled:
    """The products of two tensors, summed over the labels that are not kept."""
    sizes = {label: size for each in (x, y) for label, size in zip(each.labels, each.values.shape, strict=True)}
    builder.foresee(math.prod(sizes.values()))
    summed = [label for label in sizes if label not in kept]
    left, right = (_spread(each, kept, summed) for each in (x, y))
    return Labelled(array(inner_products(builder, *_flat_last(left, right, len(kept)))), kept)


def _spread(x: Labelled, kept: Labels, summed: Labels) -> Array:
    """With an axis for every label, in order; of size 1 for those that the factor has not."""
    wanted = [*kept, *summed]
    own = [label for label in wanted if label in x.labels]
    ordered: Array = np.einsum(x.values, x.labels, own)
    return ordered[tuple(slice(None) if label in own else None for label in wanted)]


def _flat_last(left: Array, right: Array, kept: int) -> tuple[Array, Array]:
    """With the axes from `kept` on as one."""
    sizes = np.broadcast_shapes(left.shape[kept:], right.shape[kept:])
    wide = (np.broadcast_to(each, (*each.shape[:kept], *sizes)) for each in (left, right))
    x, y = (each.reshape(*each.shape[:kept], math.prod(sizes)) for each in wide)
    return x, y


def einsum(builder: TapeBuilder, equation: str, operands: Sequence[Handle]) -> Handle:
    """The sum of products that an equation such as `ij,jk->ik` describes; from left to right."""
    arrays = [array(each) for each in operands]
    labels, kept = parse_equation(equation, [each.ndim for each in arrays])
    first, *others = map(Labelled, arrays, labels)
    for place, other in enumerate(others, start=2):
        later = {*kept, *(label for each in labels[place:] for label in each)}
        keep = [label for label in dict.fromkeys((*first.labels, *other.labels)) if label in later]
        first = contract(builder, first, other, keep)
    return _summed(builder, first, kept)


def _summed(builder: TapeBuilder, x: Labelled, kept: Labels) -> Handle:
    """One tensor with some of its labels summed over, and the others in order."""
    others = [label for label in dict.fromkeys(x.labels) if label not in kept]
    ordered: Array = np.einsum(x.values, x.labels, [*kept, *others])
    axes = tuple(range(len(kept), ordered.ndim))
    return builder.call("sum", ordered, dim=axes) if axes else handle(ordered)


def parse_equation(equation: str, dimensions: Sequence[int]) -> tuple[list[Labels], Labels]:
    """The labels of each operand, and those of the result; the dots stand for all dimensions that are left.

    Without `->` the result has the letters that stand once, in alphabetical order, after the dots.
    """
    inputs, arrow, output = equation.replace(" ", "").replace("...", ".").partition("->")
    terms = inputs.split(",")
    most = max(size - len(term) + 1 if "." in term else 0 for term, size in zip(terms, dimensions, strict=True))
    if not arrow:
        letters = Counter(inputs.replace(",", "").replace(".", ""))
        output = "." * ("." in inputs) + "".join(sorted(letter for letter, times in letters.items() if times == 1))
    numbers = {letter: most + place for place, letter in enumerate(sorted(set(inputs) - {",", "."}))}

    def labels(term: str, dots: int) -> Labels:
        parts = [range(most - dots, most) if letter == "." else (numbers[letter],) for letter in term]
        return [label for part in parts for label in part]

    sizes = zip(terms, dimensions, strict=True)
    return [labels(term, size - len(term) + 1) for term, size in sizes], labels(output, most)


def kron(builder: TapeBuilder, x: Handle, y: Handle) -> Handle:
    """Each component of the one times the whole of the other."""
    left, right = array(x), array(y)
    size = max(left.ndim, right.ndim)
    left, right = (each[(None,) * (size - each.ndim)] for each in (left, right))
    odd, even = (tuple(range(first, 2 * size, 2)) for first in (1, 0))
    products = array(builder.call("mul", np.expand_dims(left, odd), np.expand_dims(right, even)))
    return handle(products.reshape([m * n for m, n in zip(left.shape, right.shape, strict=True)]))


def cross(builder: TapeBuilder, x: Handle, y: Handle, dim: int | None) -> Handle:
    """The cross product along a dimension, the first of size 3 if none is named."""
    axis = np.broadcast_shapes(np.shape(x), np.shape(y)).index(3) if dim is None else dim
    return builder.call("linalg_cross", x, y, dim=axis)


def multi_dot(builder: TapeBuilder, tensors: Sequence[Handle]) -> Handle:
    """The product of several matrices."""
    return reduce(lambda x, y: matmul(builder, x, y), tensors)


def chain_matmul(builder: TapeBuilder, matrices: Sequence[Handle]) -> Handle:
    """The same."""
    return multi_dot(builder, matrices)


IGNORED = "With beta=0 x is not looked at, be it NaN."

ROWS: tuple[Function, ...] = (
    Function(
        "matmul",
        "x, y",
        "The product of matrices, x @ y; what stands before the last two dimensions is a batch.",
        aliases=("np.dot", "numpy.dot", "jnp.dot"),
        tensor=True,
        body=matmul,
    ),
    Function("mm", "x, mat2", "The product of two matrices.", definition="matmul(x, mat2)", tensor=True),
    Function("mv", "x, vec", "A matrix times a vector.", definition="matmul(x, vec)", tensor=True),
    Function("bmm", "x, mat2", "The products of two batches of matrices.", definition="matmul(x, mat2)", tensor=True),
    Function(
        "dot",
        "x, tensor",
        "The sum of the products of the components of two vectors.",
        definition="sum(x*tensor)",
        tensor=True,
        note="For matrices type matmul, or x @ y.",
    ),
    Function(
        "vdot", "x, y", "The sum of the products of the components of two vectors.", definition="sum(x*y)", tensor=True
    ),
    Function(
        "vecdot",
        "x, y, *, dim: int = -1",
        "The sum of products along a dimension.",
        torch="linalg.vecdot",
        definition="sum(x*y, dim=dim)",
        tensor=True,
    ),
    Function("inner", "x, y", "The sum of products over the last dimension of both.", tensor=True, body=inner),
    Function(
        "outer",
        "x, vec2",
        "All products of a component of the one with a component of the other.",
        aliases=("ger",),
        definition="unsqueeze(x, dim=1)*vec2",
        tensor=True,
    ),
    Function(
        "tensordot",
        "a, b, dims: nested = 2",
        "The sum of products over the last dimensions of a and the first of b, or over pairs of lists of them.",
        tensor=True,
        body=tensordot,
    ),
    Function(
        "einsum",
        "equation: text, *operands",
        'The sum of products that an equation describes, as "ij,jk->ik".',
        tensor=True,
        body=einsum,
    ),
    Function("kron", "x, y", "The Kronecker product.", tensor=True, body=kron),
    Function(
        "linalg_cross",
        "x, y, *, dim: int = -1",
        "The cross product along a dimension of size 3.",
        aliases=("linalg.cross", "np.cross", "numpy.cross"),
        torch="linalg.cross",
        definition=(
            "roll(x, shifts=-1, dims=dim)*roll(y, shifts=-2, dims=dim)"
            " - roll(x, shifts=-2, dims=dim)*roll(y, shifts=-1, dims=dim)"
        ),
        tensor=True,
    ),
    Function(
        "cross",
        "x, y, dim: int = None",
        "The cross product along a dimension, the first of size 3 if none is named.",
        tensor=True,
        note="torch.linalg.cross takes the last dimension.",
        body=cross,
    ),
    Function(
        "multi_dot",
        "tensors: sequence",
        "The product of several matrices.",
        torch="linalg.multi_dot",
        tensor=True,
        body=multi_dot,
    ),
    Function("chain_matmul", "*matrices", "The product of several matrices.", tensor=True, body=chain_matmul),
    Function(
        "addmm",
        "x, mat1, mat2, *, beta: number = 1, alpha: number = 1",
        "beta*x + alpha*(mat1 @ mat2).",
        definition="where(beta == 0, 0, beta*x) + alpha*matmul(mat1, mat2)",
        tensor=True,
        note=IGNORED,
    ),
    Function(
        "addmv",
        "x, mat, vec, *, beta: number = 1, alpha: number = 1",
        "beta*x + alpha*(mat @ vec).",
        definition="where(beta == 0, 0, beta*x) + alpha*matmul(mat, vec)",
        tensor=True,
    ),
    Function(
        "addr",
        "x, vec1, vec2, *, beta: number = 1, alpha: number = 1",
        "beta*x + alpha*outer(vec1, vec2).",
        definition="where(beta == 0, 0, beta*x) + alpha*outer(vec1, vec2)",
        tensor=True,
    ),
    Function(
        "baddbmm",
        "x, batch1, batch2, *, beta: number = 1, alpha: number = 1",
        "beta*x + alpha*(batch1 @ batch2).",
        definition="where(beta == 0, 0, beta*x) + alpha*matmul(batch1, batch2)",
        tensor=True,
    ),
    Function(
        "addbmm",
        "x, batch1, batch2, *, beta: number = 1, alpha: number = 1",
        "beta*x + alpha times the sum of the products of a batch.",
        definition="where(beta == 0, 0, beta*x) + alpha*sum(matmul(batch1, batch2), dim=0)",
        tensor=True,
    ),
)
