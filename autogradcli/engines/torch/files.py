"""Tensors in the files of `torch.save`: written, and read without running anything that a file says.

`weights_only` is torch's own reader of bare weights: it builds tensors, numbers, texts, lists and dictionaries, and
refuses every other object. https://docs.pytorch.org/docs/stable/generated/torch.load.html
"""

import re
import warnings
from collections.abc import Mapping
from typing import Any, BinaryIO

import torch

MAX_DEPTH = 16
"""Dictionaries within dictionaries that are looked into."""

_OBJECT = re.compile(r"GLOBAL (\S+)")
"""Where torch names the object that it refuses."""


class FileProblem(Exception):
    """What is wrong with a file, as words that go on after its name, and what to do instead."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def load(stream: BinaryIO) -> Mapping[str, torch.Tensor]:
    """The tensors of a file by their names, those of dictionaries within it with points: `model.fc.bias`.

    A file that is one bare tensor has it by the empty name. FileProblem if the file is none of torch's, or holds
    anything that is more than weights.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about old formats, which nobody who only reads can change
        try:
            content = torch.load(stream, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged pickle can fail in any way
            raise _refusal(error) from error
    return _tensors(content)


def save(path: str, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write tensors by their names; raises OSError if that is not possible."""
    with open(path, "wb") as stream:
        torch.save({name: each.detach().clone() for name, each in tensors.items()}, stream)


def _refusal(error: Exception) -> FileProblem:
    # Its text is not passed on: it advises to read the file without this protection.
    found = _OBJECT.search(str(error))
    if found is None:
        return FileProblem("is damaged, or no file of tensors that torch.save wrote")
    hint = "save the tensors alone: torch.save(model.state_dict(), FILE)"
    return FileProblem(f"holds more than tensors: {found[1]}", hint)


def _tensors(content: Any) -> dict[str, torch.Tensor]:
    """The tensors within dictionaries and lists, in order; what stands in several places is found in the first."""
    found: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    stack: list[tuple[tuple[str, ...], Any]] = [((), content)]
    while stack:
        path, each = stack.pop()
        if isinstance(each, torch.Tensor):
            name = ".".join(path)
            if name in found:
                raise FileProblem(f"holds two tensors of the name {name}")
            found[name] = each
        elif isinstance(each, Mapping | list | tuple) and id(each) not in seen and len(path) < MAX_DEPTH:
            seen.add(id(each))
            items = each.items() if isinstance(each, Mapping) else enumerate(each)
            stack.extend(((*path, str(key)), item) for key, item in reversed(list(items)))
    return found


def load_bfloat16(path: str, name: str) -> torch.Tensor:
    """One tensor of a safetensors file."""
    # Only for files of this kind.
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        tensor: torch.Tensor = file.get_tensor(name)
        return tensor


def numbers(tensor: torch.Tensor) -> Any:
    """The numbers of a tensor as a NumPy array: floats of any kind as float64, others as they are."""
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_nested or tensor.is_meta:
        raise FileProblem("holds a tensor that is sparse, quantized, nested or without data")
    plain = tensor.detach().resolve_conj().resolve_neg()
    return (plain.double() if plain.is_floating_point() else plain).numpy()
