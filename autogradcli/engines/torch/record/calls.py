"""What is recorded: calls, the values that went into them, and what `backward` did.

A call is kept in the nodes of autograd's own graph (`Node.metadata`), so that the record of a step is freed with its
graph. Nothing here holds a tensor that holds a node: such a circle through C++ is never collected.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import torch


@dataclass(frozen=True, slots=True, eq=False)
class CallSite:
    """Where the program called torch."""

    code: CodeType
    instruction: int
    """The offset of the instruction in the code, which knows its line and columns."""

    def __eq__(self, other: object) -> bool:
        """Whether it is the same place: codes of two files may be equal."""
        return isinstance(other, CallSite) and self.code is other.code and self.instruction == other.instruction

    def __hash__(self) -> int:
        return hash((id(self.code), self.instruction))

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.code.co_filename

    @property
    def position(self) -> tuple[int, int, int, int]:
        """First line, last line, first column and end column (in bytes of UTF-8) of the expression."""
        return _position(self.code, self.instruction)

    @property
    def line(self) -> int:
        """The line, from 1 on."""
        return self.position[0]


MOST_CODES = 10_000
"""Functions of the program whose positions are kept."""
_positions: dict[int, tuple[CodeType, list[Any]]] = {}
"""By the identity of a code, as codes of other places may be equal: it, and the positions of its instructions."""


def _position(code: CodeType, instruction: int) -> tuple[int, int, int, int]:
    if id(code) not in _positions:
        if len(_positions) >= MOST_CODES:
            _positions.clear()
        _positions[id(code)] = (code, list(code.co_positions()))
    line, end_line, column, end_column = _positions[id(code)][1][instruction // 2]
    if line is None:
        return (code.co_firstlineno,) * 2 + (0, 0)
    return line, end_line or line, column or 0, end_column or 0


@dataclass(slots=True, eq=False, weakref_slot=True)
class Given:
    """A tensor that no recorded call made: a parameter, data, a constant."""

    data: torch.Tensor
    """Its numbers; shares memory with the program's tensor until that is about to change."""
    leaf: bool
    """Whether it takes a gradient."""
    version: int
    """How often it had been changed in place."""
    serial: int
    name: str | None = None
    """What the program calls it."""
    identity: int = 0
    """The same for the same tensor at different times."""
    shared: bool = True
    """Whether the memory is the program's."""
    cut: str | None = None
    """What cut it off from what it was made of: `no_grad`, `detach`, `discrete` or `drawn`; None if nothing did that
    takes a gradient."""
    tensor: Any = None
    """The program's tensor, weakly."""
    changed: bool = False
    """Whether a recorded call changes it in place."""

    def keep(self) -> None:
        """Copy the numbers, because the program is about to change them."""
        if self.shared:
            self.data = copied(self.data)
            self.shared = False


@dataclass(frozen=True, slots=True)
class CallOutput:
    """One of the tensors that a call gave."""

    call: "RecordedCall"
    index: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """A tensor of which nothing is known but that autograd follows it."""

    node: str
    """The name of the node of the graph that made it, or what the reason is."""


Value = Given | CallOutput | Unknown


@dataclass(slots=True, eq=False, weakref_slot=True)
class RecordedCall:
    """One call of torch's API."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    """As they were given, with a `Value` in place of each tensor."""
    keywords: dict[str, Any]
    place: CallSite | None
    """None if no frame of the program was on the way."""
    serial: int
    outputs: list[torch.Tensor | None] = field(default_factory=list)
    """Aliases without a node of the tensors it gave; None where they are not kept any more."""
    versions: list[int] = field(default_factory=list)
    prints: list[int | None] = field(default_factory=list)
    """A fingerprint of the bits of each output, taken when the output itself is let go."""
    changes: bool = False
    """Whether it changed its first argument in place."""
    base: Value | None = None
    """Before it, the tensor that the changed one is a view of; after it, that is its last output."""
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    """The shape of each output."""
    dtypes: list[torch.dtype | None] = field(default_factory=list)
    reference: Callable[..., Any] | None = None
    """What has the derivative of a custom call, if somebody says so."""
    autocast: torch.dtype | None = None
    """What operations computed in, under autocast."""
    random: torch.Tensor | None = None
    """The state of the generator of random numbers, of a call that draws some."""
    modules: tuple[torch.nn.Module, ...] = ()
    """The modules in whose `forward` it was made, from the outermost to the innermost, if they were asked for."""

    def values(self) -> Iterator[Value]:
        """The tensors among its arguments."""
        yield from values_in(self.arguments)
        yield from values_in(self.keywords)
        if self.base is not None:
            yield self.base

    def keep(self) -> None:
        """Copy the outputs, because the program is about to change memory that they share."""
        self.outputs = [None if each is None else each.clone() for each in self.outputs]
        self.versions = [0 for _ in self.outputs]

    def let_go(self) -> None:
        """Keep a fingerprint in place of each large output."""
        if self.prints:
            return
        self.prints = [
            None if each is None or each._version != version else fingerprint(each)
            for each, version in zip(self.outputs, self.versions, strict=True)
        ]
        self.outputs = [each if each is not None and each.numel() <= SMALL else None for each in self.outputs]


SMALL = 64
"""Components of an output that is kept with a pass."""


@dataclass(slots=True, eq=False)
class Arrival:
    """The gradient that a backward gave to one tensor."""

    value: Value
    name: str | None
    before: Given | None
    """What its `.grad` held."""
    added: Given | None
    """What arrived; None if nothing did."""
    after: Given | None
    """What its `.grad` held then."""
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tie:
    """A comparison of equal numbers that became a bool."""

    comparison: RecordedCall
    callers: tuple[CallSite, ...]
    """Where the program's functions around it were called, the innermost first."""


@dataclass(slots=True)
class StaleGradient:
    """A leaf whose `.grad` held the gradient of an earlier step when a pass added to it."""

    name: str
    address: int
    changes: int
    """How often the leaf had been changed by then."""
    zeroed: bool = False
    """Whether `.grad` was set to zero before the leaf was changed again: then nobody used it."""

    def is_used(self, changes: Mapping[int, int]) -> bool:
        """Whether the leaf was changed with the sum in `.grad`; `changes` are those until now, by address."""
        return not self.zeroed and changes.get(self.address, 0) != self.changes


@dataclass(slots=True, eq=False)
class BackwardPass:
    """One call of `backward`, or of `torch.autograd.grad`."""

    call: str
    """`backward` or `grad`."""
    place: CallSite | None
    number: int
    """From 1 on, in the order of the calls."""
    outputs: tuple[Value, ...]
    names: tuple[str | None, ...]
    """What the program calls the outputs."""
    upstreams: tuple[Given | None, ...]
    arrivals: tuple[Arrival, ...]
    values: tuple[Given | None, ...]
    """The outputs' numbers."""
    unknown: tuple[str, ...] = ()
    """The names of nodes in the graph that no recorded call made."""
    tied: Mapping[CallSite, "Tie"] = field(default_factory=dict)
    """Where a comparison that tied became a bool before this, and the comparison."""
    stale: tuple["StaleGradient", ...] = ()
    """The leaves that were changed since the last pass, though their `.grad` was not set to zero."""
    hooked: CallSite | None = None
    """A hook of the program's that changes gradients."""
    finite: bool = True
    """Whether the outputs and all that arrived is finite."""


def values_in(item: Any) -> Iterator[Value]:
    """The values in nested arguments."""
    if isinstance(item, Given | CallOutput | Unknown):
        yield item
    elif isinstance(item, list | tuple):
        for each in item:
            yield from values_in(each)
    elif isinstance(item, dict):
        for each in item.values():
            yield from values_in(each)


def mapped(item: Any, change: Callable[[Any], Any]) -> Any:
    """Nested arguments with everything that is no list, tuple or dict changed."""
    if isinstance(item, tuple):
        parts = [mapped(each, change) for each in item]
        return type(item)(*parts) if hasattr(item, "_fields") else tuple(parts)
    if type(item) is list:
        return [mapped(each, change) for each in item]
    if type(item) is dict:
        return {key: mapped(each, change) for key, each in item.items()}
    return change(item)


def tensors_in(item: Any) -> Iterator[torch.Tensor]:
    """The tensors in nested arguments or results."""
    if isinstance(item, torch.Tensor):
        yield item
    elif isinstance(item, list | tuple):
        for each in item:
            yield from tensors_in(each)
    elif isinstance(item, dict):
        for each in item.values():
            yield from tensors_in(each)


def copied(tensor: torch.Tensor) -> torch.Tensor:
    """A copy that lies in memory as the tensor does: in which order a product adds its terms depends on that."""
    if tensor.layout is not torch.strided or tensor.is_contiguous():
        return tensor.clone()
    span = 1 + sum((size - 1) * stride for size, stride in zip(tensor.size(), tensor.stride(), strict=True))
    if not tensor.numel() <= span <= MOST_GAPS * tensor.numel():  # components share memory, or there is much between
        return tensor.clone()
    return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device=tensor.device).copy_(tensor)


def dense(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor that holds all its components: a gradient may hold those alone that are not 0, or say that all are."""
    if tensor.layout is not torch.strided:
        return tensor.to_dense()
    return torch.zeros_like(tensor) if tensor._is_zerotensor() else tensor


MOST_GAPS = 4
"""How many times as much memory as its components need a copy may take."""
INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def fingerprint(tensor: torch.Tensor) -> int:
    """A number that tells two tensors of one shape apart if a bit differs, with next to no exceptions."""
    if tensor.numel() == 0:
        return 0
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    if tensor.is_neg():
        tensor = tensor.resolve_neg()
    whole = tensor.detach().contiguous()
    bits = whole.view(INTEGERS[whole.element_size()]) if whole.dtype != torch.bool else whole
    return int(bits.sum(dtype=torch.int64))
