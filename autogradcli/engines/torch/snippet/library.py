"""The library of a snippet that is run and not verified: torch itself, behind an exact list of names."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import torch

from autogradcli.engines.torch.snippet import names, namespaces
from autogradcli.engines.torch.snippet.floats import as_floats, made_float, only_floats
from autogradcli.engines.torch.snippet.operation import Caller, Namespace, Operation, Remark
from autogradcli.errors import Span

Report = Callable[[Remark], None]

CONTEXTS = {
    "no_grad": torch.no_grad,
    "enable_grad": torch.enable_grad,
    "inference_mode": torch.inference_mode,
    "set_grad_enabled": torch.set_grad_enabled,
}
"""What can stand behind `with`."""


class Library:
    """What a snippet finds in modules, tensors and arrays."""

    tensor = torch.Tensor
    array = np.ndarray
    contexts = AbstractContextManager

    def __init__(self) -> None:
        self.remarks: list[Remark] = []
        self.backwards = 0
        """How often `backward` was called."""
        self.modules: Mapping[str, Namespace] = namespaces.modules(self._special())
        self.methods: Mapping[str, Operation] = {**namespaces.methods(), **self._special_methods()}
        self.attribute_names = names.ATTRIBUTES | names.ARRAY_ATTRIBUTES | names.ARRAY_METHODS | names.RESULTS
        self.setters: Mapping[str, Callable[[torch.Tensor, Any, Span], None]] = {
            "requires_grad": self._set_requires_grad,
            "grad": lambda tensor, value, _: setattr(tensor, "grad", value),
            "data": lambda tensor, value, _: setattr(tensor, "data", value),
        }

    def caller(self, operation: Operation, span: Span) -> Caller:
        """What to call for a call of an operation that stands at a place of the text."""
        run = operation.run

        def call(*arguments: Any, **keywords: Any) -> Any:
            try:
                return run(*arguments, **keywords)
            except RuntimeError as problem:
                repaired = self._with_floats(run, arguments, keywords, problem, span)
                if repaired is None:
                    raise
                return repaired[0]

        return call

    def binary(self, name: str, span: Span) -> Caller:
        """The same for an operator one of whose operands is a tensor."""
        return self.caller(namespaces.OPERATORS[name], span)

    def inplace(self, name: str, span: Span) -> Caller:
        """The same for an augmented assignment to a tensor."""
        return self.caller(namespaces.INPLACE[name], span)

    def set_item(self, span: Span) -> Caller:
        """The same for an assignment to components of a tensor."""
        return self.caller(namespaces.SET_ITEM, span)

    def getter(self, name: str, span: Span) -> Callable[[torch.Tensor], Any] | None:
        """How an attribute of tensors is read; None if there is none of that name."""
        del span
        return namespaces.getters().get(name)

    def named(self, value: Any, name: str) -> None:
        """Take note that a value is given a name."""

    def decided(self, condition: torch.Tensor) -> None:
        """Take note that the snippet goes on by the value of a tensor."""

    def changed(self, value: Any) -> None:
        """Take note that an array is about to change in place."""

    def iterate(self, value: Any, span: Span) -> Any:
        """What a loop over a value runs through."""
        del span
        return value

    def is_array(self, value: Any) -> bool:
        """Whether a value is one of NumPy's."""
        return isinstance(value, np.ndarray | np.generic)

    def of_array(self, value: Any, name: str) -> Any:
        """An attribute or a method of an array or of one of NumPy's numbers; None if there is none."""
        if name in names.ARRAY_ATTRIBUTES:
            return getattr(value, name)
        if name in names.ARRAY_METHODS:
            return Operation(f"ndarray.{name}", getattr(value, name))
        return None

    def of_other(self, value: Any, name: str) -> Any:
        """An attribute of what torch gives back beside tensors: several results, a node of the graph, a size."""
        if isinstance(value, tuple) and name in (getattr(value, "_fields", None) or _fields(value)):
            return getattr(value, name)
        if isinstance(value, torch.Size) and name == "numel":
            return Operation("Size.numel", value.numel)
        if isinstance(value, torch.autograd.graph.Node) and name in {"name", "next_functions", "variable"}:
            found = getattr(value, name, None)
            return Operation("Node.name", value.name) if name == "name" else found
        return None

    @contextmanager
    def running(self, seed: int | None, place: Callable[[], Span]) -> Iterator[None]:
        """Torch as a new process has it; what the snippet sets is undone, and what torch warns of becomes a remark."""

        def warn(message: Warning | str, *_: Any, **__: Any) -> None:
            self.remark(Remark("warning", place(), {"message": str(message)}))

        dtype, printing = torch.get_default_dtype(), dict(vars(_print_options()))
        with (
            torch.random.fork_rng(devices=[]),
            torch.set_grad_enabled(True),
            _numpy_random(),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("always")
            warnings.showwarning = warn
            _start_generators(seed)
            try:
                yield
            finally:
                torch.set_default_dtype(dtype)
                vars(_print_options()).update(printing)

    def remark(self, remark: Remark) -> None:
        """Keep a remark, once for each place of the text."""
        if remark not in self.remarks:
            self.remarks.append(remark)

    def _special(self) -> dict[str, dict[str, Any]]:
        contexts = {name: Operation(f"torch.{name}", run) for name, run in CONTEXTS.items()}
        autograd = {
            "grad": Operation("torch.autograd.grad", torch.autograd.grad),
            "backward": Operation("torch.autograd.backward", self._backward_of_several),
        }
        return {"torch": contexts, "torch.autograd": autograd, "torch.random": {}}

    def _special_methods(self) -> dict[str, Operation]:
        return {"backward": Operation("Tensor.backward", self._backward)}

    def _backward(self, output: torch.Tensor, *arguments: Any, **keywords: Any) -> None:
        self.backwards += 1
        output.backward(*arguments, **keywords)  # type: ignore[no-untyped-call]

    def _backward_of_several(self, *arguments: Any, **keywords: Any) -> None:
        self.backwards += 1
        torch.autograd.backward(*arguments, **keywords)

    def _set_requires_grad(self, tensor: torch.Tensor, value: Any, span: Span) -> None:
        try:
            tensor.requires_grad = value
        except RuntimeError as problem:
            if not only_floats(problem):
                raise
            self.remark(Remark("integers", span, {"message": str(problem).splitlines()[0]}))
            made_float(tensor)
            tensor.requires_grad = value

    def _with_floats(
        self, run: Caller, arguments: Any, keywords: dict[str, Any], problem: RuntimeError, span: Span
    ) -> tuple[Any] | None:
        """What an operation gives that torch refuses for whole numbers, with floats instead; None if that is not it."""
        repaired = as_floats(run, arguments, keywords, problem)
        if repaired is not None:
            message = str(problem).splitlines()[0]
            self.remark(Remark("integers", span, {"message": message}))
        return repaired


def _fields(value: Any) -> tuple[str, ...]:
    """The names of torch's own named results, such as those of `max`."""
    if not type(value).__module__.startswith("torch.return_types"):
        return ()
    return tuple(name for name in dir(value) if not name.startswith(("_", "n_")) and name not in {"count", "index"})


def _print_options() -> Any:
    return torch._tensor_str.PRINT_OPTS


def _start_generators(seed: int | None) -> None:
    """Random numbers from a seed, or from anywhere."""
    if seed is None:
        torch.seed()
        np.random.seed()
    else:
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)


@contextmanager
def _numpy_random() -> Iterator[None]:
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)
