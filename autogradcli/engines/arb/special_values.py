"""The values of rows on balls where no method of `arb` gives them under the row's own name.

Of a wide ball a function is taken at its ends where it is monotone; at infinity it has its limit.
"""

import math
from collections.abc import Callable

from flint import acb, arb, ctx

from autogradcli.engines.arb import beyond_torch
from autogradcli.engines.arb.matrix_exponential import matrix_exponential
from autogradcli.engines.arb.ternary import Truth


def where(condition: Truth, yes: arb, no: arb) -> arb:
    """The chosen branch; where the condition is not decided, a ball that holds both; where it makes no sense, NaN."""
    if condition.undefined:
        return arb.nan()
    if condition.value is None:
        return yes if yes == no else yes.union(no) if yes.is_finite() and no.is_finite() else arb.nan()
    return yes if condition.value else no


def floor(x: arb) -> arb:
    """The largest whole number that is not larger; a ball that holds all candidates if x is not settled."""
    return x.floor()


def _atan2(y: arb, x: arb) -> arb:
    """The angle. Arb's own is between -pi and pi even for NaN."""
    return arb.nan() if x.is_nan() or y.is_nan() else arb.atan2(y, x)


def _oscillating(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    """The function, without a value at infinity. Arb's own is between -1 and 1 there."""
    return lambda x: function(x) if x.is_finite() or not x.is_exact() else arb.nan()


def _digamma(x: arb) -> arb:
    """Increasing between poles: of a wide ball by its ends."""
    between_poles = x > 0 or not x.contains_integer()
    if _thin(x) or not between_poles:
        return x.digamma()
    return x.lower().digamma().union(x.upper().digamma())


def _polygamma(n: arb, x: arb) -> arb:
    """DLMF 5.15.1; n is a whole number. For positive x monotone: of a wide ball by its ends."""
    order = n.unique_fmpz()
    if order is None or order < 0:
        return arb.nan()
    if order == 0:
        return _digamma(x)
    if x < REFLECTED:
        return _reflected_polygamma(int(order), x)
    ends = [x] if _thin(x) or not x > 0 else [x.lower(), x.upper()]
    values = [acb(end).polygamma(acb(order)).real for end in ends]
    return values[0].union(values[-1])


def _reflected_polygamma(order: int, x: arb) -> arb:
    """DLMF 5.15.6: far below 0 Arb's own takes as many steps as x has units.

    The derivatives of the cotangent are polynomials in it, each the derivative of the one before times -(1 + c**2).
    """
    cot = arb.cot(arb.pi() * x)
    coefficients = [0, 1]
    for _ in range(order):
        slopes = [place * each for place, each in enumerate(coefficients)][1:]
        coefficients = [-a - b for a, b in zip([*slopes, 0, 0], [0, 0, *slopes], strict=True)]
    total = sum((each * cot**place for place, each in enumerate(coefficients)), arb(0))
    return (-1) ** order * _polygamma(arb(order), 1 - x) - arb.pi() ** (order + 1) * total


def _by_ends(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    """A monotone function, of a wide ball by its ends."""
    return lambda x: function(x) if _thin(x) else function(x.lower()).union(function(x.upper()))


def _sigmoid(x: arb) -> arb:
    """1/(1 + exp(-x)), by the exponential that does not overflow."""
    exponential = (-abs(x)).exp()
    return 1 / (1 + exponential) if x >= 0 else exponential / (1 + exponential) if x < 0 else 1 / (1 + (-x).exp())


def _softplus(x: arb) -> arb:
    """log(1 + exp(x)), by the exponential that does not overflow."""
    return x + (-x).exp().log1p() if x > 0 else x.exp().log1p()


def _erfcx(x: arb) -> arb:
    """exp(x**2) erfc(x); for positive x by DLMF 7.11.5, where the one factor is as large as the other is small."""
    if x > 0:
        half = arb(1) / 2
        return (x * x).hypgeom_u(half, half) / arb.pi().sqrt()
    return (x * x).exp() * x.erfc()


def _log_ndtr(x: arb) -> arb:
    """By the smaller tail: in the other one the logarithm of almost 1 would cost as many digits as x has units."""
    scaled = x / arb(2).sqrt()
    if x > 0:
        return (-scaled.erfc() / 2).log1p()
    return (_erfcx(-scaled) / 2).log() - x * x / 2 if x < 0 else ((-scaled).erfc() / 2).log()


def _i0(x: arb) -> arb:
    """I0, even and increasing for positive x: of a wide ball by its ends, since Arb takes minutes for such."""
    if _narrow(x):
        return x.bessel_i(0)
    return x.abs_lower().bessel_i(0).union(x.abs_upper().bessel_i(0))


def _i0e(x: arb) -> arb:
    """exp(-abs(x)) I0(x), even and decreasing for positive x: of a wide ball by its ends."""
    low, high = (x.abs_lower(), x.abs_upper()) if x.is_finite() else (x, x)
    return low.bessel_i(0, scaled=True).union(high.bessel_i(0, scaled=True))


def _i1(x: arb) -> arb:
    """I1, increasing everywhere: of a wide ball by its ends."""
    return x.bessel_i(1) if _narrow(x) else x.lower().bessel_i(1).union(x.upper().bessel_i(1))


def _i1e(x: arb) -> arb:
    """exp(-abs(x)) I1(x), odd and decreasing beyond 2: of a wide ball there by its ends."""
    if x <= -I1E_DECREASES:
        return -_i1e(-x)
    if x >= I1E_DECREASES and x.is_finite():
        return x.lower().bessel_i(1, scaled=True).union(x.upper().bessel_i(1, scaled=True))
    return (-abs(x)).exp() * _i1(x)


def _pow(x: arb, y: arb) -> arb:
    """x**y. Of a ball whose middle is exactly 0 Arb gives NaN, for whole y as well."""
    order = y.unique_fmpz() if y.is_exact() and y > 0 else None
    if order is not None and x == arb.neg_inf():
        return x if order % 2 else -x
    if order is None or x.is_exact() or not x.is_finite() or x.mid() != 0:
        return x**y
    largest = x.abs_upper() ** y
    return largest.union(-largest if order % 2 else arb(0))


def _logaddexp(x: arb, y: arb) -> arb:
    """log(exp(x) + exp(y)), increasing in both, with its limit where both are minus infinity: of wide balls by ends."""
    if x == y == arb.neg_inf():
        return x
    if _thin(x) and _thin(y):
        return _thin_logaddexp(x, y)
    return _thin_logaddexp(x.lower(), y.lower()).union(_thin_logaddexp(x.upper(), y.upper()))


def _thin_logaddexp(x: arb, y: arb) -> arb:
    """By the exponential of the smaller one over the larger one, if neither is infinite."""
    if not (x.is_finite() and y.is_finite()):
        return (x.exp() + y.exp()).log()
    return x + _softplus(y - x) if x > y else y + _softplus(x - y)


def _logaddexp2(x: arb, y: arb) -> arb:
    """log2(2**x + 2**y)."""
    unit = arb.const_log2()
    return _logaddexp(x * unit, y * unit) / unit


def _with_limits(function: Callable[[arb], arb], below: float, above: float) -> Callable[[arb], arb]:
    """The function with its limits at minus and plus infinity, where Arb has none."""

    def value(x: arb) -> arb:
        if x.is_finite() or not x.is_exact() or x.is_nan():
            return function(x)
        return arb(above if x > 0 else below)

    return value


def _without_poles(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    """The function without a value where it is infinite, as Arb's logarithm has none at 0."""

    def value(x: arb) -> arb:
        found = function(x)
        return arb.nan() if found.is_exact() and abs(found) == arb.pos_inf() else found

    return value


def _remembered(function: Callable[..., arb]) -> Callable[..., arb]:
    """A slow function that remembers its last values: what is differentiated again asks for the same ones."""
    known: dict[object, arb] = {}

    def value(*operands: arb) -> arb:
        if not all(each.is_finite() for each in operands):
            return function(*operands)
        key = ctx.prec, *((each.mid().man_exp(), each.rad().man_exp()) for each in operands)
        if key not in known:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            known[key] = function(*operands)
        return known[key]

    return value


def _narrow(x: arb) -> bool:
    return bool(x.is_exact()) or not x.is_finite() or x.rel_accuracy_bits() >= FEW_ACCURATE


def _thin(x: arb) -> bool:
    """Whether a ball is one of a number that is known, and not one of those that rounding may give."""
    return bool(x.is_exact()) or not x.is_finite() or x.rel_accuracy_bits() >= MANY_ACCURATE


FEW_ACCURATE = 20
"""Binary digits of an argument below which a Bessel function is taken at its ends."""
MANY_ACCURATE = 60
"""Binary digits of an argument from which on a function needs not be taken at its ends for a tight result."""
REFLECTED = -20
"""Where a polygamma function is taken by its reflection."""
MOST_REMEMBERED = 500
"""Values of one function that are kept."""
I1E_DECREASES = 2
"""Its largest value is at 1.545."""


SPECIAL: dict[str, Callable[..., arb]] = {
    "operator.pow": _pow,
    "atan2": _atan2,
    "sin": _oscillating(arb.sin),
    "cos": _oscillating(arb.cos),
    "lgamma": _remembered(lambda x: x.lgamma() if x > 0 else abs(x.gamma()).log()),
    "digamma": _remembered(_digamma),
    "tanh": _by_ends(arb.tanh),
    "sigmoid": _with_limits(_by_ends(_sigmoid), 0, 1),
    "softplus": _with_limits(_by_ends(_softplus), 0, math.inf),
    "logaddexp": _logaddexp,
    "logaddexp2": _logaddexp2,
    "polygamma": _remembered(_polygamma),
    "erf": _with_limits(arb.erf, -1, 1),
    "erfc": _with_limits(arb.erfc, 2, 0),
    "erfinv": _without_poles(arb.erfinv),
    "erfcinv": _without_poles(arb.erfcinv),
    "erfcx": _with_limits(_by_ends(_erfcx), math.inf, 0),
    "log_ndtr": _with_limits(_by_ends(_log_ndtr), -math.inf, 0),
    "i0": _i0,
    "i0e": _with_limits(_i0e, 0, 0),
    "i1": _i1,
    "i1e": _with_limits(_i1e, 0, 0),
    "where": where,
    "floor": _with_limits(floor, -math.inf, math.inf),
    "matrix_exponential": matrix_exponential,
    **beyond_torch.VALUES,
}
"""Values that are not methods of `arb` with the row's operands in their order."""
