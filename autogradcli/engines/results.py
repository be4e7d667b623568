"""What the engines give back: plain data, nothing of torch, SymPy or Arb.

A tensor is a nested list, row by row; a scalar is a float. All indices of steps are those of the program.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal, Protocol

Json = Any
"""A value of JSON: typing has no recursive type of which one could ask for an item."""
Array = Any
"""A float, or nested lists of floats."""


class Empty(list[Any]):
    """The nested lists of a tensor without components, which by themselves do not tell its shape."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__(nested_lists([], sizes))
        self.sizes = tuple(sizes)


def shape(array: Array) -> tuple[int, ...]:
    """The shape of nested lists; () for a number."""
    if isinstance(array, Empty):
        return array.sizes
    sizes = []
    while isinstance(array, list | tuple):
        sizes.append(len(array))
        array = array[0] if array else None
    return tuple(sizes)


def flat(array: Array) -> list[Any]:
    """The components of nested lists, row by row; of a number, itself."""
    if not isinstance(array, list | tuple):
        return [array]
    if not array or not isinstance(array[0], list | tuple):
        return list(array)
    return list(chain.from_iterable(map(flat, array)))


def nested(components: Sequence[Any], sizes: Sequence[int]) -> Array:
    """Components, row by row, as nested lists of a shape; the inverse of `flat`."""
    return nested_lists(components, sizes) if 0 not in sizes else Empty(sizes)


def nested_lists(components: Sequence[Any], sizes: Sequence[int]) -> Array:
    """The same as plain lists, which do not tell the shape of a tensor without components."""
    if not sizes:
        return components[0]
    if len(sizes) == 1:
        return list(components)
    step = len(components) // sizes[0] if sizes[0] else 0
    return [nested_lists(components[i * step : (i + 1) * step], sizes[1:]) for i in range(sizes[0])]


@dataclass(frozen=True, slots=True)
class Ball:
    """A proven enclosure: the true number lies within `radius` of `value`."""

    value: str
    """Decimal, with more digits than a double has."""
    radius: str
    """Decimal, rounded up."""


@dataclass(frozen=True, slots=True)
class LocalDerivative:
    """The derivative of what a node computed with respect to one of its inputs."""

    output: tuple[int, ...]
    """The shape of what it computed."""
    input: tuple[int, ...]
    """The shape of the input."""
    by_component: bool
    """Whether each component of the output depends on the same component of the input alone."""
    value: Array
    """In the shape of the input if it is by component; else the indices of the output come first. None if too large."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the autograd graph, in walk order from the output."""

    id: int
    """Its place in the walk; the output is 0."""
    name: str
    """The name of its `grad_fn`, without an address."""
    expression: str | None
    """The source text that it came from."""
    step: int | None
    """The program step that it came from."""
    value: Array
    """What it computed, if that is the result of a step; else None."""
    gradient: Array
    """The gradient of the output with respect to what it computed; None if none reached it."""
    inputs: tuple[int, ...]
    """Ids of the nodes that it takes its inputs from, in order; an input without gradient has none."""
    flows: tuple[Array, ...]
    """The gradient that it sent to each of `inputs`."""
    variable: str | None
    """The variable's name, if it is a leaf."""
    span: tuple[int, int] | None = None
    """Where that text stands in the source."""
    derivatives: tuple[LocalDerivative | None, ...] = ()
    """Its derivative with respect to each of `inputs`, if they were asked for; None where torch does not tell."""
    saved: dict[str, Any] = field(default_factory=dict)
    """What it keeps for `backward`, by name, if that was asked for."""
    module: str | None = None
    """What a program calls the module that it belongs to, if that was asked for."""


@dataclass(frozen=True, slots=True)
class Accumulation:
    """What one `backward` did to a tensor's `.grad`."""

    before: Array
    """What it held; None before the first."""
    added: Array
    """What arrived; None if the output does not depend on the tensor."""
    after: Array
    """What it held then."""


@dataclass(frozen=True, slots=True)
class Autograd:
    """What torch says: values and gradients as `backward` left them."""

    inputs: dict[str, Array]
    """The numbers that torch received, exactly, for every variable of the program."""
    value: Array
    """The output."""
    gradients: dict[str, Array]
    """For each name of `wrt`; None where `backward` left none, because the output does not depend on it."""
    values: tuple[Array, ...]
    """The value of each step; a bool for a condition."""
    nodes: tuple[Node, ...]
    """The graph."""
    upstream: Array
    """What `backward` was given, exactly, in the shape of the output; None for an output that is a number."""
    passes: dict[str, tuple[Accumulation, ...]]
    """For each name of `wrt`, what each `backward` did to its `.grad`; none if the output depends on nothing."""
    notes: tuple[str, ...]
    """What the numbers of the point lost on their way into the dtype, and what torch warned of, a sentence each."""
    lacking: str | None = None
    """A function of the program that torch does not have: then there is no gradient, and values are the true ones."""
    backwards: tuple[str, ...] = ()
    """The backwards of the user's own in the graph, each with its place: `Swish.backward (layers.py:8)`."""


@dataclass(frozen=True, slots=True)
class Link:
    """One factor of the chain rule: an operation, and the operand through which the path goes on."""

    step: int
    """The program step of the operation."""
    operand: int
    """The program step of the operand."""
    place: int
    """Which of the operation's operands it is."""
    derivative: Ball | None
    """The true derivative of the one with respect to the other; None if one of them is a tensor, or there is none."""
    product: Array
    """What the path has come to so far, as Balls in the shape of the operand; None where nothing finite is proven."""


@dataclass(frozen=True, slots=True)
class ChainPath:
    """One way from the output down to what is differentiated with respect to."""

    links: tuple[Link, ...]
    product: Array
    """What it adds to the gradient: the last link's product; without links, what `backward` starts from."""


@dataclass(frozen=True, slots=True)
class ChainPaths:
    """The chain rule for one gradient."""

    shown: tuple[ChainPath, ...]
    """Some of the paths, or all of them."""
    count: int
    """How many there are."""
    total: Array
    """What all of them add up to, as Balls."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why there is no number to compare with."""

    verdict: str
    """`undefined` where mathematics gives none, `unverified` where none could be told."""
    code: str | None
    """The reason code; None for `verified`."""
    message: str
    """One sentence with the numbers of this case."""
    step: int | None
    """The program step that is to blame, if one is."""
    end: "Cause | None" = None
    """That the function is not defined on a side of the point, where something else is worse on the other side."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A choice whose branch the output is made of at the point alone, or within almost nothing of it."""

    step: int
    """The program step that chooses."""
    branch: int
    """The step of the branch that it takes here."""
    slope: float | None
    """The slope of what is chosen beside the point; None if its slopes to the left and to the right differ."""
    width: float
    """How far the branch reaches at most; 0 for one that is taken at the point alone, or as good as alone."""


Unbounding = Literal["zero", "end", "unbounded"]
"""What rounding makes of an operand that leaves an operation without a bound: 0, an end of the domain, or anything."""


@dataclass(frozen=True, slots=True)
class Reached:
    """An operation that rounding leaves without a bound: a denominator that can be 0, exp of what is not known."""

    step: int
    """The program step of the operation."""
    operand: int
    """The step of the operand that does it."""
    kind: Unbounding


@dataclass(frozen=True, slots=True)
class Enclosure:
    """The rigorous opinion on one number that torch gave: a value, or one component of a gradient."""

    ball: Ball | None = None
    """The true number; None if there is none, or none is proven."""
    nearest: float | None = None
    """The true number rounded to a double, infinite if it is beyond all doubles; None if there is none.

    At a tie that turns out to be smooth it is inferred from the slopes on both sides, and there is no ball.
    """
    error: tuple[float, float] | None = None
    """Lower and upper bound on the distance between torch's number and the true one; None if torch's is not finite."""
    ulps: float | None = None
    """The distance in units in the last place of the dtype."""
    inside: bool = False
    """Whether honest rounding of this computation in this dtype explains the distance."""
    underflow: bool = False
    """Whether numbers on the way that are too small for the dtype explain it, where rounding alone does not."""
    slopes: tuple[float, float] | None = None
    """The slopes from the left and from the right, where a tie made it necessary to ask for them; else None."""
    together: bool = False
    """Whether the slopes are those along the component alone and along all components of the tie."""
    cause: Cause | None = None
    """Why there is neither a ball nor slopes."""
    guard: Guard | None = None
    """Whose branch autograd differentiated, where the slopes beside it are other ones."""
    farther: "Enclosure | None" = None
    """What is so beyond a guard that reaches next to no way."""
    reached: Reached | None = None
    """Why rounding explains any distance; None if its budget is finite."""


@dataclass(frozen=True, slots=True)
class FirstDivergence:
    """The first operation, from the output back, whose backward gives something else than the truth."""

    step: int
    """The program step of the operation."""
    operand: int
    """The step of the operand whose gradient comes out wrong."""
    place: int
    """Which of the operand's components, row by row."""
    autograd: float
    """What autograd's backward of the operation sends to that operand."""
    truth: float
    """What it should send, as the nearest double."""
    taken: bool
    """Whether the output depends on the operation at all: not through a branch that is not taken."""
    tied: bool
    """Whether the operation chooses by a condition in a tie, so that what it sends is a convention."""


@dataclass(frozen=True, slots=True)
class OtherValue:
    """A component of a step's value that torch has otherwise than the function's definition gives it."""

    step: int
    """The program step."""
    place: int
    """Which of its components, row by row."""
    torch: float
    """What torch gives."""
    defined: float
    """What the definition gives for the same operands."""


@dataclass(frozen=True, slots=True)
class Small:
    """A number on the way that is too small for the dtype to hold it with all its digits."""

    step: int
    """The program step whose value it is, or with respect to whose value it is the gradient."""
    truth: str
    """The number itself, in a few digits."""
    gradient: bool
    """Whether it is a gradient."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A sum whose terms are far larger than what they leave."""

    step: int
    """The program step whose value, or whose gradient, is the sum."""
    terms: tuple[float, ...]
    """The largest terms first."""
    left: float
    """Their sum."""


class Proof(Protocol):
    """What the Arb engine proves about a program at a point, beside what torch computed."""

    @property
    def remark(self) -> str | None:
        """What was found out in another way than by a proof of every number."""

    @property
    def scalar(self) -> float | None:
        """The scalar that is differentiated, to the nearest double; None if it is not finite, or nothing is proven."""

    @property
    def values(self) -> Sequence[Enclosure]:
        """The opinion on each component of torch's output, row by row."""

    @property
    def true_values(self) -> Sequence[Array]:
        """The value of each step to the nearest doubles; empty if nothing is proven."""

    @property
    def vanished(self) -> Small | None:
        """The first number on the way to the output that is too small for the dtype, and 0 in torch."""

    @property
    def cancellation(self) -> Cancellation | None:
        """The sum that loses the most digits."""

    @property
    def other_value(self) -> OtherValue | None:
        """The first value that torch has otherwise than the definition of its function gives it."""

    def gradient(self, name: str, numbers: Sequence[float]) -> list[Enclosure]:
        """The opinion on numbers for the derivative with respect to each component of a name, row by row."""

    def first_divergence(self, name: str, place: int | None) -> FirstDivergence | None:
        """The first operation, from the output back to a name, whose backward is wrong."""

    def lossy_piece(self, name: str) -> FirstDivergence | None:
        """A step that torch computes in one piece and whose backward loses digits, on the way to a name."""

    def corners(self, name: str, place: int, hidden: bool) -> tuple[int, ...]:
        """The steps that have the corner along one component; with `hidden` those of corners that cancel as well."""

    def paths(self, name: str) -> ChainPaths | None:
        """The chain rule for the gradient of a name, path by path; None if nothing is proven."""

    def broken(self, parted: FirstDivergence | None) -> tuple[int, int] | None:
        """The first step that is not finite in torch, of those that an operation depends on, or of all; and where."""

    def small(self, parted: FirstDivergence) -> Small | None:
        """The number behind an operation that is too small for the dtype."""
