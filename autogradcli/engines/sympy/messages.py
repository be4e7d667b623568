"""What the two processes say to each other: length-prefixed pickles of the classes below, over the child's own pipes.

The child says `Ready` once. For every ticket it answers `Began` and one `Formula` for each variable as soon as it is
found. If the point has come by then, `Evaluated` follows; if not, `Differentiated`, and when it comes, `Began` again
and `Evaluated`.
"""

from dataclasses import dataclass

from autogradcli.engines.results import Array
from autogradcli.language.program import Direction, Program
from autogradcli.language.shapes import Shape


@dataclass(frozen=True, slots=True)
class Tensors:
    """What a program does not say about its tensors, and about what of its output is differentiated."""

    shapes: tuple[tuple[str, Shape], ...] = ()
    """The shapes of the variables that are not scalars."""
    upstream: tuple[float, ...] | None = None
    """What the components of the output are multiplied by, row by row, to make a scalar of it."""
    known: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """The components, row by row, of variables that stand as the numbers that they are: of indices."""
    along: tuple[Direction, ...] = ()
    """The directions along which the output is differentiated first, one after the other."""


SCALARS = Tensors()
"""There are none."""


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """Parent to child: how much it may hold, in bytes."""

    size: int


@dataclass(frozen=True, slots=True)
class Differentiate:
    """Parent to child: find the formulas of a new ticket."""

    ticket: int
    program: Program
    wrt: tuple[str, ...]
    style: str
    """How formulas are printed: text, latex, python or c."""
    timeout: float
    """Seconds that the child may work on the ticket in all, before the parent loses patience."""
    tensors: Tensors


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Parent to child: the point of an earlier ticket."""

    ticket: int
    at: dict[str, Array]


@dataclass(frozen=True, slots=True)
class Prove:
    """Parent to child: is the derivative of a program, all of it scalar, what somebody claims?"""

    ticket: int
    program: Program
    name: str
    claim: Program
    timeout: float


@dataclass(frozen=True, slots=True)
class Ready:
    """Child to parent: SymPy is loaded."""


@dataclass(frozen=True, slots=True)
class Began:
    """Child to parent: from now on the time counts as this ticket's."""

    ticket: int


@dataclass(frozen=True, slots=True)
class FormulaMessage:
    """Child to parent: the derivative with respect to one variable."""

    ticket: int
    variable: str
    formula: Array
    """The text of each component; None where there is none."""
    reason: Array
    """Why there is none."""
    pattern: str | None = None
    """One formula for all components, with letters for indices."""
    notes: tuple[str, ...] = ()
    """Where conditions change and there is no derivative, or the formula does not hold."""


@dataclass(frozen=True, slots=True)
class Differentiated:
    """Child to parent: all formulas of the ticket have been sent, and its point has not come."""

    ticket: int
    seconds: float


@dataclass(frozen=True, slots=True)
class EvaluatedNumber:
    """A value to 30 significant digits, or why there is none."""

    digits: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Child to parent: the numbers of the ticket, which is thereby done."""

    ticket: int
    value: EvaluatedNumber
    derivatives: dict[str, Array]
    """For each variable an `EvaluatedNumber` for each component."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Proved:
    """Child to parent: whether it could be shown."""

    ticket: int
    settled: bool
    seconds: float


Task = Differentiate | Evaluate | Prove
Request = MemoryLimit | Task
Reply = Ready | Began | FormulaMessage | Differentiated | Evaluated | Proved
