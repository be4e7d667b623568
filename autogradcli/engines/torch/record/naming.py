"""What the program calls its tensors: variables of its frames, and parameters of modules in them."""

from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import torch

from autogradcli.engines.torch.record.recorder import Recorder

MOST_ITEMS = 200
"""Items of a list or an object that are looked at."""


def find_names(recorder: Recorder, tensors: Sequence[torch.Tensor], frame: FrameType | None) -> None:
    """Give each tensor that has no name yet the one that the innermost frame of the program has for it."""
    wanted = {id(each): each for each in tensors if recorder.name_of(each) is None}
    with recorder.silent():
        while frame is not None and wanted:
            if recorder.is_own(frame.f_code.co_filename):
                for name, tensor in _named(frame.f_locals):
                    found = wanted.get(id(tensor))
                    if found is not None and recorder.name_of(found) is None:
                        recorder.name(found, name)
                wanted = {key: each for key, each in wanted.items() if recorder.name_of(each) is None}
            frame = frame.f_back


def _named(variables: Mapping[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of a frame with their names: variables first, then what modules, lists and objects hold."""
    plain = {name: value for name, value in list(variables.items()) if not name.startswith("__")}
    for name, value in plain.items():
        if isinstance(value, torch.Tensor):
            yield name, value
    for name, value in plain.items():
        yield from _inside(name, value, 2)


def _inside(name: str, value: Any, depth: int) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.nn.Module):
        yield from ((f"{name}.{each}", tensor) for each, tensor in value.named_parameters())
    elif depth == 0:
        return
    elif isinstance(value, list | tuple):
        yield from _each(((f"{name}[{place}]", each) for place, each in enumerate(value[:MOST_ITEMS])), depth)
    elif isinstance(value, dict) and type(value) is dict:
        yield from _each(((f"{name}[{key!r}]", each) for key, each in list(value.items())[:MOST_ITEMS]), depth)
    elif type(value).__module__ not in {"builtins", "torch"} and not isinstance(value, type | torch.optim.Optimizer):
        own = getattr(value, "__dict__", None)
        if type(own) is dict:
            yield from _each(((f"{name}.{key}", each) for key, each in list(own.items())[:MOST_ITEMS]), depth)


def _each(items: Any, depth: int) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in items:
        if isinstance(value, torch.Tensor):
            yield name, value
        else:
            yield from _inside(name, value, depth - 1)
