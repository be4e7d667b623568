"""What the names in the table's `sympy` column mean: SymPy's own function, or one of the few that are given here.

Everything is real, as in torch: a cube root of a negative number is negative, `lgamma` is log|Γ|. SymPy's `Piecewise`
and `Max` look for a canonical form whenever they are built, which for twenty arguments takes minutes, and the slope of
`Max` is a Heaviside; here, a choice is no more than a choice.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

import sympy
from sympy import Expr


class _Real(sympy.Function):  # type: ignore[misc]
    """A real function that SymPy does not have."""

    is_commutative = True

    def _eval_is_extended_real(self) -> bool:
        return True


class cbrt(_Real):  # noqa: N801  SymPy prints a function by the name of its class
    """The real cube root, for which SymPy has only the principal one."""

    def fdiff(self, argindex: int = 1) -> Expr:  # noqa: ARG002
        """The derivative 1/(3*cbrt(x)**2)."""
        return 1 / (3 * self**2)


class magnitude(_Real):  # noqa: N801
    """|x| where SymPy cannot tell that x is real, as with log(x): its own Abs then has a derivative in re and im."""

    def fdiff(self, argindex: int = 1) -> Expr:  # noqa: ARG002
        """The derivative sign(x)."""
        return sympy.sign(self.args[0])


class sigmoid(_Real):  # noqa: N801
    """1/(1 + exp(-x)), for printing alone: a formula that is worked on has exponentials."""


def never(_: Expr) -> Any:
    """No condition: a symbol stands for a number."""
    return sympy.false


class where(_Real):  # noqa: N801
    """where(c, x, y): x where the condition c holds, else y."""

    @classmethod
    def eval(cls, condition: Any, x: Expr, y: Expr) -> Expr | None:
        """The only branch, if there is no more than one."""
        if x == y or condition == sympy.true:
            return x
        return y if condition == sympy.false else None


class side(_Real):  # noqa: N801
    """side(u, x, y): x where u > 0, y where u < 0; at u = 0 there is a kink, and it is neither."""

    @classmethod
    def eval(cls, u: Expr, x: Expr, y: Expr) -> Expr | None:
        """The only branch, if there is no more than one."""
        if x == y or u.is_positive:
            return x
        return y if u.is_negative else None


class _Extreme(_Real):
    """The largest or smallest argument."""

    order: ClassVar[int]
    """1 for the largest, -1 for the smallest."""

    @classmethod
    def eval(cls, *arguments: Expr) -> Expr | None:
        """The same without repetitions and nesting, if there are any."""
        parts = (part for each in arguments for part in (each.args if isinstance(each, cls) else (each,)))
        distinct = tuple(dict.fromkeys(parts))
        if len(distinct) == 1:
            return distinct[0]
        return None if distinct == arguments else cls(*distinct)


class Max(_Extreme):
    """The largest argument."""

    order = 1


class Min(_Extreme):
    """The smallest argument."""

    order = -1


def _absolute(x: Expr) -> Expr:
    return sympy.Abs(x) if x.is_extended_real else magnitude(x)


NATIVES: dict[str, Callable[..., Expr]] = {
    "Abs": _absolute,
    "Max": Max,
    "Min": Min,
    "cbrt": cbrt,
    "digamma": lambda x: sympy.polygamma(0, x),
    "i0": lambda x: sympy.besseli(0, x),
    "i1": lambda x: sympy.besseli(1, x),
    "lgamma": sympy.loggamma,
    "never": never,
    "operator.pow": sympy.Pow,
    "where": where,
    "xlog1py": lambda x, y: x * sympy.log(1 + y),
    "xlogy": lambda x, y: x * sympy.log(y),
}
"""Names that are not, or do not mean, the SymPy function of that name."""


@cache
def native(name: str) -> Callable[..., Any]:
    """The function that a row's `sympy` field names."""
    found: Callable[..., Any] = NATIVES[name] if name in NATIVES else getattr(sympy, name)
    return found
