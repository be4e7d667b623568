"""Numbers that are one though no balls tell: a and a + 0, and what a text says twice.

A comparison of two such numbers is in a tie, at every precision and wherever the point moves that leaves them one.
"""

from collections.abc import Callable, Sequence
from typing import Any

from flint import arb

from autogradcli.engines.arb.ternary import CONDITIONS, Truth
from autogradcli.functions.table import row
from autogradcli.language.adjoint import COMPARED, key
from autogradcli.language.tape import Entry, Operation

ZERO, ONE = arb(0), arb(1)
NEUTRAL = {"add": (ZERO, ZERO), "sub": (None, ZERO), "mul": (ONE, ONE), "div": (None, ONE), "pow": (None, ONE)}
"""Rows that leave one operand as it is, by what the other one is then: the left one, and the right one."""


class Identities:
    """Which entries of a tape are one number where they have some values."""

    def __init__(self, entries: Sequence[Entry], look: Callable[[int], Any]) -> None:
        """`look` gives the value of an entry."""
        self._entries = entries
        self._look = look
        self._first: dict[Any, int] = {}
        self._one: dict[int, int] = {}

    def decided(self, entry: Entry, found: Any) -> Any:
        """What balls found of an entry; the truth in a tie where it compares two numbers that are one."""
        if not (isinstance(found, Truth) and found.value is None and not found.undefined):
            return found
        if not (isinstance(entry, Operation) and entry.function in COMPARED):
            return found
        one, other = map(self._number, entry.operands)
        return CONDITIONS[entry.function](ZERO, ZERO) if one == other else found

    def _number(self, index: int) -> int:
        """The first entry that was found to be the same number as an entry."""
        pending = [index]
        while pending:
            each = pending[-1]
            entry = self._entries[each]
            unknown = [at for at in entry.operands if at not in self._one] if isinstance(entry, Operation) else []
            if unknown:
                pending += unknown
                continue
            self._one[pending.pop()] = self._same(each, entry)
        return self._one[index]

    def _same(self, index: int, entry: Entry) -> int:
        if not isinstance(entry, Operation):
            return self._first.setdefault(key(entry), index)
        made_of = self._left_alone(entry)
        if made_of is not None:
            return self._one[made_of]
        operands = tuple(self._one[operand] for operand in entry.operands)
        return self._first.setdefault(key(entry._replace(operands=operands)), index)

    def _left_alone(self, entry: Operation) -> int | None:
        """The operand that an operation is; None if it makes another number of them."""
        if row(entry.function).chooses:
            condition, yes, no = entry.operands
            truth = self._look(condition).value
            return None if truth is None else yes if truth else no
        left, right = NEUTRAL.get(entry.function, (None, None))
        if right is not None and self._look(entry.operands[1]) == right:
            return entry.operands[0]
        return entry.operands[1] if left is not None and self._look(entry.operands[0]) == left else None
