"""The result for a program about which ball arithmetic proves nothing, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from autogradcli.engines.results import (
    Array,
    Autograd,
    Cancellation,
    Cause,
    Enclosure,
    FirstDivergence,
    OtherValue,
    Small,
    flat,
)
from autogradcli.functions.handles import TooLong
from autogradcli.language.dtypes import DTYPES, Dtype
from autogradcli.language.program import Call, Program
from autogradcli.processes.limits import OutOfTime


@dataclass(frozen=True)
class Unproven:
    """A program about which nothing is proven."""

    opinion: Enclosure
    """The opinion on every number, which says why."""
    size: int
    """How many components the output has."""
    remark: str | None = None
    scalar: float | None = None
    true_values: Sequence[Array] = ()
    vanished: Small | None = None
    cancellation: Cancellation | None = None
    other_value: OtherValue | None = None

    @property
    def values(self) -> Sequence[Enclosure]:
        """The same of every component."""
        return [self.opinion] * self.size

    def gradient(self, _: str, numbers: Sequence[float]) -> list[Enclosure]:
        """The same of every number."""
        return [self.opinion] * len(numbers)

    def first_divergence(self, _: str, __: int | None) -> None:
        """Nothing is known."""

    def lossy_piece(self, _: str) -> None:
        """Nothing is known."""

    def corners(self, _: str, __: int, hidden: bool) -> tuple[int, ...]:  # noqa: ARG002
        """Nothing is known."""
        return ()

    def paths(self, _: str) -> None:
        """Nothing is known."""

    def broken(self, _: FirstDivergence | None) -> None:
        """Nothing is known."""

    def small(self, _: FirstDivergence) -> None:
        """Nothing is known."""


def unproven(reason: Exception, autograd: Autograd) -> Unproven:
    """The opinion on a program that cannot be put on a tape, or for which the engine reached a limit."""
    if isinstance(reason, TooLong):
        code, message = "GC503", f"{reason}, too many to prove anything about: --max-operations allows more"
    elif isinstance(reason, OutOfTime):
        code, message = "GC506", "ball arithmetic ran out of time: --timeout allows more"
    elif isinstance(reason, MemoryError):
        code, message = "GC507", "ball arithmetic ran out of memory: --max-memory allows more"
    elif isinstance(reason, ChildProcessError):
        code, message = "GC508", f"ball arithmetic ended its process: {reason}"
    else:
        code, message = "GC504", f"{reason}: torch alone can compute it, and nothing is proven"
    return because(Cause("unverified", code, message, None), autograd)


def because(cause: Cause, autograd: Autograd, remark: str | None = None) -> Unproven:
    """The same for a cause of every number."""
    return Unproven(Enclosure(cause=cause), len(flat(autograd.value)), remark)


def of_rounded_steps(program: Program, dtype: Dtype, autograd: Autograd) -> Unproven | None:
    """The opinion on a program with a step in a less precise format; None if there is none.

    From there on torch rounds values and gradients to that format, and the budget is that of the dtype.
    """
    for index, step in enumerate(program.steps):
        name = dict(step.options).get("dtype") if isinstance(step, Call) else None
        if isinstance(name, str) and not DTYPES[name].holds(dtype):
            message = f"{program.text(index)} rounds to {name}, which holds fewer numbers than {dtype.name}"
            return because(Cause("unverified", "GC504", message, index), autograd)
    return None
