"""Powers and roots."""

from fractions import Fraction
from typing import Any

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Handle, TapeBuilder, handle
from autogradcli.functions.later import numpy as np


def ldexp_of_integers(builder: TapeBuilder, x: Handle, y: Any) -> Handle:
    """x*2**y."""
    exponents = np.array(y)
    handles = [builder.literal(Fraction(each)) for each in exponents.ravel().tolist()]
    found: Handle = builder.formula("x*2**y", x=x, y=handle(np.array(handles, dtype=np.intp).reshape(exponents.shape)))
    return found


ROWS: tuple[Function, ...] = (
    Function(
        "pow",
        "x, y",
        "The power x**y.",
        aliases=("power", "Pow"),
        torch="operator.pow",
        sympy="operator.pow",
        arb="operator.pow",
        partials=("where(y == 0, 0, y*x**(y - 1))", "x**y*log(x)"),
        domain="x > 0 or y == floor(y) and (x != 0 or y >= 0)",
        note="A negative base needs an integer exponent, and has no derivative in the exponent. x**0 is 1 for every x.",
    ),
    Function(
        "float_power",
        "x, y",
        "The power x**y, computed in double precision.",
        definition="x**y",
        domain="x > 0 or y == floor(y) and (x != 0 or y >= 0)",
    ),
    Function(
        "root",
        "x, n",
        "The n-th root x**(1/n).",
        torch="",
        definition="x**(1/n)",
        domain="x > 0",
        note="For x < 0 it is not defined, as in PyTorch; cbrt(x) is the real cube root.",
    ),
    Function("square", "x", "The square x**2.", definition="x**2"),
    Function(
        "sqrt",
        "x",
        "The square root of x.",
        sympy="sqrt",
        arb="sqrt",
        definition="x**(1/2)",
        partials=("1/(2*sqrt(x))",),
        domain="x > 0",
        note="At 0 the tangent is vertical.",
    ),
    Function(
        "rsqrt",
        "x",
        "The reciprocal of the square root of x.",
        arb="rsqrt",
        definition="1/sqrt(x)",
        partials=("-1/(2*x*sqrt(x))",),
        domain="x > 0",
    ),
    Function(
        "cbrt",
        "x",
        "The real cube root of x.",
        torch="",
        sympy="cbrt",
        definition="sign(x)*abs(x)**(1/3)",
        partials=("1/(3*cbrt(x)**2)",),
        domain="x != 0",
        note="Real for x < 0, where x**(1/3) is not defined and sympy.cbrt is complex. Vertical tangent at 0.",
    ),
    Function(
        "hypot",
        "x, y",
        "The length of the vector (x, y).",
        definition="sqrt(x**2 + y**2)",
        partials=("x/hypot(x, y)", "y/hypot(x, y)"),
        domain="x != 0 or y != 0",
        kinks="x == 0 and y == 0",
    ),
    Function(
        "ldexp_of_integers",
        "x, y: integers",
        "The product of x and 2**y, where the text says what the whole numbers y are.",
        aliases=("ldexp",),
        torch="ldexp",
        tensor=True,
        body=ldexp_of_integers,
        note="They reach torch as integers, and its gradient is 0 for negative ones: x*2**y is right.",
    ),
    Function(
        "ldexp",
        "x, y",
        "The product of x and 2**y.",
        definition="x*2**y",
        note="A variable, and a number with a decimal point, is a float for torch. Of integers its gradient is wrong.",
    ),
)
