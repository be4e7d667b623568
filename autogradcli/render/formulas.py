"""Derivatives as formulas, ready for a document or a program."""

from collections.abc import Mapping

EQUATIONS = {
    "text": "d{output}/d{name} = {formula}",
    "latex": r"\frac{{\partial {output}}}{{\partial {name}}} = {formula}",
    "python": "d{output}_d{name} = {formula}",
    "c": "const double d{output}_d{name} = {formula};",
}
"""What each style says of one of several derivatives."""


def draw_formulas(formulas: Mapping[str, str], output: str | None, style: str, alone: bool) -> str:
    """The bare formula where it is asked for `alone`, and one equation on each line for several variables."""
    if alone:
        return "".join(f"{formula}\n" for formula in formulas.values())
    equation = EQUATIONS[style]
    return "".join(
        equation.format(output=output or "f", name=name, formula=formula) + "\n" for name, formula in formulas.items()
    )
