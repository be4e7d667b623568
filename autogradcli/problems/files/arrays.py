"""Arrays of NumPy and tensors of torch, as their own formats hold them."""

import zipfile
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

from autogradcli.language.program import Program
from autogradcli.language.shapes import Shape, subscript
from autogradcli.problems.data import data
from autogradcli.problems.files.source import MAX_BYTES, Source

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

EXACT = 2**53
"""The integers up to this size are doubles."""
MEMBER = ".npy"
"""How the arrays in an archive are called."""
NUMBERS = ("F64", "F32", "F16", "BF16", "BOOL", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8")
"""What safetensors calls the numbers that fit in doubles."""


def read_npy(source: Source) -> Program:
    """The array of a `.npy` file."""
    source.check_unnamed()
    return array_value(_read_array(source, source.stream), source)


def read_npz(source: Source) -> Program:
    """One array of a `.npz` archive; of its members no other is read."""
    try:
        with zipfile.ZipFile(source.stream) as archive:
            names = [name.removesuffix(MEMBER) for name in archive.namelist() if name.endswith(MEMBER)]
            with archive.open(source.pick(names, "arrays") + MEMBER) as member:
                return array_value(_read_array(source, member), source)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise source.error(f"is not an archive of NumPy arrays: {error}") from error


def read_safetensors(source: Source) -> Program:
    """One tensor of a file of the safetensors library; no other is read."""
    # Only for files of this kind.
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
    # torch is imported with it.
    from autogradcli.engines.torch.files import load_bfloat16, numbers

    return numbers(load_bfloat16(source.path, name))


def _read_array(source: Source, stream: Any) -> "Array":
    """The array in a stream; its numbers are read only after its size and its kind have passed."""
    # Only for files of this kind.
    import numpy as np

    shape, by_columns, dtype = _read_header(source, stream)
    if dtype.hasobject:
        hint = "such objects can run any program when they are read: save numbers alone"
        raise source.error("holds Python objects", hint)
    check_dtype(source, dtype)
    source.check_shape(shape)
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    content = stream.read(size + 1)
    if len(content) != size:
        more = "less" if len(content) < size else "more"
        raise source.error(f"is damaged: it holds {more} than the {size:,} bytes that its header says")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if by_columns else "C")


def _read_header(source: Source, stream: BinaryIO) -> tuple[Shape, bool, "np.dtype[Any]"]:
    # Only for files of this kind.
    from numpy.lib import format as npy

    try:
        version = npy.read_magic(stream)
        if version == (3, 0):
            raise source.error("holds records, not numbers")  # what it was made for
        readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        if version not in readers:
            raise ValueError(f"its version is {version[0]}.{version[1]}")
        found: tuple[Shape, bool, np.dtype[Any]] = readers[version](stream)
    except (ValueError, TypeError, EOFError) as error:
        why = str(error).splitlines()[0].partition(": <")[0]  # beyond stands where in memory a part of it was
        raise source.error(f"is not a NumPy file: {why}") from error
    return found


def read_torch(source: Source) -> Program:
    """One tensor that `torch.save` wrote: the only one, or one of a dictionary or list of them."""
    _check_unpacked(source)
    # torch is imported with it.
    from autogradcli.engines.torch.files import FileProblem, load, numbers

    try:
        tensors = load(source.stream)
        if set(tensors) == {""}:
            source.check_unnamed()
        tensor = tensors[source.pick(tensors)]
        source.check_shape(tuple(tensor.shape))
        array = numbers(tensor)
    except FileProblem as problem:
        raise source.error(str(problem), problem.hint) from problem
    return array_value(array, source)


def _check_unpacked(source: Source) -> None:
    """Raises GradcalcError if the file is too large, or what it unpacks to."""
    size = source.stream.seek(0, 2)
    if zipfile.is_zipfile(source.stream):
        with zipfile.ZipFile(source.stream) as archive:
            size = max(size, sum(member.file_size for member in archive.infolist()))
    if size > MAX_BYTES:
        raise source.too_large()
    if not size:
        raise source.error("is empty")
    source.stream.seek(0)


def check_dtype(source: Source, dtype: "np.dtype[Any]") -> None:
    """Raises GradcalcError if numbers of this dtype are not all real, or not all doubles."""
    if dtype.kind == "c":
        hint = "save its real and its imaginary part, each in a file of its own"
        raise source.error(f"holds complex numbers ({dtype.name})", hint)
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise source.error(f"holds {dtype.name}, and not numbers that fit in doubles", "save it as float64")


def array_value(array: "Array", source: Source) -> Program:
    """The value that an array is: booleans are 0 and 1, and an integer that no double holds is an error."""
    shape = array.shape
    components = array.ravel()
    check_dtype(source, components.dtype)
    floats = components.astype("float64").tolist()
    if components.dtype.kind in "iu":
        for place, (number, integer) in enumerate(zip(floats, components.tolist(), strict=True)):
            if abs(integer) > EXACT and int(number) != integer:
                where = f"item {subscript(place, shape)}" if shape else "the number"
                hint = "save it as float64, if the nearest double is meant"
                raise source.error(f"holds an integer that no double can hold: {where} is {integer}", hint)
    return data(floats, shape)
