"""The state of a snippet that runs: where it is, what it has left, what it prints, and what it can call."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autogradcli.engines.torch.snippet.operation import Operation
from autogradcli.errors import GradcalcError, Span
from autogradcli.run.bounds import MAX_OUTPUT, Budget, limit
from autogradcli.run.source import Source

Frame = dict[Any, Any]
"""The values of names; under None the frame around it."""
Evaluate = Callable[[Frame], Any]
Execute = Callable[[Frame], Any]
"""Gives None if the next statement follows, else a signal."""


@dataclass(frozen=True, slots=True, eq=False)
class Builtin:
    """A function of Python's own, or a method of a plain value, as a snippet sees it."""

    name: str
    run: Callable[..., Any]

    def __repr__(self) -> str:
        return f"<built-in function {self.name}>"


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A method of a tensor that is not called at once."""

    receiver: Any
    operation: Any


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a function takes."""

    positional: tuple[str, ...]
    defaults: Mapping[str, Any]
    keyword_only: tuple[str, ...] = ()

    def bind(self, name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Frame:
        """The value of each parameter; Python's own TypeError if the arguments do not fit."""
        if len(arguments) > len(self.positional):
            count = len(self.positional)
            given = len(arguments)
            message = f"takes {count} positional argument{'s' * (count != 1)} but {given} {_were(given)} given"
            raise TypeError(f"{name}() {message}")
        frame: Frame = dict(zip(self.positional, arguments, strict=False))
        for key, value in keywords.items():
            if key in frame:
                raise TypeError(f"{name}() got multiple values for argument '{key}'")
            if key not in self.positional and key not in self.keyword_only:
                raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
            frame[key] = value
        missing = [each for each in self.positional if each not in frame and each not in self.defaults]
        if missing:
            words = " and ".join(f"'{each}'" for each in missing)
            message = f"missing {len(missing)} required positional argument{'s' * (len(missing) != 1)}: {words}"
            raise TypeError(f"{name}() {message}")
        return {**self.defaults, **frame}


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


class Function:
    """A function of the snippet."""

    def __init__(self, name: str, parameters: Parameters, body: Evaluate, frame: Frame, cost: int) -> None:
        self.name = name
        self.parameters = parameters
        self.body = body
        self.frame = frame
        """The frame in which it was defined."""
        self.cost = cost
        """Parts of the text that a call evaluates at least."""
        self.active = False

    def __repr__(self) -> str:
        return f"<function {self.name} at {id(self):#x}>"


@dataclass(slots=True)
class Machine:
    """What every part of a running snippet shares."""

    source: Source
    library: Any
    """Torch as the snippet sees it: a `Library` of the torch engine."""
    write: Callable[[str], object]
    """Where it prints."""
    budget: Budget = field(default_factory=Budget)
    node: ast.AST | None = None
    """The part of the text that is being run."""
    receiver: Any = None
    """The tensor whose method raised an error."""
    printed: int = 0
    builtins: Mapping[str, Any] = field(default_factory=dict)

    @property
    def span(self) -> Span:
        """Where the snippet is."""
        return Span(0, 0) if self.node is None else self.source.span(self.node)

    def print(self, text: str) -> None:
        """Pass on what the snippet prints."""
        self.printed += len(text)
        if self.printed > MAX_OUTPUT:
            raise limit(f"the snippet prints more than {MAX_OUTPUT:,} characters")
        self.write(text)

    def call(self, function: Any, arguments: Sequence[Any], keywords: Mapping[str, Any], node: ast.AST) -> Any:
        """The result of calling a value that is not known before the snippet runs."""
        if type(function) is Function:
            return self._enter(function, arguments, keywords)
        try:
            if type(function) is Builtin:
                self.node = node
                return function.run(*arguments, **keywords)
            if type(function) is Bound:
                caller = self.library.caller(function.operation, self.source.span(node))
                return caller(function.receiver, *arguments, **keywords)
            if type(function) is Operation:
                return self.library.caller(function, self.source.span(node))(*arguments, **keywords)
            raise TypeError(f"'{type(function).__name__}' object is not callable")
        except Exception:
            self.node = node
            raise

    def _enter(self, function: Function, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
        if function.active:
            message = f"{function.name} calls itself: recursion is not part of the subset"
            raise GradcalcError("parse", message, hint="type a for loop")
        frame = function.parameters.bind(function.name, arguments, keywords)
        frame[None] = function.frame
        self.budget.spend(function.cost)
        function.active = True
        here = self.node
        try:
            result = function.body(frame)
        finally:
            function.active = False
        self.node = here
        return result
