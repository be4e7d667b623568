"""Derivatives that are part of an expression: the penalty on a gradient, an equation with a slope in it."""

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Handle, TapeBuilder


def gradient(builder: TapeBuilder, output: Handle, x: Handle, upstream: Handle) -> Handle:
    """The upstream gradient times the Jacobian, written out with every step's own partial derivatives."""
    return builder.gradient(output, x, upstream)


ROWS: tuple[Function, ...] = (
    Function(
        "grad",
        "output, x, upstream = 1",
        "The derivative of an output with respect to x, in the shape of x: upstream times the Jacobian.",
        torch="autograd.grad",
        tensor=True,
        differentiates=True,
        body=gradient,
        note="x is a variable or what the text gives a name; what is made of it can be differentiated again.",
    ),
)
