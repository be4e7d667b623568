"""What gradcalc says against torch about the samples of torch's operators, proven at 50 digits without our engines.

An operator that is here means what its line says, over arrays of mpmath's numbers. A verdict is proven by differences
along every component: `undefined` where one has no finite value or slope, `kink` where one has two slopes, `mismatch`
where autograd's number is on neither side of both. Of second derivatives they are differences of differences.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from mpmath import mp

from autogradcli.engines.results import flat
from tests.operators import Answer, Sample

DIGITS = 300
STEP = mp.mpf(10) ** -40
NEARER = mp.mpf(10) ** -120
"""The step of a derivative that is differentiated again."""
STEPS = (-NEARER, NEARER)
ALIKE = mp.mpf(10) ** -30
"""How far two slopes may be apart that are one, relative to their size."""
TOLERANCE = {"float64": mp.mpf("1e-7"), "float32": mp.mpf("1.3e-6")}
"""Those of `torch.testing.assert_close`."""
SEVERE = ("mismatch", "undefined", "kink")
"""Verdicts that need a proof."""

Array = Any


def each(function: Callable[..., Any]) -> Callable[..., Array]:
    """A function of numbers, component by component, of whatever broadcasts."""

    def applied(*operands: Any) -> Array:
        return np.frompyfunc(function, len(operands), 1)(*operands)

    return applied


def reduced(losses: Array, reduction: str) -> Array:
    """As torch's losses do it."""
    if reduction == "none":
        return losses
    return np.sum(losses) / (np.size(losses) if reduction == "mean" else 1)


def norm(x: Array, order: Any = None, dim: Any = None, keepdim: bool = False, **_: Any) -> Array:
    """That of vectors, for any order that is a number."""
    sizes = np.abs(x)
    axes = tuple(dim) if isinstance(dim, list) else dim
    if order == 0:
        return np.sum(each(lambda a: mp.mpf(a != 0))(x), axis=axes, keepdims=keepdim)
    if order in (mp.inf, -mp.inf):
        return (np.max if order > 0 else np.min)(sizes, axis=axes, keepdims=keepdim)
    power = mp.mpf(2 if order in (None, "fro") else order)
    total = np.sum(each(lambda a: mp.power(a, power))(sizes), axis=axes, keepdims=keepdim)
    return each(lambda a: mp.power(a, 1 / power))(total)


def hinge_embedding(x: Array, y: Array, margin: float = 1.0, reduction: str = "mean") -> Array:
    """x where the target is not -1, plus relu(margin - x) where it is not 1."""

    def loss(a: Any, b: Any) -> Any:
        return (max(margin - a, mp.zero) if b != 1 else 0) + (a if b != -1 else 0)

    return reduced(each(loss)(x, y), reduction)


def cosine_embedding(x: Array, y: Array, target: Array, margin: float = 0.0, reduction: str = "mean") -> Array:
    """1 - cos where the target is 1, relu(cos - margin) where it is -1."""
    lengths = [np.sum(a * a, axis=-1) + mp.mpf("1e-12") for a in (x, y)]
    cosine = np.sum(x * y, axis=-1) / each(mp.sqrt)(lengths[0] * lengths[1])

    def loss(a: Any, b: Any) -> Any:
        return (1 - a if b == 1 else 0) + (max(a - margin, mp.zero) if b == -1 else 0)

    return reduced(each(loss)(cosine, target), reduction)


def logcumsumexp(x: Array, dim: int) -> Array:
    """The logarithms of the partial sums of exponentials."""
    return each(mp.log)(np.cumsum(each(mp.exp)(x), axis=dim)) if np.ndim(x) else x


def as_strided_scatter(x: Array, source: Array, size: Any, stride: Any, storage_offset: int = 0) -> Array:
    """x with the source at steps of its own along each dimension: torch.as_strided_scatter's page."""
    changed = x.ravel().copy()
    for place in np.ndindex(*size):
        changed[storage_offset + sum(a * b for a, b in zip(place, stride, strict=True))] = source[place]
    return changed.reshape(x.shape)


def cdist(x: Array, y: Array, p: float = 2.0, compute_mode: str | None = None) -> Array:
    """The norms of all differences between rows; torch may multiply matrices for them, which is its own affair."""
    del compute_mode
    apart = np.abs(x[..., :, None, :] - y[..., None, :, :])
    if p == mp.inf:
        return np.max(apart, axis=-1)
    return each(lambda total: mp.power(total, 1 / mp.mpf(p)))(np.sum(each(lambda a: mp.power(a, p))(apart), axis=-1))


def matrix_by_matrix(one: Callable[..., Array]) -> Callable[..., Array]:
    """A function of a matrix, and of what belongs to it, for each of a batch."""

    def applied(A: Array, *others: Array) -> Array:  # noqa: N803
        batch = A.shape[:-2]
        found = [one(*(each[place] for each in (A, *others))) for place in np.ndindex(*batch)]
        return np.array(found, dtype=object).reshape(*batch, *np.shape(found[0]))

    return applied


@matrix_by_matrix
def householder_product(A: Array, tau: Array) -> Array:  # noqa: N803
    """The first columns of the product of 1 - t*v*v.T, v from the columns of A below a 1: torch's page."""
    product = np.array(mp.eye(len(A)).tolist(), dtype=object)
    for place, t in enumerate(tau):
        v = np.array([mp.zero] * place + [mp.one] + list(A[place + 1 :, place]), dtype=object)
        product = product - t * np.outer(product @ v, v)
    return product[:, : A.shape[1]]


@matrix_by_matrix
def q_of_qr(A: Array) -> Array:  # noqa: N803
    """Q by reflections, with LAPACK's signs (geqrf): a column's first entry becomes the other sign times its length."""
    rest, Q = A.copy(), np.array(mp.eye(len(A)).tolist(), dtype=object)  # noqa: N806
    width = min(A.shape)
    for place in range(min(width, len(A) - 1)):
        v = rest[place:, place].copy()
        v[0] += (1 if v[0] >= 0 else -1) * mp.sqrt(np.sum(v * v))
        scale = 2 / np.sum(v * v)
        rest[place:] = rest[place:] - scale * np.outer(v, v @ rest[place:])
        Q[:, place:] = Q[:, place:] - scale * np.outer(Q[:, place:] @ v, v)
    return Q[:, :width]


def qr(A: Array, *_: Any, **__: Any) -> tuple[Array]:  # noqa: N803
    """Q alone, for that is what the samples take."""
    return (q_of_qr(A),)


MEANING: Mapping[str, Callable[..., Array]] = {
    # torch's backward gives x the gradient at the places that were written to, and 0 at all others
    "as_strided_scatter": as_strided_scatter,
    "addr": lambda x, a, b, beta=1, alpha=1: (beta * x if beta else 0) + alpha * np.outer(a, b),
    "__rpow__": lambda x, y: each(mp.power)(y, x),
    "special.entr": each(lambda x: mp.zero if x == 0 else -x * mp.log(x)),
    "nn.functional.hinge_embedding_loss": hinge_embedding,
    "nn.functional.cosine_embedding_loss": cosine_embedding,
    "linalg.norm subgradients_at_zero": norm,
    # in float32 torch's formulas lose more than the tolerance
    "atanh": each(mp.atanh),
    "sigmoid": each(lambda x: 1 / (1 + mp.exp(-x))),
    "sinc": each(lambda x: mp.sin(mp.pi * x) / (mp.pi * x) if x else mp.one),
    "digamma": each(mp.digamma),
    "special.ndtr": each(mp.ncdf),
    "special.log_ndtr": each(lambda x: mp.log(mp.ncdf(x))),
    "logcumsumexp": logcumsumexp,
    "cdist": cdist,
    "linalg.householder_product": householder_product,
    "qr": qr,
    "linalg.qr": qr,
}
"""By an operator's name with its variant."""


def unproven(sample: Sample, answer: Answer) -> Iterator[str]:
    """The verdicts worse than imprecise that stand without a proof."""
    for name, found in answer.found.items():
        if found.verdict in SEVERE:
            if sample.title not in MEANING:
                yield f"{found.verdict} of {name}: no meaning is on the list"
            elif not _is_proven(sample, answer, name):
                yield f"{found.verdict} of {name} is not so"


def _is_proven(sample: Sample, answer: Answer, name: str) -> bool:
    found = answer.found[name]
    with mp.workdps(DIGITS):
        function = _Function(sample, answer)
        places = range(sample.values[name].numel())
        autograd = flat(found.autograd)
        return any(function.is_so(found.verdict, name, place, autograd[place]) for place in places)


class _Function:
    """The scalar that is differentiated, in mpmath."""

    def __init__(self, sample: Sample, answer: Answer) -> None:
        self._sample = sample
        self._point = {name: _exact(value) for name, value in sample.values.items()}
        self._weights = 1 if answer.upstream is None else _exact(answer.upstream)
        self._moved = {name: _exact(each) for name, each in answer.moved.items()}
        self._value = self._at(self._point)

    def is_so(self, verdict: str, name: str, place: int, autograd: float) -> bool:
        """Whether a verdict is true of one component."""
        sides = [self._slope(name, place, sign) for sign in (-1, 1)]
        if any(each is None for each in sides):
            return verdict == "undefined"
        left, right = sides
        smooth = abs(left - right) <= ALIKE * max(abs(left), abs(right), 1)
        if verdict == "kink":
            return not smooth
        allowed = TOLERANCE[self._sample.dtype] * max(abs(left), abs(right))
        between = min(left, right) - allowed <= autograd <= max(left, right) + allowed
        return verdict == "mismatch" and not between

    def _slope(self, name: str, place: int, sign: int) -> Any:
        """The slope on one side; None if there is none that is finite."""
        slopes = [self._difference(name, place, sign * STEP / shrink) for shrink in (1, 2**20)]
        if any(each is None for each in slopes):
            return None
        near, nearer = slopes
        grows = abs(nearer) > 2 * abs(near) + 1
        return None if grows else nearer

    def _difference(self, name: str, place: int, step: Any) -> Any:
        moved = self._point[name].copy()
        moved.ravel()[place] += step
        value = self._at({**self._point, name: moved})
        return None if value is None or self._value is None else (value - self._value) / step

    def _at(self, point: Mapping[str, Array]) -> Any:
        """What is differentiated: the value, or its derivative along the direction; None where there is none."""
        value = self._scalar(point)
        if not self._moved or value is None:
            return value
        moved = [{**point, **{name: point[name] + step * v for name, v in self._moved.items()}} for step in STEPS]
        values = [self._scalar(each) for each in moved]
        if None in values:
            return None
        left, right = ((each - value) / step for each, step in zip(values, STEPS, strict=True))
        return right if abs(left - right) <= ALIKE * max(abs(left), abs(right), 1) else None

    def _scalar(self, point: Mapping[str, Array]) -> Any:
        """The value; None where there is no finite real one."""
        try:
            value = np.sum(self._weights * self._sample.call(MEANING[self._sample.title], point))
        except (ZeroDivisionError, ValueError, OverflowError):
            return None
        real = isinstance(value, mp.mpf) or (isinstance(value, mp.mpc) and value.imag == 0)
        return mp.re(value) if real and mp.isfinite(value) else None


def _exact(value: Any) -> Array:
    """A tensor as an array of mpmath's numbers."""
    result = np.empty(value.numel(), dtype=object)
    result[:] = [mp.mpf(each) for each in value.double().flatten().tolist()]
    return result.reshape(tuple(value.shape))
