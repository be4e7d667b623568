"""Which operations have the corner: where the function has two slopes, those that choose or bend there.

The function is followed down from the output on each side of the point, along the branches that are taken there. An
operation on both ways has a corner if its own two slopes differ though those of its operands do not, or if it takes
another branch to the left than to the right. What is smooth, because corners cancel in it, hides what is below.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from flint import arb

from autogradcli.engines.arb.enclose import Enclosures
from autogradcli.engines.arb.kinks import AGREEMENT, MAX_WORK, Secants, both_sides, entries_above, leave, look
from autogradcli.engines.arb.primitives import selects
from autogradcli.engines.arb.ternary import Truth
from autogradcli.language.tape import Input, Operation

LEFT, RIGHT = -1, 1
FAR, NEAR = 0, 1


def corners(proof: Enclosures, entry: Input, hidden: bool) -> tuple[int, ...]:
    """The program steps that have the corner along one component of a variable, in the order of the text.

    With `hidden` also those of corners that cancel: for a number that conventions at corners add up to.
    """
    moved = [proof.plan.inputs[entry.name][entry.place]]
    above = entries_above(proof, moved, MAX_WORK)
    if above is None:
        return ()
    with both_sides(proof, moved, above) as beside_it:
        found = _BothSides(proof, *beside_it).corners(hidden)
    steps = proof.plan.program.steps
    return tuple(
        sorted({proof.plan.tape.entries[each].step for each in found}, key=lambda each: steps[each].span.start)
    )


class _BothSides:
    """A program beside the point, on both sides along one direction."""

    def __init__(self, proof: Enclosures, left: Secants, right: Secants) -> None:
        self._proof = proof
        self._secants = {LEFT: left, RIGHT: right}
        self._is_smooth = cache(self._leaves_smoothly)

    def corners(self, hidden: bool) -> list[int]:
        """The entries with a corner."""
        ways = [self._way(side, hidden) for side in (LEFT, RIGHT)]
        return [index for index in ways[0] & ways[1] if not self._is_smooth(index) and self._has_corner(index)]

    def _way(self, side: int, hidden: bool) -> set[int]:
        """The entries that the output is made of on one side; without `hidden` only along what is not smooth."""
        found: set[int] = set()
        pending = [self._proof.plan.tape.output]
        while pending:
            index = pending.pop()
            if index not in found:
                found.add(index)
                operands = self._operands(index, side)
                pending.extend(each for each in operands if hidden or not self._is_smooth(each))
        return found

    def _leaves_smoothly(self, index: int) -> bool:
        """Whether an entry has one slope."""
        left, right = (leave(self._proof, self._secants[side], index).slope for side in (LEFT, RIGHT))
        return left is not None and right is not None and _alike(left, right)

    def _has_corner(self, index: int) -> bool:
        operands = {each for side in (LEFT, RIGHT) for each in self._operands(index, side)}
        return self._chooses(index) or all(map(self._is_smooth, operands)) or self._bends(index)

    def _chooses(self, index: int) -> bool:
        """Whether an entry takes another branch to the left than to the right."""
        return self._branch(index, LEFT) != self._branch(index, RIGHT)

    def _bends(self, index: int) -> bool:
        """Whether a partial derivative of an operation has another limit from the left than from the right."""
        rule = self._proof.plan.rules[index]
        moving = zip(self._all(index), rule.partials if rule is not None else (), strict=False)
        return any(self._jumps(index, partial) for operand, partial in moving if self._moves(operand))

    def _jumps(self, index: int, partial: Callable[..., arb]) -> bool:
        """Whether what lies between a partial derivative to the left and to the right does not shrink."""
        far, near = (
            abs(partial(*self._values(index, LEFT, place)) - partial(*self._values(index, RIGHT, place)))
            for place in (FAR, NEAR)
        )
        return bool(near > far / 2)

    def _operands(self, index: int, side: int) -> list[int]:
        """The operands that move, and that an entry is made of on one side."""
        branch = self._branch(index, side)
        return [each for each in (self._all(index) if branch is None else (branch,)) if self._moves(each)]

    def _moves(self, index: int) -> bool:
        """Whether an entry is a number that changes beside the point."""
        if isinstance(self._proof.precise[index], Truth) or index not in self._secants[LEFT].places[FAR]:
            return False
        here = {side: look(self._proof, self._secants[side].here, index) for side in (LEFT, RIGHT)}
        return not all(self._look(index, side) - here[side] == 0 for side in (LEFT, RIGHT))

    def _branch(self, index: int, side: int) -> int | None:
        """The branch that is taken on one side; of two with one value the one that is taken on the other side."""
        if not selects(self._proof.plan.tape.entries[index]):
            return None
        condition, yes, no = self._all(index)
        apart = [each for each in (side, LEFT, RIGHT) if not self._look(yes, each).overlaps(self._look(no, each))]
        taken = self._look(condition, apart[0] if apart else LEFT).value
        return None if taken is None else yes if taken else no

    def _all(self, index: int) -> Sequence[int]:
        entry = self._proof.plan.tape.entries[index]
        return entry.operands if isinstance(entry, Operation) else ()

    def _values(self, index: int, side: int, place: int) -> Iterator[Any]:
        return (self._look(operand, side, place) for operand in self._all(index))

    def _look(self, index: int, side: int, place: int = FAR) -> Any:
        """The value of an entry at one of the places beside the point."""
        return look(self._proof, self._secants[side].places[place], index)


def _alike(one: arb, other: arb) -> bool:
    return not abs(one - other) > abs(one).max(abs(other)) * arb(2) ** -AGREEMENT
