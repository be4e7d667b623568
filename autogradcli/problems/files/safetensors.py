"""Files of the safetensors library, of which only the tensor that is meant is read."""

from typing import Any

from autogradcli.language.program import Program
from autogradcli.problems.files.arrays import array_value
from autogradcli.problems.files.source import Source

NUMBERS = ("F64", "F32", "F16", "BF16", "BOOL", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8")
"""The format's names for what fits in doubles."""


def read_safetensors(source: Source) -> Program:
    """One tensor of the file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(source.path, framework="np") as file:
            name = source.pick(list(file.keys()))
            part = file.get_slice(name)
            source.check_shape(tuple(part.get_shape()))
            if part.get_dtype() not in NUMBERS:
                hint = "save it as float64"
                raise source.error(f"holds {part.get_dtype()}, and not numbers that fit in doubles", hint)
            array = _bfloat16(source, name) if part.get_dtype() == "BF16" else file.get_tensor(name)
    except SafetensorError as error:
        why = str(error).removeprefix("Error while deserializing header: ")
        raise source.error(f"is not a safetensors file: {why}") from error
    return array_value(array, source)


def _bfloat16(source: Source, name: str) -> Any:
    """A tensor of a dtype that NumPy does not have."""
    from autogradcli.engines.torch.files import load_bfloat16, numbers

    return numbers(load_bfloat16(source.path, name))
