"""Derivatives as formulas, ready for a document or a program."""

import re
from collections.abc import Mapping

EQUATIONS = {
    "text": "{derivative} = {formula}",
    "latex": "{derivative} = {formula}",
    "python": "{derivative} = {formula}",
    "c": "const double {derivative} = {formula};",
}
"""What each style says of one of several derivatives."""
ENDS = {"text": "; "}
"""What a statement before a formula ends with, where it is not the end of the line."""

_LOWER = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
_OTHERS = "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
GREEK = frozenset(f"{_LOWER} {_OTHERS}".split())
"""Names that LaTeX has letters for."""


def draw_equations(formulas: Mapping[tuple[str, str], str], style: str, alone: bool) -> str:
    """The bare formula where it is asked for `alone`, else one equation on each line.

    Formulas are given by what is differentiated, and by the names with respect to which it is: `f` and `x,x`.
    """
    if alone:
        return "".join(f"{formula}\n" for formula in formulas.values())
    return "".join(
        _equation(derivative_of(*names, style), formula, style) + "\n" for names, formula in formulas.items()
    )


def _equation(derivative: str, formula: str, style: str) -> str:
    """What a style says of one of several derivatives; statements before its formula stay there."""
    before, end, last = formula.rpartition(ENDS.get(style, "\n"))
    return before + end + EQUATIONS[style].format(derivative=derivative, formula=last)


def derivative_of(output: str, names: str, style: str = "text") -> str:
    """How a derivative is written: of f by `x,x,y` as d^3f/dx^2 dy, in Python as d3f_dx2_dy."""
    split = names.split(",")
    orders = {name: split.count(name) for name in dict.fromkeys(split)}
    total = len(split)
    if style == "latex":
        below = r" \, ".join(rf"\partial {latex_name(name)}{_raised(order)}" for name, order in orders.items())
        return rf"\frac{{\partial{_raised(total)} {latex_name(output)}}}{{{below}}}"
    if style in {"python", "c"}:
        output = re.sub(r"\W+", "_", output).rstrip("_")
        counts = {name: str(order) if order > 1 else "" for name, order in orders.items()}
        below = "_".join(f"d{name}{count}" for name, count in counts.items())
        return f"d{total if total > 1 else ''}{output}_{below}"
    below = " ".join(f"d{name}^{order}" if order > 1 else f"d{name}" for name, order in orders.items())
    return f"d^{total}{output}/{below}" if total > 1 else f"d{output}/{below}"


def _raised(order: int) -> str:
    """An exponent in LaTeX, if it is not 1."""
    return f"^{{{order}}}" if order > 1 else ""


def latex_name(name: str) -> str:
    r"""A variable as SymPy writes it in LaTeX: `x_1` and `x1` are x_{1}, `lambda_` is \lambda."""
    match = re.fullmatch(r"(.+?)_?(\d+|(?<=_)[^_].*)?", name.rstrip("_") or name)
    assert match is not None
    base = f"\\{match[1]}" if match[1] in GREEK else match[1]
    return f"{base}_{{{match[2]}}}" if match[2] else base
