"""Shapes of tensors, in words; a number has the shape ()."""

from autogradcli.errors import GradcalcError
from autogradcli.language.program import Program

Shape = tuple[int, ...]

MAX_DIMENSIONS = 8
"""Lists within lists."""


def written(shape: Shape) -> str:
    """A shape as messages write it: `(3)`, `(5, 4)`."""
    return f"({', '.join(map(str, shape))})"


def subscript(place: int, shape: Shape) -> str:
    """The index of a component, counted row by row: `[1]`, `[0, 2]`; nothing for a number."""
    indices: list[str] = []
    for size in reversed(shape):
        place, index = divmod(place, size)
        indices.insert(0, str(index))
    return f"[{', '.join(indices)}]" if indices else ""


def not_a_number(program: Program, shape: Shape) -> GradcalcError:
    """The error for an output that is a tensor."""
    message = f"the output has shape {written(shape)}: backward starts from a single number"
    span = program.steps[program.output].span
    return GradcalcError("shape", message, source=program.source, span=span, hint="take sum(...) of it")
