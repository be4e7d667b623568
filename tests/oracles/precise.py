"""Programs evaluated by mpmath at many digits: the truth that this project did not compute."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
from mpmath import mp

from autogradcli.language.program import Program
from autogradcli.language.tape import Input, Literal, scalarise


def truncated(x: Any) -> Any:
    """The whole number next to x towards zero."""
    return mp.floor(x) if x >= 0 else mp.ceil(x)


MEANING: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "floor_divide": lambda x, y: mp.floor(x / y),
    "remainder": lambda x, y: x % y,
    "fmod": lambda x, y: x - y * truncated(x / y),
    "neg": lambda x: -x,
    "reciprocal": lambda x: 1 / x,
    "fma": lambda x, y, z: x * y + z,
    "deg2rad": mp.radians,
    "rad2deg": mp.degrees,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
    "logical_and": lambda a, b: a and b,
    "logical_or": lambda a, b: a or b,
    "logical_not": lambda a: not a,
    "isnan": mp.isnan,
    "where": lambda condition, x, y: x if condition else y,
    "if_else": lambda condition, x, y: x if condition else y,
    "abs": abs,
    "sign": mp.sign,
    "sgn": mp.sign,
    "angle": mp.arg,
    "copysign": lambda x, y: abs(x) if y >= 0 else -abs(x),
    "maximum": max,
    "minimum": min,
    "fmax": max,
    "fmin": min,
    "fdim": lambda x, y: max(x - y, mp.zero),
    "clamp": lambda x, low, high: min(max(x, low), high),
    "pow": mp.power,
    "float_power": mp.power,
    "root": lambda x, n: mp.power(x, 1 / n),
    "square": lambda x: x * x,
    "sqrt": mp.sqrt,
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "hypot": mp.hypot,
    "ldexp": lambda x, y: x * mp.power(2, y),
    "ldexp_of_integers": lambda x, y: x * mp.power(2, y),
    "exp": mp.exp,
    "exp2": lambda x: mp.power(2, x),
    "exp10": lambda x: mp.power(10, x),
    "expm1": mp.expm1,
    "log": mp.ln,
    "log_base": mp.log,
    "log2": lambda x: mp.log(x, 2),
    "log10": mp.log10,
    "log1p": mp.log1p,
    "logit": lambda x: 2 * mp.atanh(2 * x - 1),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "sec": mp.sec,
    "csc": mp.csc,
    "cot": mp.cot,
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "atan2": mp.atan2,
    "asec": mp.asec,
    "acsc": mp.acsc,
    "acot": mp.acot,
    "sinc": mp.sincpi,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "sech": mp.sech,
    "csch": mp.csch,
    "coth": mp.coth,
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "asech": mp.asech,
    "acsch": mp.acsch,
    "acoth": mp.acoth,
    "gamma": mp.gamma,
    "gammasgn": lambda x: mp.sign(mp.gamma(x)),
    "lgamma": lambda x: mp.re(mp.loggamma(x)),
    "digamma": mp.digamma,
    "polygamma": lambda n, x: mp.psi(int(n), x),
    "trigamma": lambda x: mp.psi(1, x),
    "mvlgamma": lambda x, p: (
        p * (p - 1) / 4 * mp.ln(mp.pi) + sum(mp.loggamma(x - mp.mpf(j) / 2) for j in range(int(p)))
    ),
    "factorial": mp.factorial,
    "beta": mp.beta,
    "binomial": mp.binomial,
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfcx": lambda x: mp.exp(x * x) * mp.erfc(x),
    "erfinv": mp.erfinv,
    "erfcinv": lambda x: mp.erfinv(1 - x),
    "ndtr": mp.ncdf,
    "log_ndtr": lambda x: mp.ln(mp.ncdf(x)),
    "ndtri": lambda x: mp.sqrt(2) * mp.erfinv(2 * x - 1),
    "i0": lambda x: mp.besseli(0, x),
    "i0e": lambda x: mp.exp(-abs(x)) * mp.besseli(0, x),
    "i1": lambda x: mp.besseli(1, x),
    "i1e": lambda x: mp.exp(-abs(x)) * mp.besseli(1, x),
    "erfi": mp.erfi,
    "dawsn": lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x),
    "Ei": mp.ei,
    "expint": mp.expint,
    "li": mp.li,
    "Si": mp.si,
    "Ci": mp.ci,
    "Shi": mp.shi,
    "Chi": mp.chi,
    "fresnels": mp.fresnels,
    "fresnelc": mp.fresnelc,
    "lambertw": lambda x, k: mp.lambertw(x, int(k)) if k == int(k) else mp.nan,
    "polylog": mp.polylog,
    "airyai": mp.airyai,
    "airyaiprime": lambda x: mp.airyai(x, derivative=1),
    "airybi": mp.airybi,
    "airybiprime": lambda x: mp.airybi(x, derivative=1),
    "besselj": mp.besselj,
    "bessely": mp.bessely,
    "besseli": lambda n, x: mp.re(mp.besseli(n, x)) if mp.isint(n) else mp.besseli(n, x),
    "besselk": mp.besselk,
    "elliptic_k": mp.ellipk,
    "elliptic_e": mp.ellipe,
    "sigmoid": lambda x: mp.exp(x) / (1 + mp.exp(x)),
    "gelu": lambda x: x * mp.ncdf(x),
    "gelu_tanh": lambda x: x * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))) / 2,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "trunc": truncated,
    "round": mp.nint,
    "frac": lambda x: x - truncated(x),
}
"""Rows whose meaning mpmath knows: the value from the operands."""


def precise(program: Program, at: Mapping[str, Any]) -> Any:
    """The value of `program` by mpmath; NaN where it is not a real number."""
    tape = scalarise(program, lambda row: row.name in MEANING)
    values: list[Any] = []
    for entry in tape.entries:
        if isinstance(entry, Input):
            values.append(at[entry.name])
        elif isinstance(entry, Literal):
            values.append(exactly(entry.value))
        else:
            values.append(real(MEANING[entry.function], [values[operand] for operand in entry.operands]))
    return values[tape.output]


def exactly(value: Any) -> Any:
    """A constant of the language in mpmath."""
    names = {"pi": mp.pi, "e": mp.e, "inf": mp.inf}
    return +names[value] if isinstance(value, str) else mp.mpf(value.numerator) / value.denominator


def real(function: Callable[..., Any], operands: Sequence[Any]) -> Any:
    """The result of an mpmath function if it is real; NaN at its poles, log(0) is one, and outside its real domain."""
    try:
        result = function(*operands)
    except (ZeroDivisionError, ValueError):
        return mp.nan
    if isinstance(result, mpmath.mpc):
        result = result.real if result.imag == 0 else mp.nan
    return mp.nan if mp.isinf(result) and all(map(mp.isfinite, operands)) else result


def slope(program: Program, at: Mapping[str, Any], name: str) -> Any:
    """The numerical derivative of `program` with respect to `name`, by mpmath."""
    step = mp.mpf(10) ** -18 * max(1, abs(at[name]))
    if abs(at[name]) > 0:
        step = min(step, abs(at[name]) * mp.mpf(10) ** -18)
    above, below = (precise(program, {**at, name: at[name] + sign * step}) for sign in (1, -1))
    return (above - below) / (2 * step)


def close(left: Any, right: Any, rtol: float, atol: float = 0.0) -> bool:
    """Whether two numbers differ by no more than the tolerance."""
    return bool(abs(left - right) <= atol + rtol * max(abs(left), abs(right)))
