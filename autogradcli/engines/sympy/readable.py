"""The forms of a formula among which the shortest is printed.

Nothing here is `simplify`, which may take minutes. The first form is SymPy's own, and a polynomial that is written
out stays so; the others are tried only where they can help and the formula is small, so that together they cost less
than the derivative did:

* common factors taken out, where the terms of a sum have one;
* multiplied out (`expand`), if it is a sum of a few products of sums: x*(x + 1) + x*(x + 2) becomes 2*x**2 + 3*x;
* brought over one denominator (`together`, the numerator multiplied out), if it holds the reciprocal of a sum, and a
  sum of fractions: 1/(x + 1) - x/(x + 1)**2 becomes (x + 1)**(-2);
* a long polynomial in one symbol as a sum of powers of it;
* with the name of the sigmoid for exp(u)/(1 + exp(u)) and 1/(1 + exp(-u)), in the style that has it.

The shortest wins, measured as text whatever the style; of two equally short ones, the first in this order. What is
evaluated is always SymPy's own form.
"""

import math
import operator
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import sympy
from sympy import Add, Expr, Mul, Rational
from sympy.core.exprtools import decompose_power

from autogradcli.engines.sympy.adapters import sigmoid

READABLE = 120
"""Nodes of a formula beyond which it is left as it is."""
POLYNOMIAL = 20_000
"""Nodes of a formula up to which it is looked at whether it is a polynomial."""
SMALL = 30
"""Nodes of a formula up to which it is multiplied out or brought over one denominator."""
LEGIBLE = 2_000
"""Nodes of a formula up to which exponentials are read as sigmoids."""
PRINTABLE = 100_000
"""Nodes of a formula beyond which it is not printed at all."""


def forms(formula: Expr) -> Iterator[Expr]:
    """The formula as it is, and what else may read better; no two alike."""
    yield formula
    seen = {formula}
    for form in _others(formula):
        if form not in seen:
            seen.add(form)
            yield form


def forms_with_sigmoids(formula: Expr) -> Iterator[Expr]:
    """The forms of a formula, and where there is a sigmoid in it, those with its name."""
    yield from forms(formula)
    sizes = tree_sizes(formula)
    if sizes[formula] <= LEGIBLE and any(_exponent(part) for part in sizes):
        named = _with_sigmoids(formula)
        parts = tree_sizes(named)
        if any(part.is_Add and _has_common_factor(part) for part in parts):
            yield _factored(named, parts)
        yield named


def _with_sigmoids(formula: Expr) -> Expr:
    factors = list(Mul.make_args(formula))
    for factor in factors:
        u = _exponent(factor)
        if u is not None:
            factors.remove(factor)
            if sympy.exp(u) in factors:
                factors.remove(sympy.exp(u))
            else:
                u = -u
            return Mul(*map(_with_sigmoids, factors), _sigmoid(u))
    return formula.func(*map(_with_sigmoids, formula.args)) if formula.args else formula


def _exponent(factor: Expr) -> Expr | None:
    """The u of 1/(1 + exp(u)); None if it is something else."""
    if not (factor.is_Pow and factor.exp == -1 and factor.base.is_Add and len(factor.base.args) == 2):
        return None
    one, other = sorted(factor.base.args, key=lambda each: not each.is_Number)
    return other.args[0] if one == 1 and isinstance(other, sympy.exp) else None


def _sigmoid(u: Expr) -> Expr:
    return 1 - sigmoid(-u) if u.could_extract_minus_sign() else sigmoid(u)


def _others(formula: Expr) -> Iterator[Expr]:
    sizes = tree_sizes(formula)
    sums = [node for node in sizes if node.is_Add]
    if not sums or _is_written_out(formula):
        return
    if sizes[formula] > READABLE:
        yield from _as_polynomial(formula) if sizes[formula] <= POLYNOMIAL else ()
        return
    if any(map(_has_common_factor, sums)):
        yield _factored(formula, sizes)
    if sizes[formula] > SMALL:
        return
    powers = [node for node in sizes if node.is_Pow and node.base.is_Add and node.exp.is_Integer]
    if any(each.exp < 0 for each in powers) and any(_is_fraction(term) for terms in sums for term in terms.args):
        numerator, denominator = sympy.fraction(sympy.together(formula))
        joined = sympy.expand(numerator) / denominator
        yield joined
        yield _factored(joined, tree_sizes(joined))
    elif formula.is_Add and all(each.exp <= 4 for each in powers):
        yield sympy.expand(formula)


def _as_polynomial(formula: Expr) -> Iterator[Expr]:
    """A polynomial with rational coefficients in one symbol, written out."""
    symbols = formula.free_symbols
    if len(symbols) == 1 and formula.is_polynomial(*symbols):
        polynomial = sympy.Poly(formula, *symbols)
        if polynomial.domain in (sympy.ZZ, sympy.QQ):
            yield polynomial.as_expr()


def _factored(formula: Expr, parts: Iterable[Expr]) -> Expr:
    """Common factors taken out of the sums that have one; SymPy's `factor_terms` takes several times as long.

    `parts` are all nodes of the formula, each after its arguments.
    """
    factored: dict[Expr, Expr] = {}
    for part in parts:
        arguments = [factored[argument] for argument in part.args]
        whole = part if all(map(operator.is_, arguments, part.args)) else part.func(*arguments)
        factored[part] = _without_common_factor(whole) if whole.is_Add else whole
    return factored[formula]


def _without_common_factor(terms: Add) -> Expr:
    if all(term.could_extract_minus_sign() for term in terms.args):
        return -_without_common_factor(Add(*(-term for term in terms.args)))
    coefficient, powers = _common_factor(terms)
    if coefficient == 1 and not powers:
        return terms
    quotients = [_divided(term, coefficient, powers) for term in terms.args]
    rest = Add(*quotients)
    if rest.is_Add and not set(rest.args).issubset(quotients):
        rest = _without_common_factor(rest)  # x*y + x*(y - 2*x) has first x in common, and then 2
    if not powers and rest.is_Add:
        return Mul(coefficient, rest, evaluate=False)  # else SymPy multiplies a number into a sum
    return Mul(coefficient, *(base**exponent for base, exponent in powers.items()), rest)


def _divided(term: Expr, coefficient: Rational, powers: Mapping[Expr, int]) -> Expr:
    """A term without a factor that it has. SymPy's own division does not cancel exp(-x - 1) with exp(x + 1)."""
    number, rest = term.as_coeff_Mul()
    left = (base ** (exponent - powers.get(base, 0)) for base, exponent in map(decompose_power, Mul.make_args(rest)))
    return Mul(number / coefficient, *left)


def _is_written_out(formula: Expr) -> bool:
    """Whether it is a sum of numbers times powers of symbols."""
    return all(
        base.is_Number or (base.is_Symbol and exponent.is_Integer and exponent > 0)
        for term in Add.make_args(formula)
        for base, exponent in (factor.as_base_exp() for factor in Mul.make_args(term))
    )


def _is_fraction(term: Expr) -> bool:
    coefficient, rest = term.as_coeff_Mul()
    if coefficient.is_Rational and coefficient.q > 1:
        return True
    return any(exponent < 0 for _, exponent in map(decompose_power, Mul.make_args(rest)))


def _has_common_factor(terms: Add) -> bool:
    coefficient, powers = _common_factor(terms)
    return coefficient != 1 or bool(powers)


def _common_factor(terms: Add) -> tuple[Rational, dict[Expr, int]]:
    """A number and powers of bases that every term has; no fraction if a term has no denominator."""
    numbers, rests = zip(*(term.as_coeff_Mul() for term in terms.args), strict=True)
    first, *others = (dict(map(decompose_power, Mul.make_args(rest))) for rest in rests)
    powers = {}
    for base, exponent in first.items():
        exponents = [exponent, *(each.get(base, 0) for each in others)]
        if min(exponents) > 0 or max(exponents) < 0:
            powers[base] = min(exponents, key=abs)
    powers.pop(sympy.S.One, None)
    if not all(number.is_Rational for number in numbers):
        return sympy.S.One, powers
    whole = any(number.q == 1 for number in numbers)
    denominator = 1 if whole else math.lcm(*(number.q for number in numbers))
    return Rational(math.gcd(*(number.p for number in numbers)), denominator), powers


@lru_cache(maxsize=32)
def tree_sizes(formula: Expr) -> Mapping[Expr, int]:
    """For every node how many there are below it and itself, shared ones counted wherever they stand.

    No node is walked twice, as SymPy's own traversals do; each comes after its arguments. The last formulas are kept:
    several questions are asked about each.
    """
    sizes: dict[Expr, int] = {}
    pending = [formula]
    while pending:
        each = pending[-1]
        missing = [argument for argument in each.args if argument not in sizes]
        if missing:
            pending.extend(missing)
        else:
            sizes[each] = 1 + sum(sizes[argument] for argument in each.args)
            pending.pop()
    return sizes
