"""The formulas of a gradient in the shortest of their forms, and the pattern that covers all of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sympy import Expr

from autogradcli.engines.results import Array, nested
from autogradcli.engines.sympy.patterns import Pattern, find_pattern
from autogradcli.engines.sympy.readable import tree_sizes
from autogradcli.language.shapes import Shape, indices

MANY = 16
"""Components up to which each formula is put into the form that reads best."""
LARGER = 1.15
"""Times as many nodes with which no form has a shorter text, so that it needs not be written."""
LISTED = 10_000
"""Nodes up to which the formulas of several components are all printed."""


class NoFormula(Exception):
    """There is no formula, or none that can be printed; the message says why."""


@dataclass(frozen=True, slots=True)
class Style:
    """How formulas are written."""

    measure: Callable[[Expr], str]
    """The text whose length decides between several forms."""
    write: Callable[[Expr], str]
    """The text that is shown."""
    forms: Callable[[Expr], Iterator[Expr]]
    """What a formula may be written as."""

    def shortest(self, formulas: Iterable[Expr]) -> Expr:
        """The form whose text is the shortest; of equally short ones the first."""
        first, *others = (form for formula in formulas for form in self.forms(formula))
        most = LARGER * tree_sizes(first)[first]
        candidates = [first, *(each for each in others if tree_sizes(each)[each] <= most)]
        return min(candidates, key=lambda each: len(self.measure(each)))


@dataclass(frozen=True, slots=True)
class GradientFormulas:
    """The formulas of all components with respect to one variable."""

    versions: Sequence[Sequence[Expr]]
    """One or several ways to write them: each has a formula for every component, row by row."""
    shape: Shape

    def filled(self, value: str | None) -> Array:
        """The same for every component."""
        return nested([value for _ in self.versions[0]], self.shape)

    def within(self, limit: int) -> "GradientFormulas":
        """The ways that have at most so many parts, of all components together; NoFormula if none has."""
        sizes = [sum(tree_sizes(formula)[formula] for formula in version) for version in self.versions]
        short = [version for version, size in zip(self.versions, sizes, strict=True) if size <= limit]
        if not short:
            which = "formulas of all components are" if self.shape else "formula is"
            parts = "they have" if self.shape else "it has"
            raise NoFormula(f"the {which} too long to be printed: {parts} more than {limit} parts")
        return GradientFormulas(short, self.shape)

    def pattern(self, shapes: Mapping[str, Shape], taken: Collection[str], style: Style) -> Pattern | None:
        """The shortest pattern, if there is one."""
        patterns = [find_pattern(version, self.shape, shapes, taken) for version in self.versions]
        found = [each for each in patterns if each is not None]
        if not found:
            return None
        return Pattern(style.shortest(each.formula for each in found), found[0].letters)

    def texts(self, pattern: Pattern | None, style: Style) -> list[str]:
        """The formula of every component; those of many components are not put into other forms one by one."""
        count = len(self.versions[0])
        if pattern is not None:
            return [style.write(pattern.at(indices(place, self.shape))) for place in range(count)]
        if count > MANY:
            return [style.write(formula) for formula in self.versions[-1]]
        return [style.write(style.shortest(formulas)) for formulas in zip(*self.versions, strict=True)]
