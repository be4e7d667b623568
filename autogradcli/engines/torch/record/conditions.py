"""The conditions of a program that are decided by numbers which it reads off tensors: `x.item()`, `float(x)`.

Which conditions those are is read off the text of the program; what they compare, off the variables of its frame. A
condition that is not made of numbers, names and arithmetic alone is not known, and nothing is said of it.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from autogradcli.engines.torch.record.calls import CallSite, Value
from autogradcli.engines.torch.record.readings import CONVERSIONS, MOST_ITEMS, Assignment, Reader, Reading

READERS = frozenset({"item", "tolist"})
"""Methods that give numbers."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A condition that was decided by numbers read off tensors."""

    place: CallSite
    tensors: tuple[Value, ...]
    tied: bool
    """Whether it compares equal numbers."""


@dataclass(frozen=True, slots=True)
class _Condition:
    value: ast.expr
    place: CallSite
    tests: bool = True
    """Whether its truth decides; else it is returned, and must be a condition itself."""


@dataclass(frozen=True, slots=True)
class _Uses:
    """What hangs on the number that one call of the program reads."""

    call: ast.Call
    statements: Sequence["Assignment | _Condition"]
    """In the order of the text."""

    @property
    def conditions(self) -> "list[_Condition]":
        """Those that hang on it."""
        return [each for each in self.statements if isinstance(each, _Condition)]

    @property
    def is_looped(self) -> bool:
        """Whether there is a loop over it."""
        return any(isinstance(each, Assignment) and each.one_by_one for each in self.statements)


class Conditions:
    """The conditions of a program; `lines` gives the text of a file."""

    def __init__(self, lines: Callable[[str], Sequence[str]]) -> None:
        self._lines = lines
        self._calls: dict[str, Mapping[Any, tuple[ast.Call, ast.AST]]] = {}
        self._uses: dict[CallSite, _Uses | None] = {}
        self._read: dict[Any, Reading] = {}
        """What is known since the last backward: of calls by their nodes, of names by the code that has them."""

    def forget(self) -> None:
        """Let go of what was read."""
        self._read.clear()

    def decided(self, frame: FrameType, number: Any, tensor: Value, jumps: bool) -> Iterator[Decision]:
        """The conditions that a number decides which the frame has just read off a tensor.

        `jumps` if the number is whole because it was rounded, and the tensor lies where that jumps.
        """
        place = CallSite(frame.f_code, frame.f_lasti)
        if place not in self._uses:
            self._uses[place] = self._uses_of(place)
        uses = self._uses[place]
        if uses is None or not isinstance(number, int | float | list):
            return
        found = self._truths(uses, frame, Reading(number, (tensor,)))
        if isinstance(number, int):
            next_to_it = number - (1 if number > 0 else -1) if jumps and number else number
            found = _differing(found, self._truths(uses, frame, Reading(next_to_it, (tensor,))))
        for condition, truth in zip(uses.conditions, found, strict=True):
            if truth is not None and truth.tensors:
                yield Decision(condition.place, truth.tensors, truth.tied)

    def _truths(self, uses: _Uses, frame: FrameType, read: Reading) -> "list[Reading | None]":
        """What each condition is, once what was read has been assigned; None for what is not known.

        Of a loop over what was read it is decided once for each item: they tie if one of them does.
        """
        rounds = len(read.value[:MOST_ITEMS]) if isinstance(read.value, list) and uses.is_looped else 1
        found: list[Reading | None] = [None] * len(uses.conditions)
        for item in range(rounds):
            reader = Reader(frame, uses.call, read, self._read)
            now = _decided(uses, reader, item)
            found = [
                one if one is not None and one.tied else other or one for one, other in zip(found, now, strict=True)
            ]
            self._read |= reader.kept()
        return found

    def _uses_of(self, place: CallSite) -> _Uses | None:
        """What hangs on the number that a call reads; None if no condition does."""
        if place.file not in self._calls:
            self._calls[place.file] = _reading_calls("".join(self._lines(place.file)))
        call, scope = self._calls[place.file].get(place.position, (None, None))
        if call is None or scope is None:
            return None
        nodes = sorted(_inside(scope), key=lambda each: (each.lineno, each.col_offset))  # type: ignore[attr-defined]
        names: set[str] = set()
        for each in (each for node in nodes for each in _assignments(node)):
            if _mentions(each.value, call, names):
                names |= {node.id for node in ast.walk(each.target) if isinstance(node, ast.Name)}
        statements = [each for node in nodes for each in _statements(node, place) if _mentions(each.value, call, names)]
        uses = _Uses(call, statements)
        return uses if uses.conditions else None


def _decided(uses: _Uses, reader: Reader, item: int) -> "list[Reading | None]":
    """What each condition is: where it stands in the text, or at the end, if it is in a loop and looks back."""
    found: list[Reading | None] = []
    for each in uses.statements:
        if isinstance(each, Assignment):
            reader.assign(each, item)
        else:
            found.append(reader.decision(each.value, each.tests))
    return [
        one if one is not None and one.tensors else reader.decision(each.value, each.tests)
        for one, each in zip(found, uses.conditions, strict=True)
    ]


def _reading_calls(text: str) -> Mapping[Any, tuple[ast.Call, ast.AST]]:
    """The calls that read numbers off tensors, by their position, each with the function in which it stands."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    found: dict[Any, tuple[ast.Call, ast.AST]] = {}
    scopes: list[ast.AST] = [tree]
    for scope in scopes:
        for node in _inside(scope):
            if isinstance(node, SCOPES):
                scopes.append(node)
            elif isinstance(node, ast.Call) and _reads(node):
                found[node.lineno, node.end_lineno, node.col_offset, node.end_col_offset] = (node, scope)
    return found


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function that have a place, those of functions in it left out."""
    todo = list(ast.iter_child_nodes(scope))
    while todo:
        node = todo.pop()
        if hasattr(node, "lineno"):
            yield node
        if not isinstance(node, SCOPES):
            todo.extend(ast.iter_child_nodes(node))


def _reads(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr in READERS
    return isinstance(call.func, ast.Name) and call.func.id in CONVERSIONS


def _statements(node: ast.AST, near: CallSite) -> "Iterator[Assignment | _Condition]":
    yield from _assignments(node)
    yield from _conditions(node, near)


def _assignments(node: ast.AST) -> Iterator[Assignment]:
    """The names that a node assigns, with what."""
    if isinstance(node, ast.Assign):
        yield from (Assignment(target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield Assignment(node.target, node.value)
    elif isinstance(node, ast.AugAssign):
        yield Assignment(node.target, ast.BinOp(node.target, node.op, node.value))
    elif isinstance(node, ast.For):
        yield Assignment(node.target, node.iter, one_by_one=True)
    for each in getattr(node, "generators", ()):
        yield Assignment(each.target, each.iter, one_by_one=True)


def _conditions(node: ast.AST, near: CallSite) -> Iterator[_Condition]:
    """The conditions that a node decides by."""
    if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
        yield _Condition(node.test, _place_of(node.test, near))
    elif isinstance(node, ast.Return) and node.value is not None:
        yield _Condition(node.value, _place_of(node.value, near), tests=False)
    for each in getattr(node, "generators", ()):
        yield from (_Condition(test, _place_of(test, near)) for test in each.ifs)


def _mentions(expression: ast.expr, call: ast.Call, names: set[str]) -> bool:
    nodes = ast.walk(expression)
    return any(each is call or (isinstance(each, ast.Name) and each.id in names) for each in nodes)


def _place_of(expression: ast.expr, near: CallSite) -> CallSite:
    """The place of an expression in the same code; the place nearby if it is in the code of a comprehension."""
    for number, (line, *_) in enumerate(near.code.co_positions()):
        if line == expression.lineno:
            return CallSite(near.code, 2 * number)
    return near


def _differing(one: Sequence[Reading | None], other: Sequence[Reading | None]) -> list[Reading | None]:
    """Conditions that tie if they are not the same on both sides of a place where a number jumps."""
    return [
        None if here is None or there is None else replace(here, tied=here.value != there.value)
        for here, there in zip(one, other, strict=True)
    ]
