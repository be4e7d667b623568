"""What is asked about every problem of one invocation alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autogradcli.compute.problem import Problem
from autogradcli.engines.backward import Backward
from autogradcli.engines.detail import PLAIN, Detail
from autogradcli.language.program import Program
from autogradcli.language.tape import MAX_OPERATIONS

LARGEST_SEED = 2**53


@dataclass(frozen=True, slots=True)
class Settings:
    """The fields of a problem that options set."""

    dtype: str = "float64"
    rtol: float | None = None
    atol: float | None = None
    max_ulps: float | None = None
    symbolic: bool = True
    timeout: float = 10.0
    upstream: Program | None = None
    repeat: int = 1
    zero_grad: bool = False
    max_operations: int = MAX_OPERATIONS
    seed: int = 0
    detail: Detail = PLAIN
    trace: bool = False
    function: Any = None

    def problem(
        self, program: Program, at: Mapping[str, Program], wrt: tuple[str, ...], identifier: Any = None
    ) -> Problem:
        """The problem of this program at this point."""
        return Problem(
            program=program,
            at=at,
            wrt=wrt,
            dtype=self.dtype,
            rtol=self.rtol,
            atol=self.atol,
            max_ulps=self.max_ulps,
            symbolic=self.symbolic,
            timeout=self.timeout,
            id=identifier,
            backward=Backward(self.upstream, self.repeat, self.zero_grad, detail=self.detail),
            max_operations=self.max_operations,
            seed=self.seed,
            trace=self.trace,
            function=self.function,
        )
