"""A pass with every custom backward taken away: what its forwards compute, recorded operation by operation.

Of an `autograd.Function` or a custom operator the forward is the mathematics, and the backward is a claim about it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from autogradcli.engines.torch.record.below import calls_below, givens_below
from autogradcli.engines.torch.record.calls import (
    BackwardPass,
    CallOutput,
    Given,
    RecordedCall,
    Unknown,
    Value,
    copied,
    mapped,
    tensors_in,
)
from autogradcli.engines.torch.record.kinds import is_function
from autogradcli.engines.torch.record.recorder import Recorder
from autogradcli.engines.torch.record.replay import NotReplayed, quiet, run_call, state_of


class Context:
    """What a `forward` is given for a context: it keeps whatever it is told, and nobody looks at it."""

    def __init__(self, count: int) -> None:
        self.needs_input_grad = (True,) * count
        self.saved_tensors: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep what was saved."""
        self.saved_tensors = tensors

    def _nothing(self, *_: Any) -> None:
        pass

    save_for_forward = mark_dirty = mark_non_differentiable = set_materialize_grads = _nothing


def is_custom(call: RecordedCall) -> bool:
    """Whether the backward of a call was written by somebody else than torch."""
    return is_function(call.function) or operator_of(call.function) is not None


def operator_of(function: Any) -> Any:
    """torch's definition of a custom operator (`torch.library.custom_op`); None for anything else."""
    name = getattr(function, "_name", None) or getattr(function, "_qualified_op_name", None)
    if not isinstance(name, str):
        return None
    # Private to torch: only where a custom operator is called.
    from torch._library.custom_ops import OPDEFS

    return OPDEFS.get(name.removesuffix(".default"))


def forward_of(call: RecordedCall) -> Callable[..., Any]:
    """The forward of a custom call, as a function of its arguments."""
    if call.reference is not None:
        return call.reference
    operator = operator_of(call.function)
    if operator is not None:
        return operator._init_fn  # type: ignore[no-any-return]
    function: Any = call.function

    def forward(*arguments: Any) -> Any:
        if function.__name__ == "CheckpointFunction":  # whose arguments are a function, a flag, and what it is given
            return arguments[0](*arguments[2:])
        if function.setup_context is torch.autograd.Function.setup_context:
            return function.forward(Context(len(arguments)), *arguments)
        return function.forward(*arguments)

    return forward


def as_mathematics(event: BackwardPass) -> BackwardPass:
    """The same pass recorded again, with the forwards of custom calls in place of these.

    Raises NotReplayed if a forward does what torch does not see.
    """
    calls = calls_below(event.outputs)
    recorder = Recorder()
    tensors: dict[Any, Any] = {}
    for given in givens_below(calls):
        tensors["given", given.serial] = tensor = copied(given.data).requires_grad_(given.leaf)
        if given.name:
            recorder.name(tensor, given.name)
    with quiet(), torch.random.fork_rng(devices=[]), torch.enable_grad(), recorder:
        for call in calls:
            _again(call, tensors, recorder)
    recorder.on = False

    def new(value: Value) -> Value:
        key = ("given", value.serial) if isinstance(value, Given) else _key(value)
        return recorder.value(tensors[key]) if key in tensors else value

    arrivals = tuple(replace(each, value=new(each.value)) for each in event.arrivals)
    return replace(event, outputs=tuple(map(new, event.outputs)), arrivals=arrivals)


def _key(value: Value) -> tuple[int, int]:
    if isinstance(value, CallOutput):
        return value.call.serial, value.index
    raise NotReplayed("a tensor on the way was not recorded")


def _again(call: RecordedCall, tensors: dict[Any, Any], recorder: Recorder) -> None:
    def stand_in(each: Any) -> Any:
        if isinstance(each, Given):
            return tensors["given", each.serial]
        return tensors[_key(each)] if isinstance(each, CallOutput | Unknown) else each

    arguments, keywords = mapped(call.arguments, stand_in), mapped(call.keywords, stand_in)
    with state_of(call):
        if is_custom(call):
            recorder.fixed = None
            recorder.cuts = 0
            result = forward_of(call)(*mapped(arguments, _copied), **keywords)
            if recorder.cuts:
                raise NotReplayed(f"the forward of {name_of(call)} is not made of operations that torch follows")
        else:
            recorder.fixed = call.place
            result = run_call(call, arguments, keywords)
    outputs: list[Any] = list(tensors_in(result))
    if call.changes:
        outputs = [next(tensors_in([arguments, keywords]))]
        outputs += [outputs[0]._base] if call.base is not None else []
    for index, each in enumerate(outputs):
        tensors[call.serial, index] = each


def _copied(each: Any) -> Any:
    return each.clone() if isinstance(each, torch.Tensor) and each.is_floating_point() else each


def name_of(call: RecordedCall) -> str:
    """What the program calls a custom call."""
    return str(getattr(call.function, "__name__", call.function))
