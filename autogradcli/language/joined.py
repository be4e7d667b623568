"""Names that are written together, as on paper: `xy` for a product, `sinx` for a function of x."""

import re
from collections.abc import Collection, Iterator, Mapping

from autogradcli.language.lexer import tokenize
from autogradcli.language.names import CONSTANTS
from autogradcli.language.notation import POWERED
from autogradcli.language.program import Program

SHORT = 3
"""Letters of a name that are likely to be letters of a product."""
CALLED = ("sin", "cos", "tan", "ln", "log", "exp", "sqrt", "arcsin", "arccos", "arctan", "asin", "acos", "atan")
"""Functions that are written without brackets by hand."""
ARGUMENTS = frozenset({"x", "y", "z", "θ", "2x", "pi", "π"})
"""What they are likely to be taken of."""
WORDS = frozenset(
    {
        *("mu", "nu", "xi", "pi", "eta", "rho", "tau", "phi", "chi", "psi", "lr", "dt", "dx", "dy", "dz"),
        *("std", "var", "max", "min", "sum", "log", "sin", "cos", "tan", "exp", "out"),
    }
)
"""Short names that are often meant as they are."""

DIVIDING = frozenset({"/", "//", "%", "**"})
"""Operators after which a product has to stand in brackets."""


def product_of(name: str, given: Collection[str]) -> str | None:
    """The product that a name may have been meant for: `π*x` for πx; None if there is none.

    Its factors are names with values and constants; of a name of two or three letters any letters.
    """
    short = len(set(name)) > 1 and len(name) <= SHORT and name.isalpha()
    for end in range(1, len(name)):
        left, right = name[:end], name[end:]
        if left in given or left in CONSTANTS or (short and end == 1):
            whole = right in given or right in CONSTANTS or (short and len(right) == 1)
            rest = right if whole else product_of(right, given)
            if rest is not None and rest != left:
                return f"{left}*{rest}"
    return None


def call_of(name: str, given: Collection[str]) -> str | None:
    """The call that a name may have been meant for: `sin(x)` for sinx; None if there is none."""
    for function in CALLED:
        rest = name.removeprefix(function)
        if rest != name and (rest in ARGUMENTS or rest in given or (function == "sqrt" and rest.isdigit())):
            return f"{function}({rest})"
    return None


def joined_names(program: Program) -> Iterator[str]:
    """A note for each name that a calculator would take for a function, or for a product: `xy` in 2xy, `mx`, `rπ`."""
    for name in program.variables:
        if name in POWERED:
            yield f"{name} is a variable here; for the function type {name}(x)"
            continue
        call = call_of(name, program.variables)
        if call is not None:
            yield f"{name} is one name; for the function type {call}"
            continue
        short = len(name) <= SHORT and name.isascii() and name.isalpha() and name.islower()
        if (short and name not in WORDS) or "π" in name:
            product = product_of(name, program.variables)
            if product is not None:
                yield f"{name} is one name; for a product type {product}"


def taken_apart(program: Program, given: Collection[str]) -> dict[str, str]:
    """For each name without a value what it is joined of, where each part has one: `x*y` for xy with x and y."""
    return {
        name: apart
        for name in program.variables
        if name not in given
        and (apart := call_of(name, given) or product_of(name, given))
        and _has_values(apart, given)
    }


def _has_values(apart: str, given: Collection[str]) -> bool:
    """Whether all names have values that a product or a call is made of, and not by being constants alone."""
    names = re.findall(r"[^\W\d]\w*", apart.partition("(")[2] if "(" in apart else apart)
    known = all(name in given or name in CONSTANTS for name in names)
    return not names or (known and any(name in given for name in names))


def written_apart(source: str, apart: Mapping[str, str]) -> str:
    """A text with its joined names taken apart; a divisor and an exponent keep brackets around their factors."""
    pieces, end, before = [], 0, ""
    for token in tokenize(source) if apart else ():
        if token.kind == "name" and token.text in apart and before != ".":
            parts = apart[token.text]
            bracketed = f"({parts})" if before in DIVIDING and "*" in parts else parts
            pieces += [source[end : token.start], bracketed]
            end = token.end
        before = token.text
    return "".join([*pieces, source[end:]])
