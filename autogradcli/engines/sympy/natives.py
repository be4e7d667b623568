"""What the names in the table's `sympy` column mean: SymPy's own function, or one of the few that are given here.

Everything is real, as in torch: a cube root of a negative number is negative, `lgamma` is log|Γ|.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy
from sympy import Expr


class cbrt(sympy.Function):  # type: ignore[misc]  # noqa: N801  SymPy prints a function by the name of its class
    """The real cube root, for which SymPy has only the principal one."""

    def fdiff(self, argindex: int = 1) -> Expr:  # noqa: ARG002
        """The derivative 1/(3*cbrt(x)**2)."""
        return 1 / (3 * self**2)

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """The root of a perfect cube."""
        root = sympy.cbrt(abs(x)) if x.is_Rational else None
        return sympy.sign(x) * root if root is not None and root.is_Rational else None

    def _eval_is_real(self) -> bool:
        return True


class magnitude(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """|x| where SymPy cannot tell that x is real, as with log(x): its own Abs then has a derivative in re and im."""

    def fdiff(self, argindex: int = 1) -> Expr:  # noqa: ARG002
        """The derivative sign(x)."""
        return sympy.sign(self.args[0])

    def _eval_is_real(self) -> bool:
        return True


def _absolute(x: Expr) -> Expr:
    return sympy.Abs(x) if x.is_extended_real else magnitude(x)


def _where(condition: Any, x: Expr, y: Expr) -> Expr:
    return sympy.Piecewise((x, condition), (y, True))


NATIVES: dict[str, Callable[..., Expr]] = {
    "Abs": _absolute,
    "cbrt": cbrt,
    "digamma": lambda x: sympy.polygamma(0, x),
    "i0": lambda x: sympy.besseli(0, x),
    "i1": lambda x: sympy.besseli(1, x),
    "lgamma": sympy.loggamma,
    "operator.pow": sympy.Pow,
    "where": _where,
    "xlog1py": lambda x, y: x * sympy.log(1 + y),
    "xlogy": lambda x, y: x * sympy.log(y),
}
"""Names that are not, or do not mean, the SymPy function of that name."""


@cache
def native(name: str) -> Callable[..., Any]:
    """The function that a row's `sympy` field names."""
    found: Callable[..., Any] = NATIVES[name] if name in NATIVES else getattr(sympy, name)
    return found
