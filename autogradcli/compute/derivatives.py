"""Derivatives as formulas, without a point: SymPy finds them, and torch is not needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from autogradcli.engines.sympy.messages import Tensors
from autogradcli.engines.sympy.process import SymbolicDerivative, SymbolicProcess
from autogradcli.errors import GradcalcError
from autogradcli.functions.function import NoDefinition
from autogradcli.functions.table import row
from autogradcli.language.program import Call, Program, Variable, component
from autogradcli.language.shapes import Shape, subscript
from autogradcli.language.tape import TapeWriter
from autogradcli.processes.limits import Limits

STYLES = ("text", "latex", "python", "c")
"""The languages that SymPy prints formulas in."""


@dataclass(frozen=True, slots=True)
class WantedDerivative:
    """A derivative that a formula is wanted of."""

    names: tuple[str, ...]
    """What is differentiated with respect to, one after the other."""
    place: int | None = None
    """The component of the output, row by row; None for an output that is a number."""

    def within(self, program: Program, sizes: Shape) -> str:
        """The name of what is differentiated: of the output, which has this shape, or of one of its components."""
        name = program.output_name or "f"
        return name if self.place is None else f"{name}{subscript(self.place, sizes)}"


def wanted(names: Sequence[str], order: int, mixed: Sequence[str], sizes: Shape) -> list[WantedDerivative]:
    """The derivatives that are asked for. Raises GradcalcError for an order beyond 2 of several variables.

    `mixed` names one mixed partial derivative, `sizes` is the shape of the output: each component has derivatives.
    """
    if order > 2 and len(names) > 1:
        example = ",".join([names[0]] * (order - 1) + [names[-1]])
        hint = f"type --wrt {example} for one mixed partial derivative"
        raise GradcalcError("usage", f"order {order} is for one variable", hint=hint)
    if mixed:
        paths = [tuple(mixed)]
    elif len(names) == 1:
        paths = [tuple(names) * each for each in range(1, order + 1)]
    else:
        paths = [*((name,) for name in names), *(product(names, repeat=2) if order == 2 else ())]
    places = range(prod(sizes)) if sizes else (None,)
    return [WantedDerivative(path, place) for place in places for path in paths]


def output_shape(program: Program) -> Shape:
    """The shape of the output where every variable is a number."""
    try:
        handle = TapeWriter(lambda each: not each.tensor, {}).run(program)[program.output]
    except NoDefinition as error:
        raise _of_tensors(program) from error
    return () if isinstance(handle, int) else handle.shape


def _of_tensors(program: Program) -> GradcalcError:
    """The error for a function that makes no sense of numbers, which all variables are where none has a value."""
    found = taken_for_numbers(program)
    index = next(iter(found.values()), program.output)
    values = " ".join(f"--{name} VALUE" for name in program.variables)
    message = (
        f"{program.text(index)} means nothing of numbers, and in a formula without values all variables are numbers"
    )
    hint = f"gradcalc eval knows tensors: give it values, {values}"
    return GradcalcError("value", message, source=program.source, span=program.steps[index].span, hint=hint)


def derivatives(
    program: Program,
    asked: Sequence[WantedDerivative],
    sizes: Shape,
    style: str,
    limits: Limits,
) -> dict[WantedDerivative, SymbolicDerivative]:
    """Each derivative in one of `STYLES`, or why there is none; the time of `limits` is for each.

    `sizes` is the shape of the output.
    """
    if not asked:
        return {}
    with SymbolicProcess(limits.memory) as process:
        tickets: dict[WantedDerivative, int] = {}
        for each in asked:
            *before, last = each.names
            along = tuple(component(name, 0, 1) for name in before)
            upstream = None if each.place is None else tuple(float(each.place == i) for i in range(prod(sizes)))
            tensors = Tensors(upstream=upstream, along=along)
            wrt = tuple(dict.fromkeys((*before, last)))
            tickets[each] = process.differentiate(program, wrt, limits.timeout, style, tensors)
        return {each: process.result(ticket).derivatives[each.names[-1]] for each, ticket in tickets.items()}


def taken_for_numbers(program: Program) -> dict[str, int]:
    """The variables to which a function of whole tensors is applied, each with the first step that does so.

    A formula at no point knows no shapes: every variable is a number in it. In a list, it was meant to be one.
    """
    below: list[frozenset[str]] = []
    found: dict[str, int] = {}
    for index, step in enumerate(program.steps):
        names = frozenset[str]()
        if isinstance(step, Variable):
            names = frozenset({step.name})
        elif isinstance(step, Call) and not any(each.variadic for each in row(step.function).parameters):
            names = names.union(*(below[operand] for operand in step.operands))
            if row(step.function).tensor:
                found |= {name: index for name in program.variables if name in names and name not in found}
        below.append(names)
    return found
