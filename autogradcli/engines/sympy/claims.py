"""Claims: whether SymPy can show that a derivative is what somebody says it is."""

from collections.abc import Callable

import sympy
from sympy import Expr

from autogradcli.engines.sympy.borders import absorbed
from autogradcli.engines.sympy.differentiate import Work
from autogradcli.engines.sympy.messages import SCALARS, Differentiate, Prove
from autogradcli.engines.sympy.readable import tree_sizes
from autogradcli.engines.sympy.translate import translate

SIMPLE = 400
"""Parts of a difference up to which SymPy is asked to simplify it: beyond, it takes minutes and hardly ever finds 0."""


def settled(request: Prove) -> bool:
    """Whether the difference of derivative and claim simplifies to zero. False says nothing about the claim.

    The derivative is one that holds where conditions change, too.
    """
    work = Work(Differentiate(request.ticket, request.program, (request.name,), "text", request.timeout, SCALARS))
    derivative = work.derivative(request.name)
    try:
        claim = translate(request.claim)
        if len(derivative) != 1 or not work.holds(request.name) or claim.steps or claim.intermediates:
            return False
        return _is_zero(absorbed(derivative[0]) - absorbed(claim.expression))
    except Exception:  # whatever SymPy fails with, it has not settled anything
        return False


def _is_zero(difference: Expr) -> bool:
    """Cheap ways first: most claims differ from the derivative by the order of their terms."""
    if difference == 0:
        return True
    ways = WAYS if tree_sizes(difference)[difference] <= SIMPLE else WAYS[:1]
    return any(way(difference) == 0 for way in ways)


WAYS: tuple[Callable[[Expr], Expr], ...] = (
    sympy.expand,
    lambda difference: sympy.expand(sympy.numer(sympy.together(difference))),
    lambda difference: sympy.expand(difference.rewrite(sympy.exp)),
    sympy.simplify,
    lambda difference: sympy.simplify(difference.rewrite(sympy.exp)),
)
