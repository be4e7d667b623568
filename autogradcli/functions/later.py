"""NumPy for the bodies of rows, imported when one of them first uses it.

Every command that reads an expression looks up rows, and NumPy takes ten times as long to import as the whole table.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["numpy"]


class _AtFirstUse:
    """Stands for a module, which is imported when an attribute of it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        value = getattr(import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value


if TYPE_CHECKING:
    import numpy
else:
    numpy = _AtFirstUse("numpy")
