"""What the engines found for one problem; some of it is computed only if something is wrong."""

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autogradcli.compute.problem import Problem
from autogradcli.compute.report import Factor, Trace, TracePath
from autogradcli.engines.results import Array, Autograd, Cause, ChainPaths, Link, Proof, flat
from autogradcli.engines.sympy.process import SymbolicAnswer
from autogradcli.language.local_derivatives import local_slope


@dataclass(frozen=True, slots=True)
class Lower:
    """What derivatives of lower order say of a gradient's components, row by row, by its name."""

    scales: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """What the scale of a component's tolerance is at least."""
    causes: Mapping[str, Sequence[Cause | None]] = field(default_factory=dict)
    """Why there is no such derivative, or none is known."""


NOTHING_LOWER = Lower()
"""There are none."""


class Evidence:
    """The opinions on one problem."""

    def __init__(
        self, problem: Problem, autograd: Autograd, proof: Proof, answer: SymbolicAnswer | None, lower: Lower
    ) -> None:
        self.problem = problem
        self.autograd = autograd
        self.proof = proof
        """The Arb engine's."""
        self.answer = answer
        """SymPy's; None if it was not used."""
        self.lower = lower
        """What is known from derivatives of lower order."""

    def point(self, name: str) -> Array:
        """The value of a variable or an intermediate, as torch has it."""
        known = self.autograd.inputs.get(name)
        return self.autograd.values[self.problem.program.index(name)] if known is None else known

    @cached_property
    def scalar(self) -> float:
        """The scalar that is differentiated, as proven; where nothing is, as torch has it; 0 if it is not finite."""
        if self.proof.scalar is not None:
            return self.proof.scalar
        if self.autograd.lacking is not None:
            return 0.0
        found = differentiated(self.problem, self.autograd)
        return found if math.isfinite(found) else 0.0


def differentiated(problem: Problem, autograd: Autograd) -> float:
    """The scalar that is differentiated, as torch has it: the output, or its derivative along directions."""
    value, upstream = flat(autograd.value), flat(autograd.upstream)
    is_number = upstream == [None] or problem.backward.along
    return float(value[0] if is_number else sum(map(operator.mul, value, upstream)))


def traces(evidence: Evidence) -> dict[str, Trace]:
    """The chain rule for every gradient; empty where nothing can be proven about the program."""
    found = {name: evidence.proof.paths(name) for name in evidence.problem.wrt}
    return {name: _trace(evidence, each) for name, each in found.items() if each is not None}


def _trace(evidence: Evidence, found: ChainPaths) -> Trace:
    shown = [TracePath(tuple(_factor(evidence, link) for link in path.links), path.product) for path in found.shown]
    return Trace(evidence.autograd.upstream, tuple(shown), found.count, found.total)


def _factor(evidence: Evidence, link: Link) -> Factor:
    program = evidence.problem.program
    return Factor(
        program.text(link.step),
        program.text(link.operand),
        local_slope(program, evidence.autograd.values, link.step, link.place),
        link.derivative,
        link.product,
    )
