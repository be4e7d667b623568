"""Binding: which row of the table each call means, and which argument belongs to which of its parameters.

An attribute or a subscript is one of several results where its value has several, and a call where it has not.
"""

from collections.abc import Sequence
from typing import NamedTuple

from autogradcli.errors import GradcalcError, Span
from autogradcli.functions import table
from autogradcli.functions.function import Function
from autogradcli.language import names
from autogradcli.language.call_binding import Argument, Binding, Mismatch, Static, bind_first
from autogradcli.language.characters import excerpt
from autogradcli.language.program import Constant, Variable
from autogradcli.language.resolve import Application, Attribute, Item, Node, StatementEnd

FOLDED = frozenset({"maximum", "minimum", "hypot", "logical_and", "logical_or"})
"""Functions of two that may be called with more: they are applied from left to right."""


class BoundCall(NamedTuple):
    """A call whose row is known; a plain tuple, as there are many."""

    bindings: Sequence[Binding]
    """One; several for a function of two that is called with more: each later one takes the result of the one before,
    under the index of this call itself."""
    name: str
    """What the text calls it."""
    span: Span


class Choice(NamedTuple):
    """One of the results of a call that has several."""

    operand: int
    field: str
    span: Span


BoundNode = Variable | Constant | BoundCall | Choice
"""What a node is once its row is known."""


class Binder:
    """Binds the nodes of one text, one after the other."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._found: list[BoundNode] = []

    def bind(self, node: Node | StatementEnd) -> BoundNode | StatementEnd:
        """The node with its row; raises GradcalcError for a call that fits none."""
        match node:
            case Application():
                bound: BoundNode = self._call(node.rows, node.name, node.arguments, node.span)
            case StatementEnd():
                return node
            case Attribute():
                bound = self._attribute(node)
            case Item():
                bound = self._item(node)
            case _:
                bound = node
        self._found.append(bound)
        return bound

    def _call(self, rows: Sequence[Function], name: str, arguments: Sequence[Argument], span: Span) -> BoundCall:
        found = bind_first(rows, name, arguments)
        if isinstance(found, Binding):
            return BoundCall((found,), name, span)
        if len(arguments) > 2 and any(row.name in FOLDED for row in rows):
            return self._fold(name, arguments, span)
        raise self._mismatch(found, span)

    def _fold(self, name: str, arguments: Sequence[Argument], span: Span) -> BoundCall:
        """The function of that name, which is one of two numbers, from left to right."""
        first, *others = arguments
        bindings: list[Binding] = []
        for other in others:
            found = bind_first(table.candidates(name), name, (first, other))
            if isinstance(found, Mismatch):
                raise self._mismatch(found, span)
            bindings.append(found)
            first = Argument(len(self._found), span)
        return BoundCall(bindings, name, span)

    def _attribute(self, node: Attribute) -> BoundNode:
        assert isinstance(node.operand.value, int)
        name = node.name.text
        if name in self._fields(node.operand.value):
            return Choice(node.operand.value, name, node.span)
        if row := table.property_row(name):
            return self._call((row,), name, (node.operand,), node.span)
        message, hint = names.unknown_attribute(name, excerpt(self._source, node.span))
        raise GradcalcError("name", message, source=self._source, span=node.name.span, hint=hint)

    def _item(self, node: Item) -> BoundNode:
        assert isinstance(node.operand.value, int)
        assert isinstance(node.subscript.value, Static)
        fields = self._fields(node.operand.value)
        match node.subscript.value.value:
            case (int(place),) if fields and 0 <= place < len(fields):
                return Choice(node.operand.value, fields[place], node.span)
        return self._call(table.candidates("getitem"), "getitem", (node.operand, node.subscript), node.span)

    def _fields(self, index: int) -> Sequence[str]:
        """What a node gives beside each other; nothing for a number and for what has been chosen."""
        bound = self._found[index]
        if not isinstance(bound, BoundCall):
            return ()
        function, _, options = bound.bindings[-1]
        return function.fields if not function.fields_if or dict(options).get(function.fields_if) is True else ()

    def _mismatch(self, mismatch: Mismatch, call: Span) -> GradcalcError:
        hint = f"type {' or '.join(mismatch.suggestions)}" if mismatch.suggestions else None
        return GradcalcError("argument", mismatch.message, source=self._source, span=mismatch.span or call, hint=hint)
