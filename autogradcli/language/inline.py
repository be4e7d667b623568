"""A formula that uses names which a text gives to intermediates, as a program in the text's variables alone."""

from dataclasses import replace

from autogradcli.language.program import Call, Program, Step, Variable


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
