"""All that is changed in torch while a program is watched, in one place; it is put back at the end."""

import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch

from autogradcli.engines.torch.record.recorder import PLAIN, Recorder

Engine = Callable[..., Any]
RECORD = f"{__file__.rpartition('/')[0]}/"
"""Where what calls torch for a program is."""


class Patches:
    """Attributes with another value for a while."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Give an attribute a value until `undo`."""
        self._before.append((owner, name, owner.__dict__[name]))
        setattr(owner, name, value)

    def undo(self) -> None:
        """Put all of them back."""
        while self._before:
            setattr(*self._before.pop())


@contextmanager
def watched(
    recorder: Recorder, backward: Callable[[Engine, Any, Any], Any], transforms: Mapping[str, Any]
) -> Iterator[None]:
    """A context in which a recorder sees all that threads of this process do, `backward` every call of the engine.

    `transforms` stand in place of those of `torch.func` with these names.
    """
    patches = Patches()
    _install(recorder, backward, patches)
    for name, transform in transforms.items():
        patches.set(torch.func, name, transform)
    patches.set(torch, "vmap", transforms["vmap"])
    recorder.__enter__()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        recorder.on = False
        _leave(recorder)
        patches.undo()


def _install(recorder: Recorder, backward: Callable[[Engine, Any, Any], Any], patches: Patches) -> None:
    engine = torch.autograd.graph._engine_run_backward

    @wraps(engine)
    def run_backward(*args: Any, **kwargs: Any) -> Any:
        return backward(engine, args, kwargs) if recorder.on else engine(*args, **kwargs)

    patches.set(torch.autograd.graph, "_engine_run_backward", run_backward)
    patches.set(torch.autograd, "_engine_run_backward", run_backward)
    patches.set(torch.autograd.Function, "apply", _apply(recorder))
    patches.set(threading.Thread, "run", _thread(recorder))
    patches.set(torch, "compile", _uncompiled)
    for module, name in UNWATCHED:
        patches.set(module, name, _unwatched(recorder, module.__dict__[name]))
    patches.set(warnings, "showwarning", _warning(recorder, warnings.showwarning))
    for each in vars(torch.optim).values():
        if isinstance(each, type) and "step" in each.__dict__:
            patches.set(each, "step", _step(recorder, each.__dict__["step"]))
    patches.set(torch.optim.Optimizer, "profile_hook_step", staticmethod(_profiled(recorder)))
    for owner in (torch.optim.Optimizer, torch.nn.Module):
        patches.set(owner, "zero_grad", _zero_grad(recorder, owner.__dict__["zero_grad"]))
    os.register_at_fork(after_in_child=lambda: setattr(recorder, "on", False))


def _apply(recorder: Recorder) -> Any:
    original: Any = torch.autograd.Function.__dict__["apply"]

    @classmethod  # type: ignore[misc]
    @wraps(original.__func__)
    def apply(cls: type, *args: Any, **kwargs: Any) -> Any:
        now = torch.autograd.Function.__dict__["apply"]
        if not recorder.on and now is not apply:  # somebody kept it: who watches now is asked
            return now.__get__(None, cls)(*args, **kwargs)
        return recorder.apply(original.__get__(None, cls), cls, args, kwargs)

    return apply


def _warning(recorder: Recorder, show: Callable[..., None]) -> Callable[..., None]:
    """What shows a warning: where the program is, and not where the recorder called torch for it."""

    @wraps(show)
    def showwarning(message: Any, category: Any, filename: str, lineno: int, *rest: Any, **named: Any) -> None:
        place = recorder.place() if filename.startswith(RECORD) else None
        if place is not None:
            filename, lineno = place.file, place.line
        show(message, category, filename, lineno, *rest, **named)

    return showwarning


def _thread(recorder: Recorder) -> Callable[[threading.Thread], None]:
    original = threading.Thread.run

    @wraps(original)
    def run(self: threading.Thread) -> None:
        if not recorder.on:
            return original(self)
        with recorder:
            return original(self)

    return run


def _step(recorder: Recorder, original: Callable[..., Any]) -> Callable[..., Any]:
    """A step of one of torch's own optimisers: of its many calls the writes to its parameters alone are of interest."""

    @wraps(original)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder.optimised += recorder.on
        closure = args[0] if args else kwargs.get("closure")
        grads_change = getattr(self, "grad_scale", None) is not None or self.defaults.get("differentiable")
        if closure is not None or grads_change or not _is_alone(recorder, self):
            return original(self, *args, **kwargs)
        with torch._C.DisableTorchFunction():
            for each in _parameters(self):
                recorder.touch(each)
            return original(self, *args, **kwargs)

    step.unwatched = original  # type: ignore[attr-defined]
    return step


def _profiled(recorder: Recorder) -> Callable[..., Any]:
    """What an optimiser puts around its step when it is made, for the profiler: the watch stays around both."""
    around: Any = torch.optim.Optimizer.profile_hook_step

    @wraps(around)
    def profile_hook_step(function: Any) -> Any:
        unwatched = getattr(function, "unwatched", None)
        return around(function) if unwatched is None else _step(recorder, around(unwatched))

    return profile_hook_step


def _zero_grad(recorder: Recorder, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def zero_grad(self: Any, set_to_none: bool = True) -> Any:
        if not _is_alone(recorder, self):
            return original(self, set_to_none)
        with torch._C.DisableTorchFunction():
            for each in () if set_to_none else _parameters(self):
                if each.grad is not None:
                    recorder.touch(each.grad)
            return original(self, set_to_none)

    return zero_grad


def _is_alone(recorder: Recorder, owner: Any) -> bool:
    """Whether nobody but the recorder sees what is done to the parameters: no other mode, and no class of tensors."""
    if not recorder.on or torch._C._len_torch_function_stack() != 1:
        return False
    return all(type(each) in PLAIN for each in _parameters(owner))


def _parameters(owner: Any) -> Iterator[torch.Tensor]:
    """The parameters of an optimiser, or of a module."""
    if isinstance(owner, torch.nn.Module):
        yield from owner.parameters()
    else:
        for group in owner.param_groups:
            yield from group["params"]


def _unwatched(recorder: Recorder, original: Callable[..., Any]) -> Callable[..., Any]:
    """A function of torch that sees no mode on its way; what it calls is not recorded, nor are its backwards."""

    @wraps(original)
    def unwatched(*args: Any, **kwargs: Any) -> Any:
        if not recorder.on:
            return original(*args, **kwargs)
        recorder.on = False
        try:
            with _without(recorder):
                return original(*args, **kwargs)
        finally:
            recorder.on = True

    return unwatched


UNWATCHED = (
    (torch.jit, "trace"),
    (torch.jit, "trace_module"),
    (torch.jit, "_get_trace_graph"),
    (sys.modules["torch.autograd.gradcheck"], "_test_undefined_backward_mode"),
)
"""What writes down a program with the frames that call each operation; and a test of `gradcheck` with no gradients."""


def _uncompiled(model: Any = None, **_: Any) -> Any:
    """What `torch.compile` gives while a program is watched: the function as it is."""
    return model if model is not None else lambda function: function


@contextmanager
def _without(recorder: Recorder) -> Iterator[None]:
    """A context in which the recorder is not among this thread's modes."""
    times = _leave(recorder)
    try:
        yield
    finally:
        for _ in range(times):
            recorder.__enter__()  # type: ignore[no-untyped-call]


def _leave(recorder: Recorder) -> int:
    """How often the recorder was on this thread's stack of modes; it is taken off, the program's own modes stay."""
    # Private to torch: only where a program ends within a mode of its own, or a function is not watched.
    from torch.overrides import _pop_mode, _push_mode

    modes = [_pop_mode() for _ in range(torch._C._len_torch_function_stack())]  # type: ignore[no-untyped-call]
    others = [each for each in modes if each is not recorder]
    for each in reversed(others):
        _push_mode(each)  # type: ignore[no-untyped-call]
    return len(modes) - len(others)
