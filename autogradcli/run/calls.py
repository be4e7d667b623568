"""Names, attributes and calls of a snippet as closures: what a name means, and what is called by it."""

import ast
from collections.abc import Callable, Sequence
from typing import Any

from autogradcli.engines.torch.snippet.operation import Namespace, Operation
from autogradcli.errors import GradcalcError, Span
from autogradcli.language.nearest import did_you_mean
from autogradcli.run import methods
from autogradcli.run.bounds import CONTAINERS, weigh
from autogradcli.run.machine import Bound, Evaluate, Frame, Machine, Parameters
from autogradcli.run.names import Scope
from autogradcli.run.refusals import ATTRIBUTES, NAMES

Store = Callable[[Frame, Any], None]

KEYWORDS: dict[str, tuple[str, str | None]] = {
    "out": ("results are not written into other tensors", "type y = torch.add(a, b)"),
    "inplace": ("a function does not change its argument here", "leave inplace away, or type x.relu_()"),
    "generator": ("random numbers come from torch's one generator", "type torch.manual_seed(0)"),
    "file": ("a snippet prints to standard output alone", "leave file away"),
    "layout": ("there are dense tensors alone", "leave layout away"),
    "pin_memory": ("gradcalc computes on the CPU", "leave pin_memory away"),
    "key": ("functions are not called by Python's own", "sort the keys themselves"),
}
"""Names of arguments that no call takes, with the reason and what to type instead."""


class Calls:
    """Translates what begins with a name."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.modules: dict[str, Any] = {}
        """The names that mean modules all through the text."""
        library = machine.library
        known = {name for namespace in library.modules.values() for name in namespace.names}
        self._known = known | methods.NAMES | library.attribute_names | library.methods.keys()

    def translate(self, node: ast.expr, scope: Scope) -> Evaluate:
        """The closure that gives the value of an expression."""
        raise NotImplementedError

    def store(self, target: ast.expr, scope: Scope) -> Store:
        """The closure that gives a target a value."""
        raise NotImplementedError

    def span(self, node: ast.AST) -> Span:
        """Where a node stands in the text."""
        return self.machine.source.span(node)

    def error(self, kind: str, message: str, node: ast.AST, hint: str | None = None) -> GradcalcError:
        """An error at a node."""
        return self.machine.source.error(kind, message, node, hint)

    # Names.

    def _name(self, node: ast.Name, scope: Scope) -> Evaluate:
        name = node.id
        self.check_name(name, node)
        depth, machine = scope.depth(name), self.machine
        whole_text = scope_at(scope, depth).around is None
        builtin = machine.builtins.get(name) if whole_text else None
        if whole_text and builtin is None and name in NAMES and name not in scope_at(scope, depth).names:
            message, hint = NAMES[name]
            raise self.error("name", f"{name} is not part of the subset: {message}", node, hint)

        def missing() -> Any:
            if builtin is not None:
                return builtin
            machine.node = node
            if whole_text:
                raise NameError(f"name '{name}' is not defined")
            message = f"cannot access local variable '{name}' where it is not associated with a value"
            raise UnboundLocalError(message)

        def here(frame: Frame) -> Any:
            return frame[name] if name in frame else missing()

        def above(frame: Frame) -> Any:
            for _ in range(depth):
                frame = frame[None]
            return frame[name] if name in frame else missing()

        return above if depth else here

    def check_name(self, name: str, node: ast.AST) -> None:
        """Nothing; an error for a name that begins with two underscores, `__name__` apart."""
        if name.startswith("__") and name != "__name__":
            raise self.error("name", f"{name} is not reachable: no name with two underscores is", node)

    # Attributes.

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Evaluate:
        self.check_attribute(node)
        found = self._static(node)
        if found is not None:
            return lambda _: found
        machine, name, tensor = self.machine, node.attr, self.machine.library.tensor
        value, getter = self.translate(node.value, scope), machine.library.getter(name, self.span(node))

        def run(frame: Frame) -> Any:
            receiver = value(frame)
            try:
                if getter is not None and type(receiver) is tensor:
                    return getter(receiver)
                return self._attribute_of(receiver, name)
            except Exception:
                machine.node = node
                raise

        return run

    def check_attribute(self, node: ast.Attribute) -> None:
        """Nothing; an error for an attribute that no value has here."""
        name = node.attr
        if name.startswith("_"):
            raise self.error("name", f"{name} is not reachable: no attribute with an underscore before it is", node)
        if self._static(node) is None and name not in self._known:
            message, hint = ATTRIBUTES.get(name, (None, did_you_mean(name, sorted(self._known))))
            message = f"{name} is not part of the subset: {message}" if message else f"there is no {name} here"
            raise self.error("name", message, node, hint)

    def _static(self, node: ast.expr) -> Any:
        """What an attribute of a module means, known before the snippet runs; None for any other value."""
        if isinstance(node, ast.Name):
            return self.modules.get(node.id)
        if not isinstance(node, ast.Attribute):
            return None
        namespace = self._static(node.value)
        if not isinstance(namespace, Namespace):
            return None
        if node.attr not in namespace.names:
            message, hint = ATTRIBUTES.get(node.attr, (None, did_you_mean(node.attr, sorted(namespace.names))))
            message = message or f"there is no {node.attr} here"
            raise self.error("name", message, node, hint)
        return namespace.names[node.attr]

    def _attribute_of(self, value: Any, name: str) -> Any:
        """The attribute of a value whose kind is not known before the snippet runs."""
        library = self.machine.library
        if type(value) is library.tensor:
            if name in library.methods:
                return Bound(value, library.methods[name])
        elif isinstance(value, Namespace):
            if name in value.names:
                return value.names[name]
        else:
            found = methods.attribute(value, name)
            if found is None:
                found = library.of_array(value, name) if library.is_array(value) else library.of_other(value, name)
            if found is not None:
                return found
        raise AttributeError(f"'{type(value).__name__}' object has no attribute '{name}'")

    # Calls.

    def _call(self, node: ast.Call, scope: Scope) -> Evaluate:
        self._check_arguments(node)
        arguments = [self.translate(each, scope) for each in node.args]
        keywords = {str(each.arg): self.translate(each.value, scope) for each in node.keywords}
        if isinstance(node.func, ast.Attribute):
            self.check_attribute(node.func)
            found = self._static(node.func)
            if found is None:
                return self._method_call(node, node.func, scope, arguments, keywords)
            if isinstance(found, Operation):
                return self._direct_call(node, self.machine.library.caller(found, self.span(node)), arguments, keywords)
        function, machine = self.translate(node.func, scope), self.machine

        def run(frame: Frame) -> Any:
            callee = function(frame)
            positional = [argument(frame) for argument in arguments]
            return machine.call(callee, positional, {name: value(frame) for name, value in keywords.items()}, node)

        return run

    def _check_arguments(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.error("parse", "arguments are written out one by one", node, "type name=value")
            self.check_name(keyword.arg, node)
            if keyword.arg in KEYWORDS:
                message, hint = KEYWORDS[keyword.arg]
                raise self.error("argument", f"{keyword.arg}= is not part of the subset: {message}", keyword, hint)

    def _direct_call(
        self, node: ast.AST, native: Callable[..., Any], arguments: Sequence[Evaluate], keywords: dict[str, Evaluate]
    ) -> Evaluate:
        """A call of a function that is known before the snippet runs."""
        machine = self.machine

        def run(frame: Frame) -> Any:
            values = [argument(frame) for argument in arguments]
            named = {name: value(frame) for name, value in keywords.items()}
            try:
                for each in values:
                    if type(each) in CONTAINERS:
                        weigh(each)
                return native(*values, **named)
            except Exception:
                machine.node = node
                raise

        return run

    def _method_call(
        self,
        node: ast.Call,
        function: ast.Attribute,
        scope: Scope,
        arguments: Sequence[Evaluate],
        keywords: dict[str, Evaluate],
    ) -> Evaluate:
        """A call of a method: of a tensor as a rule, whose methods are known before the snippet runs."""
        machine, tensor, name = self.machine, self.machine.library.tensor, function.attr
        operation = machine.library.methods.get(name)
        place = last_line(node, function)
        native = None if operation is None else machine.library.caller(operation, self.span(place))
        receiver = self.translate(function.value, scope)

        def run(frame: Frame) -> Any:
            value = receiver(frame)
            if native is None or type(value) is not tensor:
                try:
                    callee = self._attribute_of(value, name)
                except Exception:
                    machine.node = place
                    raise
                positional = [argument(frame) for argument in arguments]
                return machine.call(callee, positional, {each: named(frame) for each, named in keywords.items()}, place)
            values = [argument(frame) for argument in arguments]
            named = {each: value_of(frame) for each, value_of in keywords.items()}
            try:
                return native(value, *values, **named)
            except Exception:
                machine.node, machine.receiver = place, value
                raise

        return run

    def parameters(self, node: ast.arguments, scope: Scope) -> Callable[[Frame], Parameters]:
        """The closure that evaluates the defaults of a function's parameters, as Python does where it is defined."""
        for each in (*node.posonlyargs, *node.args, *node.kwonlyargs):
            self.check_name(each.arg, each)
        if node.vararg or node.kwarg:
            which = node.vararg or node.kwarg
            assert which is not None
            raise self.error("parse", "parameters are written out one by one", which)
        positional = tuple(each.arg for each in (*node.posonlyargs, *node.args))
        with_default = positional[len(positional) - len(node.defaults) :] if node.defaults else ()
        defaults = {name: self.translate(each, scope) for name, each in zip(with_default, node.defaults, strict=True)}
        only = tuple(each.arg for each in node.kwonlyargs)
        pairs = zip(only, node.kw_defaults, strict=True)
        defaults |= {name: self.translate(each, scope) for name, each in pairs if each is not None}
        return lambda frame: Parameters(positional, {name: value(frame) for name, value in defaults.items()}, only)


def last_line(node: ast.Call, function: ast.Attribute) -> ast.expr:
    """The call of a method from the line of its name on: the line that Python's errors name."""
    end = function.end_lineno or function.lineno
    if end == function.lineno:
        return node
    column = (function.end_col_offset or 0) - len(function.attr.encode())
    place = ast.copy_location(ast.Name(function.attr, ast.Load()), node)
    place.lineno, place.col_offset = end, column
    return place


def scope_at(scope: Scope, depth: int) -> Scope:
    """The scope so many levels around another."""
    for _ in range(depth):
        assert scope.around is not None
        scope = scope.around
    return scope
