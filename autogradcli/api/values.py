"""Values of Python, NumPy and torch: as what a case file could hold, and numbers as what they are about."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES
from autogradcli.problems.argv import split_names

Value = Any
"""A number, text with a constant expression, nested lists, a NumPy array or a torch tensor."""


def names_in(wrt: str | Sequence[str] | None) -> Any:
    """The names in `"x,y"` or in a list; of anything else the builder says what it should be."""
    return split_names(wrt) if isinstance(wrt, str) else wrt or []


def as_fields(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same by name."""
    return {key: listed(value) for key, value in said.items()}


def listed(value: Value) -> Any:
    """A value as the numbers, texts, lists and tables that a case file could hold."""
    if isinstance(value, Mapping):
        return {name: _written(listed(each)) for name, each in value.items()}
    if hasattr(value, "detach"):
        value = value.detach()
    if hasattr(value, "tolist"):
        try:
            return value.tolist()
        except (RuntimeError, NotImplementedError) as problem:  # a sparse tensor, or one without storage
            said = str(problem).partition("\n")[0]
            raise GradcalcError("value", f"a {type(value).__name__} cannot be read: {said}") from problem
    if isinstance(value, list | tuple | range):
        return [listed(each) for each in value]
    if isinstance(value, Fraction | Decimal):
        return str(value)
    if callable(value):
        raise GradcalcError("value", f"{value!r} is no value", hint='name a function of a case: "package.module:name"')
    return value


def _written(value: Any) -> Any:
    """True and False as text, in which they are what torch is to take for a condition."""
    first = value
    while isinstance(first, list) and first:
        first = first[0]
    return str(value) if isinstance(first, bool) else value


def dtype_of(values: Iterable[Value]) -> str:
    """The dtype that all torch tensors have among the values, if it is one to differentiate in; else float64."""
    found = {name_of(each.dtype) for each in values if hasattr(each, "detach")}
    return found.pop() if len(found) == 1 and found <= DTYPES.keys() else "float64"


def name_of(dtype: Any) -> str:
    """What a dtype of torch or NumPy is called."""
    return str(getattr(dtype, "__name__", dtype)).removeprefix("torch.")


def like(value: Value, nested: Any) -> Any:
    """Nested lists as an array of NumPy, or as a tensor, if that is what the value is."""
    if not isinstance(nested, list) or not hasattr(value, "tolist"):
        return nested
    if hasattr(value, "new_tensor"):
        like = value.detach()
        return (like if like.is_floating_point() else like.double()).new_tensor(nested)
    import numpy as np

    return np.asarray(nested)
