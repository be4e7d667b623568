"""Rows that are applied component by component."""

from collections.abc import Callable
from functools import partial
from typing import Any

from mpmath import mp

from tests.oracles.precise import MEANING as KNOWN_TO_MPMATH
from tests.oracles.precise import truncated


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), whatever the size of x."""
    return max(x, mp.zero) + mp.log1p(mp.exp(-abs(x)))


def clip(x: Any, low: Any, high: Any) -> Any:
    """x, or the bound that it is beyond."""
    return min(max(x, low), high)


SELU = "1.0507009873554804934193349852946", "1.6732632423543772848170429916717"
"""Scale and alpha, as Klambauer et al. give them (Self-Normalizing Neural Networks, 2017)."""

NUMBERS: dict[str, Callable[..., Any]] = {
    **KNOWN_TO_MPMATH,
    "add_scaled": lambda x, y, alpha: x + alpha * y,
    "sub_scaled": lambda x, y, alpha: x - alpha * y,
    "rsub": lambda x, y, alpha: y - alpha * x,
    "div_floor": lambda x, y: mp.floor(x / y),
    "div_trunc": lambda x, y: truncated(x / y),
    "ieee_remainder": lambda x, y: x - y * mp.nint(x / y),
    "positive": lambda x: x,
    "addcmul": lambda x, y, z, value: x + value * y * z,
    "addcdiv": lambda x, y, z, value: x + value * y / z,
    "lerp": lambda start, end, weight: (1 - weight) * start + weight * end,
    "where_method": lambda x, condition, y: x if condition else y,
    "masked_fill": lambda x, mask, value: value if mask else x,
    "heaviside": lambda x, values: values if x == 0 else mp.mpf(x > 0),
    "Heaviside": lambda x, H0: H0 if x == 0 else mp.mpf(x > 0),
    "clamp_min": max,
    "clamp_max": min,
    "logaddexp": lambda x, y: mp.ln(mp.exp(x) + mp.exp(y)),
    "logaddexp2": lambda x, y: mp.log(mp.power(2, x) + mp.power(2, y), 2),
    "xlogy": lambda x, y: mp.zero if x == 0 else x * mp.ln(y),
    "xlog1py": lambda x, y: mp.zero if x == 0 else x * mp.log1p(y),
    "entr": lambda x: mp.zero if x == 0 else -x * mp.ln(x),
    "logit_eps": lambda x, eps: 2 * mp.atanh(2 * clip(x, eps, 1 - eps) - 1),
    "E1": mp.e1,
    "Li": lambda x: mp.li(x, offset=True),
    **{f"j{n}": partial(mp.besselj, n) for n in (0, 1)},
    **{f"y{n}": partial(mp.bessely, n) for n in (0, 1)},
    **{f"k{n}": partial(mp.besselk, n) for n in (0, 1)},
    "unnormalised_sinc": mp.sinc,
    "softplus": softplus,
    "softplus_beta": lambda x, beta, threshold: x if beta * x > threshold else softplus(beta * x) / beta,
    "logsigmoid": lambda x: -softplus(-x),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "mish": lambda x: x * mp.tanh(softplus(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "tanhshrink": lambda x: x - mp.tanh(x),
    "relu": lambda x: max(x, mp.zero),
    "relu6": lambda x: clip(x, mp.zero, mp.mpf(6)),
    "leaky_relu": lambda x, negative_slope: x if x > 0 else negative_slope * x,
    "prelu": lambda x, weight: x if x > 0 else weight * x,
    "elu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
    "celu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x / alpha),
    "selu": lambda x: mp.mpf(SELU[0]) * (x if x > 0 else mp.mpf(SELU[1]) * mp.expm1(x)),
    "hardtanh": clip,
    "hardsigmoid": lambda x: clip(x / 6 + mp.mpf(1) / 2, mp.zero, mp.one),
    "hardswish": lambda x: x * clip(x / 6 + mp.mpf(1) / 2, mp.zero, mp.one),
    "hardshrink": lambda x, lambd: x if abs(x) > lambd else mp.zero,
    "softshrink": lambda x, lambd: mp.sign(x) * max(abs(x) - lambd, mp.zero),
    "threshold": lambda x, threshold, value: x if x > threshold else value,
    "round_decimals": lambda x, decimals: mp.nint(x * mp.power(10, decimals)) / mp.power(10, decimals),
    "positive_frac": lambda x: x - mp.floor(x),
    "method_polygamma": lambda x, n: mp.psi(int(n), x),
}
"""Rows that are applied component by component, by the operands alone."""
