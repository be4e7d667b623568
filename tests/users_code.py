"""What users write, for tests of how it is called."""

import os
import time
import warnings
from typing import Any

import torch


def sigmoid(x: torch.Tensor) -> torch.Tensor:
    """Right."""
    return 1 / (1 + torch.exp(-x))


def swapped(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """x - y, its parameters in another order than an expression's."""
    return x - y


def other_names(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The first minus the second."""
    return a - b


class Cube(torch.autograd.Function):
    """A backward that forgets a factor."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """x**3."""
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        """Wrong: 2 x**2."""
        x: torch.Tensor = ctx.saved_tensors[0]
        return gradient * 2 * x**2


class Square(torch.autograd.Function):
    """Right, and with its context set up apart."""

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        """x**2."""
        return x**2

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:  # noqa: ARG004
        """Keep x."""
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        """2 x."""
        x: torch.Tensor = ctx.saved_tensors[0]
        return gradient * 2 * x


class Double(torch.nn.Module):
    """A module, which talks."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """2 x."""
        print("factor", 2)  # noqa: T201
        warnings.warn("slow", stacklevel=1)
        return x * self.factor


MODULE = Double()
NUMBER = 3


def cut_off(x: torch.Tensor) -> torch.Tensor:
    """A value without a graph."""
    return x.detach() * 2


def raises(x: torch.Tensor) -> torch.Tensor:  # noqa: ARG001
    """Nothing."""
    raise ValueError("no such thing")


def exits(x: torch.Tensor) -> torch.Tensor:  # noqa: ARG001
    """Nothing, and wants to end the process."""
    raise SystemExit(5)


def crashes(x: torch.Tensor) -> torch.Tensor:
    """x; it ends the process at 13."""
    if float(x) == 13:
        os._exit(3)
    return x * 1


def a_number(x: torch.Tensor) -> float:
    """No tensor."""
    return float(x)


class Unscaled(Cube):
    """A backward that is right only where what it is given is 1."""

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        """Wrong: it is not multiplied by the gradient."""
        x: torch.Tensor = ctx.saved_tensors[0]
        return 3 * x**2


def by_name(*, y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Takes nothing by its place."""
    return x - 2 * y


def wanders(x: torch.Tensor) -> torch.Tensor:
    """Leaves the folder."""
    os.chdir(os.sep)
    return 2 * x


def eats(x: torch.Tensor) -> torch.Tensor:
    """The identity, which at 13 takes all the memory that there is, in pieces."""
    taken = []
    while float(x) == 13:
        taken.append(torch.ones(10_000_000))
    return 1 * x


def hangs(x: torch.Tensor) -> torch.Tensor:
    """The identity, which at 13 never comes back."""
    while float(x) == 13:
        time.sleep(1)
    return 1 * x


class Product(torch.autograd.Function):
    """A backward that forgets its second argument."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """x*y."""
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Wrong: x for y."""
        y: torch.Tensor = ctx.saved_tensors[1]
        return gradient * y, None


def partly_cut_off(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x*y, of which autograd sees x alone."""
    return x * y.detach()


def shouts(x: torch.Tensor) -> torch.Tensor:
    """The identity, which prints past Python's streams, as libraries in C do."""
    os.write(1, b"to the one\n")
    os.write(2, b"and to the other\n")
    return 1 * x
