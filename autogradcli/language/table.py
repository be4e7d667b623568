"""The table of functions, looked up by name."""

from functools import lru_cache

from autogradcli.language.function import Function
from autogradcli.language.functions import FAMILIES


@lru_cache(maxsize=1)
def rows() -> dict[str, Function]:
    """Every row by its canonical name, in the order of the families."""
    return {row.name: row for family in FAMILIES.values() for row in family}


def row(name: str) -> Function:
    """The row with this canonical name; KeyError if there is none."""
    return rows()[name]


def candidates(name: str) -> tuple[Function, ...]:
    """The rows that a call of `name` can mean, in the order in which they are tried; empty if there is none.

    Some are known by a name with their module, as `linalg.norm`.
    """
    return _by_any_name().get(name, ())


def property_row(name: str) -> Function | None:
    """The row that an attribute of a tensor means, as `x.T` does."""
    return next((each for each in rows().values() if name in each.properties), None)


def names() -> tuple[str, ...]:
    """All names and aliases, without those that begin with a module's."""
    return tuple(name for name in _by_any_name() if "." not in name)


@lru_cache(maxsize=1)
def _by_any_name() -> dict[str, tuple[Function, ...]]:
    found: dict[str, tuple[Function, ...]] = {}
    for each in rows().values():
        for name in dict.fromkeys((each.name, *each.aliases)):
            found[name] = (*found.get(name, ()), each)
    return found
