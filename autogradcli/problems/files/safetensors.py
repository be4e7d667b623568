"""The format of the safetensors library: a JSON header with the place of each tensor, and then their bytes.

https://huggingface.co/docs/safetensors: 8 bytes that hold the size of the header, the header, and the data, all in
little-endian order. Only the tensor that is meant is read.
"""

import math
from typing import TYPE_CHECKING, Any

from autogradcli.errors import GradcalcError
from autogradcli.language.program import Program
from autogradcli.problems.files.arrays import array_value
from autogradcli.problems.files.source import Source
from autogradcli.problems.strict_json import read_json

if TYPE_CHECKING:
    import numpy as np

MAX_HEADER = 25_000_000
"""Bytes of a header; a model of 100,000 tensors takes half of that."""
METADATA = "__metadata__"
BFLOAT16 = "BF16"
DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", BFLOAT16: "<u2", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "<u1",
}  # fmt: skip
"""The format's names for what NumPy reads; of bfloat16 NumPy knows only the bits."""


def read_safetensors(source: Source) -> Program:
    """One tensor of the file."""
    start, header = _read_header(source)
    name = source.pick([name for name in header if name != METADATA])
    dtype, shape, begin, end = _entry(source, name, header[name])
    source.check_shape(shape)
    source.stream.seek(start + begin)
    content = source.stream.read(end - begin)
    if len(content) != end - begin:
        raise source.error(f"is damaged: {name} goes on after its end")
    return array_value(_array(content, dtype).reshape(shape), source)


def _read_header(source: Source) -> tuple[int, dict[str, Any]]:
    """Where the data begins, and what the header says."""
    size = int.from_bytes(source.stream.read(8), "little")
    text = source.stream.read(size) if 2 <= size <= MAX_HEADER else b""
    if not text or len(text) != size:
        raise source.error("is not a safetensors file: it does not begin with a header")
    try:
        header = read_json(text, "its header")
    except GradcalcError as error:
        raise source.error(f"is not a safetensors file: {error.message}") from error
    if not isinstance(header, dict):
        raise source.error("is not a safetensors file: its header is not a JSON object")
    return 8 + size, header


def _entry(source: Source, name: str, entry: Any) -> tuple[str, tuple[int, ...], int, int]:
    """What the header says of one tensor: dtype, shape, and its first byte and the one after its last."""
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(begin), int(end)]}:
            pass
        case _:
            raise source.error(f"is damaged: its header does not say where {name} is")
    if dtype not in DTYPES:
        raise source.error(f"holds {dtype}, and not numbers that fit in doubles", "save it as float64")
    sound = all(type(size) is int and size >= 0 for size in shape) and begin >= 0
    if not sound or end - begin != math.prod(shape) * int(_item_size(dtype)):
        raise source.error(f"is damaged: the size of {name} is not that of its shape")
    return dtype, tuple(shape), begin, end


def _item_size(dtype: str) -> int:
    return 1 if dtype == "BOOL" else int(DTYPES[dtype][-1])


def _array(content: bytes, dtype: str) -> "np.ndarray[Any, np.dtype[Any]]":
    import numpy as np

    array = np.frombuffer(content, DTYPES[dtype])
    if dtype == BFLOAT16:  # the upper half of a float32
        return (array.astype("<u4") << 16).view("<f4")
    return array
