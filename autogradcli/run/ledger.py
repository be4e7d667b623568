"""The ledger of a snippet: what every `backward` added to which `.grad`, and whether it is right; plain data."""

from dataclasses import dataclass, field
from typing import Any

from autogradcli.compute.report import SCHEMA_VERSION, Gradient, Reason, plain
from autogradcli.engines.opinions import Array


@dataclass(frozen=True, slots=True)
class Entry:
    """What one call did to one tensor."""

    name: str
    """What the snippet calls it."""
    before: Array
    """What its `.grad` held; None if nothing."""
    added: Array
    """The gradient that arrived; None if none did."""
    after: Array
    """What its `.grad` held then."""
    verdict: str
    """On the gradient that arrived."""
    reason: Reason | None = None
    """Why it is not `verified`."""
    gradient: Gradient | None = None
    """The three opinions; None if they were not asked."""

    @property
    def accumulated(self) -> bool:
        """Whether the gradient was added to one that was there."""
        return self.before is not None and self.after is not None


@dataclass(frozen=True, slots=True)
class Pass:
    """One call of `backward`, or of `torch.autograd.grad`."""

    number: int
    """From 1 on, in the order of the calls."""
    line: int
    """Of the text, from 1 on."""
    code: str
    """The call as it stands there."""
    call: str
    """`backward` or `grad`."""
    output: str | None
    """The name of what was differentiated."""
    value: Array
    upstream: Array
    """What it was given; None if nothing."""
    dtype: str
    entries: tuple[Entry, ...]
    verdict: str
    """The worst of the entries'."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that beginners often do not mean, explained."""

    line: int
    code: str
    """The source text that it is about."""
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The error that ended the snippet, as Python names it."""

    line: int
    code: str
    type: str
    message: str
    hint: str | None
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class TraceLine:
    """What a line of the text made, the first times that it was run."""

    line: int
    code: str
    made: tuple[str, ...]
    """Each name with its value, as Python prints it."""
    times: int
    """How often it was run."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that was found about one snippet."""

    name: str
    """Of the file."""
    passes: tuple[Pass, ...]
    mistakes: tuple[Mistake, ...]
    failure: Failure | None
    verdict: str
    """The worst over all passes."""
    unverified_in_time: int = 0
    """Passes that were not verified because the time was up."""
    verifying: bool = True
    """Whether verification was asked for."""
    backwards: int = 0
    """How often `backward` was called."""
    trace: tuple[TraceLine, ...] = ()
    printed: str | None = None
    """What the snippet printed, where the report holds it."""
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The ledger as JSON values, schema version 1; numbers that are not finite become text."""
        return {"schema_version": SCHEMA_VERSION, **plain(self)}
