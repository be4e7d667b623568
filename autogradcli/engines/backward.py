"""How `backward` is called, and how much of the graph is recorded."""

from dataclasses import dataclass

from autogradcli.language.program import Direction, Program


@dataclass(frozen=True, slots=True)
class Detail:
    """What is recorded at every node before `backward` runs: it costs time, and is only shown by `graph`."""

    derivatives: bool = False
    """The derivative of what a node computed with respect to each of its inputs."""
    saved: bool = False
    """What the node keeps for `backward`."""


PLAIN = Detail()
"""Nothing."""


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
