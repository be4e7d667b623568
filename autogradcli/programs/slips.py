"""What was probably meant by a program that is not there, or cannot be run."""

import ast
import os
import pkgutil
import re
import shlex
from collections.abc import Iterator, Sequence

from autogradcli.errors import GradcalcError
from autogradcli.language.nearest import nearest

RUN = ".py", ".ipynb"
"""What programs end with."""
MOST_FILES = 1_000
"""Of a folder that are looked at."""


def file_meant(text: str, arguments: Sequence[str]) -> str | None:
    """What to type in place of the name of a file that is not there, with what stands after it."""
    if re.fullmatch(r"(\S*/)?python[\d.]*", text) and arguments:
        return f"Python runs it in any case: type gradcalc run {shlex.join(arguments)}"
    if re.match(r"https?://", text):
        return "a program is a file: download it first"
    first, *rest = text.split() or [""]
    if rest and os.path.isfile(first):
        return f"leave the quotation marks out: type gradcalc run {text}"
    found = next(_named(text), None)
    if found is not None:
        return f"type {shlex.quote(found)}"
    if os.path.isfile(f"{text.replace('.', os.sep)}.py"):
        return f"type -m {text}"
    return _code_meant(text) or _near(text)


def _named(text: str) -> Iterator[str]:
    """Programs of the same name: with an ending, or in another case."""
    yield from (f"{text}{ending}" for ending in RUN if os.path.isfile(f"{text}{ending}"))
    folder, name = os.path.split(text)
    names = {name, *(f"{name}{ending}" for ending in RUN)}
    folded = {each.casefold() for each in names}
    yield from (os.path.join(folder, each) for each in _files(folder) if each.casefold() in folded)


def _below(text: str) -> Iterator[str]:
    """Programs of the same name in folders."""
    folder, name = os.path.split(text)
    names = [name] if name.endswith(RUN) else [f"{name}{ending}" for ending in RUN]
    folders = [os.path.join(folder, each) for each in _entries(folder) if not each.startswith(".")]
    yield from (path for each in folders for one in names if os.path.isfile(path := os.path.join(each, one)))


def _near(text: str) -> str | None:
    folder, name = os.path.split(text)
    near = nearest(name, _files(folder))
    found = next(_below(text), None if near is None else os.path.join(folder, near))
    return None if found is None else f"did you mean {shlex.quote(found)}?"


def _files(folder: str) -> list[str]:
    """The programs in a folder."""
    return [each for each in _entries(folder) if each.endswith(RUN)]


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder or "."))[:MOST_FILES]
    except OSError:
        return []


def _code_meant(text: str) -> str | None:
    """What to type for code, or for an expression, that stands where a program is to stand."""
    if re.fullmatch(r"[\w./\\-]*", text):
        return None
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError):
        statements = []
    if all(isinstance(each, ast.Expr) for each in statements) and _is_expression(text):
        return f"an expression is for gradcalc eval {shlex.quote(text)}"
    return f"for code type -c {shlex.quote(text)}" if statements else None


def _is_expression(text: str) -> bool:
    # Only for a program that is not there.
    from autogradcli.language.parser import parse

    try:
        parse(text)
    except GradcalcError:
        return False
    return True


def folder_meant(text: str) -> str | None:
    """What to type in place of a folder that has no `__main__.py`."""
    found = [os.path.join(text, each) for each in _files(text)]
    if not found:
        return None
    return f"type {shlex.quote(found[0])}" if len(found) == 1 else f"type one of its files, such as {found[0]}"


def module_meant(text: str) -> str | None:
    """What to type in place of the name of a module that is a path, or is not there."""
    if os.path.isfile(text):
        return f"-m is for the name of a module: type gradcalc run {shlex.quote(text)}"
    dotted = text.removesuffix(".py").strip("./").replace("/", ".")
    if os.path.isfile(f"{dotted.replace('.', os.sep)}.py"):
        return f"type -m {dotted}" if dotted != text else None
    package, dot, name = dotted.rpartition(".")
    beside = pkgutil.iter_modules([os.path.join(os.getcwd(), *package.split("."))])
    near = nearest(name, [each.name for each in beside])
    return None if near is None else f"did you mean -m {package}{dot}{near}?"
