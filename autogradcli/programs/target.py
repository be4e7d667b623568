"""What is to be run, and how Python itself would run it: a file, a module, code, standard input, a notebook."""

import importlib.machinery
import importlib.util
import json
import os
import pkgutil
import sys
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from autogradcli.errors import GradcalcError
from autogradcli.programs.slips import file_meant, folder_meant, module_meant


@dataclass(frozen=True, slots=True)
class Target:
    """A program before it is compiled."""

    name: str
    """What the report calls it."""
    kind: str
    """`file`, `module`, `code`, `stdin` or `notebook`."""
    text: str = ""
    """The path, the module's name, or the code."""
    arguments: tuple[str, ...] = ()
    """What stands after it on the command line."""


@dataclass(frozen=True, slots=True)
class PythonProgram:
    """A program ready to be run."""

    target: Target
    code: CodeType
    module: ModuleType
    """What `__main__` is."""
    path: str
    """The first place where modules are looked for."""
    argument: str
    """`sys.argv[0]`."""
    source: str | None
    """The text, where it is not a file that Python's own linecache reads."""
    notes: tuple[str, ...] = ()


def load(target: Target) -> PythonProgram:
    """The compiled program; raises GradcalcError if there is none, SyntaxError if it does not compile."""
    return LOAD[target.kind](target)


def _file(target: Target) -> PythonProgram:
    if os.path.isdir(target.text) or target.text.endswith(".zip"):
        return _folder(target)
    data, path = _read(target), os.path.abspath(target.text)
    main = _main(path)
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    code = compile(data, path, "exec", dont_inherit=True)
    return PythonProgram(target, code, main, os.path.dirname(os.path.realpath(path)), target.text, None)


def _folder(target: Target) -> PythonProgram:
    """A directory or an archive that holds a `__main__.py`."""
    finder: Any = pkgutil.get_importer(target.text)
    spec = finder.find_spec("__main__") if finder is not None else None
    if spec is None:
        raise GradcalcError("file", f"can't find '__main__' module in {target.text}", hint=folder_meant(target.text))
    return PythonProgram(
        target, spec.loader.get_code("__main__"), _main(spec.origin, spec), target.text, target.text, None
    )


def _module(target: Target) -> PythonProgram:
    """As `python -m` finds it, from the current directory on."""
    if os.sep in target.text or target.text.endswith(".py"):  # Python would run what it takes for a package
        raise GradcalcError("file", f"no module is named {target.text}", hint=module_meant(target.text) or NAMED)
    sys.path.insert(0, os.getcwd())
    try:
        spec = importlib.util.find_spec(target.text)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{target.text}.__main__")
    except (ImportError, ValueError, AttributeError) as error:
        raise GradcalcError("file", f"no module named {target.text}: {error}") from error
    finally:
        sys.path.pop(0)
    loader: Any = spec.loader if spec is not None else None
    if spec is None or not hasattr(loader, "get_code"):
        raise GradcalcError(
            "file", f"no module named {target.text} can be run", hint=module_meant(target.text) or NAMED
        )
    code = loader.get_code(spec.name)
    return PythonProgram(target, code, _main(spec.origin, spec), os.getcwd(), spec.origin or target.text, None)


NAMED = "a module is named as in import: package.module"


def _code(target: Target) -> PythonProgram:
    if target.text.endswith(".py") and os.path.isfile(target.text):
        raise GradcalcError("file", f"{target.text} is a file, and no code", hint="leave -c out")
    code = compile(target.text, "<string>", "exec", dont_inherit=True)
    return PythonProgram(target, code, _main(None), "", "-c", target.text)


def _stdin(target: Target) -> PythonProgram:
    text = sys.stdin.read() if sys.stdin is not None else ""
    return PythonProgram(target, compile(text, "<stdin>", "exec", dont_inherit=True), _main(None), "", "-", text)


def _notebook(target: Target) -> PythonProgram:
    """The code cells, one after the other; magics are left out."""
    path = target.text
    try:
        cells = json.loads(_read(target).decode())["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError) as error:
        raise GradcalcError("file", f"{path} is no notebook: {error}") from error
    kept = [_without_magics(text) for text in texts]
    source = "\n".join(text for text, _ in kept) + "\n"
    left_out = sum(count for _, count in kept)
    said = "1 line of {} is a magic and was" if left_out == 1 else f"{left_out} lines of {{}} are magics and were"
    notes = (f"{said.format(path)} left out",) if left_out else ()
    code = compile(source, path, "exec", dont_inherit=True)
    return PythonProgram(target, code, _main(path), os.path.dirname(os.path.realpath(path)), path, source, notes)


def _without_magics(cell: str) -> tuple[str, int]:
    """A cell with `pass` in place of its magics, and how many lines those were."""
    lines = cell.split("\n")
    if cell.lstrip().startswith("%%"):
        return "\n" * (len(lines) - 1), len(lines)
    magic = [line.lstrip()[:1] in {"%", "!"} for line in lines]
    kept = [
        line[: len(line) - len(line.lstrip())] + "pass" if m else line for line, m in zip(lines, magic, strict=True)
    ]
    return "\n".join(kept), sum(magic)


def _read(target: Target) -> bytes:
    path = target.text
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        hint = None if os.path.exists(path) else file_meant(path, target.arguments)
        raise GradcalcError("file", f"{path} cannot be read: {why}", hint=hint) from error


def _main(path: str | None, spec: Any = None) -> ModuleType:
    """A new `__main__`, with what Python puts into it."""
    module = ModuleType("__main__")
    module.__dict__.update(__builtins__=sys.modules["builtins"], __annotations__={})
    if path is not None:
        module.__file__ = path
        module.__dict__["__cached__"] = None
    if spec is not None:
        module.__spec__, module.__package__, module.__loader__ = spec, spec.parent, spec.loader
    else:
        module.__package__ = None
    return module


LOAD = {"file": _file, "module": _module, "code": _code, "stdin": _stdin, "notebook": _notebook}
"""How each kind is found and compiled."""
