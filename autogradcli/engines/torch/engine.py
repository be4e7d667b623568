"""Run a program in torch and differentiate it by `backward`."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache, reduce
from itertools import combinations
from typing import Any

import torch

from autogradcli.engines.opinions import Array, Autograd, Node
from autogradcli.engines.torch.graph import Trace, plain
from autogradcli.errors import GradcalcError
from autogradcli.language.characters import excerpt
from autogradcli.language.function import Function
from autogradcli.language.program import Call, Constant, Program, Tensor, Variable
from autogradcli.language.shapes import Shape, not_a_number, written
from autogradcli.language.table import row
from autogradcli.language.tape import definition

Value = torch.Tensor | float | bool
"""A Python number or bool for a scalar with no variable below it; a tensor for anything else."""

NAMED = {"pi": math.pi, "e": math.e, "inf": math.inf}


def differentiate(program: Program, at: Mapping[str, Program], wrt: Sequence[str], dtype: str) -> Autograd:
    """Value, gradients, every intermediate's gradient and the graph of `program` at the point `at`.

    `at` gives each variable's value as a constant program, `wrt` names the variables that require a gradient.
    GradcalcError of kind `torch` where torch itself refuses an operation, and of kind `shape` where the output is not
    a scalar.
    """
    kind = getattr(torch, dtype)
    leaves = {name: torch.tensor(constant(at[name]), dtype=kind) for name in program.variables}
    for name in wrt:
        leaves[name].requires_grad_()
    trace = Trace(program)
    values: list[Value] = []
    for index, step in enumerate(program.steps):
        value = leaves[step.name] if isinstance(step, Variable) else _step(program, index, values, kind)
        if isinstance(value, torch.Tensor) and value.requires_grad:
            trace.record(index, value)
        values.append(value)
    output = values[program.output]
    if isinstance(output, torch.Tensor) and output.ndim:
        raise not_a_number(program, tuple(output.shape))
    nodes = _backward(program, trace, output) if isinstance(output, torch.Tensor) and output.requires_grad else ()
    return Autograd(
        inputs={name: plain(leaf) for name, leaf in leaves.items()},
        value=plain(output),
        gradients={name: plain(leaves[name].grad) for name in wrt},
        values=tuple(map(plain, values)),
        nodes=nodes,
    )


def constant(program: Program) -> Array:
    """The value of a program without variables, in float64: a float, or nested lists of a tensor's components."""
    values: list[Value] = []
    for index in range(len(program.steps)):
        values.append(_step(program, index, values, torch.float64))
    value = values[program.output]
    return plain(value) if isinstance(value, torch.Tensor) else float(value)


def _step(program: Program, index: int, values: Sequence[Value], kind: torch.dtype) -> Value:
    step = program.steps[index]
    if isinstance(step, Constant):
        return number(step.value)
    if isinstance(step, Tensor):
        return torch.tensor(step.components, dtype=torch.float64).reshape(step.shape)
    assert isinstance(step, Call)
    operands = [values[operand] for operand in step.operands]
    try:
        return _call(step, operands, kind)
    except (RuntimeError, TypeError, ValueError, OverflowError) as problem:
        message = _misfit(program, step, operands) or _first_line(problem)
        raise GradcalcError("torch", message, source=program.source, span=step.span) from problem


def _backward(program: Program, trace: Trace, output: torch.Tensor) -> tuple[Node, ...]:
    try:
        return trace.backward(output)
    except RuntimeError as problem:
        span = program.steps[program.output].span
        hint = "torch computes this forward but not backward in this dtype: try --dtype float64"
        raise GradcalcError("torch", _first_line(problem), source=program.source, span=span, hint=hint) from problem


def _first_line(problem: Exception) -> str:
    return f"torch: {str(problem).splitlines()[0].rstrip('.')}"


def _misfit(program: Program, call: Call, operands: Sequence[Value]) -> str | None:
    """What is wrong with the shapes of a call's operands; None if they can be broadcast together."""
    texts: dict[Shape, str] = {}
    for index, operand in zip(call.operands, operands, strict=True):
        if isinstance(operand, torch.Tensor):
            texts.setdefault(tuple(operand.shape), excerpt(program.source, program.steps[index].span))
    for x, y in combinations(texts, 2):
        if not _fit(x, y):
            return f"{texts[x]} has shape {written(x)} and {texts[y]} has shape {written(y)}: they do not fit together"
    return None


def _fit(x: Shape, y: Shape) -> bool:
    """Whether two shapes can be broadcast together: from the last dimension on, sizes are equal or 1."""
    return all(m == n or 1 in {m, n} for m, n in zip(reversed(x), reversed(y), strict=False))


def _call(call: Call, operands: Sequence[Value], kind: torch.dtype) -> Value:
    """One row of the table applied: in float64, and back to a Python number, where all operands are constant."""
    function = row(call.function)
    if any(isinstance(operand, torch.Tensor) for operand in operands):
        return _apply(function, operands, dict(call.options), kind)
    constants = [torch.tensor(operand, dtype=_constant_kind(operand)) for operand in operands]
    result = _apply(function, constants, dict(call.options), torch.float64)
    if not isinstance(result, torch.Tensor):
        return result
    return result.to(kind) if result.ndim else result.item()


def _constant_kind(operand: Value) -> torch.dtype:
    return torch.bool if isinstance(operand, bool) else torch.float64


def _apply(function: Function, operands: Sequence[Value], options: Mapping[str, object], kind: torch.dtype) -> Value:
    """torch's own function if the row names one, else the row's definition, operation by operation."""
    if not function.torch:
        return _define(function, operands, kind)
    parameters = function.parameters_of(operands)
    convert = _keep if function.torch.startswith("operator.") else _as_tensor
    arguments = [
        _as_number(operand) if parameter.kind == "number" else convert(operand, kind)
        for parameter, operand in zip(parameters, operands, strict=True)
    ]
    positional = [a for p, a in zip(parameters, arguments, strict=True) if not p.keyword_only]
    keywords = {p.name: a for p, a in zip(parameters, arguments, strict=True) if p.keyword_only}
    result: Value = native(function.torch)(*positional, **keywords, **options)
    return result


def _define(function: Function, operands: Sequence[Value], kind: torch.dtype) -> Value:
    body = definition(function)
    names = function.operand_names
    bound = dict(zip(names, operands, strict=True))
    values: list[Value] = []
    for step in body.steps:
        if isinstance(step, Variable):
            values.append(bound[step.name])
        elif isinstance(step, Call):
            values.append(_call(step, [values[operand] for operand in step.operands], kind))
        else:
            assert isinstance(step, Constant)
            values.append(number(step.value))
    return values[body.output]


def number(value: Fraction | str) -> float:
    """An exact constant as the nearest double."""
    return NAMED[value] if isinstance(value, str) else float(value)


def _keep(operand: Value, _: torch.dtype) -> Value:
    return operand


def _as_tensor(operand: Value, kind: torch.dtype) -> torch.Tensor:
    if isinstance(operand, torch.Tensor):
        return operand
    return torch.tensor(operand, dtype=torch.bool if isinstance(operand, bool) else kind)


LARGEST_INT = 2**53


def _as_number(operand: Value) -> float | int:
    """A Python number; an int where it is whole, because torch wants one for an order (`polygamma`)."""
    value = float(operand)
    return int(value) if value.is_integer() and abs(value) < LARGEST_INT else value


def _choose(condition: Value, yes: Value, no: Value) -> Value:
    """Python's own `yes if condition else no`: one branch, no node in the graph."""
    return yes if condition else no


def _stack(*components: torch.Tensor) -> torch.Tensor:
    return torch.stack(components)


SPECIAL: dict[str, Callable[..., Any]] = {"if_else": _choose, "stack": _stack}
"""Natives that are not attributes of torch, or take their operands in another way."""


@cache
def native(path: str) -> Callable[..., Any]:
    """The callable that a row's `torch` field names."""
    if path in SPECIAL:
        return SPECIAL[path]
    first, *rest = path.split(".")
    if first == "operator":
        return getattr(operator, rest[0])  # type: ignore[no-any-return]
    return reduce(getattr, [first, *rest], torch)  # type: ignore[return-value]
