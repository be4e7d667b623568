"""The nearest of the names that are known, for errors that say what was meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, whatever its case and dashes; None if none is like it."""
    folded = {_folded(each): each for each in known}
    found = get_close_matches(_folded(name), folded, 1)
    return folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The question to ask, or None if no known name is like this one."""
    found = nearest(name, known)
    return f"did you mean {found}?" if found else None


def _folded(name: str) -> str:
    return name.lstrip("-").replace("-", "_").casefold()
