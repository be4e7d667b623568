"""The trace of a snippet: each line with what it made when it was first run."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autogradcli.run.formats import representation
from autogradcli.run.ledger import TraceLine
from autogradcli.run.machine import Execute, Frame
from autogradcli.run.names import assigned
from autogradcli.run.source import Source

MAX_LINES = 12
"""Lines of one value."""
MAX_CHARACTERS = 2_000
"""Of one value."""


@dataclass(slots=True)
class _Noted:
    line: int
    code: str
    made: list[str] = field(default_factory=list)
    times: int = 0


class Tracer:
    """Notes what statements make."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._noted: dict[ast.stmt, _Noted] = {}

    def traced(self, node: ast.stmt, step: Execute) -> Execute:
        """The closure of a statement that is noted each time it is run; assignments alone make something."""
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            return step
        names = sorted(set(assigned([node])), key=lambda name: self._source.code(self._source.span(node)).find(name))
        span = self._source.span(node)
        noted = self._noted[node] = _Noted(self._source.line(span), self._source.code(span))

        def run(frame: Frame) -> Any:
            signal = step(frame)
            noted.times += 1
            if noted.times == 1:
                noted.made.extend(_made(names, frame))
            return signal

        return run

    def lines(self) -> tuple[TraceLine, ...]:
        """The lines that were run, in the order of the text."""
        found = sorted((each for each in self._noted.values() if each.times), key=lambda each: each.line)
        return tuple(TraceLine(each.line, each.code, tuple(each.made), each.times) for each in found)


def _made(names: Iterable[str], frame: Frame) -> list[str]:
    return [_with_name(name, _shortened(representation(frame[name]))) for name in names if name in frame]


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
