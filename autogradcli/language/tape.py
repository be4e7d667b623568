"""The tape: a program as scalar operations in elementary functions, for the engines that know nothing of tensors.

A value of the program becomes a handle: the index of a tape entry for a scalar, a NumPy array of such indices for a
tensor. So broadcasting, indexing and reshaping are NumPy's, and what is left is scalar.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from autogradcli.functions.function import Function, NoDefinition, Placeholder, parse_signature
from autogradcli.functions.handles import Handle, TooLong
from autogradcli.functions.later import numpy as np
from autogradcli.functions.table import row
from autogradcli.language.parser import parse_formula
from autogradcli.language.program import Call, Constant, Program, Tensor, Variable
from autogradcli.language.shapes import Shape, not_a_number
from autogradcli.processes.limits import check


class Input(NamedTuple):
    """A leaf: one component of a variable."""

    name: str
    step: int
    place: int = 0
    """Its place among the components, row by row."""


class Literal(NamedTuple):
    """A leaf: an exact number, or one of the names `pi`, `e`, `inf`, `nan`."""

    value: Fraction | str
    step: int


class Operation(NamedTuple):
    """A row of the table applied to earlier entries."""

    function: str
    operands: tuple[int, ...]
    """Indices of earlier entries."""
    step: int
    """The program step that it came from."""


Entry = Input | Literal | Operation
Estimate = Callable[[Sequence[Entry], Sequence[int]], Sequence[float]]
"""Approximate values of some entries of a growing tape, from all entries so far and the indices of these."""

MAX_OPERATIONS = 300_000
"""Operations of a tape, unless something else is asked for."""


@dataclass(frozen=True, slots=True)
class TapeOptions:
    """What a tape holds beyond what the program says."""

    upstream: Sequence[float] | None = None
    """What each component of the output is multiplied by to make a scalar of it; None for an output that is one."""
    apart: Collection[int] = ()
    """The steps whose values get entries that belong to no other step's value."""
    limit: int = MAX_OPERATIONS
    """The operations that it may have."""
    estimate: Estimate | None = None
    """What is known of values; None if nothing is."""
    known: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Variables whose components, row by row, stand as the numbers that they are."""


PLAIN = TapeOptions()
"""Nothing."""


@dataclass(frozen=True, slots=True)
class Tape:
    """Scalar operations in the order of evaluation."""

    entries: tuple[Entry, ...]
    output: int
    """The scalar that is differentiated: the program's output, or the sum of its components times the upstream's."""
    results: tuple[Handle, ...]
    """For each program step, where its value is."""
    seeds: tuple[tuple[int, float], ...]
    """What the adjoints of the program's output start from: 1 for a scalar, else the upstream's components."""


def scalarise(
    program: Program,
    primitive: Callable[[Function], bool],
    shapes: Mapping[str, Shape] | None = None,
    layout: TapeOptions = PLAIN,
) -> Tape:
    """The program as a tape; rows that are not `primitive` are replaced by their definitions, as deep as it takes.

    `shapes` gives the shapes of the variables that are not scalars. Raises GradcalcError if the output is not a scalar
    and there is no upstream, TooLong beyond the limit.
    """
    builder = TapeWriter(primitive, shapes or {}, layout)
    results = builder.run(program)
    output, seeds = builder.scalar(program, results[program.output])
    return Tape(tuple(builder.entries), output, tuple(results), seeds)


def _weighted(builder: TapeWriter, output: Handle, upstream: Sequence[float]) -> int:
    """The sum of the output's components, each times its component of the upstream."""
    literals = {each: builder.literal(Fraction(each)) for each in dict.fromkeys(upstream)}
    weights = [literals[each] for each in upstream]
    if isinstance(output, int):
        return int(builder.call("mul", output, weights[0]))
    return int(builder.call("sum", builder.call("mul", output, _shaped(weights, output.shape))))


def components(handle: Handle) -> list[int]:
    """The entries of a value, row by row."""
    return [handle] if isinstance(handle, int) else handle.ravel().tolist()


def shape_of(handle: Handle) -> Shape:
    """The shape of a value."""
    return () if isinstance(handle, int) else handle.shape


OFTEN = 256
"""Entries after which the time is looked at."""


def number_of(entry: Entry) -> Fraction | None:
    """The exact number that an entry is; None if it is no constant."""
    return entry.value if isinstance(entry, Literal) and isinstance(entry.value, Fraction) else None


class TapeWriter:
    """Appends operations to a tape."""

    def __init__(
        self,
        primitive: Callable[[Function], bool],
        shapes: Mapping[str, Shape],
        layout: TapeOptions = PLAIN,
    ) -> None:
        self.entries: list[Entry] = []
        self._primitive = primitive
        self._shapes = shapes
        self._layout = layout
        self._step = 0
        self._operations = 0

    def run(self, program: Program) -> list[Handle]:
        """Append all steps of the program; the handle of each."""
        results: list[Handle] = []
        apart = {*self._layout.apart, *_differentiated(program)}
        for index, step in enumerate(program.steps):
            self._step = index
            if isinstance(step, Call):
                operands = [results[operand] for operand in step.operands]
                results.append(self.apply(row(step.function), operands, dict(step.options)))
            elif isinstance(step, Constant):
                results.append(self.literal(step.value))
            elif isinstance(step, Tensor):
                results.append(_shaped([self.literal(Fraction(each)) for each in step.components], step.shape))
            else:
                results.append(self._input(step.name))
            if index in apart:
                results[-1] = self._own(results[-1])
        return results

    def scalar(self, program: Program, output: Handle) -> tuple[int, tuple[tuple[int, float], ...]]:
        """What is differentiated, the output or the sum of its components times the upstream's; and its seeds."""
        upstream = self._layout.upstream
        if upstream is not None:
            return _weighted(self, output, upstream), tuple(zip(components(output), upstream, strict=True))
        if not isinstance(output, int):
            raise not_a_number(program, output.shape)
        return output, ((output, 1.0),)

    def apply(self, function: Function, operands: Sequence[Handle], options: Mapping[str, object]) -> Handle:
        """Append a row applied to values: to the whole of them, or to each component of what they broadcast to."""
        if function.tensor:
            return self._apply_to_wholes(function, function.arguments(operands, options))
        if function.by_channel:
            operands = _by_channel(operands)
        if all(type(operand) is int for operand in operands):
            return self._apply_to_scalars(function, operands)  # type: ignore[arg-type]
        self.foresee(math.prod(np.broadcast_shapes(*map(np.shape, operands))))
        together = np.broadcast_arrays(*operands)
        rows = zip(*(each.ravel().tolist() for each in together), strict=True)
        return _shaped([self._apply_to_scalars(function, each) for each in rows], together[0].shape)

    def foresee(self, operations: int) -> None:
        """Raise TooLong if so many operations more are too many: before anything is made that is as large as they."""
        if self._operations + operations > self._layout.limit:
            raise TooLong(self._layout.limit)

    def call(self, name: str, *operands: Handle, **options: object) -> Any:
        """Append the row of this name."""
        return self.apply(row(name), operands, options)

    def formula(self, text: str, **operands: Handle) -> Any:
        """Append an expression in the operands."""
        return self._run_formula(_formula(text, tuple(operands)), operands)

    def largest(self, handles: Sequence[int]) -> int | None:
        """The place of the largest of some entries; None if no values are known.

        For formulas that hold with any of them, such as log(sum(exp(x))) = x[k] + log(sum(exp(x - x[k]))).
        """
        sizes = self.estimates(handles)
        return None if sizes is None else max(range(len(handles)), key=sizes.__getitem__)

    def estimates(self, handles: Sequence[int]) -> Sequence[float] | None:
        """Approximate values of some entries; None if no values are known."""
        return None if self._layout.estimate is None else self._layout.estimate(self.entries, handles)

    def literal(self, value: Fraction | str) -> int:
        """Append a constant."""
        return self._append(Literal(value, self._step))

    def gradient(self, output: Handle, wrt: Handle, upstream: Handle) -> Handle:
        """Append the derivative of a value with respect to an earlier one, times an upstream gradient."""
        from autogradcli.language.adjoint import appended  # which is made of tapes itself

        pairs = np.broadcast_arrays(output, upstream)
        seeds = list(zip(*(each.ravel().tolist() for each in pairs), strict=True))
        before = len(self.entries)
        left = self._layout.limit - self._operations
        entries, places = appended(self.entries, seeds, components(wrt), self._primitive, left)
        self.entries += [each._replace(step=self._step) for each in entries[before:]]
        self._operations += len(entries) - before
        return places[0] if isinstance(wrt, int) else _shaped(places, wrt.shape)

    def number(self, index: int) -> Fraction | None:
        """The exact number that an entry is; None if it is no constant."""
        return number_of(self.entries[index])

    def is_condition(self, index: int) -> bool:
        """Whether an entry is true or false."""
        entry = self.entries[index]
        return isinstance(entry, Operation) and row(entry.function).returns == "boolean"

    def is_input(self, index: int) -> bool:
        """Whether an entry is a component of a variable."""
        return isinstance(self.entries[index], Input)

    def _apply_to_wholes(self, function: Function, arguments: Mapping[str, Any]) -> Handle:
        if not function.definition:
            if function.body is None:
                raise NoDefinition(function.name)
            exact = {name: each for name, each in arguments.items() if name != "dtype"}
            try:
                return function.body(self, **exact)
            except (IndexError, ValueError, TypeError, ArithmeticError) as error:
                # torch took these operands, and the definition does not know what to do with them
                raise NoDefinition(f"{function.name} of these shapes") from error
        return self._run_formula(definition(function), arguments)

    def _run_formula(self, body: Program, arguments: Mapping[str, Any]) -> Handle:
        results: list[Handle] = []
        for step in body.steps:
            if isinstance(step, Call):
                options = {name: resolve(value, arguments) for name, value in step.options}
                results.append(self.apply(row(step.function), [results[each] for each in step.operands], options))
            elif isinstance(step, Variable):
                results.append(arguments[step.name])
            else:
                assert isinstance(step, Constant)
                results.append(self.literal(step.value))
        return results[body.output]

    def _apply_to_scalars(self, function: Function, operands: Sequence[int]) -> int:
        if self._primitive(function):
            self._operations += 1
            if self._operations > self._layout.limit:
                raise TooLong(self._layout.limit)
            return self._append(Operation(function.name, tuple(operands), self._step))
        body = definition(function)
        bound = dict(zip(function.operand_names, operands, strict=True))
        results: list[int] = []
        for step in body.steps:
            if isinstance(step, Call):
                inner = [results[operand] for operand in step.operands]
                results.append(self._apply_to_scalars(row(step.function), inner))
            elif isinstance(step, Variable):
                results.append(bound[step.name])
            else:
                assert isinstance(step, Constant)
                results.append(self.literal(step.value))
        return results[body.output]

    def _input(self, name: str) -> Handle:
        shape = self._shapes.get(name, ())
        if name in self._layout.known:
            literals = [self.literal(Fraction(each)) for each in self._layout.known[name]]
            return _shaped(literals, shape) if shape else literals[0]
        if not shape:
            return self._append(Input(name, self._step))
        if math.prod(shape) > self._layout.limit:
            raise TooLong(self._layout.limit, f"components of {name}")
        return _shaped([self._append(Input(name, self._step, place)) for place in range(math.prod(shape))], shape)

    def _own(self, value: Handle) -> Handle:
        """The value in entries of the step at hand, each used once: their adjoints are the gradient of this value.

        A list, a slice or a reshaped tensor is made of the entries of others, which have other uses beside.
        """
        handles = components(value)
        own = all(self.entries[each].step == self._step for each in handles) and len(set(handles)) == len(handles)
        return value if own else self.call("mul", value, self.literal(Fraction(1)))

    def _append(self, entry: Entry) -> int:
        if not len(self.entries) % OFTEN:
            check()
        self.entries.append(entry)
        return len(self.entries) - 1


def _differentiated(program: Program) -> Iterator[int]:
    """The steps with respect to which the program itself takes derivatives."""
    for step in program.steps:
        if isinstance(step, Call) and row(step.function).differentiates:
            yield step.operands[1]


def _shaped(entries: Sequence[int], shape: Shape) -> Handle:
    return np.array(entries, dtype=np.intp).reshape(shape)


def _by_channel(operands: Sequence[Handle]) -> Sequence[Handle]:
    """The operands with the last one along the second dimension of the first, or as a number where that is one."""
    first, *others, last = operands
    if np.ndim(first) == 0:
        return [first, *others, int(np.reshape(last, ()))]
    beyond = np.ndim(first) - 2
    return [first, *others, np.reshape(last, (-1, *[1] * beyond))] if np.ndim(last) == 1 and beyond > 0 else operands


def resolve(value: object, arguments: Mapping[str, object]) -> object:
    """An option of a call inside a definition: what the row was called with, where it says so."""
    return arguments[value.name] if isinstance(value, Placeholder) else value


@cache
def definition(function: Function) -> Program:
    """The row's definition as a program whose variables are its parameters; raises NoDefinition if it has none."""
    if not function.definition:  # a row that no text names has the name of what is made of it, and a number
        raise NoDefinition(function.name.strip("_0123456789"))
    return parse_formula(function.definition, function.parameters)


def lacking(program: Program) -> str | None:
    """The first function of a program that torch cannot compute, as it is called in the table; None if it can all."""
    calls = (step.function for step in program.steps if isinstance(step, Call))
    return next(filter(beyond_torch, calls), None)


@cache
def beyond_torch(name: str) -> bool:
    """Whether torch has neither the row nor all of the rows that define it."""
    function = row(name)
    return function.absent or bool(not function.torch and function.definition and lacking(definition(function)))


@cache
def _formula(text: str, names: tuple[str, ...]) -> Program:
    return parse_formula(text, parse_signature(", ".join(names)))


@cache
def partial_programs(function: Function) -> tuple[Program, ...]:
    """The row's partial derivatives, one program for each parameter that has one."""
    return tuple(parse_formula(text, function.parameters) for text in function.partials)
