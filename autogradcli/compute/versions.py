"""The versions of gradcalc and of its engines, as installed; nothing is imported to find them."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

ENGINES = ("gradcalc", "torch", "sympy", "python-flint")


def versions() -> dict[str, str]:
    """Each by its name."""
    return {name: _version(name) for name in ENGINES}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
