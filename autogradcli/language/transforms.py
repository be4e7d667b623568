"""Programs made of programs: with names put in, of one component, or with variables that move along a direction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from autogradcli.language.program import Call, Constant, Program, Step, Tensor, Variable
from autogradcli.language.shapes import Shape

NAMES = ("t", "s", "tau", "step")
"""What the new variable is called: the first of these that the program does not use."""


def inlined(formula: Program, text: Program) -> Program:
    """The formula with the text's own steps in place of the names that the text assigns.

    Where it uses none, the formula itself. Steps of the text keep their spans in the text.
    """
    if not any(name in text.assigned and name not in text.variables for name in formula.variables):
        return formula
    steps: list[Step] = list(text.steps)
    place: list[int] = []
    for step in formula.steps:
        if isinstance(step, Variable) and (step.name in text.variables or step.name in text.assigned):
            place.append(text.index(step.name))
            continue
        moved = replace(step, operands=tuple(place[each] for each in step.operands)) if isinstance(step, Call) else step
        steps.append(moved)
        place.append(len(steps) - 1)
    return replace(formula, steps=tuple(steps), output=place[formula.output], variables=text.variables, assigned={})


def picked(program: Program, index: tuple[int, ...]) -> Program:
    """The program whose output is one component of the output; where the output is a number, the program itself."""
    if not index:
        return program
    step = Call("getitem", (program.output,), (("index", index),), program.steps[program.output].span)
    return replace(program, steps=(*program.steps, step), output=len(program.steps))


def shifted(program: Program, direction: Mapping[str, tuple[Shape, Sequence[float]]]) -> tuple[Program, str]:
    """The program in which each variable of `direction` moves, and the name of the number by which they do.

    For each of them the direction gives its shape and its components, row by row. At 0 the program is what it was.
    """
    used = {*program.variables, *program.assigned}
    name = next(each for each in (*NAMES, *(f"t{number}" for number in range(len(used) + 1))) if each not in used)
    steps: list[Step] = [Variable(name, program.steps[program.output].span)]
    place: list[int] = []
    for step in program.steps:
        moved = replace(step, operands=tuple(place[each] for each in step.operands)) if isinstance(step, Call) else step
        steps.append(moved)
        if isinstance(step, Variable) and step.name in direction:
            steps += _moved(step, len(steps) - 1, *direction[step.name])
        place.append(len(steps) - 1)
    assigned = {each: place[index] for each, index in program.assigned.items()}
    variables = (*program.variables, name)
    shifted_program = replace(
        program, steps=tuple(steps), output=place[program.output], assigned=assigned, variables=variables
    )
    return shifted_program, name


def _moved(variable: Variable, place: int, sizes: Shape, components: Sequence[float]) -> list[Step]:
    """The steps that make x + t*v of a variable at a place."""
    span = variable.span
    v = Tensor(tuple(components), sizes, span) if sizes else Constant(Fraction(components[0]), span)
    return [v, Call("mul", (0, place + 1), (), span), Call("add", (place, place + 2), (), span)]
