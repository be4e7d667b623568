"""Run a program in torch and differentiate it by `backward`."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from itertools import takewhile
from typing import Any, NamedTuple

import torch
from torch.autograd import forward_ad

from autogradcli.engines.backward import ONCE, PLAIN, Backward
from autogradcli.engines.results import Accumulation, Array, Autograd, Node, flat, shape
from autogradcli.engines.torch.adapters import construct, native, plain_option, whole
from autogradcli.engines.torch.backward_passes import run_passes
from autogradcli.engines.torch.error_messages import misfit
from autogradcli.engines.torch.graph import StepsOfNodes, noted, plain
from autogradcli.engines.torch.inputs import (
    check_computable,
    check_finite,
    check_upstream,
    leaves_asked,
    note_losses,
    tensors_asked,
)
from autogradcli.engines.torch.inspect import inspect
from autogradcli.engines.torch.sizes import REFUSALS, TooLarge, check_size
from autogradcli.engines.torch.state import fresh_state, leave_compiler_out, recorded, sentences
from autogradcli.errors import GradcalcError
from autogradcli.functions.function import FIELD, Function, Parameter
from autogradcli.functions.table import row
from autogradcli.language.program import Call, Constant, Program, Tensor, Variable
from autogradcli.language.shapes import not_a_number
from autogradcli.language.tape import definition, lacking, resolve
from autogradcli.processes.limits import check

Value = torch.Tensor | float | bool
"""A Python number or bool for a scalar with no variable below it; a tensor for anything else."""

ALLOCATION = "can't allocate memory"
"""What torch says where it finds no memory."""
NAMED = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}


def differentiate(
    program: Program,
    at: Mapping[str, Program],
    wrt: Sequence[str],
    dtype: str,
    backward: Backward = ONCE,
) -> Autograd:
    """Value, gradients, every intermediate's gradient and the graph of `program` at the point `at`.

    `at` gives each variable's value as a constant program, `wrt` names the variables and intermediates whose gradients
    are wanted, `backward` how torch's is called. Raises GradcalcError of kind `torch` where torch itself refuses an
    operation, of kind `value` where a value makes no sense, and of kind `shape` where the upstream has not the shape
    of the output, or there is none and the output is not a scalar.
    """
    kind = getattr(torch, dtype)
    with fresh_state(kind), recorded() as warned:
        found = _differentiate(program, at, wrt, kind, backward)
    return replace(found, notes=(*found.notes, *sentences(warned))) if warned else found


def _differentiate(
    program: Program, at: Mapping[str, Program], wrt: Sequence[str], kind: torch.dtype, backward: Backward
) -> Autograd:
    given = {name: _given(name, value) for name, value in at.items() if name in program.variables}
    leaves = {name: given[name].to(kind, copy=True) for name in program.variables}
    for name in leaves_asked(program, wrt):
        leaves[name].requires_grad_()
    trace = StepsOfNodes(program, None if backward.detail == PLAIN else partial(inspect, backward.detail))
    values = _run(program, leaves, kind, trace)
    asked = tensors_asked(program, values, wrt)
    output = values[program.output]
    upstream = received = _upstream(program, output, backward.upstream, kind)
    inputs = {name: plain(leaf) for name, leaf in leaves.items()}
    lost = tuple(note for name in leaves for note in note_losses(name, given[name], leaves[name].detach()))
    missing = lacking(program)
    if missing is not None:
        known, none = tuple(map(plain, values)), dict.fromkeys(wrt)
        return Autograd(inputs, plain(output), none, known, (), plain(received), {}, lost, missing)
    for direction in backward.along:
        moved = [(values[program.index(name)], weights) for name, weights in direction.parts]
        output, upstream = _derivative_along(program, output, upstream, moved), None
        if output.requires_grad:
            trace.record(None, output)
    nodes: tuple[Node, ...] = ()
    passes: dict[str, tuple[Accumulation, ...]] = {}
    if isinstance(output, torch.Tensor) and output.requires_grad:
        nodes = _watch(program, trace, output, lambda: passes.update(run_passes(output, upstream, asked, backward)))
    gradients = {name: passes[name][0].after if name in passes else None for name in wrt}
    if backward.forward:
        gradients = {name: _by_forward_mode(program, leaves, name, upstream, kind) for name in wrt}
    named = {program.index(name) for name in wrt if name not in leaves}
    return Autograd(
        inputs=inputs,
        value=plain(output),
        gradients=gradients,
        values=tuple(plain(each) if index in named else noted(each) for index, each in enumerate(values)),
        nodes=nodes,
        upstream=plain(received),
        passes=passes,
        notes=lost,
    )


def value_and_gradients(
    program: Program, inputs: Mapping[str, Array], wrt: Sequence[str], dtype: str, upstream: Program | None
) -> tuple[Array, dict[str, Array]]:
    """The value, and for each name the gradient that one `backward` gives: as `differentiate`, without the graph.

    `inputs` are the numbers of all variables, in the dtype. Where the output does not depend on a name, it has zeros.
    """
    kind = getattr(torch, dtype)
    with fresh_state(kind), recorded():
        leaves = {name: torch.tensor(flat(each), dtype=kind).reshape(shape(each)) for name, each in inputs.items()}
        for name in leaves_asked(program, wrt):
            leaves[name].requires_grad_()
        values = _run(program, leaves, kind)
        asked = tuple(tensors_asked(program, values, wrt).values())
        output = values[program.output]
        weights = _upstream(program, output, upstream, kind)
        gradients = tuple(map(torch.zeros_like, asked))
        if isinstance(output, torch.Tensor) and output.requires_grad:
            try:
                gradients = torch.autograd.grad(output, asked, weights, allow_unused=True, materialize_grads=True)
            except RuntimeError as problem:
                raise _refused(program, problem, None) from problem
        return plain(output), dict(zip(wrt, map(plain, gradients), strict=True))


def _by_forward_mode(
    program: Program,
    leaves: Mapping[str, torch.Tensor],
    name: str,
    upstream: torch.Tensor | None,
    kind: torch.dtype,
) -> float:
    """The derivative with respect to a number by dual numbers. Raises GradcalcError if torch has no rule for a step."""
    with forward_ad.dual_level():
        plain_leaves = {each: leaf.detach() for each, leaf in leaves.items()}
        plain_leaves[name] = forward_ad.make_dual(plain_leaves[name], torch.ones((), dtype=kind))  # type: ignore[no-untyped-call]
        try:
            output = _run(program, plain_leaves, kind)[program.output]
        except GradcalcError as refusal:
            if isinstance(refusal.__cause__, NotImplementedError):
                raise _refused(program, refusal.__cause__, None) from refusal.__cause__
            raise
        tangent = forward_ad.unpack_dual(torch.as_tensor(output)).tangent  # type: ignore[no-untyped-call]
        if tangent is None:
            return 0.0
        return float(tangent if upstream is None else (tangent * upstream).sum())


Moved = Sequence[tuple[Any, tuple[float, ...]]]
"""Tensors, and what the components of each move by, row by row."""


def _derivative_along(program: Program, output: Value, upstream: torch.Tensor | None, moved: Moved) -> torch.Tensor:
    """The derivative of the output along a direction, as a number that can be differentiated again."""
    leave_compiler_out()
    tensors = [tensor for tensor, _ in moved]
    gradients: Sequence[torch.Tensor | None] = [None] * len(tensors)
    if isinstance(output, torch.Tensor) and output.requires_grad:
        try:
            gradients = torch.autograd.grad(output, tensors, upstream, create_graph=True, allow_unused=True)
        except RuntimeError as problem:
            raise _refused(program, problem, None) from problem
    pairs = zip(gradients, moved, strict=True)
    parts = [_part(gradient, weights) for gradient, (_, weights) in pairs if gradient is not None]
    return sum(parts[1:], parts[0]) if parts else torch.zeros((), dtype=tensors[0].dtype)


def _part(gradient: torch.Tensor, weights: tuple[float, ...]) -> torch.Tensor:
    """What one tensor's gradient gives along a direction: one component as it is, or a sum."""
    if gradient.numel() != len(weights):
        message = (
            f"the graph of a derivative is for variables that are numbers, and one has shape {tuple(gradient.shape)}"
        )
        raise GradcalcError("shape", message, hint="leave --order, or a second x in --wrt x,x, out")
    if weights.count(0.0) == len(weights) - 1 and 1.0 in weights:
        return gradient.reshape(-1)[weights.index(1.0)] if gradient.ndim else gradient
    return (gradient * torch.tensor(weights, dtype=gradient.dtype).reshape(gradient.shape)).sum()


def constant(program: Program) -> Array:
    """The value of a program without variables, in float64: a float, or nested lists of a tensor's components."""
    check_computable(program)
    with recorded():
        value = _run(program, {}, torch.float64)[program.output]
    return plain(value) if isinstance(value, torch.Tensor) else float(value)


def _given(name: str, program: Program) -> torch.Tensor:
    """The value of a variable, in float64."""
    only = program.steps[0]
    if len(program.steps) == 1 and isinstance(only, Constant) and isinstance(only.value, Fraction):
        return torch.tensor(float(only.value), dtype=torch.float64)  # as most are, and finite
    check_computable(program)
    value = torch.as_tensor(_run(program, {}, torch.float64)[program.output], dtype=torch.float64)
    check_finite(name, program, value)
    return value


def _upstream(program: Program, output: Value, said: Program | None, kind: torch.dtype) -> torch.Tensor | None:
    """What `backward` is given. If nothing was said: nothing for a number, ones for the only component of a tensor."""
    result = torch.as_tensor(output, dtype=kind).detach()
    if said is not None:
        check_computable(said)
    if said is None:
        if result.numel() != 1 and program.variables:
            raise not_a_number(program, tuple(result.shape))
        return torch.ones_like(result) if result.ndim else None
    value = _run(said, dict.fromkeys(said.variables, result), kind)[said.output]
    upstream = torch.as_tensor(value, dtype=kind).detach()
    check_upstream(said, upstream, result)
    return upstream


def _run(
    program: Program, leaves: Mapping[str, torch.Tensor], kind: torch.dtype, trace: StepsOfNodes | None = None
) -> list[Value]:
    """The value of every step; those that autograd knows are noted in `trace`."""
    values: list[Value] = []
    for index, step in enumerate(program.steps):
        check()
        value = leaves[step.name] if isinstance(step, Variable) else _step(program, index, values, kind)
        if trace is not None and isinstance(value, torch.Tensor) and value.requires_grad:
            trace.record(index, value)
        values.append(value)
    return values


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
    except TooLarge as problem:
        raise GradcalcError("limit", str(problem), source=program.source, span=step.span) from problem
    except (*REFUSALS, ArithmeticError) as problem:
        if ALLOCATION in str(problem):
            raise MemoryError from problem
        message = misfit(program, step, operands, problem)
        raise GradcalcError("torch", message, source=program.source, span=step.span) from problem


def _watch(
    program: Program, trace: StepsOfNodes, output: torch.Tensor, backward: Callable[[], None]
) -> tuple[Node, ...]:
    try:
        return trace.watch(output, backward)
    except RuntimeError as problem:
        hint = "torch computes this forward but not backward in this dtype: try --dtype float64"
        raise _refused(program, problem, hint) from problem


def _refused(program: Program, problem: Exception, hint: str | None) -> GradcalcError:
    """What torch says where it cannot differentiate the output. Raises MemoryError where torch finds no memory."""
    if ALLOCATION in str(problem):
        raise MemoryError from problem
    span = program.steps[program.output].span
    return GradcalcError("torch", _first_line(problem), source=program.source, span=span, hint=hint)


def _first_line(problem: Exception) -> str:
    return f"torch: {str(problem).splitlines()[0].rstrip('.')}"


def _call(call: Call, operands: Sequence[Value], kind: torch.dtype) -> Value:
    """One row of the table applied: in float64, and back to a Python number, where all operands are constant."""
    function = row(call.function)
    if function.constructs or any(isinstance(operand, torch.Tensor) for operand in operands):
        return _apply(function, operands, dict(call.options), kind)
    constants = [torch.tensor(operand, dtype=_constant_kind(operand)) for operand in operands]
    result = _apply(function, constants, dict(call.options), torch.float64)
    if not isinstance(result, torch.Tensor):
        return result
    return result.to(kind) if result.ndim else result.item()


def _constant_kind(operand: Value) -> torch.dtype:
    return torch.bool if isinstance(operand, bool) else torch.float64


class _Passing(NamedTuple):
    """How torch is passed the operands of a row."""

    parameters: tuple[Parameter, ...]
    """The parameter of each operand."""
    leading: tuple[Parameter, ...]
    """Those that are passed by their places: all up to the first that an option, or nothing, stands for."""
    by_name: tuple[str, ...]
    """Those that are passed by their names."""
    plain: bool
    """Whether the operands are passed one by one, as they are."""


@cache
def _passing(name: str, count: int, options: tuple[str, ...]) -> _Passing:
    function = row(name)
    parameters = tuple(function.parameters_of(range(count), dict.fromkeys(options)))
    leading = tuple(takewhile(lambda each: each in parameters and not each.keyword_only, function.parameters))
    by_name = tuple(each.name for each in parameters if each not in leading)
    plain = not by_name and not function.fields and not function.constructs and parameters == leading
    return _Passing(parameters, leading, by_name, plain)


def _apply(function: Function, operands: Sequence[Value], options: Mapping[str, object], kind: torch.dtype) -> Value:
    """torch's own function if the row names one, else the row's definition, operation by operation."""
    run = native(function)
    if run is None:
        return _define(function, operands, options, kind)
    convert = _keep if function.torch.startswith("operator.") else _as_tensor
    passing = _passing(function.name, len(operands), tuple(options))
    converted = [
        CONVERT.get(p.kind, convert)(value, kind) for p, value in zip(passing.parameters, operands, strict=True)
    ]
    if passing.plain and not options:
        check_size(function, run, converted, {})
        plainly: Value = run(*converted)
        return plainly
    given = function.arguments(converted, options)
    positional = [
        item for each in passing.leading for item in (given[each.name] if each.variadic else [given[each.name]])
    ]
    keywords = {name: plain_option(given[name]) for name in (*passing.by_name, *options) if name != FIELD}
    if function.constructs:
        keywords |= {each.name: given[each.name] for each in passing.leading}
        drawn_in = torch.get_default_dtype() if function.random else kind
        return construct(run, keywords, drawn_in).to(kind)
    check_size(function, run, positional, keywords)
    result: Any = run(*positional, **keywords)
    several = bool(function.fields) and isinstance(result, tuple | list)
    chosen: Value = result[function.fields.index(str(given[FIELD]))] if several else result
    return chosen


def _define(function: Function, operands: Sequence[Value], options: Mapping[str, object], kind: torch.dtype) -> Value:
    body = definition(function)
    arguments = function.arguments(operands, options)
    values: list[Value] = []
    for step in body.steps:
        if isinstance(step, Variable):
            values.append(arguments[step.name])
        elif isinstance(step, Call):
            resolved = tuple((name, resolve(value, arguments)) for name, value in step.options)
            call = replace(step, options=resolved)
            values.append(_call(call, [values[operand] for operand in step.operands], kind))
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


def _as_number(operand: Value, _: torch.dtype) -> float | int:
    """A Python number; an int where it is whole, because torch wants one for an order (`polygamma`)."""
    value = float(operand)
    return int(value) if value.is_integer() and abs(value) < LARGEST_INT else value


def _as_indices(operand: Value, _: torch.dtype) -> torch.Tensor:
    return whole(operand)


CONVERT: dict[str, Callable[[Value, torch.dtype], Any]] = {"number": _as_number, "indices": _as_indices}
"""What torch is given for operands that are no tensors of the run's dtype, by the kind of the parameter."""
