"""From syntax trees to steps, without recursion: a sum of 10,000 terms is 10,000 deep."""

import ast
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from itertools import islice, pairwise

from autogradcli.errors import GradcalcError, Span
from autogradcli.language import names, static, table
from autogradcli.language.binding import Argument, Static, parameter_at
from autogradcli.language.function import Function, Parameter, Placeholder
from autogradcli.language.lexer import Token, number_value
from autogradcli.language.parts import Part, Scoped, Value, fixed_by_text, operands, whole_index
from autogradcli.language.static import NotStatic, Scope
from autogradcli.language.steps import MAX_STEPS, Steps
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

LOOPS = {"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum"}
"""What joins the terms of a loop that is the argument of these."""
OF_NONE = {"sum": Fraction(0), "prod": Fraction(1)}
"""What a loop of no terms comes to."""


METHODS = "Tensor"
"""The module of methods."""


class Flattener:
    """Adds the steps of expressions, one statement after the other."""

    def __init__(self, source: str, given: Collection[str], parameters: Mapping[str, Parameter]) -> None:
        self.steps = Steps(source)
        self.assigned: dict[str, int] = {}
        self._given = given
        self._parameters = parameters
        self._scope = {name: Placeholder(name) for name, each in parameters.items() if not each.operand}

    def add(self, tree: Tree) -> int:
        """Index of the step that is the value of an expression."""
        todo: list[tuple[ast.expr, Scope, Sequence[Part] | None]] = [(tree.root, self._scope, None)]
        values: list[Value] = []
        while todo:
            node, scope, parts = todo.pop()
            if parts is None:
                parts = self._parts(tree, node, scope)
                todo.append((node, scope, parts))
                todo.extend((*need, None) for part in reversed(parts) for need in reversed(part.needs))
            else:
                first = len(values) - sum(len(part.needs) for part in parts)
                rest = iter(values[first:])
                arguments = [part.argument(tuple(islice(rest, len(part.needs)))) for part in parts]
                values[first:] = [self._value(tree, node, scope, arguments)]
        return self._step(Argument(values[0], tree.span(tree.root)))

    def _step(self, argument: Argument) -> int:
        if not isinstance(argument.value, int):
            message = f"{self.steps.text(argument.span)} is not a number"
            raise self.steps.error("parse", message, argument.span)
        return argument.value

    def _parts(self, tree: Tree, node: ast.expr, scope: Scope) -> Sequence[Part]:
        """What must be evaluated before a node."""
        match node:
            case ast.Call():
                return self._arguments(tree, node, scope)
            case ast.Subscript():
                index = Part(tree.span(node.slice), (), Static(self._index(tree, node.slice, scope)))
                return Part(tree.span(node.value), ((node.value, scope),)), index
            case ast.Attribute() if self._in_module(tree, node):
                return ()
            case ast.ListComp() | ast.GeneratorExp():
                span = tree.span(node.elt)
                return [Part(span, (term,)) for term in self._terms(tree, node, scope)]
            case ast.Tuple():
                items = ", ".join(self.steps.text(tree.bracketed(each)) for each in node.elts)
                message = "a comma separates arguments and the items of lists, and nothing else"
                raise self.steps.error("parse", message, tree.span(node), f"for a list type [{items}]")
        return [Part(tree.span(child), ((child, scope),)) for child in operands(node)]

    def _value(self, tree: Tree, node: ast.expr, scope: Scope, arguments: Sequence[Argument]) -> Value:
        match node:
            case ast.Constant():
                return self._constant(tree, node)
            case ast.Name():
                return self._name(tree, node, scope)
            case ast.Attribute():
                return self._attribute(tree, node, arguments)
            case ast.Call():
                return self._call(tree, node, arguments)
            case ast.Subscript():
                return self._subscript(tree, node, arguments)
            case ast.GeneratorExp():
                raise self.steps.error("parse", "a loop is an argument of a function", tree.span(node), "type sum(...)")
        return self._operation(tree, node, arguments)

    # Numbers and names.

    def _constant(self, tree: Tree, node: ast.Constant) -> Value:
        token = tree.expression.tokens[tree.first(node)]
        if token.kind == "number":
            return self.steps.constant(number_value(token, self.steps.source), token.span)
        return Static(token.text[1:-1] if token.kind == "string" else node.value)

    def _name(self, tree: Tree, node: ast.Name, scope: Scope) -> int:
        token = tree.token(node.id)
        name = token.text
        if isinstance(scope.get(name), Fraction):
            return self.steps.constant(scope[name], token.span)
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

    def _attribute(self, tree: Tree, node: ast.Attribute, arguments: Sequence[Argument]) -> int:
        name, span = tree.token(node.attr), tree.span(node)
        if arguments:
            step = self._step(arguments[0])
            if name.text in self.steps.fields(step):
                return self.steps.choose(step, name.text, span)
            if row := table.property_row(name.text):
                return self.steps.call_row((row,), name.text, arguments, span)
            message, hint = names.unknown_attribute(name.text, self.steps.text(span))
            raise self.steps.error("name", message, name.span, hint)
        if name.text not in names.MODULE_CONSTANTS:
            message, hint = names.unknown_constant(name.text, self.steps.text(span))
            raise self.steps.error("name", message, span, hint)
        return self._named_constant(names.MODULE_CONSTANTS[name.text], span)

    # Subscripts and loops.

    def _index(self, tree: Tree, node: ast.expr, scope: Scope) -> tuple[object, ...]:
        """What stands between the brackets after a value, as NumPy takes it."""
        try:
            index = static.evaluate(tree, node, scope)
            return tuple(map(whole_index, index if isinstance(node, ast.Tuple) else (index,)))
        except NotStatic:
            hint = "for a mask type where(condition, x, 0)" if isinstance(node, ast.Compare) else "type x[0] or x[1:3]"
            message = "a subscript is made of whole numbers and slices, written out in the text"
            raise self.steps.error("parse", message, tree.span(node), hint) from None

    def _subscript(self, tree: Tree, node: ast.Subscript, arguments: Sequence[Argument]) -> int:
        value, index = arguments
        assert isinstance(index.value, Static)
        step = self._step(value)
        fields = self.steps.fields(step)
        match index.value.value:
            case (int(place),) if fields and 0 <= place < len(fields):
                return self.steps.choose(step, fields[place], tree.span(node))
        return self.steps.call("getitem", arguments, tree.span(node))

    def _terms(self, tree: Tree, node: ast.ListComp | ast.GeneratorExp, scope: Scope) -> list[Scoped]:
        """The expression of a loop for each of its passes."""
        try:
            passes = list(islice(static.scopes(tree, node.generators, scope), MAX_STEPS + 1))
        except NotStatic:
            message = "a loop runs over numbers that the text fixes"
            raise self.steps.error("parse", message, tree.span(node), "type for i in range(3)") from None
        if len(passes) > MAX_STEPS:
            raise self.steps.error("limit", f"this loop has more than {MAX_STEPS:,} passes", tree.span(node))
        return [(node.elt, each) for each in passes]

    def _loop(self, tree: Tree, node: ast.Call, name: Token, terms: Sequence[Argument]) -> int:
        """The terms of a loop, joined one after the other as Python's `sum` does."""
        span = tree.span(node)
        if name.text not in LOOPS:
            message = f"a loop is an argument of {', '.join(LOOPS)}, and not of {name.text}"
            raise self.steps.error("parse", message, span, f"type {name.text}([... for i in range(3)])")
        if not terms:
            if name.text in OF_NONE:
                return self.steps.constant(OF_NONE[name.text], span)
            raise self.steps.error("parse", "this loop has no passes", span)
        return self._chain(LOOPS[name.text], terms, [span] * len(terms))

    # Calls.

    def _receiver(self, tree: Tree, function: ast.expr) -> tuple[ast.expr, ...]:
        """The expression whose method is called; nothing for a function."""
        if not isinstance(function, ast.Attribute) or self._in_module(tree, function):
            return ()
        return (function.value,)

    def _arguments(self, tree: Tree, node: ast.Call, scope: Scope) -> Sequence[Part]:
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            return self._parts(tree, node.args[0], scope)
        positional = [*self._receiver(tree, node.func), *node.args]
        parts = [self._part(tree, node, place, each, scope) for place, each in enumerate(positional)]
        for keyword in node.keywords:
            token = tree.token(str(keyword.arg))
            parts.append(self._part(tree, node, token, keyword.value, scope))
        return parts

    def _part(self, tree: Tree, call: ast.Call, given: int | Token, node: ast.expr, scope: Scope) -> Part:
        """An argument, as the rows that the call may mean want it: fixed by the text, taken apart, or as a value.

        It is given by its place or by its name.
        """
        name, place = (given, given.text) if isinstance(given, Token) else (None, given)
        found = (parameter_at(row, place) for row in self._rows(tree, call))
        parameters = [parameter for parameter in found if parameter is not None]
        span = tree.span(node)
        fixed = fixed_by_text(tree, node, scope, parameters)
        if fixed is not None:
            return Part(span, (), fixed, name)
        if any(each.kind == "sequence" for each in parameters):
            if isinstance(node, ast.List | ast.Tuple):
                return Part(span, tuple((each, scope) for each in node.elts), name=name, apart=True)
            if isinstance(node, ast.ListComp):
                return Part(span, tuple(self._terms(tree, node, scope)), name=name, apart=True)
        return Part(span, ((node, scope),), name=name)

    def _called(self, tree: Tree, node: ast.Call) -> Token:
        assert isinstance(node.func, ast.Name | ast.Attribute)
        return tree.token(node.func.id if isinstance(node.func, ast.Name) else node.func.attr)

    def _rows(self, tree: Tree, node: ast.Call) -> Sequence[Function]:
        """The rows that a call can mean, in the order in which they are tried.

        First those of its module, as linalg.norm is another than norm; or those of methods, as x.max(0) is torch's
        maximum along a dimension and max(x, 0) the larger of two numbers.
        """
        name = self._called(tree, node).text
        if not isinstance(node.func, ast.Attribute):
            return table.candidates(name)
        module = tree.path(node.func.value)[-1] if self._in_module(tree, node.func) else METHODS
        return tuple(dict.fromkeys((*table.candidates(f"{module}.{name}"), *table.candidates(name))))

    def _call(self, tree: Tree, node: ast.Call, arguments: Sequence[Argument]) -> int:
        name, rows = self._called(tree, node), self._rows(tree, node)
        if not rows:
            raise self._unknown(tree, node, name)
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            return self._loop(tree, node, name, arguments)
        return self.steps.call_row(rows, name.text, arguments, tree.span(node))

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
            case ast.List() | ast.ListComp():
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
        raise self.steps.error("parse", "// is not part of the language", span, f"type floor({left} / {right})")

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
