"""The steps of a program that is made of a record: its variables, its constants, the operands of its calls."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Protocol

import torch

from autogradcli.engines.torch.record.calls import CallOutput, CallSite, Given, RecordedCall, Unknown
from autogradcli.engines.torch.record.rows import BoundRow
from autogradcli.errors import Span
from autogradcli.language.program import Call, Constant, Variable

CONDITIONS = frozenset({"boolean", "mask"})
"""Kinds of parameters that a tensor of True and False is meant for."""


class PlaceTexts(Protocol):
    """The texts of the places of a program."""

    @property
    def source(self) -> str:
        """All texts, joined one after the other."""

    def span(self, place: CallSite | None, otherwise: str) -> Span:
        """Where the text of a place lies in the source."""

    def variable(self, name: str, used: Span) -> Span:
        """Where a variable stands in the text of the operation that uses it first."""

    def name(self, place: CallSite | None) -> str | None:
        """What the program calls the value of the expression there, if it gives it a name."""


class Unverifiable(Exception):
    """Nothing can be proven of a pass as a whole; the message says why."""


class StepBuilder:
    """Steps in the order in which they are made; the place of a step stands for its value."""

    def __init__(self, texts: PlaceTexts, masks: Mapping[int, torch.Tensor], dtype: torch.dtype) -> None:
        self._texts, self._masks, self._dtype = texts, masks, dtype
        self._steps: list[Any] = []
        self._places: dict[Any, int] = {}
        self._conditions: set[int] = set()
        self._values: dict[str, Given] = {}
        self._identities: dict[int, str] = {}
        self._assigned: dict[str, int] = {}
        self._by_serial: dict[int, int] = {}
        self._span = Span(0, 0)

    def _operands(self, bound: BoundRow) -> tuple[int, ...]:
        found = []
        for parameter, value in bound.operands:
            if isinstance(value, Fraction):
                found.append(self._append(Constant(value, self._span)))
            elif isinstance(value, float):
                found.append(self._infinite(value))
            elif parameter.kind == "number":
                raise Unverifiable(f"{parameter.name} of {bound.function.name} is given as a tensor")
            else:
                condition = parameter.kind in CONDITIONS and _is_bool(value)
                found.append(self._operand(value, condition=condition, number=parameter.kind not in CONDITIONS))
        return tuple(found)

    def _operand(self, value: Any, condition: bool = False, number: bool = False) -> int:
        """The step of an operand, made a condition or a number where it is the other and that is needed."""
        if isinstance(value, Unknown) or value is None:
            raise Unverifiable("a tensor on the way was not recorded")
        step = self._variable(value) if isinstance(value, Given) else self._places[value.call.serial, value.index]
        if condition and step not in self._conditions:
            step = self._step("ne", (step, self._append(Constant(Fraction(0), self._span))))
            self._conditions.add(step)
        elif number and step in self._conditions:
            one, zero = (self._append(Constant(Fraction(each), self._span)) for each in (1, 0))
            step = self._step("where", (step, one, zero))
        return step

    def _is_condition(self, value: Any) -> bool:
        return isinstance(value, CallOutput) and self._places[value.call.serial, value.index] in self._conditions

    def _infinite(self, value: float) -> int:
        if math.isnan(value):
            raise Unverifiable("NaN is no number to verify anything with")
        infinite = self._append(Constant("inf", self._span))
        return infinite if value > 0 else self._step("neg", (infinite,))

    def _variable(self, given: Given) -> int:
        if ("given", given.serial) in self._places:
            return self._places["given", given.serial]
        if given.data.numel() == 0:
            raise Unverifiable("a tensor without components is not verified")
        if not given.leaf and given.data.ndim == 0 and given.data.is_floating_point() and not given.name:
            value = given.data.item()
            step = (
                self._infinite(value)
                if not math.isfinite(value)
                else self._append(Constant(Fraction(value), self._span))
            )
            self._places["given", given.serial] = step
            return step
        if given.leaf and given.identity in self._identities:
            raise Unverifiable(f"{given.name or 'a leaf'} was changed in place between two uses of it")
        name = self._unused(given.name or ("leaf" if given.leaf else "data"))
        if given.leaf:
            self._identities[given.identity] = name
        self._values[name] = given
        step = self._append(Variable(name, self._texts.variable(name, self._span)))
        self._places["given", given.serial] = step
        return step

    def _unused(self, name: str) -> str:
        unused, number = name, 2
        while unused in self._values:
            unused, number = f"{name}_{number}", number + 1
        return unused

    def _step(self, function: str, operands: tuple[int, ...], options: Any = ()) -> int:
        return self._append(Call(function, operands, tuple(options), self._span))

    def _append(self, step: Any) -> int:
        self._steps.append(step)
        return len(self._steps) - 1

    def _keep(self, call: RecordedCall, index: int, step: int) -> None:
        self._places[call.serial, index] = step
        self._by_serial[call.serial] = step


def _is_bool(value: Any) -> bool:
    if isinstance(value, Given):
        return value.data.dtype == torch.bool
    return isinstance(value, CallOutput) and value.call.dtypes[value.index] == torch.bool
