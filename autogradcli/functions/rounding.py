"""Rounding: steps, and what is left over."""

from autogradcli.functions.function import Function
from autogradcli.functions.handles import Handle, TapeBuilder


def frexp(builder: TapeBuilder, x: Handle, field: str) -> Handle:
    """The exponent for which x over that power of 2 is from 1/2 to 1 in size, or that number."""
    exponent = builder.formula("where(x == 0, 0, floor(log2(abs(where(x == 0, 1, x)))) + 1)", x=x)
    return exponent if field == "exponent" else builder.formula("x*2**(-e)", x=x, e=exponent)


ROWS: tuple[Function, ...] = (
    Function(
        "floor",
        "x",
        "The largest integer that is no more than x.",
        sympy="floor",
        arb="floor",
        jumps="x == floor(x)",
        steps=True,
    ),
    Function(
        "ceil",
        "x",
        "The smallest integer that is no less than x.",
        aliases=("ceiling",),
        sympy="ceiling",
        definition="-floor(-x)",
        jumps="x == floor(x)",
        steps=True,
    ),
    Function(
        "trunc",
        "x",
        "x without its fraction, rounded towards zero.",
        aliases=("fix",),
        definition="where(x >= 0, floor(x), -floor(-x))",
        jumps="x != 0 and x == floor(x)",
        steps=True,
    ),
    Function(
        "round",
        "x",
        "The integer nearest to x; half-way cases go to the even one.",
        aliases=("rint", "around"),
        definition="floor(x + 1/2) - where(remainder(x + 1/2, 2) == 1, 1, 0)",
        jumps="x - floor(x) == 1/2",
        steps=True,
        note="Half to even: round(0.5) is 0, round(1.5) is 2.",
    ),
    Function(
        "round_decimals",
        "x, decimals: number",
        "x rounded to so many decimals; half-way cases go to the even one.",
        torch="",
        aliases=("round", "around"),
        definition="round(x*10**decimals)/10**decimals",
        jumps="x*10**decimals - floor(x*10**decimals) == 1/2",
        steps=True,
    ),
    Function(
        "frac",
        "x",
        "The fraction of x, with the sign of x.",
        definition="x - trunc(x)",
        jumps="x != 0 and x == floor(x)",
        note="As torch.frac. sympy.frac is x - floor(x), which differs for x < 0.",
    ),
    Function(
        "positive_frac",
        "x",
        "x - floor(x), as sympy.frac.",
        torch="",
        aliases=("sympy.frac", "sp.frac"),
        definition="x - floor(x)",
        jumps="x == floor(x)",
    ),
    Function(
        "frexp",
        "x",
        "The mantissa, from 1/2 to 1 in size, and the exponent of the power of 2 that it is multiplied by.",
        tensor=True,
        returns="fields",
        fields=("mantissa", "exponent"),
        body=frexp,
    ),
)
