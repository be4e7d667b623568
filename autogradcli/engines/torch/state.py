"""torch's global state: random numbers, the modes and the format that tensors are made in, and what torch warns of."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from importlib import import_module
from sys import modules

import torch


@contextmanager
def seeded(number: int) -> Iterator[None]:
    """Random numbers as after `torch.manual_seed(number)`; afterwards the generator is where the caller left it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number)
        yield


@contextmanager
def fresh_state(kind: torch.dtype) -> Iterator[None]:
    """Torch as a new process has it, whatever mode the caller is in; then the caller's again, whatever was done to it.

    New tensors of no said format are of the `kind`: `randn(3)` draws other numbers in float64 than in float32.
    """
    dtype = torch.get_default_dtype()
    with ExitStack() as modes:
        for mode in _modes():
            modes.enter_context(mode)
        device = torch.get_default_device()
        torch.set_default_dtype(kind)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            if torch.get_default_device() != device:
                torch.set_default_device(device)


def _modes() -> Iterator[AbstractContextManager[object]]:
    """What leads from the caller's modes to torch's own; of those that cost time hardly ever one."""
    yield torch.enable_grad()
    if torch.is_inference_mode_enabled():
        yield torch.inference_mode(False)
    if torch.is_autocast_enabled("cpu"):
        yield torch.autocast("cpu", enabled=False)
    if torch.get_default_device().type != "cpu":
        yield torch.device("cpu")


torch.set_warn_always(True)  # else a warning is given once, and a report depends on those before it


@contextmanager
def recorded() -> Iterator[list[warnings.WarningMessage]]:
    """A context in which warnings go into a list, each as often as it is given."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield found


def sentences(found: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    """A sentence for each warning, none twice."""
    return tuple(dict.fromkeys(f"torch warns: {_sentence(str(each.message))}" for each in found))


def _sentence(message: str) -> str:
    """The message without the place in torch's own source, which torch puts behind it."""
    return message.partition(" (Triggered internally")[0].partition("\n")[0].strip().rstrip(".")


def load_checks() -> None:
    """Import what torch checks a given upstream gradient by, SymPy among it: it takes half a second."""
    import_module("torch.fx.experimental.symbolic_shapes")


@cache
def leave_compiler_out() -> None:
    """Let torch work out the shape of a sum with a gradient that is 0 without its compiler.

    A second derivative of abs or sign is such a zero, which torch does not store. The shape of a sum with it comes from
    a function in Python that the compiler must not look into; to say so, torch imports the compiler, which takes
    seconds. As long as nobody has imported it, there is nothing to be said.
    """
    if "torch._dynamo" in modules:
        return
    for name in OF_SHAPES:
        function = getattr(getattr(torch, "_refs", None), name, None)
        while (inner := getattr(function, "__wrapped__", None)) is not None:
            inner.__dynamo_disable = inner
            function = inner


OF_SHAPES = ("add", "sub", "mul", "div")
"""The operations whose results' shapes torch works out in Python where an operand is such a zero."""
