"""Expressions run as Python: by torch as a user would run them, and by mpmath at many digits. Nothing of gradcalc.

Only expressions that stand in this repository come here, so that `eval` does no harm.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
from mpmath import mp

Value = float | Sequence[float]
Namespace = dict[str, Any]

DIGITS = 900
"""Decimal digits of the evaluations behind a secant."""
STEP = 100
"""Digits by which the ends of a secant differ from its middle."""


def evaluate(text: str, names: Namespace) -> Any:
    """The value of the last statement of a text."""
    *before, last = [each.strip() for each in text.split(";")]
    scope = dict(names)
    for statement in before:
        name, _, expression = statement.partition("=")
        scope[name.strip()] = eval(expression.strip(), {"__builtins__": {}}, scope)  # noqa: S307
    return eval(last, {"__builtins__": {}}, scope)  # noqa: S307


# torch


def torch_gradients(text: str, at: Mapping[str, Value], dtype: str) -> tuple[float, dict[str, list[float]]]:
    """The value, and the gradient with respect to each variable, row by row, from one `backward`."""
    import torch

    kind = getattr(torch, dtype)
    leaves = {name: torch.tensor(value, dtype=kind, requires_grad=True) for name, value in at.items()}
    output = evaluate(text, _torch_names(torch, kind) | leaves)
    if isinstance(output, float):  # the branch of a guard that is a number
        return output, {name: [0.0] * leaf.numel() for name, leaf in leaves.items()}
    output.backward()
    gradients = {
        name: [0.0] * leaf.numel() if leaf.grad is None else leaf.grad.double().reshape(-1).tolist()
        for name, leaf in leaves.items()
    }
    return float(output.detach().double()), gradients


def _torch_names(torch: Any, kind: Any) -> Namespace:
    def tensor(value: Any) -> Any:
        if isinstance(value, list):
            return torch.stack([tensor(each) for each in value])
        return torch.tensor(value, dtype=kind) if isinstance(value, int | float) else value

    def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values, **options: function(tensor(values[0]), *map(_second(tensor), values[1:]), **options)

    def where(condition: Any, yes: Any, no: Any) -> Any:
        return torch.where(condition, tensor(yes), tensor(no))

    spaces = (torch.special, torch.nn.functional, torch)
    found = {name: getattr(space, name) for space in spaces for name in dir(space) if callable(getattr(space, name))}
    names: Namespace = {name: wrapped(function) for name, function in found.items() if name[0] != "_"}
    own = {
        "where": where,
        "pi": math.pi,
        "gamma": wrapped(lambda x: torch.exp(torch.lgamma(x))),
        "square": wrapped(torch.square),
        "binary_cross_entropy": wrapped(lambda p, y: torch.nn.functional.binary_cross_entropy(p, _like(torch, y, p))),
        "binary_cross_entropy_with_logits": wrapped(
            lambda p, y: torch.nn.functional.binary_cross_entropy_with_logits(p, _like(torch, y, p))
        ),
        "norm": wrapped(torch.norm),
        "numel": torch.numel,
        "torch": torch,
        "F": torch.nn.functional,
    }
    return names | own


def _like(torch: Any, value: Any, other: Any) -> Any:
    return torch.as_tensor(value, dtype=other.dtype).expand_as(other)


def _second(tensor: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Tensors of numbers with a point or of lists; whole numbers are dimensions."""
    return lambda value: tensor(value) if isinstance(value, float) else value


# mpmath


_DECIMAL = re.compile(r"(?<![\w.])(?:\d+\.\d*(?:e[-+]?\d+)?|\d+e[-+]?\d+)")


def exact(text: str, at: Mapping[str, Any]) -> Any:
    """The value by mpmath at the precision in force; NaN where it is not a real number.

    A decimal is exact: Python's own 1e200*1e-200 is not 1.
    """
    try:
        value = evaluate(_DECIMAL.sub(r"decimal_('\g<0>')", text), _MP_NAMES | dict(at) | {"decimal_": mp.mpf})
    except (ZeroDivisionError, ValueError, OverflowError):
        return mp.nan
    value = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    return mp.nan if isinstance(value, mpmath.mpc) and value.imag else mp.mpf(mp.re(value))


def exact_point(at: Mapping[str, Value]) -> dict[str, Any]:
    """The numbers of a point in mpmath, tensors as arrays of them."""
    return {
        name: np.vectorize(mp.mpf, otypes=[object])(np.array(value))
        if isinstance(value, list | tuple)
        else mp.mpf(value)
        for name, value in at.items()
    }


def slopes(text: str, at: Mapping[str, Value], name: str, place: int) -> tuple[Any, Any]:
    """The secants to the left and to the right of a point, across a distance too small to matter."""
    with mp.workdps(DIGITS):
        point = exact_point(at)
        middle = exact(text, point)
        ends = []
        for sign in (-1, 1):
            moved = exact_point(at)
            if isinstance(moved[name], np.ndarray):
                component = moved[name].ravel()[place]
                moved[name].ravel()[place] = component + sign * _distance(component)
            else:
                component = moved[name]
                moved[name] = component + sign * _distance(component)
            ends.append((exact(text, moved), _distance(component)))
        (left, h), (right, _) = ends
        return (middle - left) / h, (right - middle) / h


def _distance(component: Any) -> Any:
    return mp.mpf(10) ** -STEP * (abs(component) or 1)


def _by_component(function: Callable[..., Any], operands: int) -> Callable[..., Any]:
    vectorised = np.frompyfunc(lambda *values: function(*map(mp.mpf, values)), operands, 1)
    return lambda *values: vectorised(*[np.array(v, dtype=object) if isinstance(v, list) else v for v in values])


def _real(value: Any) -> Any:
    return mp.nan if isinstance(value, mpmath.mpc) else value


def _reduced(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """A function of all components of a tensor, or of those along a dimension."""

    def reduce(x: Any, dim: int | None = None, keepdim: bool = False, **_: Any) -> Any:
        array = np.array(x, dtype=object)
        if dim is None:
            return function(array.ravel())
        result = np.apply_along_axis(function, dim, array)
        return np.expand_dims(result, dim) if keepdim else (result.item() if result.ndim == 0 else result)

    return reduce


def _sum(x: Any) -> Any:
    return mp.fsum(x.tolist())


def _mean(x: Any) -> Any:
    return _sum(x) / len(x)


def _variance(x: Any) -> Any:
    return mp.fsum((each - _mean(x)) ** 2 for each in x) / (len(x) - 1)


def _softmax(x: Any, dim: int) -> Any:
    exponentials = _MP_NAMES["exp"](np.array(x, dtype=object))
    return exponentials / _reduced(_sum)(exponentials, dim=dim, keepdim=True)


def _cross_entropy(p: Any, y: Any) -> Any:
    return _mean(np.atleast_1d(-(y * _MP_NAMES["log"](p) + (1 - y) * _MP_NAMES["log"](1 - p))))


def _where(condition: Any, yes: Any, no: Any) -> Any:
    if isinstance(condition, np.ndarray) and condition.ndim:
        return np.where(condition.astype(bool), np.array(yes, dtype=object), np.array(no, dtype=object))
    return yes if condition else no


def _det(matrix: Any) -> Any:
    return mp.det(mp.matrix(np.array(matrix, dtype=object).tolist()))


def _log(x: Any) -> Any:
    return mp.log(x) if x > 0 else mp.nan


_ONE: dict[str, Callable[..., Any]] = {
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": _log,
    "log1p": lambda x: _log(1 + x),
    "sqrt": lambda x: mp.sqrt(x) if x >= 0 else mp.nan,
    "square": lambda x: x * x,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "atan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "asinh": mp.asinh,
    "acosh": lambda x: _real(mp.acosh(x)),
    "atanh": lambda x: _real(mp.atanh(x)),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "logsigmoid": lambda x: -mp.log1p(mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "sinc": mp.sincpi,
    "abs": abs,
    "relu": lambda x: max(x, mp.mpf(0)),
    "reciprocal": lambda x: 1 / x,
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfcx": lambda x: mp.exp(x * x) * mp.erfc(x),
    "ndtr": mp.ncdf,
    "log_ndtr": lambda x: mp.log(mp.ncdf(x)),
    "gamma": mp.gamma,
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
    "i0": lambda x: mp.besseli(0, x),
    "i1": lambda x: mp.besseli(1, x),
    "i0e": lambda x: mp.besseli(0, x) * mp.exp(-abs(x)),
    "i1e": lambda x: mp.besseli(1, x) * mp.exp(-abs(x)),
}
_TWO: dict[str, Callable[..., Any]] = {
    "atan2": mp.atan2,
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "xlogy": lambda x, y: mp.mpf(0) if x == 0 else x * _log(y),
    "xlog1py": lambda x, y: mp.mpf(0) if x == 0 else x * _log(1 + y),
    "maximum": max,
    "minimum": min,
    "hypot": mp.hypot,
    "ldexp": lambda x, y: x * mp.power(2, y),
    "ldexp_of_integers": lambda x, y: x * mp.power(2, y),
    "pow": lambda x, y: _real(mp.power(x, y)),
}
_REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "sum": _sum,
    "mean": _mean,
    "prod": lambda x: mp.fprod(x.tolist()),
    "amax": max,
    "var": _variance,
    "std": lambda x: mp.sqrt(_variance(x)),
    "norm": lambda x: mp.sqrt(mp.fsum(each * each for each in x)),
    "logsumexp": lambda x: mp.log(mp.fsum(mp.exp(each) for each in x)),
}
_MP_NAMES: Namespace = {
    **{name: _by_component(each, 1) for name, each in _ONE.items()},
    **{name: _by_component(each, 2) for name, each in _TWO.items()},
    **{name: _reduced(each) for name, each in _REDUCTIONS.items()},
    "det": _det,
    "logdet": lambda matrix: _log(_det(matrix)),
    "slogdet": lambda matrix: (mp.sign(_det(matrix)), _log(abs(_det(matrix)))),
}
_MP_NAMES |= {
    "pi": mp.pi,
    "where": _where,
    "dot": lambda x, y: mp.fsum((x * y).tolist()),
    "flatten": lambda x: x.ravel(),
    "numel": np.size,
    "softmax": _softmax,
    "softmin": lambda x, dim: _softmax(-x, dim),
    "log_softmax": lambda x, dim: _MP_NAMES["log"](_softmax(x, dim)),
    "logsumexp": lambda x, dim, keepdim=False: _reduced(_REDUCTIONS["logsumexp"])(
        x, dim=None if isinstance(dim, tuple) else dim, keepdim=keepdim
    ),
    "binary_cross_entropy": _cross_entropy,
    "binary_cross_entropy_with_logits": lambda x, y: _cross_entropy(_MP_NAMES["sigmoid"](x), y),
}
_MP_NAMES["torch"] = SimpleNamespace(**_MP_NAMES)
