"""Where a tensor of a snippet comes from: what was recorded of it, to be put together as a program.

The record of a tensor is kept on the tensor itself, so that it goes when the tensor goes; it never holds the tensor.
"""

from dataclasses import dataclass
from fractions import Fraction

import torch

from autogradcli.errors import Span

RECORD = "_gradcalc_record"
"""The attribute of a tensor that holds its record; no snippet can reach it."""


@dataclass(slots=True, eq=False)
class Made:
    """The result of a row of the table."""

    function: str
    operands: "tuple[Operand, ...]"
    options: tuple[tuple[str, object], ...]
    span: Span
    serial: int
    """The later it was made, the larger."""
    condition: bool = False
    """Whether it is true or false, and not a number."""
    tie: bool = False
    """Whether it compares equal numbers somewhere."""
    dtype: torch.dtype | None = None
    name: str | None = None
    """What the snippet called it first."""


@dataclass(slots=True, eq=False)
class Given:
    """Numbers that no recorded operation made: a leaf, or a tensor that takes no gradient."""

    identity: "Record"
    data: torch.Tensor
    """As it was when it was used."""
    differentiated: bool
    span: Span
    serial: int


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """A tensor of which nothing can be verified."""

    reason: str


Origin = Made | Given | Unknown
Operand = Origin | Fraction | float
"""An operand of a row: a tensor, an exact number, or a float that is infinite."""


@dataclass(slots=True, eq=False)
class Record:
    """What is known of a tensor."""

    name: str | None = None
    origin: Origin | None = None
    stamp: int = -1
    """The state of its memory when that was noted."""
    changed: Span | None = None
    """Where it was last changed in place."""
    cut: str | None = None
    """What cut it off from the graph: `no_grad`, `detach`, or `discrete` for a count, a place or the like."""
    last: "Given | None" = None
    """What a leaf was when the last gradient reached it."""


def record_of(tensor: torch.Tensor) -> Record:
    """The record of a tensor, made where there is none."""
    found: Record | None = tensor.__dict__.get(RECORD)
    if found is None:
        found = Record()
        setattr(tensor, RECORD, found)
    return found


def cut_of(tensor: torch.Tensor) -> str | None:
    """What cut a tensor off from the graph; None if nothing did."""
    found: Record | None = tensor.__dict__.get(RECORD)
    return None if found is None else found.cut


def is_chosen(tensor: torch.Tensor) -> bool:
    """Whether a tensor takes no gradient and yet depends on what does: a condition, a place, what is made of one."""
    found: Record | None = tensor.__dict__.get(RECORD)
    if found is None or tensor.requires_grad:
        return False
    return found.cut == "discrete" or isinstance(found.origin, Made)
