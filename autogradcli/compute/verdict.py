"""The verdict on one number, from the three opinions on it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal

from autogradcli.compute.problem import Problem
from autogradcli.engines.results import Ball, Enclosure
from autogradcli.errors import ExitCode
from autogradcli.language.dtypes import DTYPES, Dtype

WORST_FIRST = ("mismatch", "undefined", "kink", "imprecise", "unverified", "verified")

SYMBOLIC_DIGITS = Decimal("1e-28")
"""Relative accuracy of SymPy's 30 digits, with something to spare."""
SYMBOLIC_ZERO = Decimal("1e-1233")
"""Size below which SymPy's digits are 0: about 2**-4096, far below all dtypes, where no more digits are tried."""
EXACT = Context(prec=60, Emax=10**17, Emin=-(10**17))


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a number may be from the truth before it matters."""

    absolute: float
    """`atol + rtol * scale`."""
    demanded: bool
    """Whether the user demanded it, so that rounding is no excuse."""
    max_ulps: float | None = None
    """A demand in units in the last place, on its own."""
    loss: float = math.inf
    """The largest error that counts as digits lost by a formula of torch's: the derivative's or the function's size."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict and the code of its reason; no code for `verified`."""

    verdict: str
    code: str | None = None


def scale(gradient: float, value: float, x: float) -> float:
    """`max(|g|, |f / x|)`, or |f| for the latter if x is 0: below a small part of it, an error cannot matter to f.

    g is the true derivative, f the true value, and x the largest component of the variable.
    """
    return max(abs(gradient), abs(value / x) if x else abs(value))


def tolerance(problem: Problem, size: float) -> Tolerance:
    """The tolerance for a derivative at the `scale` called `size`, with the user's demands or the dtype's default."""
    options = problem.options
    relative = DTYPES[options.dtype].rtol if options.rtol is None else options.rtol
    absolute = (options.atol or 0.0) + (relative * size if relative else 0.0)
    return Tolerance(absolute, options.rtol is not None or options.atol is not None, options.max_ulps)


def judge(number: float, truth: Enclosure, allowed: Tolerance, dtype: Dtype) -> Ruling:
    """The verdict on autograd's number."""
    if truth.nearest is None and truth.slopes is not None:
        return _at_a_kink(number, truth, allowed, dtype)
    if truth.cause is not None:
        return Ruling(truth.cause.verdict, truth.cause.code)
    assert truth.nearest is not None
    if _is_too_large(truth.nearest, dtype):
        return Ruling("undefined", "GC115")
    if truth.error is None:
        return Ruling("imprecise", "GC302") if truth.inside else Ruling("mismatch", "GC202")
    ruling = _on_the_square(truth, truth.error, allowed)
    if ruling.verdict != "mismatch" and _too_many_ulps(truth, allowed):
        return Ruling("mismatch", "GC305")
    # Where conventions add up no rounding is at work: that the error is small beside the function excuses nothing.
    wrong = truth.slopes is not None and not truth.inside and truth.error[0] > dtype.rtol * abs(truth.nearest)
    return Ruling("mismatch", _by_convention(truth)) if wrong else ruling


def _is_too_large(truth: float, dtype: Dtype) -> bool:
    return abs(truth) >= dtype.largest + dtype.ulp(dtype.largest) / 2


def judge_symbolic(digits: str | None, truth: Enclosure, allowed: Tolerance, dtype: Dtype) -> Ruling:
    """The verdict where torch has no number: whether SymPy's, given to 30 digits or None, is the proven one."""
    if truth.nearest is None and truth.slopes is not None:
        return Ruling("kink", "GC103" if truth.together else "GC101")
    if truth.cause is not None:
        return Ruling(truth.cause.verdict, truth.cause.code)
    if truth.nearest is not None and _is_too_large(truth.nearest, dtype):
        return Ruling("undefined", "GC115")
    if truth.ball is not None and Decimal(truth.ball.radius) > max(Decimal(allowed.absolute), SYMBOLIC_ZERO):
        return Ruling("unverified", "GC502")
    if digits is None:
        return Ruling("unverified", "GC512")
    return Ruling("verified") if agrees(digits, truth) else Ruling("unverified", "GC401")


def _too_many_ulps(truth: Enclosure, allowed: Tolerance) -> bool:
    return allowed.max_ulps is not None and truth.ulps is not None and truth.ulps > allowed.max_ulps


def _on_the_square(truth: Enclosure, error: tuple[float, float], allowed: Tolerance) -> Ruling:
    """Two questions, four answers: inside the rounding budget or not, within the tolerance or not."""
    least, most = error
    if most <= allowed.absolute:
        return Ruling("verified") if truth.inside else _lost(truth, least, allowed)
    if truth.inside and not allowed.demanded and truth.ulps is not None and truth.ulps <= 1:
        return Ruling("verified")
    if least <= allowed.absolute:
        return Ruling("unverified", "GC502")
    if not truth.inside:
        return Ruling("mismatch", "GC204" if truth.underflow else "GC303")
    return Ruling("mismatch", "GC304") if allowed.demanded else Ruling("imprecise", "GC302")


def _lost(truth: Enclosure, error: float, allowed: Tolerance) -> Ruling:
    """Within the tolerance, and no rounding: digits were lost, unless the error is larger than all that is there."""
    if truth.underflow:
        return Ruling("imprecise", "GC204")
    return Ruling("mismatch", "GC303") if error > allowed.loss else Ruling("imprecise", "GC301")


def _at_a_kink(number: float, truth: Enclosure, allowed: Tolerance, dtype: Dtype) -> Ruling:
    slopes = truth.slopes or (0.0, 0.0)
    if not math.isfinite(number):
        return Ruling("mismatch", "GC202")
    low, high = min(slopes), max(slopes)
    off = max(low - number, number - high, 0.0)
    # As where conventions add up: that an error is small beside the function excuses nothing, unless it was asked for.
    near = allowed.absolute if allowed.demanded else dtype.rtol * max(abs(low), abs(high))
    if off <= near or (truth.inside and not allowed.demanded):
        return Ruling("kink", "GC103" if truth.together else "GC101")
    return Ruling("mismatch", _by_convention(truth))


def _by_convention(truth: Enclosure) -> str:
    """Why autograd's number is none of the slopes: a guard's branch, or conventions that add up."""
    return "GC102" if truth.guard is None else "GC104"


def worst(verdicts: Iterable[str]) -> str:
    """The worst of several verdicts; `verified` of none."""
    return min(verdicts, key=WORST_FIRST.index, default="verified")


def exit_code(verdicts: Iterable[str], strict: bool = False) -> ExitCode:
    """1 for any mismatch; else 3 for any undefined, or with `strict` for anything but verified; else 0."""
    found = set(verdicts)
    if "mismatch" in found:
        return ExitCode.MISMATCH
    if "undefined" in found or (strict and found - {"verified"}):
        return ExitCode.UNDEFINED
    return ExitCode.OK


def agrees(digits: str, truth: Enclosure) -> bool:
    """Whether SymPy's number, given to 30 digits, can be the true one."""
    if truth.ball is not None:
        return contains(truth.ball, digits)
    return truth.nearest is not None and math.isclose(float(digits), truth.nearest, rel_tol=SLOPE_DIGITS)


SLOPE_DIGITS = 1e-15
"""Relative accuracy of a slope that is known as a double."""


def contains(ball: Ball, digits: str) -> bool:
    """Whether a number given to 30 digits can be the one that the ball encloses."""
    number, middle, radius = (EXACT.create_decimal(text) for text in (digits, ball.value, ball.radius))
    own = EXACT.multiply(EXACT.abs(middle), SYMBOLIC_DIGITS) if number else SYMBOLIC_ZERO
    slack = EXACT.add(radius, own)
    return EXACT.abs(EXACT.subtract(number, middle)) <= slack
