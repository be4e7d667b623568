"""What torch receives of the point, in the dtype of the run, and which of its tensors a gradient is taken of."""

from collections.abc import Mapping, Sequence

import torch

from autogradcli.errors import GradcalcError
from autogradcli.functions.table import row
from autogradcli.language.program import Call, Constant, Program, Tensor, Variable
from autogradcli.language.shapes import Shape, subscript, written
from autogradcli.language.tape import lacking


def check_computable(given: Program) -> None:
    """Raises GradcalcError if a value is made with a function that torch does not have."""
    missing = lacking(given)
    if missing is not None:
        message = f"torch has no {missing} that it can differentiate, and it is torch that computes values"
        raise GradcalcError("value", message, source=given.source, hint="type the number that it gives")


def check_finite(name: str, given: Program, value: torch.Tensor) -> None:
    """Raises GradcalcError if the value of a variable is NaN or infinite though nothing in its text says so.

    Data is what it is.
    """
    broken = value[~value.isfinite()]
    said = any(isinstance(step, Constant) and step.value in {"inf", "nan"} for step in given.steps)
    if not len(broken) or said or any(isinstance(step, Tensor) for step in given.steps):
        return
    number = broken[0].item()
    message = f"{name}: {given.text(given.output)} is {number!r}"
    hint = f"type {number!r} if that is meant"
    raise GradcalcError("value", message, source=given.source, span=given.steps[given.output].span, hint=hint)


def check_upstream(said: Program, upstream: torch.Tensor, output: torch.Tensor) -> None:
    """Raises GradcalcError if the upstream gradient has not the shape of the output, or is not finite."""
    shapes = tuple(upstream.shape), tuple(output.shape)
    span = said.steps[said.output].span
    if shapes[0] != shapes[1]:
        described = [f"has shape {written(shape)}" if shape else "is a number" for shape in shapes]
        message = f"the upstream {described[0]}, and the output {described[1]}: they must be alike"
        hint = _ones(said) if shapes[1] else "give it a number, or leave it out"
        raise GradcalcError("shape", message, source=said.source, span=span, hint=hint)
    if not upstream.isfinite().all():
        place = int((~upstream.isfinite()).flatten().nonzero()[0])
        number = f"component {subscript(place, shapes[0])}" if shapes[0] else "it"
        message = f"the upstream must be finite, and {number} is {upstream.flatten()[place].item()!r}"
        raise GradcalcError("value", message, source=said.source, span=span)


def _ones(said: Program) -> str:
    """What to type where a number or something of another shape was given."""
    is_number = len(said.steps) == 1 and isinstance(said.steps[0], Constant)
    factor = f"{said.source.strip()}*" if is_number else ""
    return f'type --upstream "{factor}ones_like(out)"'


def note_losses(name: str, given: torch.Tensor, received: torch.Tensor) -> list[str]:
    """A sentence about a component that became infinite in the dtype, and one about a component that became zero."""
    if received.dtype == given.dtype:
        return []
    dtype = str(received.dtype).removeprefix("torch.")
    kinds = {
        f"too large for {dtype}": given.isfinite() & ~received.isfinite(),
        f"too small for {dtype}": (given != 0) & (received == 0),
    }
    return [_note(name, reason, lost, given, received) for reason, lost in kinds.items() if lost.any()]


def _note(name: str, reason: str, lost: torch.Tensor, given: torch.Tensor, received: torch.Tensor) -> str:
    shape: Shape = tuple(given.shape)
    place = int(lost.flatten().nonzero()[0])
    numbers = given.flatten()[place].item(), received.flatten()[place].item()
    count = int(lost.sum())
    others = f"; {count} of its components are" if count > 1 else ""
    return f"{name}{subscript(place, shape)} = {numbers[0]!r} is {reason}, torch received {numbers[1]!r}{others}"


def leaves_asked(program: Program, wrt: Sequence[str]) -> tuple[str, ...]:
    """The variables that require a gradient: those of `wrt`, or all where only intermediates are asked about.

    And those that the program itself differentiates with respect to.
    """
    named = tuple(name for name in wrt if name in program.variables) or (program.variables if wrt else ())
    targets = [
        step.operands[1] for step in program.steps if isinstance(step, Call) and row(step.function).differentiates
    ]
    below = {name for each in targets for name in _variables_below(program, each)}
    return (*named, *(name for name in program.variables if name in below and name not in named))


def tensors_asked(program: Program, values: Sequence[object], wrt: Sequence[str]) -> Mapping[str, torch.Tensor]:
    """The tensor behind each name. Raises GradcalcError, with the reason, for one that takes no gradient."""
    found: dict[str, torch.Tensor] = {}
    indices = program.indices()
    for name in wrt:
        value = values[indices[name]]
        if not isinstance(value, torch.Tensor) or not value.requires_grad:
            raise _no_gradient(program, name, leaves_asked(program, wrt))
        found[name] = value
    return found


def _no_gradient(program: Program, name: str, leaves: Sequence[str]) -> GradcalcError:
    index = program.index(name)
    below = _variables_below(program, index)
    hint = None
    if not below:
        reason = "it depends on no variable"
    elif below.isdisjoint(leaves):
        missing = [each for each in program.variables if each in below]
        reason = f"of what it depends on, {', '.join(missing)}, nothing requires a gradient"
        hint = f"type --wrt {','.join([*missing, name])}"
    else:
        reason = "it is cut off from the graph, or is no floating-point number"
    span = program.steps[index].span
    message = f"{name} does not require a gradient: {reason}"
    return GradcalcError("value", message, source=program.source, span=span, hint=hint)


def _variables_below(program: Program, index: int) -> set[str]:
    """The variables that a step is computed from."""
    needed = {index}
    names: set[str] = set()
    for each in range(index, -1, -1):
        step = program.steps[each]
        if each in needed and isinstance(step, Call):
            needed.update(step.operands)
        elif each in needed and isinstance(step, Variable):
            names.add(step.name)
    return names
