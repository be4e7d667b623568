"""The library of a snippet that is verified: what autograd follows is recorded, and every `backward` is an event."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import torch

from autogradcli.engines.torch.snippet.events import Arrival, Event, copied, leaves
from autogradcli.engines.torch.snippet.library import Library
from autogradcli.engines.torch.snippet.operation import Caller, Operation, Remark
from autogradcli.engines.torch.snippet.origins import Given, Made, Origin, Unknown, record_of
from autogradcli.engines.torch.snippet.recorder import Recorder, versions
from autogradcli.errors import GradcalcError, Span
from autogradcli.language import table
from autogradcli.language.shapes import Shape, written

SEVERAL = "type (a.sum() + b.sum()).backward()"
TIED = Unknown("an if before it was decided at a tie, beyond which the other branch may have another slope")
AGAIN = Unknown("a derivative of a derivative is not verified")


class RecordingLibrary(Library):
    """Torch as a snippet sees it, with a record of what it does."""

    def __init__(self, literals: Mapping[float, Fraction]) -> None:
        super().__init__()
        self.recorder = Recorder(literals)
        self.events: list[Event] = []
        self._tied = False

    def caller(self, operation: Operation, span: Span) -> Caller:
        """What to call for a call of an operation, which is then recorded."""
        run = super().caller(operation, span)
        if operation.name in _CALLS:
            return _CALLS[operation.name](self, run, span)
        return self._changing(operation, run, span) if operation.inplace else self._recorded(operation, run, span)

    def _recorded(self, operation: Operation, run: Caller, span: Span) -> Caller:
        recorder = self.recorder

        def call(*arguments: Any, **keywords: Any) -> Any:
            before = versions(arguments, keywords)
            result = run(*arguments, **keywords)
            if versions(arguments, keywords) == before:
                recorder.note(operation, arguments, keywords, result, span)
            else:
                recorder.note_changes(operation, arguments, keywords, result, span)
            if isinstance(result, torch.Tensor) and len(arguments) == 2 and operation.rows:
                self._note_broadcast(operation, arguments, result, span)
            return result

        return call

    def _changing(self, operation: Operation, run: Caller, span: Span) -> Caller:
        recorder = self.recorder

        def call(target: Any, *arguments: Any, **keywords: Any) -> Any:
            before = recorder.before_change(operation, (target, *arguments), keywords)
            result = run(target, *arguments, **keywords)
            recorder.after_change(target, before, span)
            return result

        return call

    def getter(self, name: str, span: Span) -> Callable[[torch.Tensor], Any] | None:
        """How an attribute is read: one that is a row of the table is recorded, and a `.grad` that is none noted."""
        row = table.property_row(name)
        read = super().getter(name, span)
        if read is not None and row is not None:
            return self._recorded(Operation(f"Tensor.{name}", read, (row,)), read, span)
        return self._grad_getter(span) if name == "grad" else read

    def _grad_getter(self, span: Span) -> Callable[[torch.Tensor], Any]:
        def read(tensor: torch.Tensor) -> Any:
            record = record_of(tensor)
            if not tensor.is_leaf and not tensor.retains_grad:
                origin = record.origin if isinstance(record.origin, Made) else None
                serial = None if origin is None else origin.serial
                facts = {"name": record.name, "serial": serial, "after": len(self.events)}
                self.remark(Remark("grad of an intermediate", span, facts))
            elif not tensor.requires_grad and tensor.grad is None:
                self.remark(Remark("grad without requires_grad", span, {"name": record.name, "cut": record.cut}))
            return tensor.grad

        return read

    def named(self, value: Any, name: str) -> None:
        """Take note of the first name that a tensor is given."""
        if type(value) is torch.Tensor:
            record = record_of(value)
            record.name = record.name or name
            if isinstance(record.origin, Made):
                record.origin.name = record.origin.name or name

    def decided(self, condition: torch.Tensor) -> None:
        """Take note that the snippet goes on by the value of a tensor; at a tie the other way may have other slopes."""
        origin = record_of(condition).origin
        self._tied |= isinstance(origin, Made) and origin.tie

    def changed(self, value: Any) -> None:
        """Take note that an array is about to change in place, and with it tensors that share its memory."""
        if self.is_array(value):
            self.recorder.touch_all()

    def iterate(self, value: Any, span: Span) -> Any:
        """What a loop over a value runs through; the items of a tensor are recorded as parts of it."""
        if type(value) is not torch.Tensor:
            return value
        parts = list(value)
        self.recorder.pick(value, parts, span)
        return parts

    def _note_broadcast(self, operation: Operation, arguments: Sequence[Any], result: torch.Tensor, span: Span) -> None:
        """A remark where two tensors make one of a third shape, which is hardly ever meant."""
        left, right = arguments
        if not isinstance(left, torch.Tensor) or not isinstance(right, torch.Tensor) or operation.rows[0].tensor:
            return
        shapes: list[Shape] = [tuple(left.shape), tuple(right.shape)]
        if () not in shapes and tuple(result.shape) not in shapes:
            names = [record_of(each).name or "a tensor" for each in arguments]
            facts = {"names": names, "shapes": [*map(written, shapes)], "result": written(tuple(result.shape))}
            self.remark(Remark("broadcast", span, facts))

    def facts(self, tensor: Any) -> dict[str, Any]:
        """What is known of a tensor whose `backward` raised an error."""
        if not isinstance(tensor, torch.Tensor):
            return {}
        record = record_of(tensor)
        first = next((event.span for event in self.events if event.output is record.origin), None)
        return {
            "name": record.name or "the output",
            "shape": written(tuple(tensor.shape)),
            "first": first,
            "changed": self.recorder.changed,
            "reason": _cut(tensor),
        }

    # Gradients.

    def _backward_caller(self, run: Caller, span: Span) -> Caller:
        def call(output: torch.Tensor, gradient: Any = None, *arguments: Any, **keywords: Any) -> None:
            wanted = keywords.get("inputs")
            reached = leaves(output) if wanted is None else _listed(wanted)
            with _Catch(reached) as caught:
                run(output, gradient, *arguments, **keywords)
            arrivals = tuple(sorted(caught.arrivals(), key=_first_use))
            self._note_stale(arrivals, span)
            if output.is_leaf:
                facts = {"name": record_of(output).name, "upstream": _name(gradient), "value": _plain(gradient)}
                self.remark(Remark("backward of a leaf", span, facts))
            self._add("backward", span, output, gradient, arrivals)

        return call

    def _several_caller(self, run: Caller, span: Span) -> Caller:
        """`torch.autograd.backward`: of one tensor the same as its method."""
        backward = self._backward_caller(lambda output, *rest, **keywords: run([output], *rest, **keywords), span)

        def call(tensors: Any, grad_tensors: Any = None, *arguments: Any, **keywords: Any) -> None:
            outputs, upstreams = _listed(tensors), _listed(grad_tensors)
            if len(outputs) > 1:
                raise GradcalcError("parse", "backward of several tensors is not part of the subset", hint=SEVERAL)
            backward(outputs[0], upstreams[0] if upstreams else None, *arguments, **keywords)

        return call

    def _grad_caller(self, run: Caller, span: Span) -> Caller:
        def call(outputs: Any, inputs: Any, grad_outputs: Any = None, *arguments: Any, **keywords: Any) -> Any:
            first = _listed(outputs)
            if len(first) > 1:
                raise GradcalcError("parse", "grad of several tensors is not part of the subset", hint=SEVERAL)
            result = run(outputs, inputs, grad_outputs, *arguments, **keywords)
            arrivals = []
            for tensor, gradient in zip(_listed(inputs), result, strict=True):
                origin = None if tensor.is_leaf else self.recorder.origin(tensor, span)
                arrivals.append(Arrival(record_of(tensor), origin, None, copied(gradient), None))
                if isinstance(gradient, torch.Tensor) and gradient.requires_grad:
                    self.recorder.forget(gradient, AGAIN)
            upstream = _listed(grad_outputs)
            self._add("grad", span, first[0], upstream[0] if upstream else None, tuple(arrivals))
            return result

        return call

    def _add(self, call: str, span: Span, output: torch.Tensor, upstream: Any, arrivals: tuple[Arrival, ...]) -> None:
        origin: Origin = TIED if self._tied else self.recorder.origin(output, span)
        value = copied(output)
        assert value is not None
        given = copied(upstream) if isinstance(upstream, torch.Tensor) else None
        self.backwards += call == "backward"
        self.events.append(Event(call, span, origin, record_of(output).name, value, given, span, arrivals))

    def _note_stale(self, arrivals: Sequence[Arrival], span: Span) -> None:
        """A remark where a leaf was changed since the last pass and its gradient was not set to zero."""
        stale = []
        for each in arrivals:
            current = each.record.origin if isinstance(each.record.origin, Given) else None
            last, each.record.last = each.record.last, current
            full = each.before is not None and bool(each.before.any())
            if full and last is not None and current is not None and not torch.equal(last.data, current.data):
                stale.append(each.record.name or "a leaf")
        if stale:
            self.remark(Remark("gradients not zeroed", span, {"names": stale}))


class _Catch:
    """Hooks that keep the gradients that arrive at leaves, and what their `.grad` held before."""

    def __init__(self, tensors: Sequence[torch.Tensor]) -> None:
        self._tensors = [each for each in tensors if each.requires_grad]
        self._before = [copied(each.grad) for each in self._tensors]
        self._caught: dict[int, torch.Tensor] = {}
        self._handles: list[Any] = []

    def __enter__(self) -> "_Catch":
        for tensor in self._tensors:
            keep = _Keep(self._caught, id(tensor))
            self._handles.append(tensor.register_hook(keep))  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def arrivals(self) -> list[Arrival]:
        """What happened to each of the tensors."""
        return [
            Arrival(record_of(each), None, before, self._caught.get(id(each)), copied(each.grad))
            for each, before in zip(self._tensors, self._before, strict=True)
        ]


class _Keep:
    def __init__(self, caught: dict[int, torch.Tensor], key: int) -> None:
        self._caught, self._key = caught, key

    def __call__(self, gradient: torch.Tensor) -> None:
        self._caught[self._key] = gradient.detach().clone()


def _cut(tensor: torch.Tensor) -> str:
    """Why a tensor takes no gradient."""
    if not tensor.is_floating_point():
        return "its numbers are whole, or true and false"
    reasons = {
        "no_grad": "it was made under torch.no_grad()",
        "detach": "it was detached",
        "discrete": "a comparison, a count or a place takes no gradient",
    }
    return reasons.get(record_of(tensor).cut or "", "nothing that it is made of has requires_grad=True")


def _listed(value: Any) -> list[torch.Tensor]:
    if isinstance(value, list | tuple):
        return list(value)
    return [] if value is None else [value]


def _first_use(arrival: Arrival) -> int:
    origin = arrival.record.origin
    return origin.serial if isinstance(origin, Given) else 0


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, torch.Tensor) and value.numel() == 1 else None


def _name(value: Any) -> str | None:
    return record_of(value).name if isinstance(value, torch.Tensor) else None


_CALLS: Mapping[str, Callable[[RecordingLibrary, Caller, Span], Caller]] = {
    "Tensor.backward": RecordingLibrary._backward_caller,
    "torch.autograd.backward": RecordingLibrary._several_caller,
    "torch.autograd.grad": RecordingLibrary._grad_caller,
}
"""Operations that are events."""
