"""Shapes of tensors, in words; a number has the shape ()."""

import re

from autogradcli.errors import GradcalcError
from autogradcli.language.program import Program

Shape = tuple[int, ...]

MAX_DIMENSIONS = 8
"""Lists within lists."""


def written(shape: Shape) -> str:
    """A shape as messages write it: `(3)`, `(5, 4)`."""
    return f"({', '.join(map(str, shape))})"


def indices(place: int, shape: Shape) -> tuple[int, ...]:
    """The indices of a component, counted row by row."""
    found: list[int] = []
    for size in reversed(shape):
        place, index = divmod(place, size)
        found.insert(0, index)
    return tuple(found)


def subscript(place: int, shape: Shape) -> str:
    """The index of a component as it is written: `[1]`, `[0, 2]`; nothing for a number."""
    return f"[{', '.join(map(str, indices(place, shape)))}]" if shape else ""


def component(text: str, place: int, shape: Shape) -> str:
    """A component of what a text means, as it is written: `x[1]`, `cos(x)[1]`, `(x + y)[1]`."""
    index = subscript(place, shape)
    return f"({text}){index}" if index and not ATOM.fullmatch(text) else f"{text}{index}"


ATOM = re.compile(r"[\w.]+(\([^()]*\))?")
"""A name, a number, or a call without calls in it."""


def not_a_number(program: Program, shape: Shape) -> GradcalcError:
    """The error for an output that is a tensor."""
    span = program.steps[program.output].span
    if 0 in shape:
        message = f"the output has shape {written(shape)}: it holds no number that could be differentiated"
        return GradcalcError("shape", message, source=program.source, span=span)
    message = f"the output has shape {written(shape)}: backward starts from a single number"
    hint = 'for each component type --jacobian; for their sum write sum(...), or type --upstream "ones_like(out)"'
    return GradcalcError("shape", message, source=program.source, span=span, hint=hint)
