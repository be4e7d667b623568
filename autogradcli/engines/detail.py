"""How closely the graph is looked at, beyond what every report shows of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """What is recorded at every node before `backward` runs: it costs time, and is only shown by `graph`."""

    derivatives: bool = False
    """The derivative of what a node computed with respect to each of its inputs."""
    saved: bool = False
    """What the node keeps for `backward`."""


PLAIN = Detail()
"""Nothing."""
