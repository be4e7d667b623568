"""`gradcalc functions`: the table, and one row of it in full."""

from typing import Annotated, Any

import typer

from autogradcli.cli.writing import Endings, Writing
from autogradcli.errors import GradcalcError
from autogradcli.functions.function import Function
from autogradcli.functions.table import candidates, families, names
from autogradcli.functions.undifferentiable import UNDIFFERENTIABLE
from autogradcli.language.nearest import did_you_mean
from autogradcli.render.functions import draw_function, draw_functions, function_object
from autogradcli.render.json import draw_json
from autogradcli.render.terminal import Terminal

EXAMPLES = """\b
Examples:
  gradcalc functions
  gradcalc functions softplus
  gradcalc functions log --json
"""

FORMATS = Endings(("text", "json"), {".txt": "text", ".json": "json"})

Name = Annotated[str | None, typer.Argument(metavar="NAME", help="A function's name, or another name for it.")]


def functions(
    *,
    name: Name = None,
    writing: Writing,
) -> None:
    """The functions that gradcalc knows, or one of them in full."""
    rows = None if name is None else find(name)
    form = writing.form(FORMATS)
    draw = draw_objects if form == "json" else draw_rows
    with writing.open(form) as place:
        place.write(draw(rows, place.terminal))


def find(name: str) -> tuple[Function, ...]:
    """The rows that a name can mean; raises GradcalcError, with what may be meant, if there is none."""
    bare = name.removesuffix("()").rpartition(".")[2]
    found = candidates(bare)
    if found:
        return found
    if bare in UNDIFFERENTIABLE:
        raise GradcalcError("name", f"torch cannot differentiate {bare}", hint=UNDIFFERENTIABLE[bare])
    family = f"gradcalc functions lists the functions of {bare}" if bare in families() else None
    hint = family or did_you_mean(bare, names()) or "gradcalc functions lists them all"
    raise GradcalcError("name", f"there is no function {name}", hint=hint)


def draw_rows(rows: tuple[Function, ...] | None, terminal: Terminal) -> str:
    """The table as text, or some rows of it in full."""
    if rows is None:
        return draw_functions(families(), terminal)
    return "\n".join(draw_function(row, terminal) for row in rows)


def draw_objects(rows: tuple[Function, ...] | None, terminal: Terminal) -> str:  # noqa: ARG001
    """The same as a JSON list of objects."""
    objects: list[dict[str, Any]] = [
        function_object(row, family)
        for family, members in families().items()
        for row in members
        if rows is None or row in rows
    ]
    return draw_json(objects)
