"""The tensors that a gradient is asked of: variables, and intermediates that the text gives a name."""

from collections.abc import Mapping, Sequence

import torch

from autogradcli.errors import GradcalcError
from autogradcli.language.program import Call, Program, Variable


def leaves_asked(program: Program, wrt: Sequence[str]) -> tuple[str, ...]:
    """The variables that require a gradient: those of `wrt`, or all where only intermediates are asked about."""
    return tuple(name for name in wrt if name in program.variables) or (program.variables if wrt else ())


def tensors_asked(program: Program, values: Sequence[object], wrt: Sequence[str]) -> Mapping[str, torch.Tensor]:
    """The tensor behind each name; an error for one that takes no gradient, with the reason."""
    found: dict[str, torch.Tensor] = {}
    for name in wrt:
        value = values[program.index(name)]
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
