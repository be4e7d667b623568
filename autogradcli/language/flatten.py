"""From syntax trees to steps, without recursion: a sum of 10,000 terms is 10,000 deep."""

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from autogradcli.errors import GradcalcError, Span
from autogradcli.language import names, table
from autogradcli.language.binding import Argument
from autogradcli.language.function import Parameter
from autogradcli.language.lexer import Token, number_value
from autogradcli.language.steps import Steps
from autogradcli.language.tree import Tree

BINARY: dict[type[ast.operator | ast.cmpop | ast.boolop], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Mod: "remainder",
    ast.Pow: "pow",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.And: "logical_and",
    ast.Or: "logical_or",
}
JOINING: dict[type[ast.operator], tuple[str, str]] = {
    ast.BitAnd: ("&", "logical_and"),
    ast.BitOr: ("|", "logical_or"),
}
UNARY: dict[type[ast.unaryop], str] = {
    ast.USub: "neg",
    ast.UAdd: "positive",
    ast.Not: "logical_not",
    ast.Invert: "logical_not",
}
"""Rows of the table for Python's operators."""

Value = int | str
"""Index of a step, or a text that selects an option."""


class Flattener:
    """Adds the steps of expressions, one statement after the other."""

    def __init__(self, source: str, given: Collection[str], parameters: Mapping[str, Parameter]) -> None:
        self.steps = Steps(source)
        self.assigned: dict[str, int] = {}
        self._given = given
        self._parameters = parameters

    def add(self, tree: Tree) -> int:
        """Index of the step that is the value of an expression."""
        todo: list[tuple[ast.expr, Sequence[ast.expr] | None]] = [(tree.root, None)]
        values: list[Value] = []
        while todo:
            node, children = todo.pop()
            if children is None:
                children = self._children(tree, node)
                todo.append((node, children))
                todo.extend((child, None) for child in reversed(children))
            else:
                first = len(values) - len(children)
                arguments = [
                    Argument(value, tree.span(child)) for child, value in zip(children, values[first:], strict=True)
                ]
                values[first:] = [self._value(tree, node, arguments)]
        return self._step(Argument(values[0], tree.span(tree.root)))

    def _step(self, argument: Argument) -> int:
        if isinstance(argument.value, str):
            message = f"{self.steps.text(argument.span)} is not a number"
            raise self.steps.error("parse", message, argument.span)
        return argument.value

    def _children(self, tree: Tree, node: ast.expr) -> Sequence[ast.expr]:
        """The expressions that must be evaluated before a node."""
        match node:
            case ast.BinOp():
                return node.left, node.right
            case ast.UnaryOp():
                return (node.operand,)
            case ast.BoolOp():
                return node.values
            case ast.List():
                return node.elts
            case ast.Compare():
                return node.left, *node.comparators
            case ast.IfExp():
                return node.body, node.test, node.orelse
            case ast.Call():
                return *self._receiver(tree, node.func), *node.args, *(keyword.value for keyword in node.keywords)
        return ()

    def _value(self, tree: Tree, node: ast.expr, arguments: Sequence[Argument]) -> Value:
        match node:
            case ast.Constant():
                return self._constant(tree, node)
            case ast.Name():
                return self._name(tree, node)
            case ast.Attribute():
                return self._attribute(tree, node)
            case ast.Call():
                return self._call(tree, node, arguments)
        return self._operation(tree, node, arguments)

    # Numbers and names.

    def _constant(self, tree: Tree, node: ast.Constant) -> Value:
        token = tree.expression.tokens[tree.first(node)]
        if token.kind == "number":
            return self.steps.constant(number_value(token, self.steps.source), token.span)
        return token.text[1:-1] if token.kind == "string" else token.text

    def _name(self, tree: Tree, node: ast.Name) -> int:
        token = tree.token(node.id)
        name = token.text
        if name in self.assigned:
            return self.assigned[name]
        if name in names.CONSTANTS and not (name == "e" and name in self._given):
            return self._named_constant(name, token.span)
        return self.steps.variable(name, token.span, self._parameters.get(name))

    def _named_constant(self, name: str, span: Span) -> int:
        if name != "tau":
            return self.steps.constant(name, span)
        two, pi = self.steps.constant(Fraction(2), span), self.steps.constant("pi", span)
        return self.steps.call("mul", (Argument(two, span), Argument(pi, span)), span)

    def _in_module(self, tree: Tree, attribute: ast.Attribute) -> bool:
        """Whether a dotted name is one of a module's, as `torch.special.erf` is, and not one of a value's."""
        path = tree.path(attribute.value)
        return ".".join(path) in names.MODULES and path[0] not in self._given and path[0] not in self.assigned

    def _attribute(self, tree: Tree, node: ast.Attribute) -> int:
        name, span = tree.token(node.attr), tree.span(node)
        if not self._in_module(tree, node):
            message, hint = names.unknown_attribute(name.text, self.steps.text(span))
            raise self.steps.error("name", message, name.span, hint)
        if name.text not in names.MODULE_CONSTANTS:
            message, hint = names.unknown_constant(name.text, self.steps.text(span))
            raise self.steps.error("name", message, span, hint)
        return self._named_constant(names.MODULE_CONSTANTS[name.text], span)

    # Calls.

    def _receiver(self, tree: Tree, function: ast.expr) -> tuple[ast.expr, ...]:
        """The expression whose method is called; nothing for a function."""
        if not isinstance(function, ast.Attribute) or self._in_module(tree, function):
            return ()
        return (function.value,)

    def _call(self, tree: Tree, node: ast.Call, arguments: Sequence[Argument]) -> int:
        assert isinstance(node.func, ast.Name | ast.Attribute)
        name = tree.token(node.func.id if isinstance(node.func, ast.Name) else node.func.attr)
        if not table.candidates(name.text):
            raise self._unknown(tree, node, name)
        positional = len(arguments) - len(node.keywords)
        keywords = (tree.token(str(keyword.arg)) for keyword in node.keywords)
        named = [
            replace(argument, name=keyword) for argument, keyword in zip(arguments[positional:], keywords, strict=True)
        ]
        return self.steps.call(name.text, (*arguments[:positional], *named), tree.span(node))

    def _unknown(self, tree: Tree, node: ast.Call, name: Token) -> GradcalcError:
        """The error for the call of a name that is not in the table."""
        if self._receiver(tree, node.func):
            message, hint = names.unknown_method(name.text)
            return self.steps.error("name", message, name.span, hint)
        message, hint = names.unknown_function(name.text)
        if isinstance(node.func, ast.Name):
            product = self._product(tree, node)
            if self._is_variable(name.text):
                message, hint = f"{name.text} is not a function", product
            hint = hint or product
        return self.steps.error("name", message, name.span, hint)

    def _is_variable(self, name: str) -> bool:
        """Whether a name is better read as a variable than as a function misspelt."""
        known = name in self._given or name in self.assigned or name in self.steps.variables
        return known or name in names.CONSTANTS or len(name) == 1

    def _product(self, tree: Tree, node: ast.Call) -> str | None:
        """What to type if a call is meant as a product."""
        if len(node.args) != 1 or node.keywords:
            return None
        name, call = self.steps.text(tree.span(node.func)), self.steps.text(tree.span(node))
        return f"for a product type {name}*{call.removeprefix(name).lstrip()}"

    # Operators.

    def _operation(self, tree: Tree, node: ast.expr, arguments: Sequence[Argument]) -> int:
        for argument in arguments:
            self._step(argument)
        match node:
            case ast.UnaryOp():
                return self.steps.call(UNARY[type(node.op)], arguments, tree.span(node))
            case ast.BinOp():
                return self._binary(tree, node, arguments)
            case ast.IfExp():
                body, test, orelse = arguments
                return self.steps.call("if_else", (test, body, orelse), tree.span(node))
            case ast.List():
                return self.steps.stack(arguments, tree.span(node))
            case ast.BoolOp():
                spans = [tree.bracketed(value) for value in node.values]
                return self._chain(BINARY[type(node.op)], arguments, spans)
        assert isinstance(node, ast.Compare)
        return self._compare(tree, node, arguments)

    def _binary(self, tree: Tree, node: ast.BinOp, arguments: Sequence[Argument]) -> int:
        span = tree.span(node)
        if type(node.op) in JOINING:
            sign, name = JOINING[type(node.op)]
            self._check_conditions(sign, arguments)
            return self.steps.call(name, arguments, span)
        if type(node.op) in BINARY:
            return self.steps.call(BINARY[type(node.op)], arguments, span)
        left, right = (self.steps.text(tree.bracketed(operand)) for operand in (node.left, node.right))
        if isinstance(node.op, ast.FloorDiv):
            raise self.steps.error("parse", "// is not part of the language", span, f"type floor({left} / {right})")
        hint = f"for a product type {left} * {right}, of vectors dot({left}, {right})"
        raise self.steps.error("parse", "@ is not part of the language", span, hint)

    def _check_conditions(self, sign: str, arguments: Sequence[Argument]) -> None:
        for argument in arguments:
            if not self.steps.is_condition(self._step(argument)):
                message = f"{sign} joins conditions, and this is a number"
                hint = f"{sign} binds tighter than a comparison: type (x > 0) {sign} (y > 0)"
                raise self.steps.error("parse", message, argument.span, hint)

    def _compare(self, tree: Tree, node: ast.Compare, arguments: Sequence[Argument]) -> int:
        """a < b < c means a < b and b < c."""
        places = [tree.bracketed(operand) for operand in (node.left, *node.comparators)]
        spans = [left.join(right) for left, right in pairwise(places)]
        steps = [
            self.steps.call(BINARY[type(operator)], pair, span)
            for operator, pair, span in zip(node.ops, pairwise(arguments), spans, strict=True)
        ]
        return self._chain("logical_and", [Argument(*pair) for pair in zip(steps, spans, strict=True)], spans)

    def _chain(self, function: str, arguments: Sequence[Argument], spans: Sequence[Span]) -> int:
        """A function of two applied from left to right; `spans` are the arguments with the brackets around them."""
        result, span = arguments[0], spans[0]
        for argument, other in zip(arguments[1:], spans[1:], strict=True):
            span = span.join(other)
            result = Argument(self.steps.call(function, (result, argument), span), span)
        return self._step(result)
