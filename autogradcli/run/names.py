"""Which frame a name of the text belongs to, as Python decides it: by where the name is given a value."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """The names of a function, a comprehension or the whole text."""

    names: frozenset[str]
    """Those that are given a value in it."""
    around: "Scope | None" = None
    """None for the whole text."""

    def within(self, names: Iterable[str]) -> "Scope":
        """The scope of a function or a comprehension in this one."""
        return Scope(frozenset(names), self)

    def depth(self, name: str) -> int:
        """How many frames lie between this scope and the one that a name belongs to: the whole text's if to none."""
        scope, depth = self, 0
        while scope.around is not None and name not in scope.names:
            scope, depth = scope.around, depth + 1
        return depth


def parameters(arguments: ast.arguments) -> list[str]:
    """The names of a function's parameters."""
    return [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def assigned(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that some statements give a value, those of functions and comprehensions within them apart."""
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ListComp | ast.GeneratorExp):
            todo.extend(ast.iter_child_nodes(node))


def cost(node: ast.AST) -> int:
    """How many parts of the text a pass through a node evaluates at most, calls of functions apart."""
    return sum(1 for _ in ast.walk(node))
