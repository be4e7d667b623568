"""Whole numbers where torch needs floats: beginners type 2 and mean 2.0."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch


def only_floats(problem: RuntimeError) -> bool:
    """Whether torch refuses a gradient because a tensor holds whole numbers."""
    return "floating point" in str(problem) and "require" in str(problem)


def made_float(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, its whole numbers turned to floats where they are."""
    tensor.data = tensor.data.to(torch.get_default_dtype())
    return tensor


def as_floats(
    run: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any], problem: RuntimeError
) -> tuple[Any] | None:
    """What a call gives with floats instead of whole numbers; None if whole numbers are not what torch refuses."""
    if only_floats(problem):
        return _with_gradient(run, arguments, keywords)
    if "dtype" not in str(problem) and "scalar type" not in str(problem):
        return None
    tensors = [each for each in (*arguments, *keywords.values()) if isinstance(each, torch.Tensor)]
    floats = [each.dtype for each in tensors if each.is_floating_point()]
    if not floats or len(floats) == len(tensors):
        return None
    try:
        converted = {name: _converted(value, floats[0]) for name, value in keywords.items()}
        return (run(*(_converted(each, floats[0]) for each in arguments), **converted),)
    except RuntimeError:
        return None


def _with_gradient(run: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]) -> tuple[Any] | None:
    """A tensor of whole numbers that is to require a gradient, as floats."""
    if arguments and isinstance(arguments[0], torch.Tensor) and "requires_grad" not in keywords:
        return (run(made_float(arguments[0]), *arguments[1:], **keywords),)
    without = {name: value for name, value in keywords.items() if name != "requires_grad"}
    made = run(*arguments, **without)
    return (made.to(torch.get_default_dtype()).requires_grad_(),) if isinstance(made, torch.Tensor) else None


def _converted(value: Any, dtype: torch.dtype) -> Any:
    whole = isinstance(value, torch.Tensor) and not value.is_floating_point() and value.dtype != torch.bool
    return value.to(dtype) if whole else value
