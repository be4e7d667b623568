"""Values from files: every format, and everything that can be wrong with a file."""

import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autogradcli.compute.problem import Options
from autogradcli.engines.results import Array
from autogradcli.engines.torch.engine import constant
from autogradcli.errors import GradcalcError
from autogradcli.problems.files import source
from autogradcli.problems.files.read import READERS, read_file
from autogradcli.problems.jsonlines import BadLine, read_problem
from tests.command import gradcalc
from tests.helpers import counted

Writer = Callable[[str], object]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory of its own."""
    monkeypatch.chdir(tmp_path)


def value(reference: str) -> Array:
    """The numbers that `--x` is given by a file."""
    return constant(read_file(f"@{reference}", "--x"))


def text(content: str) -> Writer:
    """Writes a file of text."""
    return lambda path: Path(path).write_bytes(content.encode())


def array(content: Any, dtype: str | None = None) -> Writer:
    """Writes an array."""
    return lambda path: np.save(path, np.array(content, dtype))


def arrays(**content: Any) -> Writer:
    """Writes several arrays."""
    return lambda path: np.savez(path, allow_pickle=True, **{name: np.array(each) for name, each in content.items()})


def header(text: bytes, size: int | None = None) -> Writer:
    """Writes a NumPy file of a header and 16 zeros; `size` is what it says of the header's own length."""
    length = struct.pack("<I", len(text) if size is None else size)
    return lambda path: Path(path).write_bytes(b"\x93NUMPY\x02\x00" + length + text + (b"" if size else bytes(16)))


def saved(content: object, **options: Any) -> Writer:
    """Writes what torch saves."""
    return lambda path: torch.save(content, path, **options)


def tensors(header: object, content: bytes = b"") -> Writer:
    """Writes a safetensors file."""
    written = json.dumps(header).encode()
    return lambda path: Path(path).write_bytes(struct.pack("<Q", len(written)) + written + content)


def entry(dtype: str, shape: list[int], begin: int, end: int) -> dict[str, object]:
    """What the header of a safetensors file says of a tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


class Bomb:
    """An object whose pickle makes a directory when it is read."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("executed",)


PAIR = {"x": entry("F32", [2], 0, 8), "y": entry("F64", [], 8, 16), "__metadata__": {"format": "pt"}}
HALVES = np.array([0.1, -2.5], "float16")
GOOD: list[tuple[str, Writer, Array]] = [
    ("a.npy", array([[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]]),
    ("a.npy", array([[1, 2, 3], [4, 5, 6]], ">i2"), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    ("a.npy", lambda path: np.save(path, np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])), [[1.0, 2.0], [3.0, 4.0]]),
    ("a.npy", array([True, False]), [1.0, 0.0]),
    ("a.npy", array(0.1, "float32"), 0.10000000149011612),
    ("a.npy", array(HALVES), HALVES.tolist()),
    ("a.npy", array([2**53, -(2**60)]), [2.0**53, -(2.0**60)]),
    ("a.npy", array([np.inf, -np.inf]), [np.inf, -np.inf]),
    ("a.NPY", lambda path: Path(path).write_bytes(npy_bytes([5.0])), [5.0]),
    ("a.npz:y", arrays(x=[1.0], y=[[2.0]]), [[2.0]]),
    ("a.npz", arrays(x=[1.0]), [1.0]),
    ("a.npz", lambda path: np.savez_compressed(path, x=np.ones(3)), [1.0, 1.0, 1.0]),
    ("a.csv", text("1\n2.5\n\n-3e2\n"), [1.0, 2.5, -300.0]),
    ("a.csv", text("1, 2\r\n.5,6.\r\n"), [[1.0, 2.0], [0.5, 6.0]]),
    ("a.csv", text("\ufeffx,y\n1,2\n3,4"), [[1.0, 2.0], [3.0, 4.0]]),
    ("a.csv:y", text('x,"y"\n1,2\n3,4\n'), [2.0, 4.0]),
    ("a.csv:x", text("# x,y\n1,2\n"), [1.0]),
    ("a.csv", text("inf,-inf\n"), [[np.inf, -np.inf]]),
    ("a.json", text("[[1, 2], [3, 4.5]]"), [[1.0, 2.0], [3.0, 4.5]]),
    ("a.json", text("7"), 7.0),
    ("a.json", text("-0.0"), -0.0),
    ("a.json:y", text('{"x": [1], "y": [2, 3]}'), [2.0, 3.0]),
    ("a.pt", saved(torch.tensor([1.0, 2.0])), [1.0, 2.0]),
    ("a.pt", saved(torch.tensor([1.0, 2.0]), _use_new_zipfile_serialization=False), [1.0, 2.0]),
    ("a.pt", saved(torch.tensor([0.1], dtype=torch.bfloat16)), [0.10009765625]),
    ("a.pt", saved(torch.nn.Parameter(torch.tensor([[1.0]]))), [[1.0]]),
    (
        "a.pth:fc.bias",
        saved({"fc": {"weight": torch.ones(2, 2), "bias": torch.tensor([3, 4])}, "epoch": 7}),
        [3.0, 4.0],
    ),
    ("a.pt:1", saved([torch.zeros(1), torch.ones(2)]), [1.0, 1.0]),
    ("a.safetensors:x", tensors(PAIR, struct.pack("<ffd", 1, 2, 3)), [1.0, 2.0]),
    ("a.safetensors:y", tensors(PAIR, struct.pack("<ffd", 1, 2, 3)), 3.0),
    ("a.safetensors", tensors({"x": entry("BF16", [2], 0, 4)}, b"\xcd\x3d\x20\xc0"), [0.10009765625, -2.5]),
    ("a.safetensors", tensors({"x": entry("BOOL", [1, 2], 0, 2)}, b"\x01\x00"), [[1.0, 0.0]]),
]


def npy_bytes(content: list[float]) -> bytes:
    """A `.npy` file as bytes: NumPy adds a suffix of its own to other names."""
    np.save("temporary.npy", np.array(content))
    return Path("temporary.npy").read_bytes()


@pytest.mark.parametrize(("reference", "write", "numbers"), GOOD, ids=[f"{i}-{row[0]}" for i, row in enumerate(GOOD)])
def test_files_that_are_read(reference: str, write: Writer, numbers: Array) -> None:
    """Each number as the nearest double, in the shape that the file has."""
    write(reference.partition(":")[0])
    assert repr(value(reference)) == repr(numbers)


SUFFIXES = "a file of values ends in .npy, .npz, .csv, .json, .pt, .pth, .safetensors"
OBJECTS = "such objects can run any program when they are read: save numbers alone"
PICKLE = "such a file can run any program when it is read: save the numbers with numpy.save"
WEIGHTS = "save the tensors alone: torch.save(model.state_dict(), FILE)"
AS_DOUBLE = "save it as float64"


def nothing(_: str) -> None:
    """Writes no file."""


BAD: list[tuple[str, Writer, str, str | None]] = [
    # The file itself.
    ("", nothing, "@ stands without the name of a file", SUFFIXES),
    ("a.txt", nothing, "a.txt is no file that values are read from", SUFFIXES),
    ("a.pkl", nothing, "a.pkl is no file that values are read from", PICKLE),
    ("a.npy", lambda _: array([1])("b.npy"), "there is no file a.npy", "did you mean b.npy?"),
    ("z/a.npy", nothing, "there is no file z/a.npy", "there is no directory z that can be read"),
    (
        "~/a.npy",
        nothing,
        "there is no file ~/a.npy",
        "the shell replaces ~ only at the beginning of a word: type $HOME",
    ),
    ("a.npy", os.mkdir, "a.npy is a directory", "name a file in it"),
    ("a.npy", os.mkfifo, "a.npy is no regular file", "copy what it gives to a file first"),
    ("a.npy", lambda path: os.symlink(path, path), "a.npy cannot be read: Too many levels of symbolic links", None),
    ("a\0.npy", nothing, "a␀.npy cannot be read: ", None),
    # NumPy's formats.
    ("a.npy", text(""), "a.npy is not a NumPy file: EOF: reading magic string, expected 8 bytes got 0", None),
    ("a.npy", text("1, 2, 3, 4"), "a.npy is not a NumPy file: the magic string is not correct", None),
    ("a.npy", array([[], []]), "a.npy holds no number: its shape is (2, 0)", None),
    ("a.npy", array([1j]), "a.npy holds complex numbers (complex128)", "save its real and its imaginary part, each in"),
    ("a.npy", array(["1"]), "a.npy holds str32, and not numbers that fit in doubles", AS_DOUBLE),
    (
        "a.npy",
        array([1], "longdouble"),
        f"a.npy holds {np.dtype(np.longdouble).name}, and not numbers that fit in doubles",
        AS_DOUBLE,
    ),
    ("a.npy", array([(1, 2)], "i4,i4"), "a.npy holds void64, and not numbers that fit in doubles", AS_DOUBLE),
    ("a.npy", array([1, None]), "a.npy holds Python objects", OBJECTS),
    ("a.npy", array([Bomb()]), "a.npy holds Python objects", OBJECTS),
    ("a.npy", array([[0, 2**53 + 1]]), "a.npy holds an integer that no double can hold: item [0, 1] is", "save it as"),
    (
        "a.npy",
        array(2**63 + 1, "uint64"),
        "a.npy holds an integer that no double can hold: the number is",
        "save it as",
    ),
    ("a.npy", array(np.zeros((1000, 1001))), "a.npy has shape (1000, 1001), and 1,000,000 numbers are allowed", None),
    ("a.npy", array(np.zeros((1,) * 9)), "a.npy has 9 dimensions, and 8 are allowed", None),
    (
        "a.npy",
        lambda path: Path(path).write_bytes(npy_bytes([1, 2])[:-1]),
        "a.npy is damaged: it holds less than the 16 bytes that its header says",
        None,
    ),
    (
        "a.npy",
        lambda path: Path(path).write_bytes(2 * npy_bytes([1, 2])),
        "a.npy is damaged: it holds more than the 16 bytes that its header says",
        None,
    ),
    ("a.npy:x", array([1]), "a.npy holds one tensor, which has no name", "type --x @a.npy"),
    ("a.npz", arrays(x=[1], y=[2]), "a.npz holds 2 arrays: x, y", "type --x @a.npz:x"),
    ("a.npz:z", arrays(xyz=[1], y=[2]), "a.npz holds no z", "it holds xyz, y"),
    ("a.npz", arrays(), "a.npz holds no arrays", None),
    ("a.npz", arrays(x=[Bomb()]), "a.npz holds Python objects", OBJECTS),
    ("a.npz", text("x"), "a.npz is not an archive of NumPy arrays: File is not a zip file", None),
    # Tables.
    ("a.csv", text(""), "a.csv is empty", None),
    ("a.csv", text(" \n\n"), "a.csv is empty", None),
    ("a.csv", text(",\n,\n"), "a.csv is empty", None),
    ("a.csv", text("x,y\n"), "a.csv has a line of names and no numbers", None),
    ("a.csv", text("1,2\n\n3\n"), "a.csv is ragged: line 3 has 1 field, and line 1 has 2 fields", None),
    ("a.csv", text("1,2\n3,four\n"), "a.csv is no table of numbers: line 2, field 2 is four", None),
    ("a.csv", text("x,y\n1,2\n3,\n"), "a.csv is no table of numbers: line 3, field 2 (y) is empty", None),
    ("a.csv", text("1,2x\n"), "a.csv is no table of numbers: line 1, field 2 is 2x", None),
    ("a.csv", text("1;2\n"), "a.csv is no table of numbers: line 1, field 1 is 1;2", "columns are separated by commas"),
    ("a.csv", text("1_0\n"), "a.csv is no table of numbers: line 1, field 1 is 1_0", None),
    ("a.csv", text("1\n1e999\n"), "a.csv is no table of numbers: line 2, field 1 is beyond the largest double", None),
    ("a.csv", text('1\n"2'), "a.csv is no table: line 2: unexpected end of data", None),
    ("a.csv", lambda path: Path(path).write_bytes(b"1\n\xff\n"), "a.csv is not UTF-8: byte 3 is 0xff", None),
    ("a.csv", text("1\n" * 1_000_002), "a.csv has more than 1,000,000 numbers", None),
    ("a.csv:z", text("x,y\n1,2\n"), "a.csv holds no z", "it holds x, y"),
    ("a.csv:x", text("1,2\n"), "a.csv holds no x: its columns have no names", "names of columns stand in the first"),
    ("a.csv:x", text("x,x\n1,2\n"), "a.csv has 2 columns of the name x", "give each a name of its own"),
    # JSON.
    ("a.json", text(""), "a.json is empty", None),
    ("a.json", text("[1,\n2,,3]"), "a.json is not JSON: Expecting value at line 2, character 3", None),
    ("a.json", text("[]"), "a.json holds no number", "a list has at least one item"),
    (
        "a.json",
        text("[[1, 2], [3]]"),
        "a.json is ragged: item [1] has shape (1), and item [0] has shape (2)",
        "the items",
    ),
    ("a.json", text("[1, null]"), "item [1] of a.json must be a number, and is null", None),
    ("a.json", text("[true]"), "item [0] of a.json must be a number, and is true or false", None),
    ("a.json", text("[NaN]"), "NaN is not JSON", 'type "nan", in quotes'),
    ("a.json", text("[1e999]"), "item [0] of a.json is beyond the largest double, 1.8e308", None),
    ("a.json", text("[" * 100_000), "a.json is nested too deep", None),
    ("a.json", text('"2"'), "what a.json holds must be a number, and is text", None),
    ("a.json", text('{"x": 1, "y": 2}'), "a.json holds 2 tensors: x, y", "type --x @a.json:x"),
    ("a.json:x", text("[1]"), "a.json holds one tensor, which has no name", "type --x @a.json"),
    ("a.json:\x1b[1m", text('{"x": 1}'), "a.json holds no ␛[1m", "it holds x"),
    # torch's formats.
    ("a.pt", text(""), "a.pt is empty", None),
    ("a.pt", text("1, 2"), "a.pt is damaged, or no file of tensors that torch.save wrote", None),
    ("a.pt", saved(Bomb()), f"a.pt holds more than tensors: {os.mkdir.__module__}.mkdir", WEIGHTS),
    ("a.pt", lambda path: Path(path).write_bytes(pickle.dumps(Bomb())), "a.pt is damaged, or no file of tensors", None),
    ("a.pt", saved(torch.nn.Linear(1, 1)), "a.pt holds more than tensors: torch.nn.modules.linear.Linear", WEIGHTS),
    ("a.pt", saved({"epoch": 3}), "a.pt holds no tensors", None),
    (
        "a.pt",
        saved({f"w{i}": torch.ones(1) for i in range(10)}),
        "a.pt holds 10 tensors: w0, w1, w2, w3, w4,",
        "type --x",
    ),
    (
        "a.pt:wieght",
        saved({"weight": torch.ones(1), "b": torch.ones(1)}),
        "a.pt holds no wieght",
        "did you mean weight?",
    ),
    ("a.pt:x", saved(torch.ones(1)), "a.pt holds one tensor, which has no name", "type --x @a.pt"),
    (
        "a.pt",
        saved(torch.ones(1).expand(10**9)),
        "a.pt has shape (1000000000), and 1,000,000 numbers are allowed",
        None,
    ),
    (
        "a.pt",
        saved(torch.ones(3).to_sparse()),
        "a.pt holds a tensor that is sparse, quantized, nested or without",
        None,
    ),
    ("a.pt", saved(torch.tensor([1j])), "a.pt holds complex numbers (complex64)", "save its real and its imaginary"),
    ("a.pt", saved({"a": {"b": torch.ones(1)}, "a.b": torch.ones(2)}), "a.pt holds two tensors of the name a.b", None),
    ("a.npy", header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (True, 2), }"), "a.npy cannot be read", None),
    ("a.npy", header(b"((((("), "a.npy cannot be read", None),
    (
        "a.npy",
        lambda path: Path(path).write_bytes(b"\x93NUMPY\x09\x01"),
        "a.npy is not a NumPy file: its version is 9.1",
        None,
    ),
    ("a.npy", header(b"f()"), "a.npy is not a NumPy file: malformed node or string on line 1", None),
    ("a.npy", header(b"{'descr': '<f8'}", 3_900_000_000), "a.npy is not a NumPy file: EOF", None),
    # The format of the safetensors library.
    ("a.safetensors", text(""), "a.safetensors is not a safetensors file: header too small", None),
    ("a.safetensors", text("x" * 50), "a.safetensors is not a safetensors file: header too large", None),
    ("a.safetensors", tensors([1]), "a.safetensors is not a safetensors file: invalid JSON in header", None),
    ("a.safetensors", tensors({}), "a.safetensors holds no tensors", None),
    ("a.safetensors", tensors({"x": 1}), "a.safetensors is not a safetensors file: invalid JSON in header", None),
    (
        "a.safetensors",
        tensors({"x": entry("F64", [2], 0, 8)}, bytes(8)),
        "a.safetensors is not a safetensors file: invalid shape, data type, or offset",
        None,
    ),
    (
        "a.safetensors",
        tensors({"x": entry("F64", [2], 0, 16)}, bytes(8)),
        "a.safetensors is not a safetensors file: incomplete metadata, file not fully",
        None,
    ),
    (
        "a.safetensors",
        tensors({"x": entry("F8_E4M3", [1], 0, 1)}, b"1"),
        "a.safetensors holds F8_E4M3, and not numbers that fit in doubles",
        AS_DOUBLE,
    ),
    (
        "a.safetensors",
        tensors({"x": entry("BOOL", [10**6 + 1], 0, 10**6 + 1)}, bytes(10**6 + 1)),
        "a.safetensors has shape (1000001), and 1,000,000 numbers are allowed",
        None,
    ),
    ("a.safetensors", tensors(PAIR, bytes(16)), "a.safetensors holds 2 tensors: x, y", "type --x @a.safetensors:x"),
]


@pytest.mark.parametrize(("reference", "write", "message", "hint"), BAD, ids=[f"{i}-{r[0]}" for i, r in enumerate(BAD)])
def test_files_that_are_refused(reference: str, write: Writer, message: str, hint: str | None) -> None:
    """Each with what is wrong, where, and what to do; and nothing in them was executed."""
    write(reference.partition(":")[0])
    with pytest.raises(GradcalcError) as caught:
        value(reference)
    assert caught.value.message.startswith(f"--x: {message}")
    assert hint == caught.value.hint if hint is None else (caught.value.hint or "").startswith(hint)
    assert not os.path.exists("executed")


@pytest.mark.parametrize("suffix", [".csv", ".json", ".pt"])
def test_large_files_are_not_read(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would be read as a whole has a largest size."""
    monkeypatch.setattr(source, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr("autogradcli.problems.files.arrays.MAX_BYTES", 1_000_000)
    Path(f"a{suffix}").write_bytes(b"1" * 1_000_001)
    with pytest.raises(GradcalcError, match=f"^--x: a{suffix} is larger than 1 MB\\n"):
        value(f"a{suffix}")


def test_an_archive_that_unpacks_to_more_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file of torch's format may hold compressed zeros without end."""
    monkeypatch.setattr("autogradcli.problems.files.arrays.MAX_BYTES", 100_000)
    with zipfile.ZipFile("a.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.pkl", bytes(1_000_000))
    assert Path("a.pt").stat().st_size < 10_000
    with pytest.raises(GradcalcError, match="is larger than"):
        value("a.pt")


@pytest.mark.parametrize("suffix", READERS)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(suffix: str, content: bytes) -> None:
    """Whatever a file holds, nothing but our own error comes out."""
    Path(f"any{suffix}").write_bytes(content)
    with suppress(GradcalcError):
        value(f"any{suffix}")


def test_a_million_numbers_are_read_at_a_few_calls_each() -> None:
    """The largest tensor, as an array of bytes and as a table."""
    numbers = np.linspace(0, 1, 1_000_000)
    np.save("a.npy", numbers)
    np.savetxt("a.csv", numbers.reshape(1000, 1000), delimiter=",")
    assert counted(lambda: read_file("@a.npy", "--x"))[0] < 10_000
    assert counted(lambda: read_file("@a.csv", "--x"))[0] < 5 * 1_000_000


def test_the_command_line_takes_files() -> None:
    """Two columns of one table, in an option of the variable's name and in `--set`."""
    text("x,y\n1,2\n3,4\n")("data.csv")
    found = gradcalc("eval", "sum(x*y)", "--x", "@data.csv:x", "--set", "y=@data.csv:y", "--format", "plain")
    assert (found.status, found.out) == (0, "x [2.0, 4.0]\ny [1.0, 3.0]\n")


def test_an_error_on_the_command_line() -> None:
    """The value's name, the file, and what to type."""
    found = gradcalc("eval", "sum(x)", "--x=@missing.npy")
    assert found.status == 2
    assert "error: --x: there is no file missing.npy" in found.err


@pytest.mark.parametrize("at", [{"x": "@a.npy"}, {"x": "@/etc/passwd"}])
def test_a_batch_reads_no_files(at: Mapping[str, str]) -> None:
    """Its lines may come from a stranger, and what is in the machine's files is none of their business."""
    array([1.0])("a.npy")
    found = read_problem(json.dumps({"expression": "sum(x)", "at": at}).encode(), Options())
    assert isinstance(found, BadLine)
    assert found.error.message == '"x" in "at" names a file'
