"""The trace of a program: each line with what it made when it was first run."""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from autogradcli.programs.ledger import TraceLine
from autogradcli.programs.texts import Texts

MAX_LINES = 12
"""Lines of one value."""
MAX_CHARACTERS = 2_000
"""Of one value."""


@dataclass(slots=True)
class _Noted:
    code: str
    names: tuple[str, ...]
    made: list[str] = field(default_factory=list)
    times: int = 0


@contextmanager
def tracing(code: CodeType, texts: Texts, wanted: bool) -> Iterator[Callable[[], Iterable[TraceLine]]]:
    """A context in which the assignments of a program are noted with what they make; gives what gives them."""
    if not wanted:
        yield lambda: ()
        return
    nodes: list[Any] = [node for node in ast.walk(texts.file(code.co_filename).tree) if _assigns(node)]
    noted = {node.lineno: _of(node) for node in nodes}
    before = sys.gettrace()
    sys.settrace(_tracer(set(_codes(code)), noted))
    try:
        yield lambda: [
            TraceLine(line, each.code, tuple(each.made), each.times)
            for line, each in sorted(noted.items())
            if each.times
        ]
    finally:
        sys.settrace(before)


def _tracer(codes: set[CodeType], noted: dict[int, _Noted]) -> Any:
    """What Python calls for each line: the line before it, if it assigns something, is done then."""

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        del event, argument
        if frame.f_code not in codes:
            return None
        last: list[int] = []

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            del argument
            if last and event in {"line", "return"}:
                _note(noted[last.pop()], frame)
            if event == "line" and frame.f_lineno in noted:
                last.append(frame.f_lineno)
            return line

        return line

    return enter


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a program, and that of its functions."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _note(each: _Noted, frame: FrameType) -> None:
    each.times += 1
    if each.times == 1:
        known = {**frame.f_globals, **frame.f_locals}
        each.made.extend(_with_name(name, _shortened(repr(known[name]))) for name in each.names if name in known)


def _assigns(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)


def _of(node: Any) -> _Noted:
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
    ordered = sorted(names, key=lambda each: (each.lineno, each.col_offset))
    return _Noted(ast.unparse(node), tuple(dict.fromkeys(each.id for each in ordered)))


def _with_name(name: str, text: str) -> str:
    """`name = value`, the later lines of a tensor below its first."""
    label = f"{name} = "
    return label + text.replace("\n", "\n" + " " * len(label))


def _shortened(text: str) -> str:
    """The text with what is beyond a few lines left out; what it ends with, a `grad_fn` as a rule, is kept."""
    lines = text[:MAX_CHARACTERS].splitlines()
    if len(lines) <= MAX_LINES and len(text) <= MAX_CHARACTERS:
        return text
    return "\n".join([*lines[:MAX_LINES], f"        ...{text[text.rfind(',') :]}"])
