"""What symbols stand for, put in their place."""

from collections.abc import Mapping

from sympy import Expr, Symbol

POWERS = (-3, -2, -1, 2, 3)
"""Powers of a root by which its derivatives have it."""


class Substitution:
    """Expressions with symbols replaced by what they stand for, also inside of that; every shared part once.

    SymPy's own `xreplace` walks a shared part again wherever it stands.
    """

    def __init__(self, meanings: Mapping[Expr, Expr]) -> None:
        self._meanings = meanings
        self._known: dict[Expr, Expr] = {}

    def __call__(self, expression: Expr) -> Expr:
        """The expression without the symbols that have a meaning."""
        if not self._meanings or expression.is_Number:
            return expression
        found = self._known.get(expression)
        if found is None:
            meaning = self._meanings.get(expression)
            found = self._rebuilt(expression) if meaning is None else self(meaning)
            self._known[expression] = found
        return found

    def _rebuilt(self, expression: Expr) -> Expr:
        arguments = [self(argument) for argument in expression.args]
        same = all(new is old for new, old in zip(arguments, expression.args, strict=True))
        return expression if same else expression.func(*arguments)


def fold(expression: Expr, meaning: Expr, symbol: Symbol) -> Expr:
    """The expression with the symbol wherever what it means stands as a whole; the inverse of putting it in."""
    if not meaning.args:
        return expression
    powers = {meaning**power: symbol**power for power in POWERS} if meaning.is_Pow else {}
    return Substitution({meaning: symbol, **powers})(expression)
