"""Code of the user's own, called by name: its value and its gradient in place of the program's.

It is imported only when it was asked for by name. What it raises is an error that says so, what it prints and warns of
becomes notes.
"""

import importlib
import inspect
import io
import linecache
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial, reduce
from types import CodeType, ModuleType
from typing import Any

import torch

from autogradcli.engines.backward import Backward
from autogradcli.engines.results import Array, Autograd, shape
from autogradcli.engines.torch.backward_passes import run_passes
from autogradcli.engines.torch.graph import plain
from autogradcli.engines.torch.record.customs import code_of_backward
from autogradcli.engines.torch.record.kinds import is_function
from autogradcli.engines.torch.state import fresh_state
from autogradcli.errors import GradcalcError, visible
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.shapes import written
from autogradcli.processes.limits import watcher

MAX_PRINTED = 500
"""Characters that are passed on of what it prints."""

Reference = str | Callable[..., Any]
"""`package.module:name`, or the callable itself."""


def in_place_of(  # noqa: PLR0913, PLR0917
    reference: Reference,
    found: Autograd,
    wrt: Sequence[str],
    dtype: str,
    backward: Backward,
    folder: str | None = None,
) -> Autograd:
    """`found`, which is the expression's, with the value and the gradients of the user's code at the same numbers.

    It has no graph, for the steps are not the expression's. A module is looked for in the working directory and in
    `folder`.
    Raises GradcalcError of kind `function` where the code cannot be found, raises, or gives something else than a
    tensor of the expression's shape.
    """
    kind = getattr(torch, dtype)
    name = reference if isinstance(reference, str) else getattr(reference, "__qualname__", repr(reference))
    intermediate = next((each for each in wrt if each not in found.inputs), None)
    if intermediate is not None:
        hint = f"its gradients are those of {', '.join(found.inputs)}"
        raise _error(f"{name} knows nothing of {intermediate}", hint)
    notes: list[str] = []
    with fresh_state(kind), chdir(os.curdir), _watched(name, notes):
        called = _callable(reference, kind, folder)
        leaves = {each: torch.tensor(found.inputs[each], dtype=kind) for each in found.inputs}
        for each in wrt:
            leaves[each].requires_grad_()
        output = _call(called, leaves)
        _check_output(output, found, name)
        upstream = None if found.upstream is None else torch.tensor(found.upstream, dtype=kind)
        passes = {}
        if output.requires_grad:
            asked = {each: leaves[each] for each in wrt}
            halves = _halves_of_twice(output, upstream, asked)
            passes = run_passes(output, upstream, asked, backward, alone=True)
        elif wrt:
            notes.append(f"the output of {name} requires no gradient: it is cut off from its inputs")
    gradients = {each: passes[each][0].after if each in passes else None for each in wrt}
    for each in passes:
        if not _is_same(gradients[each], halves[each], kind):
            gradients[each] = halves[each]
            notes.append(
                f"{name}: with twice the upstream gradient that of {each} is not twice what it was, so its backward"
                " does not multiply by what it is given; what is shown is half of that"
            )
    unreached = [each for each in wrt if gradients[each] is None and output.requires_grad]
    notes += [_unreached(name, each, _reaches(output, leaves[each])) for each in unreached]
    return replace(
        found,
        value=plain(output.detach()),
        gradients=gradients,
        nodes=(),
        passes=passes,
        notes=(*found.notes, *notes),
        lacking=None,
        backwards=tuple(_backwards(output)),
    )


def _unreached(name: str, variable: str, recorded: bool) -> str:
    """A sentence about a variable that no gradient reaches; `recorded` if the output was computed from it."""
    if recorded:
        return f"a backward in {name} returns None for {variable}, which counts as 0"
    return f"{name} computes its output without {variable}, as autograd sees it: the gradient counts as 0"


def _reaches(output: torch.Tensor, leaf: torch.Tensor) -> bool:
    """Whether autograd's graph of a tensor ends in a leaf."""
    return any(getattr(node, "variable", None) is leaf for node in _nodes(output))


def _nodes(output: torch.Tensor) -> Iterator[Any]:
    """The nodes of autograd's graph of a tensor, each once."""
    seen: set[Any] = set()
    pending: list[Any] = [output.grad_fn]
    while pending:
        node = pending.pop()
        if node is not None and node not in seen:
            seen.add(node)
            yield node
            pending.extend(each for each, _ in node.next_functions)


def _backwards(output: torch.Tensor) -> Iterator[str]:
    """The backwards of the user's own in the graph, each with its place."""
    found: dict[Any, None] = dict.fromkeys(getattr(type(node), "_forward_cls", None) for node in _nodes(output))
    for function in found:
        if is_function(function):
            code = code_of_backward(function)
            where = "" if code is None else f" ({os.path.basename(code.co_filename)}:{line_of_def(code)})"
            yield f"{function.__name__}.backward{where}"


def line_of_def(code: CodeType) -> int:
    """The line of `def`, below what decorates the function; where the source is not at hand the first line."""
    line = code.co_firstlineno
    while text := linecache.getline(code.co_filename, line):
        if re.match(rf"\s*(?:async\s+)?def\s+{re.escape(code.co_name)}\b", text):
            return line
        line += 1
    return code.co_firstlineno


def _halves_of_twice(
    output: torch.Tensor, upstream: torch.Tensor | None, asked: Mapping[str, torch.Tensor]
) -> dict[str, Array]:
    """Half of the gradients that twice the upstream gives: the gradients themselves, since a backward is linear.

    To double and to halve rounds nothing. A backward that forgets its upstream is right where that is 1, and here not.
    """
    twice = 2 * (torch.ones_like(output) if upstream is None else upstream)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Sequence[torch.Tensor | None] = torch.autograd.grad(
            output, list(asked.values()), twice, retain_graph=True, allow_unused=True
        )
    return {name: None if each is None else plain(each / 2) for name, each in zip(asked, found, strict=True)}


def _is_same(one: Array, other: Array, kind: torch.dtype) -> bool:
    """Whether two gradients are equal but for what underflow or overflow may have done to one of them."""
    if one is None or other is None:
        return True
    first, second = torch.tensor(one, dtype=torch.float64), torch.tensor(other, dtype=torch.float64)
    unknown = ~(first.isfinite() & second.isfinite())
    limits = torch.finfo(kind)
    return bool((unknown | torch.isclose(first, second, rtol=8 * limits.eps, atol=8 * limits.tiny)).all())


@contextmanager
def _watched(name: str, notes: list[str]) -> Iterator[None]:
    """What the code prints and warns of becomes notes, what it raises an error."""
    printed, overheard = io.StringIO(), watcher.overhear()
    with warnings.catch_warnings(record=True) as warned, redirect_stdout(printed), redirect_stderr(printed):
        warnings.simplefilter("always")
        try:
            yield
        except GradcalcError:
            raise
        except (Exception, SystemExit) as problem:
            raise _raised(name, problem, printed.getvalue() + overheard()) from problem
    said = printed.getvalue() + overheard()
    if said.strip():
        notes.append(f"{name} printed: {_excerpt(said)}")
    notes += [f"{name} warned: {_excerpt(str(each.message))}" for each in warned]


def _raised(name: str, problem: BaseException, printed: str) -> GradcalcError:
    frames = traceback.extract_tb(problem.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    said = str(problem).strip()
    message = f"{name} raised {type(problem).__name__}{f': {_excerpt(said)}' if said else ''}{where}"
    return _error(message, f"it had printed: {_excerpt(printed)}" if printed.strip() else None)


def _excerpt(text: str) -> str:
    line = visible(" | ".join(text.strip().splitlines()))
    return line if len(line) <= MAX_PRINTED else f"{line[:MAX_PRINTED]} …"


def _error(message: str, hint: str | None = None) -> GradcalcError:
    return GradcalcError("function", message, hint=hint)


def _callable(reference: Reference, kind: torch.dtype, folder: str | None) -> Callable[..., Any]:
    """What is to be called: `apply` of an autograd.Function, an instance of a module, or the thing itself."""
    found = _load(reference, folder) if isinstance(reference, str) else reference
    if isinstance(found, type) and issubclass(found, torch.nn.Module):
        found = found()
    if isinstance(found, torch.nn.Module):
        return found.to(kind)
    if not callable(found):
        raise _error(f"{reference} cannot be called: it is {type(found).__name__}")
    return found


def _load(path: str, folder: str | None) -> Any:
    module, colon, attributes = path.partition(":")
    if not colon or not module or not attributes:
        owner, dot, name = path.rpartition(".")
        meant = f"{owner}:{name}" if dot and owner and name.isidentifier() else "package.module:name"
        raise _error(f"{path} names no function", f"type {meant}")
    if module.endswith(".py"):
        meant = module.removesuffix(".py").removeprefix("./").replace("/", ".")
        raise _error(f"{module} is a file, and the name of a module is wanted", f"type {meant}:{attributes}")
    if os.getcwd() not in sys.path:  # at the end: what is installed is never another module of that name
        sys.path.append(os.getcwd())
    if folder is not None:
        _look_in(folder, module.partition(".")[0])
    importlib.invalidate_caches()
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as problem:
        if problem.name and (module == problem.name or module.startswith(f"{problem.name}.")):
            hint = "it is looked for in the folder where the command runs, beside the case file, and in PYTHONPATH"
            raise _error(f"there is no module {problem.name}", hint) from problem
        raise
    try:
        return reduce(getattr, attributes.split("."), found)
    except AttributeError as problem:
        known = [each for each in vars(found) if not each.startswith("_")]
        own = f"{module} is a module of Python's own: give your file another name"
        standard = module.partition(".")[0] in sys.stdlib_module_names
        hint = own if standard else did_you_mean(attributes, known) or _contents(found)
        raise _error(f"{module} has no {attributes}", hint) from problem


def _contents(module: ModuleType) -> str:
    """What a module defines that can be called, for a hint."""
    names = [name for name, each in vars(module).items() if getattr(each, "__module__", None) == module.__name__]
    shown = [each for each in names if callable(getattr(module, each)) and not each.startswith("_")]
    more = f" and {len(shown) - MOST_NAMED} more" if len(shown) > MOST_NAMED else ""
    file = getattr(module, "__file__", None) or module.__name__
    return f"{file} has {', '.join(shown[:MOST_NAMED])}{more}" if shown else f"{file} defines nothing to call"


MOST_NAMED = 6
"""Names of a module that a hint tells."""

_FOLDERS: list[str] = []
"""Folders beside the working directory where modules have been looked for."""


def _look_in(folder: str, module: str) -> None:
    """Let modules be found in a folder, and forget one of that name that comes from another such folder."""
    if folder in sys.path and folder not in _FOLDERS:
        return
    loaded = os.path.dirname(getattr(sys.modules.get(module), "__file__", None) or "")
    if loaded in _FOLDERS and loaded != folder:
        del sys.modules[module]
    for each in (*_FOLDERS, folder):
        if each in sys.path:
            sys.path.remove(each)
    _FOLDERS[:] = [*dict.fromkeys([*_FOLDERS, folder])]
    sys.path.append(folder)


def _call(called: Callable[..., Any], leaves: Mapping[str, torch.Tensor]) -> Any:
    """Its result: arguments by name where it names them as the expression does, else in the expression's order."""
    signed = called
    if isinstance(called, type) and issubclass(called, torch.autograd.Function):
        signed, called = _forward(called), called.apply
    elif isinstance(called, torch.nn.Module):
        signed = called.forward
    parameters = _parameters(signed)
    if parameters and set(parameters) >= set(leaves):
        ordered = [each for each in parameters if each in leaves]
        named = any(parameters[each].kind is inspect.Parameter.KEYWORD_ONLY for each in ordered)
        # By position if that will do, because an autograd.Function takes nothing else.
        if ordered == list(parameters)[: len(ordered)] and not named:
            return called(*(leaves[each] for each in ordered))
        return called(**leaves)
    return called(*leaves.values())


def _forward(function: type[torch.autograd.Function]) -> Callable[..., Any]:
    """What `apply` is called like: `forward`, without its context unless that is set up apart."""
    if function.setup_context is torch.autograd.Function.setup_context:
        return partial(function.forward, None)
    return function.forward


def _parameters(called: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(called).parameters
    except (TypeError, ValueError):  # built in: it says nothing of its parameters
        return {}


def _check_output(output: Any, found: Autograd, name: str) -> None:
    if not isinstance(output, torch.Tensor):
        raise _error(f"{name} gives {type(output).__name__}, not a tensor")
    wanted = shape(found.value)
    if tuple(output.shape) != wanted:
        raise _error(f"{name} gives shape {written(tuple(output.shape))}, the expression {written(wanted)}")
