"""Run a recorded pass again: the same calls on copies of the same numbers, bit for bit, or in float64."""

import contextlib
import io
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from autogradcli.engines.torch.record import threads
from autogradcli.engines.torch.record.below import calls_below, givens_below
from autogradcli.engines.torch.record.calls import (
    BackwardPass,
    CallOutput,
    Given,
    RecordedCall,
    Unknown,
    Value,
    copied,
    dense,
    fingerprint,
    mapped,
    tensors_in,
)
from autogradcli.engines.torch.record.kinds import MASKING, OVERWRITING, VECTORS, is_function, kind_of
from autogradcli.processes.limits import check

LOW = frozenset({torch.float32, torch.float16, torch.bfloat16})


def in_double(argument: Any) -> Any:
    """An argument that is no tensor, for a call in float64: a dtype may have to be another."""
    return torch.float64 if isinstance(argument, torch.dtype) and argument in LOW else argument


class NotReplayed(Exception):
    """A pass cannot be run again; the message says why."""


@dataclass(slots=True)
class Replay:
    """A pass that was run again."""

    tensors: dict[tuple[int, int], torch.Tensor] = field(default_factory=dict)
    """By the call's serial number and the place among its outputs."""
    given: dict[int, torch.Tensor] = field(default_factory=dict)
    """By the Given's serial number."""
    changed: RecordedCall | None = None
    """The first call whose output is not what it was: it was changed behind autograd's back."""
    other: RecordedCall | None = None
    """A call that gives something else in float64: other random numbers, or vectors of another sign."""

    def of(self, value: Value) -> torch.Tensor:
        """The tensor that stands for a value."""
        if isinstance(value, Given):
            return self.given[value.serial]
        if isinstance(value, Unknown):
            raise NotReplayed(f"{value.node} was not recorded")
        return self.tensors[value.call.serial, value.index]


Observe = Callable[[RecordedCall, Sequence[Any], Mapping[str, Any], Sequence[Any] | None], None]
"""To be called before and after each call of a replay, with its arguments and what it gave."""


def _unobserved(*_: Any) -> None:
    pass


def replay(
    event: BackwardPass,
    masks: Mapping[int, Any] | None = None,
    double: bool = False,
    observe: Observe = _unobserved,
    moved: Mapping[int, torch.Tensor] | None = None,
) -> Replay:
    """The forward pass of an event, run again; with `double` in float64, with the random masks of the first run.

    `moved` is added to what it was given, by the serial number.
    Raises NotReplayed if some of it was not recorded, or what it was given has changed.
    """
    if event.unknown:
        raise NotReplayed(f"{event.unknown[0]} was made by an operation that was not recorded")
    found = _replay(event, masks, double, observe, moved)
    if found.changed is not None and threads.are_fewer():
        with threads.as_in_the_program():
            return _replay(event, masks, double, observe, moved)
    return found


def _replay(event: BackwardPass, masks: Any, double: bool, observe: Observe, moved: Any) -> Replay:
    calls = calls_below(event.outputs)
    found = Replay()
    values = [*givens_below(calls), *(each for each in event.outputs if isinstance(each, Given))]
    twice = _changed_between(values)
    if twice is not None:
        raise NotReplayed(f"{twice.name or 'a leaf'} was changed in place between two uses of it")
    for given in values:
        found.given[given.serial] = _given(given, double)
        if moved is not None and given.serial in moved:
            found.given[given.serial].data.add_(moved[given.serial])
    with quiet(), torch.random.fork_rng(devices=[]):
        for call in calls:
            check()
            outputs = _outputs(call, found, masks, double, observe)
            for index, each in enumerate(outputs):
                found.tensors[call.serial, index] = each
            if not double and found.changed is None and not _same(call, outputs):
                found.changed = call
                if threads.are_fewer():
                    break
    return found


def gradients(event: BackwardPass, found: Replay, create: bool = False) -> list[torch.Tensor | None]:
    """The gradients of a replayed pass for the tensors that the program's backward gave a gradient to."""
    outputs = [found.of(each) for each in event.outputs]
    upstreams = [
        torch.ones_like(output) if each is None else each.data.to(output.dtype)
        for each, output in zip(event.upstreams, outputs, strict=True)
    ]
    targets = [found.of(each.value) if _is_there(each.value, found) else None for each in event.arrivals]
    asked = [each for each in targets if each is not None and each.requires_grad]
    if not asked:
        return [None for _ in targets]
    with quiet():
        given: Any = torch.autograd.grad(
            outputs, asked, upstreams, retain_graph=True, create_graph=create, allow_unused=True
        )
    by_id = {id(one): None if each is None else dense(each) for one, each in zip(asked, given, strict=True)}
    return [None if each is None else by_id.get(id(each)) for each in targets]


def _is_there(value: Value, found: Replay) -> bool:
    if isinstance(value, Given):
        return value.serial in found.given
    return isinstance(value, CallOutput) and (value.call.serial, value.index) in found.tensors


def _changed_between(values: Sequence[Given]) -> Given | None:
    """A leaf whose numbers changed between two of its uses; None if there is none."""
    seen: dict[int, Given] = {}
    for each in values:
        if each.leaf and seen.setdefault(each.identity, each) is not each:
            return each
    return None


def _given(given: Given, double: bool) -> torch.Tensor:
    if given.shared and given.data._version != given.version:
        raise NotReplayed(f"{given.name or 'a tensor'} was changed in place in a way that was not recorded")
    data = copied(given.data.detach())
    if double and data.dtype in LOW:
        data = data.double()
    if double and data.dtype == torch.complex64:
        data = data.to(torch.complex128)
    return data.requires_grad_() if given.leaf else data


def _outputs(
    call: RecordedCall, found: Replay, masks: Mapping[int, Any] | None, double: bool, observe: Observe
) -> list[torch.Tensor]:
    def stand_in(each: Any) -> Any:
        if isinstance(each, Given | CallOutput | Unknown):
            return found.of(each)
        return in_double(each) if double else each

    arguments, keywords = mapped(call.arguments, stand_in), mapped(call.keywords, stand_in)
    if double and masks is not None and call.serial in masks:
        return [arguments[0] * masks[call.serial].double()]
    observe(call, arguments, keywords, None)
    with state_of(call, double):
        result = run_call(call, arguments, keywords, double)
    outputs: list[Any] = [result] if isinstance(result, torch.Tensor) else list(_listed(result))
    if call.changes:
        outputs = [first_tensor(arguments, keywords)]
        if call.base:
            base = outputs[0]._base
            if base is None:
                raise NotReplayed("a view was changed in place whose base is not recorded")
            outputs.append(base)
    observe(call, arguments, keywords, outputs)
    if not double and _gives_others(call, arguments, keywords, outputs):
        found.other = call
    return outputs


def _gives_others(
    call: RecordedCall, arguments: Sequence[Any], keywords: Mapping[str, Any], outputs: Sequence[torch.Tensor]
) -> bool:
    """Whether a call whose numbers may be others gives others in float64: more than rounding tells them apart."""
    name = kind_of(call.function).name
    if (call.random is None and name not in VECTORS) or name in MASKING:
        return False
    if call.changes and name not in OVERWRITING:  # what was there before is no more
        return False

    def wide(each: Any) -> Any:
        if isinstance(each, torch.Tensor):
            return each.detach().double() if each.dtype in LOW else each.detach().clone()
        return in_double(each)

    with state_of(call, double=True), torch.no_grad():
        others = tensors_in(run_call(call, mapped(arguments, wide), mapped(keywords, wide), double=True))
    pairs = [(one.detach(), other) for one, other in zip(outputs, others, strict=False) if one.is_floating_point()]
    return not all(torch.allclose(one.double(), other.double(), rtol=DRAWN, atol=DRAWN) for one, other in pairs)


def first_tensor(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> torch.Tensor:
    """The tensor that a call changes in place."""
    return next(tensors_in(keywords["out"] if keywords.get("out") is not None else [arguments, keywords]))


def run_call(call: RecordedCall, arguments: Sequence[Any], keywords: Mapping[str, Any], double: bool = False) -> Any:
    """What the function of a call gives for other arguments."""
    if is_function(call.function):
        return call.function.apply(*arguments, **keywords)  # type: ignore[attr-defined]
    if isinstance(call.function, Composite):
        return call.function.run(arguments, double)
    if call.function is torch.autograd.grad:
        outputs, inputs, upstreams = arguments
        asked = [each for each in inputs if each.requires_grad]
        found = torch.autograd.grad(outputs, asked, upstreams, create_graph=True, retain_graph=True, allow_unused=True)
        by_id = {id(tensor): gradient for tensor, gradient in zip(asked, found, strict=True)}
        return tuple(by_id.get(id(each)) for each in inputs)
    if double and kind_of(call.function).name in CASTS:
        return arguments[0].double()
    return call.function(*arguments, **keywords)


class Composite(ABC):
    """A function that is made of several calls, and knows how they are run in float64."""

    def __call__(self, *given: Any) -> Any:
        """What it gives for these arguments, in their own dtypes."""
        return self.run(given, double=False)

    @abstractmethod
    def run(self, given: Sequence[Any], double: bool) -> Any:
        """What it gives for these arguments."""


@dataclass(frozen=True, eq=False)
class Pullback(Composite):
    """What the backward of a call sends to one of its tensors: a function of its arguments and what reached it."""

    call: RecordedCall
    place: int

    @property
    def __name__(self) -> str:
        return f"backward of {kind_of(self.call.function).name}"

    @property
    def innermost(self) -> RecordedCall:
        """The call of the program behind it."""
        function = self.call.function
        return function.innermost if isinstance(function, Pullback) else self.call

    def run(self, given: Sequence[Any], double: bool) -> Any:
        """The gradient for the arguments of the call, its keywords, and what reached its outputs; None if none is."""
        arguments, keywords, upstreams = given
        places = count()
        targets: list[torch.Tensor] = []

        def stand_in(each: Any) -> Any:
            if not isinstance(each, torch.Tensor) or next(places) != self.place:
                return each
            one = each if each.requires_grad else each.detach().requires_grad_()
            targets.append(one.view_as(one))  # the same tensor may stand elsewhere among the arguments
            return targets[0]

        with torch.enable_grad():
            arguments, keywords = mapped(arguments, stand_in), mapped(keywords, stand_in)
            outputs = list(_listed(run_call(self.call, arguments, keywords, double)))
            pairs = [
                (output, upstream.to(output.dtype))
                for output, upstream in zip(outputs, upstreams, strict=False)
                if upstream is not None and isinstance(output, torch.Tensor) and output.requires_grad
            ]
            if not pairs:
                return None
            some, gradients = zip(*pairs, strict=True)
            (found,) = torch.autograd.grad(some, targets, gradients, create_graph=True, allow_unused=True)
        return found


class StandIns(TorchFunctionMode):
    """A mode in which functions of torch are given other tensors in place of some, and all of them in float64."""

    def __init__(self, places: dict[int, torch.Tensor], double: bool = False) -> None:
        super().__init__()
        self._places, self._double = places, double

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What the function gives for the stand-ins."""
        return function(*mapped(args, self._other), **mapped(kwargs or {}, self._other))

    def _other(self, each: Any) -> Any:
        if isinstance(each, torch.Tensor):
            each = self._places.get(id(each), each)
            return each.double() if self._double and each.dtype in LOW else each
        return in_double(each) if self._double else each


DRAWN = 1e-2
"""How far, relatively, the numbers of two formats may be apart that are the same but for rounding."""
CASTS = frozenset({"float", "half", "bfloat16", "double"})
"""Methods that name the dtype they convert to."""


@contextmanager
def state_of(call: RecordedCall, double: bool = False) -> Iterator[None]:
    """torch's state as it was when the call was made: random numbers, autocast, autograd."""
    with contextlib.ExitStack() as modes:
        modes.enter_context(torch.enable_grad())
        if call.random is not None:
            torch.set_rng_state(call.random)
        if call.autocast is not None and not double:
            modes.enter_context(torch.autocast("cpu", dtype=call.autocast, cache_enabled=False))
        elif torch.is_autocast_enabled("cpu"):
            modes.enter_context(torch.autocast("cpu", enabled=False))
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """A context in which neither the program's code nor torch prints or warns: it has done so once."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def masks_of(event: BackwardPass, found: Replay) -> dict[int, torch.Tensor]:
    """What each dropout of a replayed pass multiplied its input by, by the call's serial number."""
    masks = {}
    with quiet(), torch.random.fork_rng(devices=[]):
        for call in calls_below(event.outputs):
            if call.random is not None and kind_of(call.function).name in MASKING and not call.changes:
                arguments = mapped(call.arguments, lambda each: found.of(each) if _is_value(each) else each)
                keywords = mapped(call.keywords, lambda each: found.of(each) if _is_value(each) else each)
                whole = first_tensor(arguments, keywords)
                ones = torch.ones_like(whole)
                swap = lambda each, ones=ones, whole=whole: ones if each is whole else each  # noqa: E731
                with state_of(call):
                    masks[call.serial] = call.function(*mapped(arguments, swap), **mapped(keywords, swap)).detach()
    return masks


def _is_value(each: Any) -> bool:
    return isinstance(each, Given | CallOutput | Unknown)


def _same(call: RecordedCall, outputs: Sequence[Any]) -> bool:
    """Whether what a call gives again is what it gave, bit for bit."""
    for index, each in enumerate(outputs):
        if not isinstance(each, torch.Tensor) or index >= len(call.outputs):
            continue
        before = call.outputs[index]
        if before is not None and before._version == call.versions[index]:
            if not _equal(before, each.detach()):
                return False
        elif before is None and call.prints and call.prints[index] not in {None, fingerprint(each)}:
            return False
    return True


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and bool(
        torch.equal(one, other)
        or (torch.equal(one.isnan(), other.isnan()) and torch.equal(one.nan_to_num(), other.nan_to_num()))
    )


def _listed(result: Any) -> Iterator[Any]:
    if isinstance(result, torch.Tensor) or result is None:
        yield result
    elif isinstance(result, list | tuple):
        for each in result:
            yield from _listed(each)
    elif isinstance(result, dict):
        yield from _listed(list(result.values()))
