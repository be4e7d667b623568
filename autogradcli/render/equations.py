"""Derivatives as formulas, ready for a document or a program."""

import re
from collections.abc import Mapping

EQUATIONS = {
    "text": "d{output}/d{name} = {formula}",
    "latex": r"\frac{{\partial {output}}}{{\partial {name}}} = {formula}",
    "python": "d{output}_d{name} = {formula}",
    "c": "const double d{output}_d{name} = {formula};",
}
"""What each style says of one of several derivatives."""

_LOWER = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
_OTHERS = "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
GREEK = frozenset(f"{_LOWER} {_OTHERS}".split())
"""Names that LaTeX has letters for."""


def draw_equations(formulas: Mapping[str, str], output: str | None, style: str, alone: bool) -> str:
    """The bare formula where it is asked for `alone`, and one equation on each line for several variables."""
    if alone:
        return "".join(f"{formula}\n" for formula in formulas.values())
    spell = latex_name if style == "latex" else str
    return "".join(
        EQUATIONS[style].format(output=spell(output or "f"), name=spell(name), formula=formula) + "\n"
        for name, formula in formulas.items()
    )


def latex_name(name: str) -> str:
    r"""A variable as SymPy writes it in LaTeX: `x_1` and `x1` are x_{1}, `lambda_` is \lambda."""
    match = re.fullmatch(r"(.+?)_?(\d+|(?<=_)[^_].*)?", name.rstrip("_") or name)
    assert match is not None
    base = f"\\{match[1]}" if match[1] in GREEK else match[1]
    return f"{base}_{{{match[2]}}}" if match[2] else base
