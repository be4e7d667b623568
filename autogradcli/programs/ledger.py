"""The ledger of a program: what every `backward` added to which `.grad`, and whether it is right; plain data."""

from dataclasses import dataclass, field
from typing import Any

from autogradcli.compute.report import SCHEMA_VERSION, Gradient, Reason, plain
from autogradcli.engines.results import Array


@dataclass(frozen=True, slots=True)
class Blamed:
    """The operation of a program that a verdict is about."""

    where: str | None
    """How a report names its place: `line 8`, or `layers.py:8` in a file that is not the program's; None if unknown."""
    line: int | None
    file: str | None
    code: str
    """As it stands there."""
    operation: str
    """What torch calls it."""


@dataclass(frozen=True, slots=True)
class GradientEntry:
    """What one call did to one tensor."""

    name: str
    """What the program calls it."""
    before: Array
    """What its `.grad` held; None if nothing, or if it is too large to be written out."""
    added: Array
    """The gradient that arrived; None if none did, or if it is too large."""
    after: Array
    """What its `.grad` held then."""
    verdict: str
    """On the gradient that arrived."""
    reason: Reason | None = None
    """Why it is not `verified`."""
    gradient: Gradient | None = None
    """The three opinions; None if they were not asked."""
    shape: tuple[int, ...] = ()
    norm: float | None = None
    """The root of the sum of the squares of the gradient that arrived; None if none did."""
    zeroed: bool = True
    """Whether its `.grad` held nothing but zeros before."""
    declared: bool = False
    """Whether it went through a backward that is said to differ from the derivative on purpose."""
    blamed: Blamed | None = None
    """The operation that the reason is about, if one is known."""

    @property
    def accumulated(self) -> bool:
        """Whether the gradient was added to one that was there."""
        return not self.zeroed


@dataclass(frozen=True, slots=True)
class Pass:
    """One call of `backward`, of `torch.autograd.grad`, or of what a transform of `torch.func` gave."""

    number: int
    """From 1 on, in the order of the calls."""
    line: int
    """Of the text, from 1 on."""
    code: str
    """The call as it stands there."""
    call: str
    """`backward` or `grad`; of a transform its name: `grad`, `vmap`, `jacrev`, `hessian`."""
    output: str | None
    """The name of what was differentiated."""
    value: Array
    upstream: Array
    """What it was given; None if nothing."""
    dtype: str
    entries: tuple[GradientEntry, ...]
    verdict: str
    """The worst of the entries'."""
    notes: tuple[str, ...] = ()
    proof: str | None = "whole"
    """`whole` if all from the leaves to the output was proven, `steps` if each operation was; None if neither."""
    looked_at: str | None = None
    """Of a proof by steps, what was looked at."""
    where: str | None = None
    """How a report names its place: `line 8`, or `trainer.py:8` in a file that is not the program's."""


@dataclass(frozen=True, slots=True)
class Custom:
    """What was found of a backward that the program brings along."""

    name: str
    """Of the class, the operator or the module."""
    line: int | None
    """Where its backward is written."""
    file: str | None
    verdict: str
    reasons: tuple[Reason, ...] = ()
    """What is wrong with it, a sentence for each kind of fault, with the numbers of the first."""
    declared: bool = False
    """Whether it is said to differ from the derivative on purpose."""
    where: str | None = None
    """How a report names its place: `line 8`, or `layers.py:8` in a file that is not the program's."""
    looked_at: int = 0
    """How many calls of it were looked at."""
    wrong: tuple[tuple[str, int], ...] = ()
    """Where calls of it stand whose gradients are wrong, each with how many of those that were looked at."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that beginners often do not mean, explained."""

    line: int
    code: str
    """The source text that it is about."""
    message: str
    hint: str | None = None
    where: str | None = None
    """As that of a pass."""


@dataclass(frozen=True, slots=True)
class Nonfinite:
    """Where a number was born that is not finite."""

    step: int
    """How many passes had been run, this one included."""
    line: int | None
    code: str
    """The operation."""
    direction: str
    """`forward` or `backward`, or `optimizer`."""
    went_in: tuple[str, ...]
    """The numbers that went in, each with its name."""
    came_out: str
    way: tuple[str, ...]
    """The operations that it went through, to where it was noticed."""
    reason: Reason | None = None
    also: tuple[Reason, ...] = ()
    """Other operations of the same pass whose results are not finite though all that went in is, as far as there is a
    remedy for them."""
    again: str | None = None
    """A command that shows it again from the file that its inputs were kept in; None if there is no such file."""
    where: str | None = None
    """As that of a pass; None if the line is not known."""


@dataclass(frozen=True, slots=True)
class ProgramError:
    """The error that ended the program, as Python names it."""

    line: int
    code: str
    type: str
    message: str
    hint: str | None
    status: int = 1
    """What Python's exit status would have been."""
    span: tuple[int, int] | None = None
    """Where the text of its file has the expression that failed, in characters from 0 on; None if that is not known."""


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
    """Everything that was found about one program."""

    name: str
    """Of the file, or how it was named on the command line."""
    passes: tuple[Pass, ...]
    mistakes: tuple[Mistake, ...]
    failure: ProgramError | None
    verdict: str
    """The worst over all passes."""
    unverified_in_time: int = 0
    """Passes that were not verified because the time was up."""
    verifying: bool = True
    """Whether verification was asked for."""
    backwards: int = 0
    """How often `backward` was called."""
    trace: tuple[TraceLine, ...] = ()
    customs: tuple[Custom, ...] = ()
    """What was found of backwards that the program brings along."""
    finite: int = 0
    """Passes in which all numbers were finite."""
    first_nonfinite: Nonfinite | None = None
    """Where the first number was born that is not finite; None if all were finite."""
    notes: tuple[str, ...] = ()
    """What else a reader should know, a sentence each."""
    printed: str | None = None
    """What the program printed, where the report stands on standard output in its place; else None."""
    interrupted: bool = False
    """Whether Ctrl-C ended the program, or the verification."""
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The ledger as JSON values, schema version 1; numbers that are not finite become text."""
        return {"schema_version": SCHEMA_VERSION, **plain(self)}
