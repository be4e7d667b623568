"""What is known of the program's tensors: how each was made, what it is called, and what it held before it changed."""

import weakref
from collections.abc import Iterable
from itertools import count
from typing import Any

import torch

from autogradcli.engines.torch.record.calls import Given, RecordedCall, Unknown, Value, dense

KEY = "gradcalc"
"""Under which a node of the graph holds its call."""
MOST_ENTRIES = 5_000
MOST_SHARING = 16
"""What may share a memory before those that are gone are taken off its list."""


class Memory:
    """The tensors of one run, none of which it keeps alive."""

    def __init__(self) -> None:
        self.touched: dict[int, int] = {}
        """How often the memory at an address was changed in place."""
        self._serial = count(1)
        self._identities = count(1)
        self._known: dict[int, tuple[Any, Any, int]] = {}
        """By `id` of a tensor: it, weakly, what it was Given as, weakly, and its identity."""
        self._names: dict[int, tuple[Any, str, int]] = {}
        """By `id` of a tensor: it, weakly, its name, and a number that is larger than that of any name before."""
        self._facts: dict[int, tuple[Any, Value, int]] = {}
        """By `id` of a tensor that takes no gradient: it, weakly, how it was made of what does, and its version."""
        self._cuts: dict[int, tuple[Any, str]] = {}
        self._memory: dict[int, list[Any]] = {}
        """By the address of memory: what is Given and shares it, and calls whose outputs do, weakly."""
        self._released = 0

    def value(self, tensor: torch.Tensor) -> Value:
        """What is known of a tensor as it is now."""
        node = tensor.grad_fn
        if node is not None:
            found = metadata(node).get(KEY)
            known = found.get(tensor.output_nr) if found else None
            return Unknown(node.name()) if known is None else known
        return self._fact(tensor) or self._given(tensor)

    def _fact(self, tensor: torch.Tensor) -> Value | None:
        found = self._facts.get(id(tensor))
        if found is None or found[0]() is not tensor or found[2] != tensor._version:
            return None
        return found[1]

    def _given(self, tensor: torch.Tensor) -> Given:
        known = self._known.get(id(tensor))
        identity = 0
        if known is not None and known[0]() is tensor:
            given = known[1]()
            identity = known[2]
            same = given is not None and given.shared and given.version == tensor._version
            if same and given.leaf == tensor.requires_grad:
                return given  # type: ignore[no-any-return]
        identity = identity or next(self._identities)
        given = Given(tensor.detach(), tensor.requires_grad, tensor._version, next(self._serial), identity=identity)
        given.name, given.cut, given.tensor = self.name_of(tensor), self.cut(tensor), weakref.ref(tensor)
        self._known[id(tensor)] = (given.tensor, weakref.ref(given), identity)
        self._share(tensor, given)
        return given

    def snapshot(self, tensor: torch.Tensor | None) -> Given | None:
        """A tensor's numbers as they are now, to be copied when they are about to change; it is nobody's operand."""
        if tensor is None:
            return None
        given = Given(dense(tensor.detach()), False, tensor._version, next(self._serial))
        self._share(tensor, given)
        return given

    def _share(self, tensor: torch.Tensor, holder: Given | RecordedCall) -> None:
        """Register what is to be told before the memory of a tensor changes."""
        sharing = self._memory.setdefault(address(tensor), [])
        if len(sharing) >= MOST_SHARING:
            sharing[:] = [each for each in sharing if each() is not None]
        sharing.append(weakref.ref(holder))

    def touch(self, tensor: torch.Tensor) -> None:
        """Copy what was recorded of a memory that is about to change."""
        if self._released and not self._memory:
            return
        where = address(tensor)
        self.touched[where] = self.touched.get(where, 0) + 1
        for each in self._memory.pop(where, ()):
            given = each()
            if given is not None and given.serial >= self._released:
                given.keep()

    def release(self) -> None:
        """Let go of what was recorded so far: it need not be copied any more when it changes."""
        self._released = next(self._serial)
        self._memory.clear()

    def name(self, tensor: torch.Tensor, name: str) -> None:
        """Let a tensor be known by a name."""
        self._names[id(tensor)] = (weakref.ref(tensor), name, next(self._serial))
        known = self._known.get(id(tensor))
        given = known[1]() if known is not None and known[0]() is tensor else None
        if given is not None:
            given.name = name

    def name_of(self, tensor: torch.Tensor) -> str | None:
        """The name that a tensor is known by."""
        found = self._names.get(id(tensor))
        return found[1] if found is not None and found[0]() is tensor else None

    def in_order_of_names(self, tensors: Iterable[torch.Tensor]) -> list[torch.Tensor]:
        """The tensors in the order in which they were named: of the parameters of a module, its own."""
        return sorted(tensors, key=lambda each: self._names[id(each)][2] if self.name_of(each) else 0)

    def cut(self, tensor: torch.Tensor) -> str | None:
        """What cut a tensor off from the graph."""
        found = self._cuts.get(id(tensor))
        return found[1] if found is not None and found[0]() is tensor else None

    def forget_the_dead(self) -> None:
        """Let go of entries about tensors that are gone, where there are many."""
        for entries in (self._known, self._facts, self._cuts, self._names):
            if len(entries) > MOST_ENTRIES:
                for key in [key for key, each in entries.items() if each[0]() is None]:
                    del entries[key]
        if len(self._memory) > MOST_ENTRIES:
            alive = {key: [each for each in found if each() is not None] for key, found in self._memory.items()}
            self._memory = {key: found for key, found in alive.items() if found}


def metadata(node: Any) -> dict[str, Any]:
    """What is kept in a node of autograd's graph, and lives as long as it does."""
    return node.metadata  # type: ignore[no-any-return]


def address(tensor: torch.Tensor) -> int:
    """The address of a tensor's memory; 0 for one that has none."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):
        return 0
