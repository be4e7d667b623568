"""Expressions of a snippet as closures: each node of the tree is translated once, and run as often as it is met."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autogradcli.run.bounds import bits, check_items, check_whole
from autogradcli.run.calls import Calls
from autogradcli.run.formats import converted, formatted
from autogradcli.run.machine import Evaluate, Frame, Function, Machine
from autogradcli.run.names import Scope, cost, parameters
from autogradcli.run.operators import BINARY, COMPARE, UNARY

CONSTANTS = (int, float, str, bool, type(None), type(...))


class Expressions(Calls):
    """Translates expressions. A closure takes the frame that names are looked up in."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._tensor = machine.library.tensor
        self._translators: Mapping[type[ast.expr], Callable[[Any, Scope], Evaluate]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.Slice: self._slice,
            ast.Call: self._call,
            ast.List: self._list,
            ast.Tuple: self._tuple,
            ast.Dict: self._dict,
            ast.ListComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._compare,
            ast.IfExp: self._choice,
            ast.JoinedStr: self._joined,
            ast.FormattedValue: self._formatted,
            ast.Lambda: self._lambda,
        }

    def translate(self, node: ast.expr, scope: Scope) -> Evaluate:
        """The closure that gives the value of an expression."""
        return self._translators[type(node)](node, scope)

    def _all(self, nodes: Sequence[ast.expr], scope: Scope) -> list[Evaluate]:
        return [self.translate(node, scope) for node in nodes]

    def _constant(self, node: ast.Constant, _: Scope) -> Evaluate:
        value = node.value
        if not isinstance(value, CONSTANTS):
            kind = type(value).__name__
            raise self.error("parse", f"constants of the type {kind} are not part of the subset", node)
        if isinstance(value, int):
            check_whole(bits(value))
        return lambda _: value

    # Operators. A tensor among the operands makes it torch's, everything else is a plain value.

    def _binary(self, node: ast.BinOp, scope: Scope) -> Evaluate:
        left, right = self.translate(node.left, scope), self.translate(node.right, scope)
        return self.operator(node, type(node.op).__name__, BINARY[type(node.op)], left, right)

    def operator(
        self, node: ast.AST, name: str, plain: Callable[[Any, Any], Any], left: Evaluate, right: Evaluate
    ) -> Evaluate:
        """The closure of an operator with two operands."""
        machine, tensor = self.machine, self._tensor
        native = machine.library.binary(name, self.span(node))

        def run(frame: Frame) -> Any:
            a, b = left(frame), right(frame)
            try:
                return native(a, b) if type(a) is tensor or type(b) is tensor else plain(a, b)
            except Exception:
                machine.node = node
                raise

        return run

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Evaluate:
        machine, tensor = self.machine, self._tensor
        operand, plain = self.translate(node.operand, scope), UNARY[type(node.op)]
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            number = operand({})
            if isinstance(number, int | float):
                return lambda _: -number
        native = plain
        if not isinstance(node.op, ast.Not):
            native = machine.library.binary(type(node.op).__name__, self.span(node))

        def run(frame: Frame) -> Any:
            value = operand(frame)
            try:
                return native(value) if type(value) is tensor else plain(value)
            except Exception:
                machine.node = node
                raise

        return run

    def _compare(self, node: ast.Compare, scope: Scope) -> Evaluate:
        first, *others = self._all([node.left, *node.comparators], scope)
        if len(others) == 1:
            return self._comparison(node, node.ops[0], first, others[0])
        pairs = [self._comparison(node, op, lambda frame: frame[0], lambda frame: frame[1]) for op in node.ops]

        def chain(frame: Frame) -> Any:
            left, result = first(frame), True
            for pair, other in zip(pairs, others, strict=True):
                right = other(frame)
                result = pair({0: left, 1: right})
                if not result:
                    return result
                left = right
            return result

        return chain

    def _comparison(self, node: ast.Compare, op: ast.cmpop, left: Evaluate, right: Evaluate) -> Evaluate:
        plain = COMPARE[type(op)]
        if isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn):
            return lambda frame: plain(left(frame), right(frame))
        return self.operator(node, type(op).__name__, plain, left, right)

    def _boolean(self, node: ast.BoolOp, scope: Scope) -> Evaluate:
        values = self._all(node.values, scope)
        stop = isinstance(node.op, ast.Or)

        def run(frame: Frame) -> Any:
            result = None
            for value in values:
                result = value(frame)
                if bool(result) is stop:
                    break
            return result

        return run

    def _choice(self, node: ast.IfExp, scope: Scope) -> Evaluate:
        test, yes, no = self._all([node.test, node.body, node.orelse], scope)
        decide = self.decision(test)
        return lambda frame: yes(frame) if decide(frame) else no(frame)

    def decision(self, test: Evaluate) -> Evaluate:
        """The closure of a condition by which the snippet goes one way or another."""
        library, tensor = self.machine.library, self._tensor

        def decide(frame: Frame) -> Any:
            value = test(frame)
            if type(value) is tensor:
                library.decided(value)
            return value

        return decide

    # Subscripts and displays.

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Evaluate:
        machine, tensor = self.machine, self._tensor
        value, index = self.translate(node.value, scope), self.translate(node.slice, scope)
        native = machine.library.binary("Subscript", self.span(node))

        def run(frame: Frame) -> Any:
            receiver, place = value(frame), index(frame)
            try:
                return native(receiver, place) if type(receiver) is tensor else receiver[place]
            except Exception:
                machine.node = node
                raise

        return run

    def _slice(self, node: ast.Slice, scope: Scope) -> Evaluate:
        parts = [None if each is None else self.translate(each, scope) for each in (node.lower, node.upper, node.step)]
        return lambda frame: slice(*[None if part is None else part(frame) for part in parts])

    def _list(self, node: ast.List, scope: Scope) -> Evaluate:
        items = self._all(node.elts, scope)
        return lambda frame: [item(frame) for item in items]

    def _tuple(self, node: ast.Tuple, scope: Scope) -> Evaluate:
        items = self._all(node.elts, scope)
        return lambda frame: tuple([item(frame) for item in items])

    def _dict(self, node: ast.Dict, scope: Scope) -> Evaluate:
        if any(key is None for key in node.keys):
            raise self.error("parse", "a dictionary is written out", node, "type {'name': value}")
        keys, values = self._all([key for key in node.keys if key], scope), self._all(node.values, scope)
        return lambda frame: {key(frame): value(frame) for key, value in zip(keys, values, strict=True)}

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp, scope: Scope) -> Evaluate:
        """The list of a comprehension; a generator is one too, since nothing stops it half way."""
        machine = self.machine
        inner = scope.within(
            name.id for loop in node.generators for name in ast.walk(loop.target) if isinstance(name, ast.Name)
        )
        first, *others = node.generators
        outermost = self.translate(first.iter, scope)
        iterables = [self.translate(loop.iter, inner) for loop in others]
        stores = [self.store(loop.target, inner) for loop in node.generators]
        conditions = [self._all(loop.ifs, inner) for loop in node.generators]
        element, price = self.translate(node.elt, inner), cost(node)

        def level(depth: int, items: Any, frame: Frame, results: list[Any]) -> None:
            for item in machine.library.iterate(items, self.span(node)):
                machine.budget.spend(price)
                stores[depth](frame, item)
                if all(condition(frame) for condition in conditions[depth]):
                    if depth < len(others):
                        level(depth + 1, iterables[depth](frame), frame, results)
                    else:
                        results.append(element(frame))
            check_items(len(results))

        def run(frame: Frame) -> Any:
            results: list[Any] = []
            level(0, outermost(frame), {None: frame}, results)
            return results

        return run

    # Texts.

    def _joined(self, node: ast.JoinedStr, scope: Scope) -> Evaluate:
        parts = self._all(node.values, scope)
        return lambda frame: "".join([part(frame) for part in parts])

    def _formatted(self, node: ast.FormattedValue, scope: Scope) -> Evaluate:
        machine = self.machine
        value = self.translate(node.value, scope)
        specification = self.translate(node.format_spec, scope) if node.format_spec else lambda _: ""
        conversion = None if node.conversion < 0 else chr(node.conversion)

        def run(frame: Frame) -> str:
            result, wanted = value(frame), specification(frame)
            try:
                return formatted(converted(result, conversion), wanted)
            except Exception:
                machine.node = node.value
                raise

        return run

    # Functions.

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Evaluate:
        inner = scope.within(parameters(node.args))
        body, price = self.translate(node.body, inner), cost(node)
        bind = self.parameters(node.args, scope)
        return lambda frame: Function("<lambda>", bind(frame), body, frame, price)
