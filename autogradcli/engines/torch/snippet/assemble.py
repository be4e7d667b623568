"""What was recorded below a tensor, as a program: straight-line code whose spans lie in the text of the snippet."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch

from autogradcli.engines.torch.snippet.origins import Given, Made, Operand, Origin, Record, Unknown
from autogradcli.errors import Span
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.program import MAX_STEPS, Call, Constant, Program, Step, Tensor, Variable


class Unverifiable(Exception):
    """Nothing can be verified of a gradient; the message says why."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """A program, and where its variables are."""

    program: Program
    at: dict[str, Program]
    """The value of each variable."""
    names: dict[Record, str]
    """The variable that each leaf is."""
    intermediates: dict[Made, str]
    """What each of the intermediates asked about is called in the program."""
    steps: dict[int, int]
    """The step that each recorded operation is, by its serial number."""
    dtype: str


def assemble(output: Origin, source: str, asked: Sequence[Made] = ()) -> Assembled:
    """The program that gives `output`; Unverifiable with the reason if some of it is not known.

    Each of the intermediates `asked` about is given a name that nothing else has.
    """
    givens, mades = _below(output)
    dtype = _dtype(givens, mades)
    builder = _Builder(source)
    names = builder.variables(givens)
    for made in mades:
        builder.call(made)
    index = builder.places[output]
    intermediates = builder.intermediates(asked)
    at = {name: constant(given.data, given.span, source) for name, given in builder.values.items()}
    program = Program(
        source=source,
        steps=tuple(builder.steps),
        output=index,
        output_name=builder.named(output),
        assigned={**builder.assigned(mades), **{name: builder.places[made] for made, name in intermediates.items()}},
        variables=tuple(at),
    )
    steps = {made.serial: builder.places[made] for made in mades}
    return Assembled(program, at, names, intermediates, steps, dtype)


def _below(output: Origin) -> tuple[list[Given], list[Made]]:
    """All that an origin is made of, in the order in which it was made."""
    found: dict[int, Given | Made] = {}
    todo: list[Operand] = [output]
    while todo:
        each = todo.pop()
        if isinstance(each, Unknown):
            raise Unverifiable(each.reason)
        if isinstance(each, Given | Made) and each.serial not in found:
            found[each.serial] = each
            if len(found) > MAX_STEPS:
                raise Unverifiable(f"it was made by more than {MAX_STEPS:,} operations")
            if isinstance(each, Made):
                todo.extend(each.operands)
    ordered = [found[serial] for serial in sorted(found)]
    givens = [each for each in ordered if isinstance(each, Given)]
    return givens, [each for each in ordered if isinstance(each, Made)]


def _dtype(givens: Sequence[Given], mades: Sequence[Made]) -> str:
    """The one dtype of all numbers that autograd follows."""
    found = [each.data.dtype for each in givens] + [each.dtype for each in mades if each.dtype is not None]
    names = {str(each).removeprefix("torch.") for each in found if each.is_floating_point}
    if len(names) > 1:
        raise Unverifiable(f"it mixes {' and '.join(sorted(names))}")
    name = names.pop() if names else "float64"
    if name not in DTYPES:
        raise Unverifiable(f"{name} is not verified")
    return name


class _Builder:
    def __init__(self, source: str) -> None:
        self._source = source
        self.steps: list[Step] = []
        self.places: dict[Origin, int] = {}
        self.values: dict[str, Given] = {}

    def variables(self, givens: Sequence[Given]) -> dict[Record, str]:
        """Append a variable for each tensor of numbers; the name of each leaf."""
        names: dict[Record, str] = {}
        for given in givens:
            if given.data.numel() == 0:
                raise Unverifiable("a tensor without components is not verified")
            if given.differentiated and given.identity in names:
                raise Unverifiable(f"{given.identity.name or 'a leaf'} was changed in place between two uses of it")
            name = self._unused(given.identity.name or ("leaf" if given.differentiated else "data"))
            self.values[name] = given
            self.places[given] = self._append(Variable(name, self._place_of(given)))
            if given.differentiated:
                names[given.identity] = name
        return names

    def _place_of(self, given: Given) -> Span:
        """Where a variable stands by its name in the operation that uses it first; else the whole operation."""
        span, name = given.span, given.identity.name
        found = re.search(rf"\b{re.escape(name)}\b", self._source[span.start : span.end]) if name else None
        return span if found is None else Span(span.start + found.start(), span.start + found.end())

    def _unused(self, name: str) -> str:
        unused, number = name, 2
        while unused in self.values:
            unused, number = f"{name}_{number}", number + 1
        return unused

    def call(self, made: Made) -> None:
        """Append a recorded operation."""
        operands = tuple(self._operand(each, made.span) for each in made.operands)
        self.places[made] = self._append(Call(made.function, operands, made.options, made.span))

    def _operand(self, operand: Operand, span: Span) -> int:
        if isinstance(operand, Fraction):
            return self._append(Constant(operand, span))
        if isinstance(operand, float):
            if math.isnan(operand):
                raise Unverifiable("NaN is no number to verify anything with")
            infinite = self._append(Constant("inf", span))
            return infinite if operand > 0 else self._append(Call("neg", (infinite,), (), span))
        return self.places[operand]

    def _append(self, step: Step) -> int:
        self.steps.append(step)
        return len(self.steps) - 1

    def intermediates(self, asked: Sequence[Made]) -> dict[Made, str]:
        """A name for each intermediate; Unverifiable if the output does not depend on it."""
        names: dict[Made, str] = {}
        for made in asked:
            if made not in self.places:
                raise Unverifiable("the output does not depend on it")
            name, number = made.name or "intermediate", 2
            while name in self.values or name in names.values():
                name, number = f"{made.name or 'intermediate'}_{number}", number + 1
            names[made] = name
        return names

    def named(self, output: Origin) -> str | None:
        """The name of the output, if it has one that no variable has."""
        name = output.name if isinstance(output, Made) else None
        return None if name in self.values else name

    def assigned(self, mades: Sequence[Made]) -> dict[str, int]:
        """The last step of each name that is given to a result."""
        return {made.name: self.places[made] for made in mades if made.name and made.name not in self.values}


def constant(data: torch.Tensor, span: Span, source: str) -> Program:
    """A tensor of numbers as a program without variables."""
    values = data.flatten().tolist()
    step: Any
    if data.ndim == 0 and math.isfinite(values[0]):
        step = Constant(Fraction(values[0]), span)
    else:
        step = Tensor(tuple(map(float, values)), tuple(data.shape), span)
    return Program(source, (step,), 0, None, {}, ())
