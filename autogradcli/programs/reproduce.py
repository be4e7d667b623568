"""The first number that is not finite, once more: what went into its operation, and a command that shows it."""

import math
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import Options, Problem
from autogradcli.engines.backward import Backward
from autogradcli.engines.results import flat
from autogradcli.engines.torch.files import save
from autogradcli.engines.torch.record.assemble import constant
from autogradcli.engines.torch.record.calls import CallOutput, Given, Unknown
from autogradcli.engines.torch.record.kinds import is_elementwise, kind_of, rows_of
from autogradcli.engines.torch.record.nonfinite import Birth, place_of, result_name
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from autogradcli.programs.texts import Texts

ALONE = "_alone"
"""Follows the name of a tensor where the file has one number of it: that which makes what is not finite."""
UPSTREAM = "upstream"
"""What the gradient from above is called in the file."""


def kept(born: Birth, texts: Texts, path: str) -> str | None:
    """The command, which has been tried; None if no expression shows it. What went in is in the file then.

    Raises GradcalcError if the file cannot be written.
    """
    names = _names(born, texts)
    tensors = {name: _computed(born, tensor) for name, (_, tensor) in zip(names, born.tensors, strict=True)}
    if born.upstream is not None:
        tensors[UPSTREAM] = _computed(born, born.upstream)
    alone = _alone(born, tensors)
    try:
        save(path, tensors | {f"{name}{ALONE}": each for name, each in alone.items()})
    except OSError as error:
        raise GradcalcError("file", f"{path} cannot be written: {error.strerror or error}") from error
    for some, ending in ((alone, ALONE), (tensors, "")):
        for text in dict.fromkeys(_expressions(born, names, texts)):
            if some and _shows(text, some):
                return _command(text, some, path, ending)
    return None


def _alone(born: Birth, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Of what went into an operation that works number by number the numbers of the birth; else nothing."""
    if born.call is None or born.upstream is None or not is_elementwise(born.call.function):
        return {}
    sizes = born.upstream.shape
    try:
        return {name: each.broadcast_to(sizes).flatten()[born.place].clone() for name, each in tensors.items()}
    except (RuntimeError, IndexError):
        return {}


def _computed(born: Birth, tensor: Any) -> Any:
    """A tensor as the operation saw it: under autocast in another format."""
    dtype = None if born.call is None else born.call.autocast
    return tensor if dtype is None or not tensor.is_floating_point() else tensor.to(dtype)


def _names(born: Birth, texts: Texts) -> list[str]:
    """What the operands are called: by the program's own names where these are names of this language."""
    found: list[str] = []
    for place, (value, _) in enumerate(born.tensors):
        name = _name(value, texts) or ""
        free = name.isidentifier() and name not in {*found, UPSTREAM, "dtype", "seed", "json", "order"}
        found.append(name if free else f"v{place}")
    return found


def _name(value: Any, texts: Texts) -> str | None:

    return result_name(value) or texts.name(place_of(value))


def _expressions(born: Birth, names: list[str], texts: Texts) -> Iterator[str]:
    """Texts that may mean the operation: as the program has it, and as a call by torch's name."""
    assert born.call is not None
    text = _one_line(texts.code(born.call.place))
    operands = [
        (_one_line(texts.code(place_of(value))), name) for (value, _), name in zip(born.tensors, names, strict=True)
    ]
    for code, name in sorted(operands, key=lambda each: -len(each[0])):
        if code:
            alone = re.compile(rf"(?<![\w)\]])\({re.escape(code)}\)")  # not those of a call
            text = alone.sub(name, text).replace(code, name)
    row = next(iter(rows_of(kind_of(born.call.function).name)), None)
    fields = () if row is None else row.fields
    field = f".{fields[born.output]}" if fields else ""
    yield f"{text}{field}"
    left = iter(names)
    arguments = [_written(each, left) for each in born.call.arguments]
    arguments += [f"{key}={_written(each, left)}" for key, each in born.call.keywords.items() if each is not None]
    name = kind_of(born.call.function).name.strip("_") if row is None else row.name
    yield f"{name}({', '.join(arguments)}){field}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _written(argument: Any, names: Iterator[str]) -> str:
    """An argument as text, with names in place of tensors."""
    if isinstance(argument, Given | CallOutput | Unknown):
        return next(names)
    if isinstance(argument, list | tuple):
        return f"[{', '.join(_written(each, names) for each in argument)}]"
    return repr(argument)


def _shows(text: str, tensors: Mapping[str, Any]) -> bool:
    """Whether the value of an expression, or one of its gradients, is not finite."""
    try:
        program = parse(text, tensors)
        if not set(program.variables) <= tensors.keys():
            return False
        at = {name: constant(tensors[name]) for name in program.variables}
        wrt = tuple(name for name in program.variables if tensors[name].is_floating_point())
        upstream = constant(tensors[UPSTREAM]) if UPSTREAM in tensors else None
        options = Options(_dtype(tensors), symbolic=False, timeout=TRIED)
        report = compute(Problem(program, at, wrt, options, Backward(upstream)))
    except (GradcalcError, ValueError, KeyError):
        return False
    numbers = [*flat(report.value), *(each for found in report.gradients.values() for each in flat(found.autograd))]
    return not all(map(math.isfinite, numbers))


TRIED = 5.0
"""Seconds that an expression may take."""


def _dtype(tensors: Mapping[str, Any]) -> str:
    """The one dtype of all floats. Raises KeyError if they have several, or one that is not verified."""
    found = {str(each.dtype).removeprefix("torch.") for each in tensors.values() if each.is_floating_point()}
    if len(found) != 1 or not found <= DTYPES.keys():
        raise KeyError(found)
    return found.pop()


def _command(text: str, tensors: Mapping[str, Any], path: str, ending: str) -> str:
    words = ["gradcalc", "eval", text]
    for name in parse(text, tensors).variables:
        words += [f"--{name}", f"@{path}:{name}{ending}"]
    if UPSTREAM in tensors:
        words += ["--upstream", f"@{path}:{UPSTREAM}{ending}"]
    return shlex.join([*words, "--dtype", _dtype(tensors)])
