"""What a user would write for many formulas: a plain loop over torch and SymPy in one process, JSON Lines in and out.

It evaluates the text that it is given, as such scripts do; it is here to be measured, on formulas of our own.
"""

import json
import math
import sys

import sympy
import torch

torch.set_default_dtype(torch.float64)


def of_numbers_too(function):
    """Torch's own functions refuse Python's numbers: sqrt(2*pi)."""
    return lambda x: function(torch.as_tensor(x))


NAMES = ["arccos", "arcsin", "cos", "exp", "log", "sin", "sqrt", "tanh"]
TORCH = {name: of_numbers_too(getattr(torch, name)) for name in NAMES} | {"pi": math.pi}
TORCH["ln"] = TORCH["log"]
SYMPY = {"arccos": sympy.acos, "arcsin": sympy.asin}


def main() -> None:
    """Answer each line of standard input with a line of results."""
    for line in sys.stdin:
        case = json.loads(line)
        text, at = case["expression"], case["at"]

        leaves = {name: torch.tensor(value, requires_grad=True) for name, value in at.items()}
        value = eval(text, TORCH, leaves)  # noqa: S307
        value.backward()

        symbols = {name: sympy.Symbol(name, real=True) for name in at}
        point = {symbols[name]: sympy.Float(value, 30) for name, value in at.items()}
        formula = sympy.sympify(text, locals=SYMPY | symbols)
        gradients = {}
        for name in case["wrt"]:
            derivative = sympy.diff(formula, symbols[name])
            number = derivative.evalf(30, subs=point)
            gradients[name] = {
                "autograd": leaves[name].grad.item(),
                "symbolic": {"formula": str(derivative), "value": float(number), "digits": str(number)},
            }
        print(json.dumps({"id": case["id"], "value": value.item(), "gradients": gradients}), flush=True)


if __name__ == "__main__":
    main()
