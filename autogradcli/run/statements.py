"""Statements of a snippet as closures: assignments, loops, conditions, functions, imports."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autogradcli.language.nearest import did_you_mean
from autogradcli.run.calls import Store
from autogradcli.run.expressions import Expressions
from autogradcli.run.machine import Evaluate, Execute, Frame, Function, Machine
from autogradcli.run.names import Scope, assigned, cost, parameters
from autogradcli.run.operators import INPLACE
from autogradcli.run.refusals import ATTRIBUTES, MODULES
from autogradcli.run.trace import Tracer


@dataclass(frozen=True, slots=True)
class Return:
    """The signal that a function gives back a value."""

    value: Any


BREAK, CONTINUE = object(), object()
"""The signals that end a loop, or a pass of it."""


class Statements(Expressions):
    """Translates statements. A closure gives None if the next statement follows, else a signal."""

    def __init__(self, machine: Machine, tracer: Tracer | None = None) -> None:
        super().__init__(machine)
        self._tracer = tracer
        self._statements: Mapping[type[ast.stmt], Callable[[Any, Scope], Execute]] = {
            ast.Expr: self._expression,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated,
            ast.AugAssign: self._augmented,
            ast.For: self._for,
            ast.If: self._if,
            ast.With: self._with,
            ast.FunctionDef: self._function,
            ast.Return: self._return,
            ast.Assert: self._assert,
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.Pass: lambda _, __: lambda _: None,
            ast.Break: lambda _, __: lambda _: BREAK,
            ast.Continue: lambda _, __: lambda _: CONTINUE,
        }

    def program(self, tree: ast.Module) -> Execute:
        """The closure of the whole text."""
        names = frozenset(assigned(tree.body))
        imported = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
        others = frozenset(assigned(each for each in tree.body if each not in imported))
        for each in imported:
            for name, module in self._bindings(each):
                if name not in others:
                    self.modules[name] = module
        return self.block(tree.body, Scope(names))

    def block(self, body: Sequence[ast.stmt], scope: Scope) -> Execute:
        """The closure of statements one after the other."""
        machine = self.machine
        steps = [(node, self._step(node, scope)) for node in body]

        def run(frame: Frame) -> Any:
            for node, step in steps:
                machine.node = node
                signal = step(frame)
                if signal is not None:
                    return signal
            return None

        return run

    def _step(self, node: ast.stmt, scope: Scope) -> Execute:
        step = self._statements[type(node)](node, scope)
        return step if self._tracer is None else self._tracer.traced(node, step)

    def _expression(self, node: ast.Expr, scope: Scope) -> Execute:
        value = self.translate(node.value, scope)

        def run(frame: Frame) -> None:
            value(frame)

        return run

    # Assignments.

    def _assign(self, node: ast.Assign, scope: Scope) -> Execute:
        value = self.translate(node.value, scope)
        stores = [self.store(target, scope) for target in node.targets]

        def run(frame: Frame) -> None:
            result = value(frame)
            for store in stores:
                store(frame, result)

        return run

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> Execute:
        if node.value is None:
            return lambda _: None
        value, store = self.translate(node.value, scope), self.store(node.target, scope)
        return lambda frame: store(frame, value(frame))

    def store(self, target: ast.expr, scope: Scope) -> Store:
        """The closure that gives a target a value."""
        match target:
            case ast.Name(id=name):
                self.check_name(name, target)
                return self._store_name(name)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                return self._store_each(target, [self.store(each, scope) for each in targets])
            case ast.Subscript():
                return self._store_item(target, scope)
            case ast.Attribute():
                return self._store_attribute(target, scope)
        raise self.error("parse", "nothing can be assigned to this", target)

    def _store_name(self, name: str) -> Store:
        named = self.machine.library.named

        def store(frame: Frame, value: Any) -> None:
            frame[name] = value
            named(value, name)

        return store

    def _store_each(self, node: ast.expr, stores: Sequence[Store]) -> Store:
        machine, count = self.machine, len(stores)

        def store(frame: Frame, value: Any) -> None:
            values = list(machine.library.iterate(value, self.span(node)))
            if len(values) > count:
                raise ValueError(f"too many values to unpack (expected {count})")
            if len(values) < count:
                raise ValueError(f"not enough values to unpack (expected {count}, got {len(values)})")
            for each, item in zip(stores, values, strict=True):
                each(frame, item)

        return store

    def _store_item(self, node: ast.Subscript, scope: Scope) -> Store:
        machine, library = self.machine, self.machine.library
        receiver, index = self.translate(node.value, scope), self.translate(node.slice, scope)
        native = library.set_item(self.span(node))

        def store(frame: Frame, value: Any) -> None:
            target, place = receiver(frame), index(frame)
            try:
                if type(target) is library.tensor:
                    native(target, place, value)
                elif isinstance(target, list | dict) or library.is_array(target):
                    library.changed(target)
                    target[place] = value
                else:
                    raise TypeError(f"'{type(target).__name__}' object does not support item assignment")
            except Exception:
                machine.node = node
                raise

        return store

    def _store_attribute(self, node: ast.Attribute, scope: Scope) -> Store:
        self.check_attribute(node)
        machine, library = self.machine, self.machine.library
        receiver, setter = self.translate(node.value, scope), library.setters.get(node.attr)
        if setter is None:
            raise self.error("parse", f"{node.attr} cannot be given a value", node)

        def store(frame: Frame, value: Any) -> None:
            target = receiver(frame)
            try:
                if type(target) is not library.tensor:
                    raise AttributeError(f"'{type(target).__name__}' object has no attribute '{node.attr}'")
                setter(target, value, self.span(node))
            except Exception:
                machine.node = node
                raise

        return store

    def _augmented(self, node: ast.AugAssign, scope: Scope) -> Execute:
        machine, library = self.machine, self.machine.library
        name, plain = type(node.op).__name__, INPLACE[type(node.op)]
        current, operand = self.translate(node.target, scope), self.translate(node.value, scope)
        store, span = self.store(node.target, scope), self.span(node)
        inplace, binary = library.inplace(name, span), library.binary(name, span)

        def run(frame: Frame) -> None:
            left, right = current(frame), operand(frame)
            try:
                if type(left) is library.tensor:
                    result = inplace(left, right)
                elif type(right) is library.tensor:
                    result = binary(left, right)
                else:
                    library.changed(left)
                    result = plain(left, right)
            except Exception:
                machine.node = node
                raise
            store(frame, result)

        return run

    # Loops, conditions, contexts.

    def _for(self, node: ast.For, scope: Scope) -> Execute:
        if node.orelse:
            raise self.error("parse", "else after a loop is not part of the subset", node.orelse[0])
        machine, library, price = self.machine, self.machine.library, cost(node)
        items, store = self.translate(node.iter, scope), self.store(node.target, scope)
        body = self.block(node.body, scope)
        span = self.span(node.iter)

        def run(frame: Frame) -> Any:
            for item in library.iterate(items(frame), span):
                machine.budget.spend(price)
                store(frame, item)
                signal = body(frame)
                if signal is not None and signal is not CONTINUE:
                    return None if signal is BREAK else signal
                machine.node = node
            return None

        return run

    def _if(self, node: ast.If, scope: Scope) -> Execute:
        test = self.translate(node.test, scope)
        body, orelse = self.block(node.body, scope), self.block(node.orelse, scope)
        decide = self.decision(test)
        return lambda frame: body(frame) if decide(frame) else orelse(frame)

    def _with(self, node: ast.With, scope: Scope) -> Execute:
        for item in node.items:
            if item.optional_vars is not None:
                raise self.error("parse", "what with opens is given no name here", item.optional_vars)
        contexts = [self.translate(item.context_expr, scope) for item in node.items]
        body = self.block(node.body, scope)

        def run(frame: Frame) -> Any:
            return self._enter(node, contexts, body, frame)

        return run

    def _enter(self, node: ast.With, contexts: Sequence[Evaluate], body: Execute, frame: Frame) -> Any:
        if not contexts:
            return body(frame)
        context = contexts[0](frame)
        if not isinstance(context, self.machine.library.contexts):
            hint = "type with torch.no_grad():"
            raise self.error("parse", "with opens torch.no_grad(), enable_grad() or set_grad_enabled()", node, hint)
        with context:
            return self._enter(node, contexts[1:], body, frame)

    def _assert(self, node: ast.Assert, scope: Scope) -> Execute:
        test = self.translate(node.test, scope)
        message = self.translate(node.msg, scope) if node.msg else None

        def run(frame: Frame) -> None:
            if not test(frame):
                raise AssertionError(*([] if message is None else [message(frame)]))

        return run

    # Functions.

    def _function(self, node: ast.FunctionDef, scope: Scope) -> Execute:
        if node.decorator_list:
            hint = "type with torch.no_grad(): inside the function"
            raise self.error("parse", "decorators are not part of the subset", node.decorator_list[0], hint)
        self.check_name(node.name, node)
        inner = scope.within({*parameters(node.args), *assigned(node.body)})
        block, price, bind = self.block(node.body, inner), cost(node), self.parameters(node.args, scope)

        def body(frame: Frame) -> Any:
            signal = block(frame)
            return signal.value if isinstance(signal, Return) else None

        def run(frame: Frame) -> None:
            frame[node.name] = Function(node.name, bind(frame), body, frame, price)

        return run

    def _return(self, node: ast.Return, scope: Scope) -> Execute:
        if node.value is None:
            return lambda _: Return(None)
        value = self.translate(node.value, scope)
        return lambda frame: Return(value(frame))

    # Imports: names are bound to namespaces, and nothing is imported.

    def _import(self, node: ast.Import, _: Scope) -> Execute:
        return self._bind(node)

    def _import_from(self, node: ast.ImportFrom, _: Scope) -> Execute:
        return self._bind(node)

    def _bind(self, node: ast.Import | ast.ImportFrom) -> Execute:
        bindings = self._bindings(node)

        def run(frame: Frame) -> None:
            frame.update(bindings)

        return run

    def _bindings(self, node: ast.Import | ast.ImportFrom) -> list[tuple[str, Any]]:
        """The names that an import gives a meaning."""
        if isinstance(node, ast.Import):
            found = [(each, self._module(each.name, node)) for each in node.names]
            top = self.machine.library.modules
            return [
                (each.asname, module) if each.asname else (first := each.name.partition(".")[0], top[first])
                for each, module in found
            ]
        if node.level or node.module is None:
            raise self.error("parse", "there is no package around a snippet", node)
        module = self._module(node.module, node)
        return [(each.asname or each.name, self._member(module, each.name, node)) for each in node.names]

    def _module(self, name: str, node: ast.AST) -> Any:
        modules = self.machine.library.modules
        if name in modules:
            return modules[name]
        parts = name.split(".")
        message, hint = MODULES.get(parts[0]) or ATTRIBUTES.get(parts[-1]) or (None, did_you_mean(name, modules))
        message = message or "a snippet has torch, numpy, math and torch.nn.functional"
        raise self.error("name", f"{name} cannot be imported: {message}", node, hint)

    def _member(self, module: Any, name: str, node: ast.AST) -> Any:
        if name == "*":
            raise self.error("parse", "names are imported one by one", node, f"type import {module.name}")
        if name not in module.names:
            message, hint = ATTRIBUTES.get(name, (None, did_you_mean(name, sorted(module.names))))
            message = message or "it is not part of the subset"
            raise self.error("name", f"{name} cannot be imported from {module.name}: {message}", node, hint)
        return module.names[name]
