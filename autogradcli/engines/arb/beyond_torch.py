"""The values of functions that torch does not have, on balls."""

from collections.abc import Callable
from functools import wraps

from flint import acb, arb, ctx

Value = Callable[..., arb]

SPARE_BITS = 64
"""Binary digits beyond those in which an operand is known."""


def _as_known(function: Value) -> Value:
    """The function in as many digits as its operands have: Arb takes minutes for thousands of those of a wide ball."""

    @wraps(function)
    def value(*operands: arb) -> arb:
        if not all(each.is_finite() for each in operands):
            return arb.nan()
        known = [_bits(each) for each in operands if not each.is_exact()]
        with ctx.workprec(min([ctx.prec, *(each + SPARE_BITS for each in known)])):
            return function(*operands)

    return value


def _bits(ball: arb) -> int:
    """The binary digits in which a ball is known, of its size or after the point, whichever are more; at least none."""
    mantissa, exponent = ball.rad().man_exp()
    return max(0, int(ball.rel_accuracy_bits()), -int(exponent) - int(mantissa).bit_length())


def _lambertw(x: arb, k: arb) -> arb:
    """The branches 0 and -1, which are those that are real."""
    return x.lambertw(int(float(k))) if k in (0, -1) else arb.nan()


_VALUES: dict[str, Value] = {
    "erfi": arb.erfi,
    "ei": arb.ei,
    "li": arb.li,
    "si": arb.si,
    "ci": arb.ci,
    "shi": arb.shi,
    "chi": arb.chi,
    "expint": lambda n, x: x.expint(n),
    "fresnels": arb.fresnel_s,
    "fresnelc": arb.fresnel_c,
    "lambertw": _lambertw,
    "polylog": lambda s, x: x.polylog(s),
    "airyai": arb.airy_ai,
    "airyaiprime": lambda x: x.airy_ai(derivative=1),
    "airybi": arb.airy_bi,
    "airybiprime": lambda x: x.airy_bi(derivative=1),
    "besselj": lambda n, x: x.bessel_j(n),
    "bessely": lambda n, x: x.bessel_y(n),
    "besseli": lambda n, x: x.bessel_i(n),
    "besselk": lambda n, x: x.bessel_k(n),
    "elliptic_k": lambda m: acb(m).elliptic_k().real,
    "elliptic_e": lambda m: acb(m).elliptic_e().real,
}

VALUES: dict[str, Value] = {name: _as_known(function) for name, function in _VALUES.items()}
"""By what a row's `arb` field says."""
