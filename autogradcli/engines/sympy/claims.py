"""Claims: whether SymPy can show that a derivative is what somebody says it is."""

from collections.abc import Callable

import sympy
from sympy import Expr
from sympy.core.relational import Relational

from autogradcli.engines.sympy.adapters import magnitude, side, where
from autogradcli.engines.sympy.borders import SIGNS, absorbed, canonical
from autogradcli.engines.sympy.differentiate import Differentiation
from autogradcli.engines.sympy.messages import SCALARS, Differentiate, Prove
from autogradcli.engines.sympy.readable import tree_sizes
from autogradcli.engines.sympy.translate import translate

SIMPLE = 400
"""Parts of a difference up to which SymPy is asked to simplify it: beyond, it takes minutes and hardly ever finds 0."""


def settled(request: Prove) -> bool:
    """Whether the difference of derivative and claim simplifies to zero. False says nothing about the claim.

    The derivative is one that holds where conditions change, too.
    """
    work = Differentiation(
        Differentiate(request.ticket, request.program, (request.name,), "text", request.timeout, SCALARS)
    )
    try:
        derivative = work.derivative(request.name)
        claim = translate(request.claim)
        if len(derivative) != 1 or not work.holds(request.name) or claim.intermediates:
            return False
        difference = absorbed(derivative[0]) - absorbed(claim.restore(claim.expression))
        return any(_is_zero(_Hidden(on_border)(difference)) for on_border in (False, True))
    except Exception:  # whatever SymPy fails with, it has not settled anything
        return False


class _Hidden:
    """Symbols in place of conditions and step functions, so that nothing is done to these.

    SymPy writes x**2 as exp(2*log(x)) where it helps, which is never 0.
    """

    def __init__(self, on_border: bool) -> None:
        """`on_border` is the side whose slope is taken where those of a kink's sides are one, and either will do."""
        self._on_border = on_border
        self._symbols: dict[object, Expr] = {}

    def __call__(self, formula: Expr) -> Expr:
        """The formula with symbols in it."""
        known: dict[Expr, Expr] = {}
        for node in tree_sizes(formula):  # each after its arguments
            if isinstance(node, where):
                known[node] = self._choice(node.args[0], *(known[each] for each in node.args[1:]))
            elif isinstance(node, side):
                u, yes, no = node.args
                known[node] = self._where(u, (False, self._on_border, True), known[yes], known[no])
            elif isinstance(node, sympy.sign):
                known[node] = self._sign(node.args[0])
            elif isinstance(node, sympy.Abs | magnitude):
                known[node] = self._sign(node.args[0]) * known[node.args[0]]
            elif isinstance(node, sympy.floor | sympy.ceiling):
                known[node] = self._symbol(node)
            else:
                known[node] = node.func(*(known[each] for each in node.args)) if node.args else node
        return known[formula]

    def _choice(self, condition: Expr, yes: Expr, no: Expr) -> Expr:
        if not isinstance(condition, Relational):
            return where(self._symbol(condition), yes, no)
        holds = SIGNS[condition.rel_op]
        return self._where(condition.lhs - condition.rhs, tuple(sign in holds for sign in (-1, 0, 1)), yes, no)

    def _where(self, difference: Expr, holds: tuple[bool, ...], yes: Expr, no: Expr) -> Expr:
        """A choice by the sign of a difference: it holds for a negative, for zero, for a positive one, or not."""
        core, signs = canonical(difference)
        own = tuple(holds[signs[sign] + 1] for sign in (-1, 0, 1))
        if not own[2]:
            own, yes, no = tuple(not each for each in own), no, yes
        return where(self._symbol((core, own)), yes, no)

    def _sign(self, u: Expr) -> Expr:
        core, signs = canonical(u)
        even = signs[1] == signs[-1]
        return self._symbol((u, "sign")) if even else signs[1] * self._symbol((core, "sign"))

    def _symbol(self, meaning: object) -> Expr:
        return self._symbols.setdefault(meaning, sympy.Dummy(real=True))


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
