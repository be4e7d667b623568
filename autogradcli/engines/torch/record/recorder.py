"""The recorder: a mode of torch's override protocol that sees every call of torch's API, whoever makes it.

It calls the function, and takes note of it if autograd follows what comes back. What is noted is kept in the node of
autograd's graph that the result has.
"""

import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from autogradcli.engines.torch.record.calls import (
    CallOutput,
    CallSite,
    Given,
    RecordedCall,
    StaleGradient,
    Unknown,
    Value,
    mapped,
    tensors_in,
)
from autogradcli.engines.torch.record.kinds import Treatment, kind_of
from autogradcli.engines.torch.record.memory import KEY, metadata
from autogradcli.engines.torch.record.ties import Ties


class _State(threading.local):
    """The state of the recorder in one thread."""

    depth = 0
    """How many functions deep in torch nothing is recorded."""
    inside: Any = None
    """The function of torch that is looked into: if it comes again, its check could not be answered."""


Way = Callable[[Any, Any, Any], Any]
"""How a call is treated: from the function, its arguments and its keywords to what it gives."""


class Recorder(Ties, TorchFunctionMode):
    """Records the calls of one run, and what is known of its tensors."""

    def __init__(self) -> None:
        Ties.__init__(self)
        TorchFunctionMode.__init__(self)
        self.on = True
        self.keeps = True
        """Whether outputs are kept, to be compared with those of a replay."""
        self.modules: tuple[torch.nn.Module, ...] = ()
        """The modules whose `forward` runs, if they are noted."""
        self.hooks: list[CallSite | None] = []
        """Where the program registered hooks on tensors."""
        self.remarks: dict[tuple[str, CallSite | None], dict[str, Any]] = {}
        """What beginners often do not mean, by kind and place."""
        self.unscaled = 0
        """How often a `GradScaler` has looked for what is not finite, to skip the step."""
        self.failed: dict[str, Any] = {}
        """What is known of the last tensor whose backward raised an error."""
        self.stale: dict[int, StaleGradient] = {}
        """Leaves to whose old gradient a pass added, by their identity."""
        self.moved: set[int] = set()
        """The identities of leaves that were changed between two of their gradients."""
        self.optimised = 0
        """How often an optimiser made a step."""
        self._ways: dict[Any, Way | None] = {}
        self._state = _State()
        self.last_changed: CallSite | None = None
        """Where a tensor that autograd follows was last changed in place."""

    # What torch calls.

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What the function gives; if autograd follows it, it is recorded."""
        kwargs = kwargs or {}
        if not self.on or self._state.depth:
            return function(*args, **kwargs)
        try:
            way = self._ways[function]
        except KeyError:
            way = self._ways[function] = self._way(kind_of(function))
        except TypeError:  # not hashable
            way = None
        return function(*args, **kwargs) if way is None else way(function, args, kwargs)

    def _way(self, kind: Treatment) -> Way | None:
        """How calls of a function are treated, found out once; None if nothing of them is recorded."""
        if kind.passed:
            return None
        special = SPECIAL.get((kind.name, kind.attribute))
        if special is not None:
            return partial(special, self)
        if kind.inside is None:
            return partial(self._called, kind)
        return partial(self._look_inside if self.keeps or not kind.has_row else self._at_once, kind)

    def _called(self, kind: Treatment, function: Any, args: Any, kwargs: Any) -> Any:
        if kind.changes or kwargs.get("inplace") is True or kwargs.get("out") is not None:
            return self._change(function, kind, args, kwargs)
        return self._plain(function, kind, args, kwargs)

    def _plain(self, function: Any, kind: Treatment, args: Any, kwargs: Any) -> Any:
        if kind.statistics:
            for each in tensors_in((args[1:3], kwargs)):
                self.touch(each)
        if not torch.is_grad_enabled() or transformed():
            return self._without_graph(function, args, kwargs)
        random = torch.get_rng_state() if kind.random else None
        result = function(*args, **kwargs)
        if type(result) is torch.Tensor and result.requires_grad:
            if not any(each is result for each in args):
                self._note(function, args, kwargs, (result,), random)
            return result
        outputs = [result] if isinstance(result, torch.Tensor) else list(tensors_in(result))
        if outputs and (any(each.requires_grad for each in outputs) or self._is_condition(outputs, args, kwargs)):
            if any(each is output for each in args for output in outputs):
                return result
            self._note(function, args, kwargs, outputs, random)
        elif outputs:
            self._note_cut(CUTS.get(kind.name, "discrete"), args, result)
        return result

    def _without_graph(self, function: Any, args: Any, kwargs: Any) -> Any:
        """What a function gives under `no_grad`, of which conditions alone are recorded."""
        result = function(*args, **kwargs)
        if getattr(result, "dtype", None) == torch.bool and not transformed():
            if self._is_condition([result], args, kwargs):
                self._note(function, args, kwargs, [result], None)
        else:
            self._note_cut("no_grad", args, result)
        return result

    def apply(self, original: Callable[..., Any], function: type, args: Any, kwargs: Any) -> Any:
        """What `Function.apply` gives, recorded as one call."""
        if not self.on or self._state.depth or transformed() or not torch.is_grad_enabled():
            return original(*args, **kwargs)
        values, names = self._values(args), self._values(kwargs)
        before = torch.get_rng_state()
        with self.silent():
            result = original(*args, **kwargs)
        outputs = list(tensors_in(result))
        if any(each.requires_grad for each in outputs):
            call = self._append(function, values, names, outputs)
            call.random = None if torch.equal(before, torch.get_rng_state()) else before
        return result

    def _at_once(self, kind: Treatment, function: Any, args: Any, kwargs: Any) -> Any:
        """What a Python function of torch gives, recorded as one call, unless it may change its argument in place."""
        if any(each is True for each in args):
            return self._look_inside(kind, function, args, kwargs)
        return self._called(kind, function, args, kwargs)

    def _look_inside(self, kind: Treatment, function: Any, args: Any, kwargs: Any) -> Any:
        """What a Python function of torch gives, all that it calls recorded."""
        if self._state.inside is function or kind.inside is None:  # its check for overrides could not be answered
            return self._called(kind, function, args, kwargs)
        before, self._state.inside = self._state.inside, function
        try:
            with self:
                return kind.inside(*args, **kwargs)
        finally:
            self._state.inside = before

    def value(self, tensor: torch.Tensor) -> Value:
        """What is known of a tensor as it is now; a view whose base was changed since is one of the base as it is."""
        known = super().value(tensor)
        return self._viewed(tensor, known) if isinstance(known, Unknown) and known.node == REGENERATED else known

    def _viewed(self, tensor: torch.Tensor, known: Unknown) -> Value:
        with torch._C.DisableTorchFunction():
            base, node = tensor._base, tensor.grad_fn
            whole = known if base is None else self.value(base)
            if base is None or node is None or isinstance(whole, Unknown):
                return known
            offset = int(tensor.storage_offset()) - int(base.storage_offset())
            arguments = (whole, tuple(tensor.shape), tensor.stride(), offset)
            self._append(torch.as_strided, arguments, {}, [tensor])
        return super().value(tensor)

    # What is noted.

    def _note(
        self, function: Any, args: Any, kwargs: Any, outputs: Sequence[torch.Tensor], random: Any
    ) -> RecordedCall:
        call = self._append(function, self._values(args), self._values(kwargs), outputs)
        call.random = random
        return call

    def note_call(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any], outputs: Sequence[Any]
    ) -> RecordedCall | None:
        """Take note of a call whose results autograd follows; None if all of them are known."""
        followed = [each for each in outputs if isinstance(each, torch.Tensor) and each.grad_fn is not None]
        known = all(KEY in metadata(each.grad_fn) for each in followed)
        return None if known else self._append(function, arguments, keywords, outputs)

    def _append(self, function: Any, args: Any, kwargs: Any, outputs: Sequence[Any]) -> RecordedCall:
        call = RecordedCall(function, args, kwargs, self.place(), next(self._serial), modules=self.modules)
        if torch.is_autocast_enabled("cpu"):
            call.autocast = torch.get_autocast_dtype("cpu")
        for index, each in enumerate(outputs):
            self._attach(call, index, each)
        return call

    def _attach(self, call: RecordedCall, index: int, output: Any) -> None:
        """Let a tensor be known as an output of a call."""
        if not isinstance(output, torch.Tensor):
            call.outputs.append(None)
            call.versions.append(0)
            call.shapes.append(())
            call.dtypes.append(None)
            return
        call.outputs.append(output.detach() if self.keeps else None)
        if self.keeps and output._is_view():  # what is written to the memory of its base by .data leaves no version
            self._share(output, call)
        call.versions.append(output._version)
        call.shapes.append(tuple(output.shape))
        call.dtypes.append(output.dtype)
        node = output.grad_fn
        if node is not None:
            found = metadata(node).setdefault(KEY, {})
            found[output.output_nr] = CallOutput(call, index)
        elif not output.requires_grad:
            self._facts[id(output)] = (weakref.ref(output), CallOutput(call, index), output._version)

    def _change(self, function: Any, kind: Treatment, args: Any, kwargs: Any) -> Any:
        """Run a function that changes tensors in place, and record it; gives what the function gives."""
        if args and type(args[0]) in PLAIN and not torch.is_grad_enabled() and not kind.name.startswith("_"):
            self.touch(args[0])
            return function(*args, **kwargs)
        targets = list(tensors_in(kwargs.get("out", args[:1] or next(iter(kwargs.values()), None))))
        if kind.name.startswith("_"):  # one of those that take lists: all of them may change
            targets = list(tensors_in((args, kwargs))) if kind.name != "__setitem__" else targets
        self.unscaled += kind.name == "_amp_foreach_non_finite_check_and_unscale_"
        for each in targets:
            self.touch(each)
        everything = list(tensors_in((args, kwargs)))
        followed = torch.is_grad_enabled() and not transformed() and any(each.requires_grad for each in everything)
        if not followed or len(targets) != 1 or (targets[0].is_leaf and targets[0].requires_grad):
            return function(*args, **kwargs)
        return self._followed_change(function, targets[0], args, kwargs)

    def _followed_change(self, function: Any, target: torch.Tensor, args: Any, kwargs: Any) -> Any:
        base = target._base
        values, names = self._values(args), self._values(kwargs)
        random = torch.get_rng_state()
        before = None if base is None else self.value(base)
        for each in (self.value(target), before):
            if isinstance(each, Given):
                each.keep()
                each.changed = True
        result = function(*args, **kwargs)
        if target.requires_grad:
            call = self._append(function, values, names, [target, *([] if base is None else [base])])
            call.changes, call.base, call.random = True, before, random
            self.last_changed = call.place
        return result

    def _note_cut(self, reason: str, args: Any, result: Any) -> None:
        """Take note that a result is cut off from the graph of what it was made of."""
        if not args or result is None:
            return
        if not isinstance(result, torch.Tensor):
            self.cuts += isinstance(args[0] if args else None, torch.Tensor) and args[0].requires_grad
        else:
            for each in args:
                if isinstance(each, torch.Tensor) and (each.requires_grad or self.cut(each)):
                    self._cuts[id(result)] = (weakref.ref(result), self.cut(each) or reason)
                    self.cuts += 1
                    return

    def _is_condition(self, outputs: Sequence[torch.Tensor], args: Any, kwargs: Any) -> bool:
        """Whether a result is a condition on what autograd follows, or numbers made of one."""
        if outputs[0].dtype == torch.bool:
            return any(each.requires_grad or id(each) in self._facts for each in tensors_in((args, kwargs)))
        return bool(self._facts) and any(self._fact(each) is not None for each in tensors_in((args, kwargs)))

    def _values(self, items: Any) -> Any:
        """Arguments with a `Value` in place of each tensor; most are a flat list, which needs no recursion."""
        if not items:
            return items
        if type(items) is tuple:
            return tuple([self._of(each) for each in items])
        return {name: self._of(each) for name, each in items.items()}

    def _of(self, each: Any) -> Any:
        if type(each) in PLAIN:
            return self.value(each)
        if isinstance(each, list | tuple | dict):
            return mapped(each, lambda one: self.value(one) if isinstance(one, torch.Tensor) else one)
        return self.value(each) if isinstance(each, torch.Tensor) else each

    @contextmanager
    def silent(self) -> Any:
        """A context in which this thread records nothing."""
        self._state.depth += 1
        try:
            yield
        finally:
            self._state.depth -= 1

    def remark(self, kind: str, **facts: Any) -> None:
        """Keep a remark, once for each place."""
        self.remarks.setdefault((kind, self.place()), facts)

    # Calls that tell something beside what they give.

    def _backward(self, function: Any, args: Any, kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except RuntimeError:
            tensor = args[0] if args else None
            if isinstance(tensor, torch.Tensor):
                self.failed = {"tensor": tensor, "shape": tuple(tensor.shape), "cut": self.cut(tensor)}
            raise

    def _copy(self, function: Any, args: Any, kwargs: Any) -> Any:
        """`torch.tensor` of a tensor, which cuts it off."""
        if args and isinstance(args[0], torch.Tensor) and args[0].requires_grad:
            self.remark("copy")
            self.cuts += 1
        return function(*args, **kwargs)

    def _hook(self, function: Any, args: Any, kwargs: Any) -> Any:
        self.hooks.append(self.place())
        return function(*args, **kwargs)

    def _grad(self, function: Any, args: Any, kwargs: Any) -> Any:
        """`.grad`, whose absence is often a surprise."""
        (tensor,) = args
        result = function(*args, **kwargs)
        if result is None and tensor.grad_fn is not None and not tensor.retains_grad:
            self.remark("grad of an intermediate", name=self.name_of(tensor))
        elif result is None and not tensor.requires_grad:
            self.remark("grad without requires_grad", cut=self.cut(tensor), name=self.name_of(tensor))
        return result


REGENERATED = "AsStridedBackward0"
"""The node that a view is given when its base has been changed in place."""
CUTS = dict.fromkeys(("detach", "data", "detach_"), "detach") | dict.fromkeys(("multinomial", "poisson"), "drawn")
PLAIN = frozenset({torch.Tensor, torch.nn.Parameter})
SPECIAL: dict[tuple[str, bool], Callable[[Recorder, Any, Any, Any], Any]] = {
    ("__bool__", False): Recorder.note_bool,
    ("is_nonzero", False): Recorder.note_bool,
    ("equal", False): Recorder.note_equal,
    ("register_hook", False): Recorder._hook,
    ("grad", True): Recorder._grad,
    ("backward", False): Recorder._backward,
    ("tensor", False): Recorder._copy,
    **{
        (name, False): Recorder.note_number for name in ("item", "tolist", "numpy", "__float__", "__int__", "__array__")
    },
}
"""By the name, and whether it is an attribute."""


def transformed() -> bool:
    """Whether a transform of `torch.func`, or a tracer, is at work: what tensors hold then cannot be kept, or read."""
    if torch._C._functorch.peek_interpreter_stack() is not None:
        return True
    if not torch._C._len_torch_dispatch_stack():
        return False
    return any(torch._C._get_dispatch_mode(key) is not None for key in TRACERS)


TRACERS = tuple(getattr(torch._C._TorchDispatchModeKey, name) for name in ("FAKE", "PROXY", "FUNCTIONAL"))
"""What runs a program on tensors without numbers, to write it down."""
