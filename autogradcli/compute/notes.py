"""Notes: what a reader should know beside the numbers, a sentence each."""

import math
from collections.abc import Collection, Iterator

from autogradcli.compute.evidence import Evidence
from autogradcli.engines.results import Autograd, Enclosure, flat, shape
from autogradcli.functions.table import row
from autogradcli.language.characters import excerpt
from autogradcli.language.dtypes import DTYPES, Dtype
from autogradcli.language.program import Call, Constant, Program
from autogradcli.language.shapes import Shape, subscript, written


def notes(evidence: Evidence, verdicts: Collection[str]) -> tuple[str, ...]:
    """All notes on one problem whose gradients have the `verdicts`."""
    problem, autograd = evidence.problem, evidence.autograd
    gone = autograd.lacking is None and problem.function is None
    unused = [name for name in problem.wrt if gone and autograd.gradients[name] is None]
    return (
        *problem.remarks,
        *autograd.notes,
        *([_lacking(autograd.lacking)] if autograd.lacking is not None else ()),
        *(_unused(problem.program, name) for name in unused),
        *_broadcasts(problem.program, autograd),
        *_without_backward(problem.program),
        *(_value_is_off(evidence) if autograd.lacking is None else ()),
        *(_no_value(evidence) if verdicts and "undefined" not in verdicts else ()),
        *filter(None, [evidence.proof.remark]),
    )


def _lacking(function: str) -> str:
    """A sentence about what the numbers and the verdicts are where torch has none."""
    return (
        f"torch has no {function} that it can differentiate: the value is the proven one, and verified says that"
        " SymPy's derivative and the balls agree"
    )


def _unused(program: Program, name: str) -> str:
    """A sentence about a name that no gradient reaches."""
    if program.depends_on(program.index(name)):
        return f"no gradient reaches {name}, which only decides conditions or steps: its gradient is 0"
    return f"the output does not depend on {name}: its gradient is 0"


def _broadcasts(program: Program, autograd: Autograd) -> Iterator[str]:
    """Operations component by component whose result has a shape that none of the operands has: hardly ever meant."""
    if not any(isinstance(each, list) for each in autograd.values):
        return
    for index, step in enumerate(program.steps):
        if not isinstance(step, Call) or len(step.operands) < 2 or row(step.function).tensor:
            continue
        shapes = {operand: shape(autograd.values[operand]) for operand in step.operands}
        result = shape(autograd.values[index])
        if not any(shapes.values()) or result in shapes.values():
            continue
        texts: dict[Shape, str] = {}
        for operand, each in shapes.items():
            if each:
                texts.setdefault(each, excerpt(program.source, program.steps[operand].span))
        if len(texts) > 1:
            described = " and ".join(f"{text} of shape {written(each)}" for each, text in texts.items())
            yield f"{described} are broadcast to {written(result)} in {excerpt(program.source, step.span)}"


def _without_backward(program: Program) -> Iterator[str]:
    """A sentence for each function that torch cannot differentiate, so that something else of the same value ran."""
    found: dict[str, None] = {}
    numbers: set[int] = set()
    """Steps that stand for a Python number in torch: no variable is below them."""
    for index, step in enumerate(program.steps):
        if isinstance(step, Constant) or (isinstance(step, Call) and numbers.issuperset(step.operands)):
            numbers.add(index)
        if not isinstance(step, Call):
            continue
        function = row(step.function)
        of_number = function.without_backward == "of a number" and step.operands[0] in numbers
        if of_number or function.without_backward == "always":
            what = f" of a number ({excerpt(program.source, step.span)})" if of_number else ""
            ran = "it was given as a tensor" if of_number else f"{function.definition} ran in its place"
            found[f"torch.{function.name}{what} has no backward: {ran}"] = None
    return iter(found)


def _value_is_off(evidence: Evidence) -> Iterator[str]:
    """A sentence if torch's value itself is far from the truth: about the first such component of a tensor."""
    value = evidence.autograd.value
    dtype = DTYPES[evidence.problem.options.dtype]
    for place, (number, truth) in enumerate(zip(flat(value), evidence.proof.values, strict=True)):
        if _is_off(truth, dtype):
            which = f" at {subscript(place, shape(value))}" if shape(value) else ""
            yield f"the value itself is off{which}: torch gives {number!r}, the true value is {truth.nearest!r}"
            return


def _no_value(evidence: Evidence) -> Iterator[str]:
    """A sentence if the output has no value: its derivatives may exist all the same, and then say nothing of that."""
    causes = [each.cause for each in evidence.proof.values if each.cause is not None and each.cause.code == "GC111"]
    if causes:
        yield f"the output has no value: {causes[0].message}"


def _is_off(truth: Enclosure, dtype: Dtype) -> bool:
    if truth.nearest is None or math.isinf(truth.nearest):
        return False
    if truth.error is not None and truth.error[0] <= dtype.rtol * abs(truth.nearest):
        return False
    return truth.ulps is None or truth.ulps > 1
