"""All that the engines found about one problem, and what is asked of them only if something is wrong."""

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from autogradcli.compute.problem import Problem
from autogradcli.engines.opinions import Array, Autograd, Cancellation, Cause, Enclosure, Parting, Small, flat
from autogradcli.engines.sympy.process import Answer


@dataclass(frozen=True, slots=True)
class Lower:
    """What derivatives of lower order say of a gradient's components, row by row, by its name."""

    scales: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """What the scale of a component's tolerance is at least."""
    causes: Mapping[str, Sequence[Cause | None]] = field(default_factory=dict)
    """Why there is no such derivative, or none is known."""


NOTHING_LOWER = Lower()
"""There are none."""


class Opinions:
    """The opinions on one problem."""

    def __init__(
        self,
        problem: Problem,
        autograd: Autograd,
        proof: Any,
        answer: Answer | None,
        lower: Lower,
    ) -> None:
        self.problem = problem
        self.autograd = autograd
        self.proof = proof
        """The Arb engine's own object; only its functions look inside."""
        self._lossy_pieces: dict[str, Parting | None] = {}
        self.answer = answer
        """SymPy's; None if it was not asked."""
        self.lower = lower
        """What is known from derivatives of lower order."""

    @cached_property
    def values(self) -> Sequence[Enclosure]:
        """The Arb engine's opinion on each component of the output, row by row."""
        from autogradcli.engines.arb.measure import measure_values

        return measure_values(self.proof, flat(self.autograd.value))

    def point(self, name: str) -> Array:
        """The value of a variable or an intermediate, as torch has it."""
        known = self.autograd.inputs.get(name)
        return self.autograd.values[self.problem.program.index(name)] if known is None else known

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the Arb engine found out in another way than by a proof of every number."""
        note = getattr(self.proof, "note", None)
        return () if note is None else (note,)

    @cached_property
    def scalar(self) -> float:
        """The scalar that is differentiated, as proven; where nothing is, as torch has it; 0 if it is not finite."""
        from autogradcli.engines.arb.measure import scalar

        proven = scalar(self.proof)
        if proven is not None:
            return proven
        value, upstream = flat(self.autograd.value), flat(self.autograd.upstream)
        found = float(value[0] if upstream == [None] else sum(map(operator.mul, value, upstream)))
        return found if math.isfinite(found) else 0.0

    def parting(self, name: str, place: int | None = None) -> Parting | None:
        """The first operation, from the output back to the variable, whose backward is wrong."""
        from autogradcli.engines.arb.blame import parting

        if self.problem.backward.along:
            return None  # the nodes of a derivative's graph belong to no single operation of the text
        return parting(self.proof, self.autograd, name, place)

    def lossy_piece(self, name: str) -> Parting | None:
        """A step that torch computes in one piece and whose backward loses digits, on the way to the variable."""
        from autogradcli.engines.arb.pieces import lossy_piece

        if name not in self._lossy_pieces:
            along = bool(self.problem.backward.along)
            self._lossy_pieces[name] = None if along else lossy_piece(self.proof, self.autograd, name)
        return self._lossy_pieces[name]

    def corners(self, name: str, place: int, hidden: bool = False) -> tuple[int, ...]:
        """The steps that have the corner along one component, in the order of the text; see `corner_steps`."""
        from autogradcli.engines.arb.measure import corner_steps

        return corner_steps(self.proof, name, place, hidden)

    def broken(self, parted: Parting | None) -> tuple[int, int] | None:
        """The first step that is not finite in torch, of those that an operation hangs on, or of all; and where."""
        from autogradcli.engines.arb.ranges import broken

        return broken(self.proof, self.autograd.values, parted)

    @cached_property
    def vanished(self) -> Small | None:
        """The first number on the way to the output that is too small for the dtype, and 0 in torch."""
        from autogradcli.engines.arb.ranges import vanished

        return vanished(self.proof, self.autograd.values)

    def small(self, parted: Parting) -> Small | None:
        """The number behind an operation that is too small for the dtype."""
        from autogradcli.engines.arb.ranges import small

        return small(self.proof, parted)

    @cached_property
    def cancellation(self) -> Cancellation | None:
        """The sum that loses the most digits."""
        from autogradcli.engines.arb.blame import cancellation

        return cancellation(self.proof)
