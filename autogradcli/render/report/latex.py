r"""LaTeX: a `tabular` that needs no package, to be put into a document."""

import re
from collections.abc import Sequence

from autogradcli.render.equations import derivative_of
from autogradcli.render.report.rows import TableSyntax, table_format

_ESCAPED = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}  # fmt: skip
_SIGNS = re.compile("|".join(map(re.escape, _ESCAPED)))


_SEVERAL = re.compile(r"(\w+(?:,\w+)+)(.*)")
"""The names that a derivative of higher order is with respect to, and which component it is of."""


class Formula(str):
    """A piece of LaTeX that is to stay as it is."""

    __slots__ = ()


def derivative(name: str) -> str:
    r"""A variable, or for a derivative of higher order what it is: `x,y` as a fraction with \partial."""
    found = _SEVERAL.fullmatch(name)
    return name if found is None else Formula(f"${derivative_of('f', found[1], 'latex')}${cell(found[2])}")


def cell(text: str) -> str:
    """Any text on one line, with the signs escaped that mean something to TeX: [ and * do at the start of a row."""
    if isinstance(text, Formula):
        return text
    escaped = _SIGNS.sub(lambda sign: _ESCAPED[sign[0]], " ".join(text.split()))
    return f"{{}}{escaped}" if escaped[:1] in {"[", "*"} else escaped


def begin(columns: Sequence[str]) -> str:
    """The header of a table."""
    names = " & ".join(map(cell, columns))
    return f"\\begin{{tabular}}{{{'l' * len(columns)}}}\n\\hline\n{names} \\\\\n\\hline\n"


def line(cells: Sequence[str]) -> str:
    """A line of the table; formulas and numbers as they are typed."""
    return " & ".join(map(cell, cells)) + " \\\\\n"


FORMAT = table_format("latex", (".tex",), TableSyntax(begin, line, "\\hline\n\\end{tabular}\n", name=derivative))
