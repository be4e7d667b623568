"""All that the engines found about one problem, and what is asked of them only if something is wrong."""

from functools import cached_property
from typing import Any

from autogradcli.compute.problem import Problem
from autogradcli.engines.opinions import Autograd, Cancellation, Enclosure, Parting
from autogradcli.engines.sympy.process import Answer


class Opinions:
    """The opinions on one problem."""

    def __init__(
        self, problem: Problem, autograd: Autograd, proof: Any, value: Enclosure, answer: Answer | None
    ) -> None:
        self.problem = problem
        self.autograd = autograd
        self.proof = proof
        """The Arb engine's own object; only its functions look inside."""
        self.value = value
        """Its opinion on the output."""
        self.answer = answer
        """SymPy's; None if it was not asked."""

    def parting(self, name: str) -> Parting | None:
        """The first operation, from the output back to the variable, whose backward is wrong."""
        from autogradcli.engines.arb.blame import parting

        return parting(self.proof, self.autograd.nodes, name)

    @cached_property
    def cancellation(self) -> Cancellation | None:
        """The sum that loses the most digits."""
        from autogradcli.engines.arb.blame import cancellation

        return cancellation(self.proof)
