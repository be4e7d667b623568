"""The text of a program that was put together without one: a line for each step, as somebody would type it."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from autogradcli.errors import GradcalcError
from autogradcli.functions.function import FIELD, LISTS, Function
from autogradcli.functions.table import row
from autogradcli.language.parser import parse
from autogradcli.language.program import Call, Constant, Program, Tensor, Variable
from autogradcli.language.writing import option_text

SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "matmul": "@",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
"""What is written between two operands."""
NAME = "t{}"
"""What a step is called, by its number."""


class Unwritable(Exception):
    """A program holds what has no text, such as a tensor of data."""


def unparse(program: Program, unit_roundoff: float) -> tuple[str, Mapping[int, int]]:
    """The text that means the same as a program, and the number of the step of each line; raises Unwritable.

    Numbers are written with as many digits as a format with this unit roundoff tells apart.
    """
    lines: dict[str, int] = {}
    texts: list[str] = []
    for index, step in enumerate(program.steps):
        match step:
            case Call():
                texts.append(NAME.format(index))
                lines[f"{texts[-1]} = {_call(step, texts)}"] = index
            case Variable(name=name):
                texts.append(name)
            case Constant(value=Fraction() as value):
                texts.append(_number(value, unit_roundoff))
            case Constant(value=name):
                texts.append(str(name))
            case Tensor():
                raise Unwritable
    text = "\n".join(lines)
    _check(program, text)
    return text, dict(enumerate(lines.values()))


def _call(step: Call, texts: Sequence[str]) -> str:
    operands = [texts[each] for each in step.operands]
    options = {name: value for name, value in step.options if value is not None}
    function = row(step.function)
    if step.function in SIGNS and len(operands) == 2 and not options:
        return f" {SIGNS[step.function]} ".join(operands)
    if step.function == "neg":
        return f"-{operands[0]}"
    if step.function == "getitem" and len(operands) == 1 and isinstance(options.get("index"), tuple):
        return f"{operands[0]}[{', '.join(str(option_text((each,))) for each in options['index'])}]"  # type: ignore[attr-defined]
    field = options.pop(FIELD, None)
    arguments = [*_operands(function, step, operands), *(f"{name}={_option(each)}" for name, each in options.items())]
    return f"{function.name}({', '.join(arguments)})" + ("" if field is None else f".{field}")


def _operands(function: Function, step: Call, operands: Sequence[str]) -> Iterator[str]:
    """The operands of a call, those of one list in brackets."""
    lists: dict[str, list[str]] = {}
    parameters = function.parameters_of(step.operands, dict(step.options))
    for parameter, operand in zip(parameters, operands, strict=True):
        if parameter.kind in LISTS:
            lists.setdefault(parameter.name, []).append(operand)
        else:
            yield f"{parameter.name}={operand}" if parameter.keyword_only else operand
    yield from (f"{name}=[{', '.join(each)}]" for name, each in lists.items())


def _option(value: object) -> str:
    return repr(value) if isinstance(value, str) and value not in {"inf", "-inf"} else str(option_text(value))


def _number(value: Fraction, unit_roundoff: float) -> str:
    for digits in range(1, 18):
        text = f"{float(value):.{digits}g}"
        if abs(Fraction(text) - value) <= abs(value) * Fraction(unit_roundoff):
            return f"({text})" if value < 0 else text
    raise Unwritable


def _check(program: Program, text: str) -> None:
    """See that the text is read as the program; raises Unwritable otherwise."""
    try:
        read = parse(text)
    except GradcalcError as error:
        raise Unwritable from error
    calls = [(step.function, len(step.operands)) for step in read.steps if isinstance(step, Call)]
    wanted = [(step.function, len(step.operands)) for step in program.steps if isinstance(step, Call)]
    if [each for each in calls if each[0] != "neg"] != [each for each in wanted if each[0] != "neg"]:
        raise Unwritable
