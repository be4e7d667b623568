"""A recorded pass as a program of the language: straight-line code whose spans lie in the user's text."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from typing import Any

import torch

from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import (
    Arrival,
    BackwardPass,
    CallOutput,
    Given,
    RecordedCall,
    Unknown,
    Value,
    mapped,
)
from autogradcli.engines.torch.record.kinds import kind_of
from autogradcli.engines.torch.record.replay import Pullback
from autogradcli.engines.torch.record.rows import NOWHERE, BoundRow, Unbindable, bind, index_of, tuples
from autogradcli.engines.torch.record.step_builder import PlaceTexts, StepBuilder, Unverifiable
from autogradcli.functions.function import FIELD
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.program import MAX_STEPS, Constant, Program, Tensor

IDENTITIES = frozenset({"clone", "contiguous", "alias", "view_as_real_", "requires_grad_", "positive"})
"""Calls that give the same numbers."""
CASTS = frozenset({"float", "double", "half", "bfloat16", "int", "long", "to", "type_as", "type"})
"""Calls that convert numbers; they make numbers of True and False."""
PARTS = frozenset({"split", "chunk", "tensor_split", "unbind", "split_with_sizes", "unsafe_chunk", "unsafe_split"})
"""Calls that take a tensor apart along a dimension."""
SHAPED = {"view_as": "reshape", "reshape_as": "reshape", "expand_as": "expand"}
"""Calls that give a tensor the shape of another."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """A program, and where its variables are."""

    program: Program
    at: dict[str, Program]
    """The value of each variable."""
    names: tuple[str | None, ...]
    """What each of the tensors that a gradient was given to is called in the program; None if it is not in it."""
    steps: dict[int, int]
    """The step that each recorded call is, by its serial number."""
    dtype: str
    upstream: Program | None


def assemble(event: BackwardPass, texts: PlaceTexts, masks: Mapping[int, torch.Tensor]) -> Assembled:
    """The program that gives the output of a pass. Raises Unverifiable, with the reason, if there is none."""
    if len(event.outputs) != 1:
        raise Unverifiable("backward starts from several tensors")
    if event.unknown:
        raise Unverifiable(f"{event.unknown[0]} was made by an operation that was not recorded")
    calls = calls_below(event.outputs)
    if len(calls) > MAX_STEPS:
        raise Unverifiable(f"it was made by more than {MAX_STEPS:,} operations")
    builder = _Assembler(texts, masks, _dtype(event, calls))
    for call in calls:
        builder.call(call)
    return builder.finish(event)


def _dtype(event: BackwardPass, calls: Sequence[RecordedCall]) -> torch.dtype:
    """The one dtype of all numbers that autograd follows."""
    found = {each.data.dtype for call in calls for each in call.values() if isinstance(each, Given)}
    found |= {each.data.dtype for each in event.outputs if isinstance(each, Given)}
    found |= {each.data.dtype for each in event.values if each is not None}
    found |= {call.autocast for call in calls if call.autocast is not None}
    floats = {each for each in found if each.is_floating_point}
    if any(each.is_complex for each in found):
        raise Unverifiable("complex numbers are not proven as a whole")
    if len(floats) > 1:
        raise Unverifiable(f"it mixes {' and '.join(sorted(map(_name, floats)))}")
    dtype = floats.pop() if floats else torch.float64
    if _name(dtype) not in DTYPES:
        raise Unverifiable(f"{_name(dtype)} is not verified")
    between = {_name(each) for call in calls for each in call.dtypes if each is not None} & DTYPES.keys()
    if rounded := sorted(each for each in between if not DTYPES[each].holds(DTYPES[_name(dtype)])):
        raise Unverifiable(f"it rounds to {rounded[0]} on the way")
    return dtype


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


class _Assembler(StepBuilder):
    """The steps of recorded calls."""

    def call(self, call: RecordedCall) -> None:
        """Append a recorded call."""
        name = kind_of(call.function).name
        self._span = self._texts.span(call.place, name)
        if call.serial in self._masks:
            mask = Given(self._masks[call.serial], False, 0, -call.serial, "mask")
            whole = next(iter(call.values()))
            self._keep(call, 0, self._step("mul", (self._operand(whole), self._operand(mask))))
        elif name in PARTS:
            self._parts(call, name)
        elif call.function is torch.autograd.grad:
            self._gradients(call)
        elif isinstance(call.function, Pullback):
            self._pullback(call, call.function)
        else:
            self._keep(call, 0, self._one(call, name))
        if call.base:
            self._base(call)
        given = self._texts.name(call.place)
        if given is not None and given not in self._values:
            self._assigned[given] = self._by_serial[call.serial]

    def _one(self, call: RecordedCall, name: str) -> int:
        """The step of a call that gives one tensor."""
        first = next(iter(call.values()), None)
        if name in IDENTITIES or (name in CASTS and not self._is_condition(first)):
            return self._operand(first)
        if name in CASTS:
            return self._operand(first, number=True)
        if name in SHAPED:
            option = "size" if SHAPED[name] == "expand" else "shape"
            return self._step(SHAPED[name], (self._operand(first),), ((option, call.shapes[0]),))
        if name in SPECIAL:
            return SPECIAL[name](self, call)
        return self._row(call)

    def _row(self, call: RecordedCall) -> int:
        try:
            bound = bind(call, self._dtype if self._dtype != torch.float64 else None)
        except Unbindable as reason:
            raise Unverifiable(str(reason)) from reason
        if bound.function.fields:
            return self._fields(call, bound)
        step = self._step(bound.function.name, self._operands(bound), bound.options)
        if bound.function.returns == "boolean":
            self._conditions.add(step)
        return step

    def _fields(self, call: RecordedCall, bound: BoundRow) -> int:
        operands = self._operands(bound)
        steps = []
        for index, field in enumerate(bound.function.fields):
            options = (*bound.options, (FIELD, field))
            steps.append(self._step(bound.function.name, operands, options))
            self._keep(call, index, steps[-1])
        return steps[0]

    def _parts(self, call: RecordedCall, name: str) -> None:
        """Tensors that another falls into along a dimension, one after the other."""
        whole = next(iter(call.values()))
        apart = name == "unbind"
        dim = call.keywords.get("dim", next(iter(call.arguments[1 if apart else 2 :]), 0))
        operand, start = self._operand(whole), 0
        for index, size in enumerate(call.shapes):
            if apart:
                step = self._step("select", (operand,), (("dim", dim), ("index", index)))
            else:
                step = self._step("narrow", (operand,), (("dim", dim), ("start", start), ("length", size[dim])))
                start += size[dim]
            self._keep(call, index, step)

    def _gradients(self, call: RecordedCall) -> None:
        """The step of gradients that are differentiated again: those of all outputs, added up."""
        outputs, targets, upstreams = call.arguments
        one = self._append(Constant(Fraction(1), self._span))
        for place, target in enumerate(targets):
            if call.dtypes[place] is None:  # the outputs do not depend on it
                continue
            terms = [
                self._step("grad", (self._operand(output), self._operand(target), self._upstream(upstream, one)))
                for output, upstream in zip(outputs, upstreams, strict=True)
            ]
            self._keep(call, place, self._sum(terms))

    def _pullback(self, call: RecordedCall, pullback: Pullback) -> None:
        """The step of what one call sends back to one of its tensors."""
        arguments, keywords, upstreams = call.arguments
        alone = replace(
            pullback.call, arguments=arguments, keywords=keywords, serial=-1 - len(self._steps), place=None, base=None
        )
        self.call(alone)
        target = list(alone.values())[pullback.place]
        places = [place for place, each in enumerate(upstreams) if each is not None]
        terms = [
            self._step(
                "grad", (self._places[alone.serial, each], self._operand(target), self._operand(upstreams[each]))
            )
            for each in places
        ]
        self._keep(call, 0, self._sum(terms))

    def _sum(self, terms: Sequence[int]) -> int:
        return reduce(lambda one, other: self._step("add", (one, other)), terms)

    def _upstream(self, value: Value | None, one: int) -> int:
        return one if value is None else self._operand(value)

    def _base(self, call: RecordedCall) -> None:
        """The step of a tensor after one of its views was changed: the tensor, with new numbers in the view's place."""
        target = call.arguments[0] if call.arguments else None
        while isinstance(target, CallOutput) and target.call.changes:
            target = target.call.arguments[0]
        view = target.call if isinstance(target, CallOutput) else None
        if view is None or kind_of(view.function).name != "__getitem__":
            raise Unverifiable("a tensor was changed in place through a view of it")
        try:
            options = (("index", index_of(view.arguments[1])),)
        except Unbindable as reason:
            raise Unverifiable(str(reason)) from reason
        operands = (self._operand(call.base), self._places[call.serial, 0])
        self._places[call.serial, 1] = self._step("setitem", operands, options)

    def embedding(self, call: RecordedCall) -> int:
        """The rows of a matrix at places."""
        places, weight, *others = call.arguments
        known = isinstance(places, Given) and not places.data.is_floating_point() and not others
        if not known or call.keywords.get("max_norm") is not None or call.keywords.get("scale_grad_by_freq"):
            raise Unverifiable("an embedding of this kind is not proven as a whole")
        index = (tuples(places.data.tolist()),)
        rows = self._step("getitem", (self._operand(weight),), (("index", index),))
        return rows if call.keywords.get("padding_idx") is None else self._padded(rows, call, places.data, weight)

    def _padded(self, rows: int, call: RecordedCall, places: torch.Tensor, weight: Value) -> int:
        """The rows, those of padding as numbers that take no gradient, as torch's page says."""
        padding = call.keywords["padding_idx"]
        if not isinstance(weight, Given):
            raise Unverifiable("an embedding of this kind is not proven as a whole")
        kept = (places != padding % len(weight.data)).unsqueeze(-1).to(self._dtype)
        mask, padded = (
            self._variable(Given(each, False, 0, f"{name} of {call.serial}", name))  # type: ignore[arg-type]
            for name, each in {"mask": kept, "padding": (1 - kept) * weight.data[padding]}.items()
        )
        return self._step("add", (self._step("mul", (rows, mask)), padded))

    def finish(self, event: BackwardPass) -> Assembled:
        """The program of an event."""
        if event.place is not None or not self._steps:
            self._span = self._texts.span(event.place, event.names[0] or "output")
        (value,) = event.outputs
        output = self._operand(value)
        names = tuple(self._asked(each.value, each.name, each.added is not None) for each in event.arrivals)
        name = event.names[0]
        at = {each: constant(given.data) for each, given in self._values.items()}
        program = Program(
            source=self._texts.source,
            steps=tuple(self._steps),
            output=output,
            output_name=None if name in self._values else name,
            assigned={each: step for each, step in self._assigned.items() if each not in self._values},
            variables=tuple(at),
        )
        (given,) = event.upstreams
        upstream = None if given is None else constant(given.data)
        return Assembled(program, at, names, self._by_serial, _name(self._dtype), upstream)

    def _asked(self, value: Value, name: str | None, reached: bool) -> str | None:
        """What the program calls a tensor that was asked about; an intermediate is given a name of its own."""
        if isinstance(value, Given):
            found = next((each for each, given in self._values.items() if given is value), None)
        else:
            found = self._intermediate(value, name)
        if found is None and reached:
            raise Unverifiable("a gradient reached a tensor in a way that was not recorded")
        return found

    def _intermediate(self, value: Value, name: str | None) -> str | None:
        step = None if isinstance(value, Unknown) else self._places.get((value.call.serial, value.index))  # type: ignore[union-attr]
        if step is None:
            return None
        unused, number = name or "intermediate", 2
        while unused in self._values or self._assigned.get(unused, step) != step:
            unused, number = f"{name or 'intermediate'}_{number}", number + 1
        self._assigned[unused] = step
        return unused


def single(call: RecordedCall, tensors: Sequence[torch.Tensor], upstream: torch.Tensor, texts: PlaceTexts) -> Assembled:
    """The program of one call alone, for other tensors than it was given. Raises Unverifiable if no row is meant.

    Its variables are `v0`, `v1` … in the order of the tensors among the call's arguments.
    """
    dtypes = {each.dtype for each in (*tensors, upstream) if each.is_floating_point()}
    if len(dtypes) != 1 or _name(next(iter(dtypes))) not in DTYPES:
        raise Unverifiable("it mixes dtypes")
    (dtype,) = dtypes
    places = iter(range(len(tensors)))
    values: dict[int, Given] = {}

    def stand_in(each: Any) -> Any:
        if not isinstance(each, Given | CallOutput | Unknown):
            return each
        place = next(places)
        leaf = tensors[place].is_floating_point()
        values[place] = Given(tensors[place], leaf, 0, place + 1, f"v{place}", identity=place + 1)
        return values[place]

    arguments, keywords = mapped(call.arguments, stand_in), mapped(call.keywords, stand_in)
    alone = replace(call, arguments=arguments, keywords=keywords, base=None, changes=False)
    builder = _Assembler(texts, {}, dtype)
    builder.call(alone)
    arrivals = tuple(Arrival(value, value.name, None, None, None) for value in values.values())
    given = Given(upstream, False, 0, 0)
    event = BackwardPass("backward", call.place, 0, (CallOutput(alone, 0),), (None,), (given,), arrivals, (given,))
    return builder.finish(event)


SPECIAL = {"embedding": _Assembler.embedding}


def constant(data: torch.Tensor) -> Program:
    """A tensor of numbers as a program without variables."""
    values = data.flatten().tolist()
    step: Any
    if data.ndim == 0 and math.isfinite(values[0]):
        step = Constant(Fraction(values[0]), NOWHERE)
    else:
        step = Tensor(tuple(map(float, values)), tuple(data.shape), NOWHERE)
    return Program("", (step,), 0, None, {}, ())
