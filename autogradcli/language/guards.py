"""Edits of `where` and of `a if c else b`: operands are made harmless, and branches of single points get a slope.

torch differentiates both branches of a `where`. What is infinite in the one that is not taken meets a 0 there, and 0
times infinity is NaN; so the operand of the operation that fails is itself chosen by the condition.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from autogradcli.language.matching import Edit, Subject
from autogradcli.language.program import Call, Program, Variable
from autogradcli.language.writing import Surroundings, fitted

CHOICES = frozenset({"where", "if_else"})
HARMLESS = ("1", "0", "0.5")
"""Numbers inside the domains of most functions, in the order in which they are tried."""
FRAGILE = ("div", "log", "sqrt", "pow", "xlogy", "rsqrt", "acos", "asin", "exp", "reciprocal")
"""Functions that most often fail, the first ones before all others."""
MOST_PLACES = 12
"""Operands of a branch that are tried."""
MOST_DENOMINATOR = 1000
NEGLIGIBLE = 1e-13
"""Relative difference between a slope and a plain fraction that is taken for rounding."""


def two_wheres(subject: Subject) -> Iterator[Edit]:
    """For each branch of each choice: an operand in it replaced by a `where` of the same condition."""
    program = subject.program
    for outer in _choices(program):
        condition, yes, no = _call(program, outer).operands
        given = program.text(condition)
        for branch, harmed in ((yes, "where({given}, {text}, {safe})"), (no, "where({given}, {safe}, {text})")):
            for safe in HARMLESS:
                for step, operand in _places(subject, branch):
                    text = subject.text(operand, program.steps[step].span.start)
                    filled = harmed.format(given=given, text=text, safe=safe)
                    yield from _with_operand(program, step, operand, text, filled)


def slopes(subject: Subject, slope: float) -> Iterator[Edit]:
    """For each branch that is taken where a variable has one value: the branch plus a slope times the distance from it.

    The function remains the same, since the distance is 0 there. Only where nothing depends on others is a slope
    a number.
    """
    program = subject.program
    for outer in _choices(program):
        condition, yes, no = _call(program, outer).operands
        test = program.steps[condition]
        if not (isinstance(test, Call) and test.function in {"eq", "ne"}):
            continue
        variables = {each for each in _below(program, outer) if isinstance(program.steps[each], Variable)}
        for variable, value in (test.operands, test.operands[::-1]):
            if variables == {variable} and variable not in _below(program, value):
                distance = program.text(variable)
                if subject.exact.get(value) != 0:
                    distance = f"({distance} - {fitted(program.text(value), Surroundings('-', ''))})"
                branch = yes if test.function == "eq" else no
                start = program.steps[outer].span.start
                text = subject.text(branch, start)
                yield from _with_operand(program, outer, branch, text, _sloping(text, slope, distance))


def _sloping(branch: str, slope: float, distance: str) -> str:
    """A branch plus a slope times a distance."""
    product = _times(abs(slope), distance)
    if branch == "0":
        return product if slope >= 0 else f"-{product}"
    return f"{fitted(branch, Surroundings('', '+'))} {'-' if slope < 0 else '+'} {product}"


def _times(slope: float, distance: str) -> str:
    """A product, with a fraction of small whole numbers written as one if the slope is one to all digits."""
    plain = Fraction(slope).limit_denominator(MOST_DENOMINATOR)
    if abs(float(plain) - slope) > NEGLIGIBLE * abs(slope):
        return f"{slope!r}*{distance}"
    top = distance if plain.numerator == 1 else f"{plain.numerator}*{distance}"
    return top if plain.denominator == 1 else f"{top}/{plain.denominator}"


def _choices(program: Program) -> Iterator[int]:
    for index, step in enumerate(program.steps):
        if isinstance(step, Call) and step.function in CHOICES:
            yield index


def _call(program: Program, index: int) -> Call:
    step = program.steps[index]
    assert isinstance(step, Call)
    return step


def _places(subject: Subject, branch: int) -> list[tuple[int, int]]:
    """The steps below a branch with each of their operands; what most often fails comes first."""
    program = subject.program
    found: list[tuple[int, int, int]] = []
    for index in _below(program, branch):
        step = program.steps[index]
        if isinstance(step, Call):
            rank = FRAGILE.index(step.function) if step.function in FRAGILE else len(FRAGILE)
            for place, operand in enumerate(reversed(step.operands) if step.function == "div" else step.operands):
                if operand not in subject.exact:
                    found.append((rank + place * len(FRAGILE), index, operand))
    return [(step, operand) for _, step, operand in sorted(found)[:MOST_PLACES]]


def _below(program: Program, top: int) -> list[int]:
    """A step and all that it is computed from."""
    found, todo = {top}, [top]
    while todo:
        step = program.steps[todo.pop()]
        new = [each for each in step.operands if each not in found] if isinstance(step, Call) else []
        found.update(new)
        todo += new
    return sorted(found)


def _with_operand(program: Program, step: int, operand: int, text: str, new: str) -> Iterator[Edit]:
    """The edit that writes `new` for an operand of a step, which stands there as `text`; none if it is not found."""
    whole, own = program.steps[step].span, program.steps[operand].span
    source = program.source
    if not text.isidentifier() and whole.start <= own.start and own.end <= whole.end:
        filled = fitted(new, Surroundings(source[: own.start], source[own.end :]))
        yield Edit(own.start, own.end, filled, frozenset({step}))
        return
    others = [program.steps[each].span for each in _call(program, step).operands if each != operand]
    inner = [
        span for span in others if whole.start <= span.start and span.end <= whole.end and span.end > span.start + 1
    ]
    places = [
        place
        for place in re.finditer(rf"(?<![\w.]){re.escape(text)}(?!\w)", source[whole.start : whole.end])
        if not any(span.start <= whole.start + place.start() < span.end for span in inner)
    ]
    if len(places) == 1:
        start, end = (whole.start + each for each in places[0].span())
        yield Edit(start, end, fitted(new, Surroundings(source[:start], source[end:])), frozenset({step}))
