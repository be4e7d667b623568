"""Long formulas with names for what occurs in them several times: `u1 = exp(-x); 1/(1 + u1) - u1/(1 + u1)**2`.

In the language that gradcalc reads, and in Python, the parts are statements before the formula; in LaTeX they follow.
C has none: a compiler finds them by itself, and several formulas in one function would need names of their own.
"""

from collections.abc import Callable, Collection, Sequence
from itertools import count

from sympy import Expr, Symbol, cse

from autogradcli.engines.sympy.readable import tree_sizes

LONG = 200
"""Characters of a formula from which on parts are looked for."""
MOST = 20_000
"""Nodes of a formula up to which they are: SymPy takes a second for so many."""
SHORTER = 0.75
"""What the formula with its parts must come to, beside the formula as it is."""

Pair = tuple[str, str]
"""The name of a part, and its formula."""


def shared(formula: Expr, style: str, write: Callable[[Expr], str], taken: Collection[str]) -> str:
    """The text of a formula, with names for its common parts if that makes it much shorter; none of them is `taken`."""
    plain = write(formula)
    if len(plain) < LONG or style not in JOINED or tree_sizes(formula)[formula] > MOST:
        return plain
    names = (Symbol(name) for name in map("u{}".format, count(1)) if name not in taken)
    found, (rest,) = cse([formula], symbols=names)
    text = JOINED[style]([(write(name), write(part)) for name, part in found], write(rest))
    return text if len(text) < SHORTER * len(plain) else plain


def _statements(end: str) -> Callable[[Sequence[Pair], str], str]:
    return lambda parts, rest: "".join(f"{name} = {part}{end}" for name, part in parts) + rest


def _following(parts: Sequence[Pair], rest: str) -> str:
    return rf"{rest} \quad\text{{with}}\quad " + r",\ ".join(f"{name} = {part}" for name, part in parts)


JOINED = {"text": _statements("; "), "python": _statements("\n"), "latex": _following}
"""How parts and formula are put together, by the style."""
