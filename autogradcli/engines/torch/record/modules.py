"""Which module of the program made each call, by hooks that torch calls around every `forward`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from autogradcli.engines.torch.record.below import givens_below
from autogradcli.engines.torch.record.calls import RecordedCall
from autogradcli.engines.torch.record.recorder import Recorder


@contextmanager
def modules_noted(recorder: Recorder) -> Iterator[None]:
    """A context in which each call that is recorded knows the modules in whose `forward` it was made."""

    def enter(module: torch.nn.Module, _: Any) -> None:
        recorder.modules = (*recorder.modules, module)

    def leave(*_: Any) -> None:
        recorder.modules = recorder.modules[:-1]

    with ExitStack() as stack:
        for handle in (register_module_forward_pre_hook(enter), register_module_forward_hook(leave, always_call=True)):
            stack.callback(handle.remove)
        yield


def module_names(calls: Sequence[RecordedCall]) -> dict[int, str]:
    """What the program calls the innermost module of each call, by the call's serial number."""
    named = _parameters(calls)
    names: dict[int, str] = {}
    for root in {id(call.modules[0]): call.modules[0] for call in calls if call.modules}.values():
        name = _name(root, named)
        names |= {id(module): f"{name}.{path}" if path else name for path, module in root.named_modules()}
    found = {call.serial: [names[id(each)] for each in call.modules if id(each) in names] for call in calls}
    return {serial: each[-1] for serial, each in found.items() if each}


def _parameters(calls: Sequence[RecordedCall]) -> dict[int, str]:
    """The names of the parameters that calls were given, by the identity of the tensor."""
    alive = [(each.tensor(), each.name) for each in givens_below(calls) if each.tensor is not None]
    return {id(tensor): name for tensor, name in alive if tensor is not None and name is not None}


def _name(root: torch.nn.Module, named: Mapping[int, str]) -> str:
    """The name of a module that is called by the program itself: that of its parameters without their own part."""
    for path, parameter in root.named_parameters():
        name = named.get(id(parameter), "")
        if name.endswith(f".{path}"):
            return name.removesuffix(f".{path}")
    return type(root).__name__
