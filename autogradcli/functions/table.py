"""The table of functions, looked up by name; a family of rows is imported when a name of it is.

A family is a module with its `ROWS`. Formulas are in gradcalc's own language and hold for every real number inside the
row's domain; they are parsed at first use. A row whose definition would cancel where the function itself does not is
elementary: its value and its partials count as one rounding each.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from autogradcli.functions.function import Function
from autogradcli.functions.index import NAMES

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "arithmetic": ("arithmetic",),
    "comparison": ("comparison",),
    "powers": ("powers",),
    "exponential": ("exponential",),
    "trigonometric": ("trigonometric",),
    "hyperbolic": ("hyperbolic",),
    "gammas": ("gammas",),
    "special": ("special",),
    "beyond_torch": ("beyond_torch",),
    "activations": ("activations",),
    "rounding": ("rounding",),
    "constructors": ("constructors",),
    "shaping": ("shaping", "diagonals", "joining"),
    "pieces": ("pieces", "strided"),
    "classes": ("classes",),
    "scattering": ("scattering", "embeddings"),
    "reductions": ("reductions", "quantiles", "sequences"),
    "products": ("products",),
    "norms": ("norms",),
    "matrices": ("matrices", "factors", "lu", "reflections"),
    "layers": ("softmax", "layers", "recurrent", "windows", "unpooling", "attention"),
    "resizing": ("resizing", "grids"),
    "losses": ("losses", "cross_entropy", "alignments"),
    "derivatives": ("derivatives",),
}
"""The modules of each family, in reading order."""
INTERNAL = ("matrix_exponential",)
"""The modules of rows that no text names, but bodies and the formulas of such rows."""


def modules() -> tuple[str, ...]:
    """The modules of all families, in reading order."""
    return tuple(module for family in FAMILIES.values() for module in family)


@cache
def rows_of(module: str) -> tuple[Function, ...]:
    """The rows of a module of this folder."""
    found: tuple[Function, ...] = import_module(f"autogradcli.functions.{module}").ROWS
    return found


@cache
def families() -> Mapping[str, tuple[Function, ...]]:
    """Every row, by family."""
    return {family: tuple(row for module in members for row in rows_of(module)) for family, members in FAMILIES.items()}


@cache
def rows() -> Mapping[str, Function]:
    """Every row by its canonical name, in the order of the families."""
    return {row.name: row for family in families().values() for row in family}


@cache
def row(name: str) -> Function:
    """The row with this canonical name; raises KeyError if there is none."""
    return next((each for each in candidates(name) if each.name == name), None) or rows()[name]


@cache
def candidates(name: str) -> tuple[Function, ...]:
    """The rows that a call of `name` can mean, in the order in which they are tried; empty if there is none.

    Some are known by a name with their module, as `linalg.norm`. Another name that the index lacks is looked for
    everywhere: a new row is found before the index is written anew.
    """
    places = _index().get(name) or (() if "." in name else (*modules(), *INTERNAL))
    return tuple(each for module in places for each in rows_of(module) if name in (each.name, *each.aliases))


def property_row(name: str) -> Function | None:
    """The row that an attribute of a tensor means, as `x.T` does."""
    places = _index().get(f".{name}") or modules()
    return next((each for module in places for each in rows_of(module) if name in each.properties), None)


def is_function(name: str) -> bool:
    """Whether a call of `name` has a meaning; imports no family."""
    return name in _index()


def names() -> tuple[str, ...]:
    """All names and aliases, without those that begin with a module's."""
    return tuple(name for name in _index() if "." not in name)


@cache
def _index() -> Mapping[str, tuple[str, ...]]:
    """The modules that have rows of each name, and of each attribute as `.T`."""
    found: dict[str, tuple[str, ...]] = {}
    for module, names in NAMES.items():
        for name in names.split():
            found[name] = (*found.get(name, ()), module)
    return found
