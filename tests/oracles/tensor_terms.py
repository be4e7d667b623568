"""Random tensor expressions with a meaning of their own: NumPy arrays of mpmath's numbers, nothing of gradcalc."""

import itertools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from mpmath import mp

Meaning = Callable[[Any], Any]
"""An array of mpmath's numbers from another."""
Made = tuple[str, Meaning] | None
"""A text in which {x} stands for the operand, with its meaning; None if it takes no operand of this shape."""
Maker = Callable[[Random, tuple[int, ...]], Made]


@dataclass(frozen=True, slots=True)
class Term:
    """An expression in x and its meaning."""

    text: str
    meaning: Meaning
    rows: tuple[str, ...]
    """The functions in it, for the table of a campaign."""


def elementwise(function: Callable[[Any], Any]) -> Meaning:
    """A function of numbers on each component."""
    return lambda x: _each(function, x)


def _each(function: Callable[[Any], Any], x: Any) -> Any:
    whole = np.asarray(x, dtype=object)
    result = np.empty(whole.shape, dtype=object)
    for place in np.ndindex(*whole.shape):
        result[place] = function(whole[place])
    return result


def lines(function: Callable[[list[Any]], Any], dim: int) -> Meaning:
    """A function of a line along a dimension: to a number, or to a line."""
    return lambda x: np.apply_along_axis(lambda line: _packed(function(list(line))), dim, np.asarray(x, dtype=object))


def _packed(result: Any) -> Any:
    if not isinstance(result, list):
        return result
    packed = np.empty(len(result), dtype=object)
    packed[:] = result
    return packed


# ---- functions of a line ----------------------------------------------------------------------------------------


def softmax(line: list[Any]) -> list[Any]:
    """exp(x) over its sum."""
    powers = [mp.exp(each - max(line)) for each in line]
    return [each / sum(powers) for each in powers]


def logsumexp(line: list[Any]) -> Any:
    """log(sum(exp(x)))."""
    return max(line) + mp.log(sum(mp.exp(each - max(line)) for each in line))


def log_softmax(line: list[Any]) -> list[Any]:
    """x - logsumexp(x)."""
    return [each - logsumexp(line) for each in line]


def variance(line: list[Any], correction: int) -> Any:
    """The sum of the squares of the distances from the mean, over n less the correction."""
    mean = sum(line) / len(line)
    return sum((each - mean) ** 2 for each in line) / (len(line) - correction)


def power_norm(line: list[Any], order: float) -> Any:
    """The norm of an order."""
    sizes = [abs(each) for each in line]
    if math.isinf(order):
        return max(sizes) if order > 0 else min(sizes)
    total = sum(mp.power(each, order) if each else mp.zero for each in sizes)
    return mp.power(total, mp.one / mp.mpf(order)) if total else mp.zero


def median(line: list[Any]) -> Any:
    """The lower middle one."""
    return sorted(line)[(len(line) - 1) // 2]


def running(join: Callable[[Any, Any], Any], line: list[Any]) -> list[Any]:
    """Each joined with all before it."""
    result = [line[0]]
    for each in line[1:]:
        result.append(join(result[-1], each))
    return result


def standardised(line: list[Any], eps: Any) -> list[Any]:
    """(x - mean)/sqrt(variance + eps)."""
    mean = sum(line) / len(line)
    return [(each - mean) / mp.sqrt(variance(line, 0) + eps) for each in line]


def normalised(line: list[Any]) -> list[Any]:
    """x over its length, or over 1e-12."""
    size = max(power_norm(line, 2), mp.mpf("1e-12"))
    return [each / size for each in line]


ALONG: Sequence[tuple[str, Callable[[list[Any]], Any], int]] = (
    ("sum({x}, dim=D)", sum, 1),
    ("mean({x}, dim=D)", lambda line: sum(line) / len(line), 1),
    ("prod({x}, dim=D)", lambda line: math.prod(line, start=mp.one), 1),
    ("softmax({x}, dim=D)", softmax, 1),
    ("log_softmax({x}, dim=D)", log_softmax, 1),
    ("softmin({x}, dim=D)", lambda line: softmax([-each for each in line]), 1),
    ("logsumexp({x}, dim=D)", logsumexp, 1),
    ("logcumsumexp({x}, dim=D)", lambda line: [logsumexp(line[: k + 1]) for k in range(len(line))], 1),
    ("var({x}, dim=D)", lambda line: variance(line, 1), 2),
    ("var({x}, dim=D, unbiased=False)", lambda line: variance(line, 0), 1),
    ("std({x}, dim=D)", lambda line: mp.sqrt(variance(line, 1)), 2),
    ("std({x}, dim=D, correction=0)", lambda line: mp.sqrt(variance(line, 0)), 1),
    ("norm({x}, dim=D)", lambda line: power_norm(line, 2), 1),
    ("norm({x}, 1, dim=D)", lambda line: power_norm(line, 1), 1),
    ("norm({x}, 3, dim=D)", lambda line: power_norm(line, 3), 1),
    ("norm({x}, 4, dim=D)", lambda line: power_norm(line, 4), 1),
    ("norm({x}, 1.5, dim=D)", lambda line: power_norm(line, 1.5), 1),
    ("norm({x}, inf, dim=D)", lambda line: power_norm(line, math.inf), 1),
    ("vector_norm({x}, -inf, dim=D)", lambda line: power_norm(line, -math.inf), 1),
    ("amax({x}, dim=D)", max, 1),
    ("amin({x}, dim=D)", min, 1),
    ("max({x}, dim=D).values", max, 1),
    ("min({x}, dim=D)[0]", min, 1),
    ("median({x}, dim=D).values", median, 1),
    ("kthvalue({x}, 2, dim=D).values", lambda line: sorted(line)[1], 2),
    ("sort({x}, dim=D).values", sorted, 1),
    ("sort({x}, dim=D, descending=True).values", lambda line: sorted(line, reverse=True), 1),
    ("topk({x}, 2, dim=D).values", lambda line: sorted(line, reverse=True)[:2], 2),
    ("quantile({x}, 0.5, dim=D)", lambda line: (median(line) + sorted(line)[len(line) // 2]) / 2, 1),
    ("cumsum({x}, dim=D)", lambda line: running(lambda a, b: a + b, line), 1),
    ("cumprod({x}, dim=D)", lambda line: running(lambda a, b: a * b, line), 1),
    ("cummax({x}, dim=D).values", lambda line: running(max, line), 1),
    ("flip({x}, (D,))", lambda line: line[::-1], 1),
    ("roll({x}, 1, D)", lambda line: [line[-1], *line[:-1]], 1),
    ("normalize({x}, dim=D)", normalised, 1),
    ("index_select({x}, D, [1, 0, 1])", lambda line: [line[1], line[0], line[1]], 2),
    ("trapezoid({x}, dim=D)", lambda line: sum((a + b) / 2 for a, b in itertools.pairwise(line)), 2),
)


def along(chance: Random, shape: tuple[int, ...]) -> Made:
    """A function along a dimension."""
    if not shape or 0 in shape:
        return None
    dim = chance.randrange(len(shape))
    text, function, least = chance.choice(ALONG)
    if shape[dim] < least:
        return None
    named = chance.choice((dim, dim - len(shape)))
    return text.replace("D", str(named)), lines(function, dim)


# ---- functions of matrices --------------------------------------------------------------------------------------


def matrix(x: Any) -> Any:
    """mpmath's matrix."""
    return mp.matrix([list(row) for row in x])


def unpacked(x: Any) -> Any:
    """The array of an mpmath matrix."""
    result = np.empty((x.rows, x.cols), dtype=object)
    for place in np.ndindex(*result.shape):
        result[place] = x[place]
    return result


def number(x: Any) -> Any:
    """A number as an array without dimensions."""
    result = np.empty((), dtype=object)
    result[()] = x
    return result


def positive(x: Any) -> Any:
    """x @ x.T + eye(n)."""
    return x.dot(x.T) + np.eye(len(x), dtype=int)


def _solved(x: Any) -> Any:
    return unpacked(mp.lu_solve(matrix(x), matrix([[mp.mpf(k + 1)] for k in range(len(x))])))[:, 0]


def _power(x: Any, n: int) -> Any:
    base = x if n > 0 else unpacked(mp.inverse(matrix(x)))
    result = base
    for _ in range(abs(n) - 1):
        result = result.dot(base)
    return result


SQUARE: Sequence[tuple[str, Meaning]] = (
    ("det({x})", lambda x: number(mp.det(matrix(x)))),
    ("logdet({x} @ {x}.T + eye(N))", lambda x: number(mp.log(mp.det(matrix(positive(x)))))),
    ("slogdet({x}).logabsdet", lambda x: number(mp.log(abs(mp.det(matrix(x)))))),
    ("inverse({x})", lambda x: unpacked(mp.inverse(matrix(x)))),
    ("inverse({x} @ {x}.T + eye(N))", lambda x: unpacked(mp.inverse(matrix(positive(x))))),
    ("solve({x}, arange(1, N + 1))", _solved),
    ("cholesky({x} @ {x}.T + eye(N))", lambda x: unpacked(mp.cholesky(matrix(positive(x))))),
    ("trace({x})", lambda x: number(np.trace(x))),
    ("matrix_power({x}, 3)", lambda x: _power(x, 3)),
    ("matrix_power({x}, -2)", lambda x: _power(x, -2)),
    ("triu({x})", lambda x: np.where(np.triu(np.ones(x.shape)) > 0, x, mp.zero)),
    ("diagonal({x})", lambda x: np.diagonal(x).copy()),
    ("norm({x})", lambda x: number(power_norm(list(x.ravel()), 2))),
    ("matrix_norm({x}, 1)", lambda x: number(max(sum(abs(each) for each in column) for column in x.T))),
    ("matrix_norm({x}, inf)", lambda x: number(max(sum(abs(each) for each in row) for row in x))),
    ('einsum("ij,ji->i", {x}, {x})', lambda x: np.array([x[i].dot(x[:, i]) for i in range(len(x))], dtype=object)),
    ('einsum("ii", {x})', lambda x: number(np.trace(x))),
)


def square(chance: Random, shape: tuple[int, ...]) -> Made:
    """A function of a square matrix."""
    if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
        return None
    text, function = chance.choice(SQUARE)
    return re.sub(r"\bN\b", str(shape[0]), text.replace("N + 1", str(shape[0] + 1))), function


def _attention(mask: str) -> Meaning:
    def meaning(x: Any) -> Any:
        scores = x.dot(x.T) / mp.sqrt(x.shape[1])
        result = np.empty(x.shape, dtype=object)
        for row in range(len(x)):
            seen = [k for k in range(len(x)) if mask != "causal" or k <= row]
            weights = softmax([scores[row, k] for k in seen])
            result[row] = sum(weight * x[k] for weight, k in zip(weights, seen, strict=True))
        return result

    return meaning


def _cosine(x: Any) -> Any:
    y = x[::-1]
    eps = mp.mpf("1e-8")
    sizes = [max(power_norm(list(a), 2), eps) * max(power_norm(list(b), 2), eps) for a, b in zip(x, y, strict=True)]
    return _packed([a.dot(b) / size for a, b, size in zip(x, y, sizes, strict=True)])


def _whole(first: int, last: int) -> Any:
    return _packed([mp.mpf(each) for each in range(first, last)])


def _uniform(x: Any) -> Any:
    return sum(-sum(log_softmax(list(row))) / len(row) for row in x) / len(x)


def _smoothed(x: Any) -> Any:
    picked = sum(-log_softmax(list(row))[0] for row in x) / len(x)
    return (picked + _uniform(x)) / 2


def _kron(x: Any) -> Any:
    result = np.empty((x.shape[0], 2 * x.shape[1]), dtype=object)
    result[:, ::2], result[:, 1::2] = x, -2 * x
    return result


PLANE: Sequence[tuple[str, Meaning]] = (
    ("{x} @ {x}.T", lambda x: x.dot(x.T)),
    ("{x}.T", lambda x: x.T),
    ("{x} @ arange(1, M + 1)", lambda x: x.dot(_whole(1, x.shape[1] + 1))),
    ('einsum("ij,kj->ik", {x}, {x})', lambda x: x.dot(x.T)),
    ('einsum("ij->j", {x})', lambda x: x.sum(axis=0)),
    ("{x} - mean({x}, dim=0, keepdim=True)", lambda x: x - x.sum(axis=0)[None] / mp.mpf(len(x))),
    ("{x}[:, :1]*{x}", lambda x: x[:, :1] * x),
    ("{x}[::2]", lambda x: x[::2]),
    ("{x}[-1]", lambda x: x[-1]),
    ("{x}[..., 0]", lambda x: x[:, 0]),
    ("cat([{x}, {x}**2], dim=0)", lambda x: np.concatenate([x, x * x])),
    ("stack([{x}, 3*{x}])", lambda x: np.stack([x, 3 * x])),
    ("scaled_dot_product_attention({x}, {x}, {x})", _attention("")),
    ("scaled_dot_product_attention({x}, {x}, {x}, is_causal=True)", _attention("causal")),
    ("cosine_similarity({x}, flip({x}, (0,)), dim=1)", _cosine),
    ("flatten({x})", lambda x: x.ravel()),
    ("layer_norm({x}, (M,))", lines(lambda line: standardised(line, mp.mpf("1e-5")), 1)),
    ("cross_entropy({x}, zeros(ROWS), reduction='none')", lambda x: _packed([-log_softmax(list(r))[0] for r in x])),
    ("nll_loss({x}, full((ROWS,), M - 1))", lambda x: number(-sum(x[:, -1]) / len(x))),
    ("cross_entropy({x}, softmax(ones(ROWS, M), 1))", lambda x: number(_uniform(x))),
    ("cross_entropy({x}, zeros(ROWS), label_smoothing=0.5)", lambda x: number(_smoothed(x))),
    ("gather({x}, 1, zeros(ROWS, 1))", lambda x: x[:, :1]),
    ("kron({x}, [[1, -2]])", _kron),
    ("outer({x}[0], {x}[:, 0])", lambda x: np.multiply.outer(x[0], x[:, 0])),
)


def plane(chance: Random, shape: tuple[int, ...]) -> Made:
    """A function of a matrix."""
    if len(shape) != 2 or 0 in shape:
        return None
    text, function = chance.choice(PLANE)
    for word, value in (("M + 1", shape[1] + 1), ("M - 1", shape[1] - 1), ("ROWS", shape[0]), ("M", shape[1])):
        text = text.replace(word, str(value))
    return text, function


def _convolved(x: Any, kernel: Sequence[int], stride: int, padding: int) -> Any:
    padded = [mp.zero] * padding + list(x) + [mp.zero] * padding
    starts = range(0, len(padded) - len(kernel) + 1, stride)
    return _packed([sum(weight * padded[start + k] for k, weight in enumerate(kernel)) for start in starts])


VECTOR: Sequence[tuple[str, Meaning]] = (
    ("dot({x}, {x})", lambda x: number(x.dot(x))),
    ("outer({x}, {x})", lambda x: np.multiply.outer(x, x)),
    ("diag({x})", lambda x: np.diag(x) + mp.zero),
    ("({x}[None] - {x}[:, None])", lambda x: x[None] - x[:, None]),
    ("flip({x}, (0,))", lambda x: x[::-1]),
    ("{x}[1::2].sum()*{x}", lambda x: x * (sum(x[1::2]) + mp.zero)),
    ("sum({x}[i]*{x}[i] for i in range(N))", lambda x: number(x.dot(x))),
    ("{x}[:0].sum() + {x}", lambda x: x),
    ("prod({x}[:0])*{x}", lambda x: x),
    ("{x}.reshape(1, N)", lambda x: x.reshape(1, -1)),
    ("{x}[0]", lambda x: number(x[0])),
    ("{x}.expand(2, N)", lambda x: np.stack([x, x])),
    ("conv1d({x}[None], [[[1, -2]]], padding=1)[0]", lambda x: _convolved(x, (1, -2), 1, 1)),
    (
        "conv1d({x}.reshape(1, 1, N), [[[1, 3, -2]]], stride=2, padding=2).flatten()",
        lambda x: _convolved(x, (1, 3, -2), 2, 2),
    ),
    ("avg_pool1d({x}[None], 2, 1, padding=1)[0]", lambda x: _convolved(x, (1, 1), 1, 1) / 2),
    ("gather({x}, 0, [0, 0])", lambda x: np.array([x[0], x[0]], dtype=object)),
    ("where({x} > 0, {x}, {x}**2)", elementwise(lambda each: each if each > 0 else each * each)),
    ("masked_fill({x}, {x} < 0, 0)", elementwise(lambda each: mp.zero if each < 0 else each)),
    ("repeat_interleave({x}, 2)", lambda x: np.repeat(x, 2)),
    ("cross_entropy({x}, 0)", lambda x: number(-log_softmax(list(x))[0])),
    ("{x}[[0, 0, -1]]", lambda x: x[[0, 0, -1]]),
    ("vander({x}, N=3)", lambda x: np.stack([x * x, x, x * 0 + 1], axis=1)),
)


def vector(chance: Random, shape: tuple[int, ...]) -> Made:
    """A function of a vector."""
    if len(shape) != 1 or not shape[0]:
        return None
    text, function = chance.choice(VECTOR)
    return re.sub(r"\bN\b(?!=)", str(shape[0]), text), function


HALF = mp.mpf("0.5")
ANY: Sequence[tuple[str, Meaning]] = (
    ("sin({x})", elementwise(mp.sin)),
    ("exp({x})", elementwise(mp.exp)),
    ("tanh({x})", elementwise(mp.tanh)),
    ("sigmoid({x})", elementwise(lambda x: 1 / (1 + mp.exp(-x)))),
    ("softplus({x})", elementwise(lambda x: max(x, 0) + mp.log1p(mp.exp(-abs(x))))),
    ("relu({x})", elementwise(lambda x: max(x, mp.zero))),
    ("abs({x})", elementwise(abs)),
    ("{x}**2", elementwise(lambda x: x * x)),
    ("{x}**3 - {x}", elementwise(lambda x: x**3 - x)),
    ("sqrt({x}**2 + 1)", elementwise(lambda x: mp.sqrt(x * x + 1))),
    ("1/(1 + {x}**2)", elementwise(lambda x: 1 / (1 + x * x))),
    ("log(1 + {x}**2)", elementwise(lambda x: mp.log(1 + x * x))),
    ("clamp({x}, -1, 1)", elementwise(lambda x: min(max(x, -mp.one), mp.one))),
    ("xlogy({x}**2, {x}**2)", elementwise(lambda x: x * x * mp.log(x * x) if x else mp.zero)),
    ("var({x}, unbiased=False)", lambda x: number(variance(list(np.ravel(x)), 0))),
    ("norm({x})", lambda x: number(power_norm(list(np.ravel(x)), 2))),
    ("prod({x})", lambda x: number(math.prod(np.ravel(x), start=mp.one))),
    ("max({x})", lambda x: number(max(np.ravel(x)))),
    ("median({x})", lambda x: number(median(list(np.ravel(x))))),
    ("mean({x})", lambda x: number(sum(np.ravel(x)) / np.size(x))),
    ("{x}*sum({x})", lambda x: x * sum(np.ravel(x))),
    ("{x} - mean({x})", lambda x: x - sum(np.ravel(x)) / np.size(x)),
    ("{x}/(1 + norm({x})**2)", lambda x: x / (1 + sum(each * each for each in np.ravel(x)))),
    ("mse_loss({x}, zeros_like({x}))", lambda x: number(sum(each * each for each in np.ravel(x)) / np.size(x))),
    (
        "huber_loss({x}, zeros_like({x}), reduction='none')",
        elementwise(lambda x: x * x / 2 if abs(x) <= 1 else abs(x) - HALF),
    ),
    (
        "smooth_l1_loss({x}, zeros_like({x}), reduction='none', beta=0.5)",
        elementwise(lambda x: x * x if abs(x) < HALF else abs(x) - HALF / 2),
    ),
    (
        "bce_with_logits({x}, ones_like({x}), reduction='none')",
        elementwise(lambda x: max(-x, 0) + mp.log1p(mp.exp(-abs(x)))),
    ),
    (
        "binary_cross_entropy(sigmoid({x}), zeros_like({x}), reduction='none')",
        elementwise(lambda x: min(max(x, 0) + mp.log1p(mp.exp(-abs(x))), mp.mpf(100))),
    ),
    (
        "kl_div({x}, [0.5], reduction='sum')",
        lambda x: number(sum(HALF * (mp.log(HALF) - each) for each in np.ravel(x))),
    ),
    (
        "soft_margin_loss({x}, -ones_like({x}), reduction='sum')",
        lambda x: number(sum(max(each, 0) + mp.log1p(mp.exp(-abs(each))) for each in np.ravel(x))),
    ),
    ("hinge_embedding_loss({x}, -ones_like({x}), reduction='none')", elementwise(lambda x: max(1 - x, mp.zero))),
    ("poisson_nll_loss({x}, full_like({x}, 2), reduction='none')", elementwise(lambda x: mp.exp(x) - 2 * x)),
    (
        "gaussian_nll_loss({x}, zeros_like({x}), full_like({x}, 2), reduction='none')",
        elementwise(lambda x: (mp.log(2) + x * x / 2) / 2),
    ),
)


def anything(chance: Random, _: tuple[int, ...]) -> Made:
    """A function of a tensor of any shape."""
    return chance.choice(ANY)


MAKERS: Sequence[Maker] = (along, square, plane, vector, anything)
