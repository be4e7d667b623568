"""Claims: derivatives that somebody worked out by hand, held against the true ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of one claim."""

    status: str
    """`proved`, `holds`, `wrong` or `untold`."""
    message: str

    @property
    def holds(self) -> bool:
        """Whether the claim passes."""
        return self.status in {"proved", "holds"}
