"""How `backward` is called."""

from dataclasses import dataclass

from autogradcli.engines.detail import PLAIN, Detail
from autogradcli.language.adjoint import Direction
from autogradcli.language.program import Program


@dataclass(frozen=True, slots=True)
class Backward:
    """The call of `backward`: what it is given, and how often it is repeated."""

    upstream: Program | None = None
    """Its argument, the gradient with respect to the output: a program whose variables all mean the output's value."""
    repeat: int = 1
    """How many times it is called; `.grad` adds up what it gives."""
    zero_grad: bool = False
    """Whether every `.grad` is set to zero before each call."""
    along: tuple[Direction, ...] = ()
    """The directions along which the output is differentiated first, one after the other; then `backward` is called."""
    forward: bool = False
    """Whether the derivative with respect to a number is torch's forward mode's, and `backward` stands beside it."""
    detail: Detail = PLAIN
    """How closely the graph is looked at before the first call."""


ONCE = Backward()
"""As most people call it: without an argument, and once."""
