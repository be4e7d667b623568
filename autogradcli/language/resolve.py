"""Resolving: syntax trees -> nodes in the order of evaluation, in which every name has its meaning.

A name is a variable, a constant, what a statement has named, or the rows of the table that a call of it can mean.
Operators become calls, loops are written out, and what the text fixes is worked out. Nothing here is recursive: a sum
of 10,000 terms is 10,000 deep.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import count, pairwise
from typing import NamedTuple

from autogradcli.errors import GradcalcError, Span
from autogradcli.functions import table
from autogradcli.functions.function import Function
from autogradcli.language import names
from autogradcli.language.call_binding import Argument, Static
from autogradcli.language.constant_folding import Scope
from autogradcli.language.lexer import Token, number_value
from autogradcli.language.names import Names
from autogradcli.language.notation import POWERED
from autogradcli.language.operands import Operand, Operands, Value, loop_of
from autogradcli.language.program import Constant, Variable
from autogradcli.language.readings import Unclear
from autogradcli.language.tree import Tree

BINARY: dict[type[ast.operator | ast.cmpop | ast.boolop], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Mod: "remainder",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.And: "logical_and",
    ast.Or: "logical_or",
    ast.BitAnd: "logical_and",
    ast.BitOr: "logical_or",
}
UNARY: dict[type[ast.unaryop], str] = {
    ast.USub: "neg",
    ast.UAdd: "positive",
    ast.Not: "logical_not",
    ast.Invert: "logical_not",
}
"""Rows of the table for Python's operators."""
SIGNS: dict[type[ast.operator], str] = {ast.BitAnd: "&", ast.BitOr: "|"}
"""What an error calls the operators that bind tighter than people think."""

LOOPS = {"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum"}
"""What joins the terms of a loop that is the argument of these."""
OF_NONE = {"sum": Fraction(0), "prod": Fraction(1)}
"""What a loop of no terms comes to."""

MAX_VISITS = 200_000
"""Expressions that are looked at; a loop looks at its own once in each pass."""


class Application(NamedTuple):
    """A call of one of some rows; a plain tuple, as there are many."""

    rows: Sequence[Function]
    name: str
    """What the text calls it."""
    arguments: Sequence[Argument]
    span: Span


class Attribute(NamedTuple):
    """One of the results of a call that has several, or a property of a value."""

    operand: Argument
    name: Token
    span: Span


class Item(NamedTuple):
    """A subscript: one of several results, or components."""

    operand: Argument
    subscript: Argument
    span: Span


class StatementEnd(NamedTuple):
    """The end of a statement. It is no value, so it has no index."""

    value: int
    name: str | None
    """What the statement calls it."""
    span: Span


Node = Variable | Constant | Application | Attribute | Item
"""A value, made of earlier ones that are given by their index."""


def resolve_names(trees: Iterable[Tree], given: Collection[str], scope: Scope) -> Iterator[Node | StatementEnd]:
    """The nodes of all statements; raises GradcalcError for what means nothing.

    `given` are the names that have values; `scope` has those that the text fixes.
    """
    known = Names(given)
    resolver = _Resolver(known)
    for tree in trees:
        yield from resolver.statement(tree, scope)


class _Resolver:
    """Makes the nodes of one text."""

    def __init__(self, known: Names) -> None:
        self._names = known
        self._count = 0
        self._made: list[Node] = []
        """Nodes that are not handed on yet."""
        self._visits = 0
        self._passes = count(1)
        """Numbers of the passes of all loops."""

    def statement(self, tree: Tree, scope: Scope) -> Iterator[Node | StatementEnd]:
        """The nodes of one more statement, and its result.

        Each expression is met twice: first its operands are put on the list, and when they have values it gets its own.
        """
        self._tree = tree
        self._operands = Operands(tree, self._names, self._passes)
        todo: list[tuple[ast.expr, Scope, Sequence[Operand] | None]] = [(tree.root, scope, None)]
        values: list[Value] = []
        while todo:
            node, scope, operands = todo.pop()
            if operands is None:
                operands = self._visit(node, scope)
                if operands:
                    todo.append((node, scope, operands))
                    todo.extend((*need, None) for each in reversed(operands) for need in reversed(each.needs))
                    continue
            first = len(values) - sum([len(each.needs) for each in operands])
            arguments, place = [], first
            for each in operands:
                arguments.append(each.argument(values[place : place + len(each.needs)]))
                place += len(each.needs)
            values[first:] = [self._value(node, scope, arguments)]
            yield from self._made
            self._made.clear()
        value = self._number(Argument(values[0], tree.span(tree.root)))
        yield from self._made
        self._made.clear()
        if tree.name is not None:
            self._assign(tree.name, value)
        yield StatementEnd(value, None if tree.name is None else tree.name.text, tree.bracketed(tree.root))

    def _visit(self, node: ast.expr, scope: Scope) -> Sequence[Operand]:
        """The operands of an expression; raises GradcalcError if loops come to more than anybody waits for."""
        self._visits += 1
        if self._visits > MAX_VISITS:
            message = f"written out, the loops of this text have more than {MAX_VISITS:,} expressions"
            raise self._tree.error("limit", message, self._tree.span(node))
        return self._operands.of(node, scope)

    def _assign(self, name: Token, value: int) -> None:
        self._names.assigned[name.text] = value

    def _number(self, argument: Argument) -> int:
        """The node of an argument, True being 1; raises GradcalcError for what is only a text or a list of such."""
        if isinstance(argument.value, Static) and isinstance(argument.value.value, bool):
            return self._append(Constant(Fraction(int(argument.value.value)), argument.span))
        if not isinstance(argument.value, int):
            message = f"{self._tree.quote(argument.span)} is not a number"
            raise self._tree.error("parse", message, argument.span)
        return argument.value

    def _of_number(self, arguments: Sequence[Argument]) -> Sequence[Argument]:
        """The arguments, the first of which is a node; raises GradcalcError if it is no number."""
        first, *others = arguments
        return [first._replace(value=self._number(first)), *others]

    def _append(self, node: Node) -> int:
        """Index of one more node."""
        self._made.append(node)
        self._count += 1
        return self._count - 1

    def _apply(self, name: str, arguments: Sequence[Argument], span: Span) -> int:
        """Index of a new node that calls the function of this name."""
        return self._append(Application(table.candidates(name), name, arguments, span))

    def _value(self, node: ast.expr, scope: Scope, arguments: Sequence[Argument]) -> Value:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node, scope)
            case ast.Attribute():
                return self._attribute(node, arguments)
            case ast.Call():
                return self._call(node, arguments)
            case ast.Subscript():
                return self._subscript(node, arguments)
            case ast.GeneratorExp():
                hint = "type sum(...)"
                raise self._tree.error("parse", "a loop is an argument of a function", self._tree.span(node), hint)
        return self._operation(node, arguments)

    def _subscript(self, node: ast.Subscript, arguments: Sequence[Argument]) -> int:
        value, index, *places = self._of_number(arguments)
        if places:
            return self._apply("getitem_at", (value, index, *places), self._tree.span(node))
        return self._append(Item(value, index, self._tree.span(node)))

    # Numbers and names.

    def _constant(self, node: ast.Constant) -> Value:
        token = self._tree.expression.tokens[self._tree.first(node)]
        if token.kind == "number":
            return self._append(Constant(number_value(token, self._tree.expression.source), token.span))
        return Static(token.text[1:-1] if token.kind == "string" else node.value)

    def _name(self, node: ast.Name, scope: Scope) -> int:
        token = self._tree.token(node.id)
        name = token.text
        if isinstance(scope.get(name), Fraction):
            return self._append(Constant(scope[name], token.span))
        if name in self._names.assigned:
            return self._names.assigned[name]
        if self._names.is_constant(name):
            return self._named_constant(name, token.span)
        if name not in self._names.variables:
            self._names.variables[name] = self._append(Variable(name, token.span))
        return self._names.variables[name]

    def _named_constant(self, name: str, span: Span) -> int:
        if name != "tau":
            return self._append(Constant(names.MODULE_CONSTANTS[name], span))
        two, pi = self._append(Constant(Fraction(2), span)), self._append(Constant("pi", span))
        return self._apply("mul", (Argument(two, span), Argument(pi, span)), span)

    def _attribute(self, node: ast.Attribute, arguments: Sequence[Argument]) -> int:
        name, span = self._tree.token(node.attr), self._tree.span(node)
        if arguments:
            return self._append(Attribute(self._of_number(arguments)[0], name, span))
        if name.text not in names.MODULE_CONSTANTS:
            message, hint = names.unknown_constant(name.text, self._tree.quote(span))
            raise self._tree.error("name", message, span, hint)
        return self._named_constant(names.MODULE_CONSTANTS[name.text], span)

    # Calls and loops.

    def _call(self, node: ast.Call, arguments: Sequence[Argument]) -> int:
        name, rows = self._tree.called(node), self._names.rows(self._tree, node)
        if not rows:
            raise self._unknown(node, name)
        if loop_of(node) is not None:
            return self._loop(node, name, arguments)
        return self._append(Application(rows, name.text, arguments, self._tree.span(node)))

    def _loop(self, node: ast.Call, name: Token, terms: Sequence[Argument]) -> int:
        """The terms of a loop, joined one after the other as Python's `sum` does."""
        span = self._tree.span(node)
        if name.text not in LOOPS:
            message = f"a loop is an argument of {', '.join(LOOPS)}, and not of {name.text}"
            raise self._tree.error("parse", message, span, f"type {name.text}([... for i in range(3)])")
        if not terms:
            if name.text in OF_NONE:
                return self._append(Constant(OF_NONE[name.text], span))
            raise self._tree.error("parse", "this loop has no passes", span)
        return self._chain(LOOPS[name.text], terms, [span] * len(terms))

    def _unknown(self, node: ast.Call, name: Token) -> GradcalcError:
        """The error for the call of a name that is not in the table."""
        if self._names.receiver(self._tree, node) is not None:
            message, hint = names.unknown_method(name.text)
            return self._tree.error("name", message, name.span, hint)
        message, hint = names.unknown_function(name.text)
        if isinstance(node.func, ast.Attribute):
            return self._tree.error("name", message, name.span, hint)
        single = len(node.args) == 1 and not node.keywords
        product = f"{name.text}*"
        if self._names.is_variable(name.text):
            message, hint = f"{name.text} is not a function", "for a product type {}" if single else None
        elif name.text[1:] in POWERED:  # xsin(x)
            product, hint = f"{name.text[0]}*{name.text[1:]}", "for a product type {}"
        elif not hint:
            hint = f"gradcalc functions lists them{'; for a product type {}' if single else ''}"
        if not hint or "{}" not in hint:
            return self._tree.error("name", message, name.span, hint)
        source, call = self._tree.expression.source, Span(name.span.start, self._tree.span(node).end)
        product += source[name.span.end : call.end].lstrip()
        error = Unclear(message, source=source, span=name.span, pieces=[product], hint=hint)
        error.edit, error.kind = call, "name"
        return error

    # Operators.

    def _operation(self, node: ast.expr, arguments: Sequence[Argument]) -> int:
        arguments = [
            argument if type(argument.value) is int else argument._replace(value=self._number(argument))
            for argument in arguments
        ]
        match node:
            case ast.UnaryOp():
                return self._apply(UNARY[type(node.op)], arguments, self._tree.span(node))
            case ast.BinOp():
                return self._binary(node, arguments)
            case ast.IfExp():
                body, test, orelse = arguments
                return self._apply("if_else", (test, body, orelse), self._tree.span(node))
            case ast.List(elts=[]):
                raise self._tree.error("parse", "a list has at least one item", self._tree.span(node))
            case ast.List() | ast.ListComp():
                return self._apply("stack_items", arguments, self._tree.span(node))
            case ast.BoolOp():
                spans = [self._tree.bracketed(value) for value in node.values]
                return self._chain(BINARY[type(node.op)], arguments, spans)
        assert isinstance(node, ast.Compare)
        return self._compare(node, arguments)

    def _binary(self, node: ast.BinOp, arguments: Sequence[Argument]) -> int:
        span = self._tree.span(node)
        if type(node.op) in BINARY:
            function = BINARY[type(node.op)]
            sign = SIGNS.get(type(node.op), function)
            return self._append(Application(table.candidates(function), sign, arguments, span))
        left, right = (self._tree.quote(self._tree.bracketed(operand)) for operand in (node.left, node.right))
        message, source = "// is not part of the language", self._tree.expression.source
        raise Unclear(message, source=source, span=span, pieces=[f"floor({left} / {right})"])

    def _compare(self, node: ast.Compare, arguments: Sequence[Argument]) -> int:
        """a < b < c means a < b and b < c."""
        places = [self._tree.bracketed(operand) for operand in (node.left, *node.comparators)]
        spans = [left.join(right) for left, right in pairwise(places)]
        found = [
            self._apply(BINARY[type(operator)], pair, span)
            for operator, pair, span in zip(node.ops, pairwise(arguments), spans, strict=True)
        ]
        return self._chain("logical_and", [Argument(*pair) for pair in zip(found, spans, strict=True)], spans)

    def _chain(self, function: str, arguments: Sequence[Argument], spans: Sequence[Span]) -> int:
        """A function of two applied from left to right; `spans` are the arguments with the brackets around them."""
        result, span = arguments[0], spans[0]
        for argument, other in zip(arguments[1:], spans[1:], strict=True):
            span = span.join(other)
            result = Argument(self._apply(function, (result, argument), span), span)
        return self._number(result)
