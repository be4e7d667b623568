"""One formula for all components of a gradient, where there is one: `2*x[i]`, `A[i, j] + A[j, i]`.

It is guessed from the formula of one component, whose own indices become letters, and it counts only if it gives
the formula of every component exactly.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from sympy import Dummy, Expr

from autogradcli.engines.sympy.components import Index, TensorComponent
from autogradcli.engines.sympy.readable import tree_sizes
from autogradcli.engines.sympy.substitution import Substitution
from autogradcli.language.shapes import Shape, indices

TRIED = 5
"""Components from which a pattern is guessed."""
LETTERS = ascii_lowercase[ascii_lowercase.index("i") :] + ascii_lowercase[: ascii_lowercase.index("i")]
"""What indices are called, in the order of choice."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A formula in components such as `x[i]`."""

    formula: Expr
    letters: tuple[str | None, ...]
    """The letter for each axis of the gradient; None for an axis along which there is only one component."""

    def at(self, place: Sequence[int]) -> Expr:
        """The formula of the component with these indices."""
        values: dict[Index, Index] = {letter: i for letter, i in zip(self.letters, place, strict=True) if letter}
        return _replaced(self.formula, {each: _renamed(each, values) for each in components_of(self.formula)})


def find_pattern(
    formulas: Sequence[Expr], shape: Shape, shapes: Mapping[str, Shape], taken: Collection[str]
) -> Pattern | None:
    """The pattern of the formulas of all components, row by row; None if there is none.

    `shape` is the gradient's, `shapes` those of all tensors in it; letters that are `taken` have another meaning.
    """
    letters = _letters(shape, taken)
    if not any(letters):
        return None
    places = _telling_places(shape, letters)
    for common in ({}, _common_parts([formulas[place] for place in places])):
        hide, show = Substitution(common), Substitution({hidden: part for part, hidden in common.items()})
        for place in places:
            for guess in _guesses(hide(formulas[place]), indices(place, shape), letters, shapes):
                pattern = Pattern(show(guess), letters)
                if all(pattern.at(indices(each, shape)) == formula for each, formula in enumerate(formulas)):
                    return pattern
    return None


def components_of(formula: Expr) -> list[TensorComponent]:
    """The components of tensors that stand in a formula."""
    return [node for node in tree_sizes(formula) if isinstance(node, TensorComponent)]


def _letters(shape: Shape, taken: Collection[str]) -> tuple[str | None, ...]:
    free = (letter for letter in LETTERS if letter not in taken)
    return tuple(next(free, None) if size > 1 else None for size in shape)


def _telling_places(shape: Shape, letters: Sequence[str | None]) -> list[int]:
    """A few components, if possible with indices that differ from one another, so that each tells which it is."""
    axes = [axis for axis, letter in enumerate(letters) if letter]
    everywhere = range(math.prod(shape))
    telling = [place for place in everywhere if len({indices(place, shape)[axis] for axis in axes}) == len(axes)]
    places = telling or everywhere
    return list(dict.fromkeys(places[(len(places) - 1) * each // (TRIED - 1)] for each in range(TRIED)))


def _common_parts(formulas: Sequence[Expr]) -> dict[Expr, Expr]:
    """The parts with components in them that stand in all formulas alike, such as a norm, each with a symbol for it."""
    first, *others = (tree_sizes(formula) for formula in formulas)
    return {
        part: Dummy(real=True)
        for part in first
        if part.args and isinstance(part, Expr) and all(part in other for other in others) and components_of(part)
    }


def _guesses(
    formula: Expr, here: Sequence[int], letters: Sequence[str | None], shapes: Mapping[str, Shape]
) -> Iterator[Expr]:
    """The formula with letters for all indices that are the component's own, and then for fewer.

    In a sum over the rows of A, one row has the component's own number. So the second guess has a letter only where
    a tensor has the same index along an axis wherever it stands.
    """
    found = components_of(formula)
    names: dict[Index, Index] = {index: letter for index, letter in zip(here, letters, strict=True) if letter}
    alike: dict[tuple[str, int], set[Index]] = {}
    for each in found:
        for axis, index in enumerate(each.indices):
            alike.setdefault((each.tensor, axis), set()).add(index)
    wide = {(tensor, axis) for tensor, axis in alike if shapes[tensor][axis] > 1}
    for axes in (wide, {axis for axis in wide if len(alike[axis]) == 1}):
        lettered = {
            each: TensorComponent(
                each.tensor,
                *(names.get(i, i) if (each.tensor, axis) in axes else i for axis, i in enumerate(each.indices)),
            )
            for each in found
        }
        yield _replaced(formula, lettered)


def _renamed(component: TensorComponent, values: Mapping[Index, Index]) -> TensorComponent:
    return TensorComponent(component.tensor, *(values.get(index, index) for index in component.indices))


def _replaced(formula: Expr, renamed: Mapping[TensorComponent, TensorComponent]) -> Expr:
    return Substitution({old: new for old, new in renamed.items() if new != old})(formula)
