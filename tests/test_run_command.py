"""`gradcalc run` from the command line: what goes where, in which format, with which exit status."""

import json
import re
from pathlib import Path

import pytest

from tests.command import gradcalc

SNIPPETS = Path(__file__).parent / "snippets"
DOT = str(SNIPPETS / "tutorials" / "dot.py")
PRINTED = """\
x = tensor([0., 1., 2.])
z = tensor([0., 1., 2.], requires_grad=True)
m = tensor(10., grad_fn=<MulBackward0>)
n = None
k = tensor([0., 4., 8.])
zeroed: tensor([0., 0., 0.])
h = tensor(3., grad_fn=<SumBackward0>)
gradient: tensor([1., 1., 1.])
"""
REPORT = """\
line 9   m.backward()   m = 10.0   float32
   variable   gradient          error   verdict    .grad
   x          [0.0, 4.0, 8.0]   0 ulp   verified   the same

line 16   h.backward()   h = 3.0   float32
   variable   gradient          error   verdict    .grad
   x          [1.0, 1.0, 1.0]   0 ulp   verified   the same, from zero

verdict  verified: every gradient is right
"""


def test_the_report_goes_to_standard_error() -> None:
    """Standard output is Python's own."""
    result = gradcalc("run", "--no-symbolic", DOT)
    assert result.out == PRINTED
    assert (result.status, result.err) == (0, f"gradcalc run {DOT}: 2 backward passes: 2 verified\n\n{REPORT}")


def test_with_a_file_for_the_report_both_streams_are_the_program_s(tmp_path: Path) -> None:
    """The report is in the file."""
    path = tmp_path / "ledger.txt"
    result = gradcalc("run", "--no-symbolic", "-o", str(path), DOT)
    assert (result.out, result.err) == (PRINTED, "")
    assert path.read_text(encoding="utf-8").endswith(REPORT)


def test_quiet_says_nothing_of_its_own() -> None:
    """The program's output, and the exit status."""
    result = gradcalc("run", "--no-symbolic", "--quiet", DOT)
    assert (result.status, result.out, result.err) == (0, PRINTED, "")


def test_a_document_has_standard_output_for_itself() -> None:
    """One strict JSON object and nothing else; what the program prints goes to standard error."""
    result = gradcalc("run", "--no-symbolic", "--json", DOT)
    report = json.loads(result.out)
    assert result.err == PRINTED
    assert (report["schema_version"], report["verdict"]) == (1, "verified")
    first, second = report["passes"]
    assert (first["line"], first["code"], first["output"], first["value"]) == (9, "m.backward()", "m", 10.0)
    assert first["entries"][0]["gradient"]["exact"][2] == {"value": "8", "radius": "0"}
    assert second["entries"][0]["before"] == [0.0, 0.0, 0.0]
    assert (first["proof"], first["looked_at"]) == ("whole", None)


def test_json_in_a_file_leaves_standard_output_to_the_program(tmp_path: Path) -> None:
    """As with text."""
    path = tmp_path / "ledger.json"
    assert gradcalc("run", "--no-symbolic", "--json", "-o", str(path), DOT).out == PRINTED
    assert json.loads(path.read_text(encoding="utf-8"))["verdict"] == "verified"


def test_markdown_is_a_document() -> None:
    """A row for each gradient."""
    result = gradcalc("run", "--no-symbolic", "--format", "markdown", str(SNIPPETS / "tutorials" / "accumulate.py"))
    assert result.out.splitlines()[1:] == [
        "",
        "| line | call | variable | gradient | `.grad` | verdict |",
        "| --- | --- | --- | --- | --- | --- |",
        "| 6 | m.backward() | x | \\[0.0, 4.0, 8.0\\] | \\[0.0, 4.0, 8.0\\] | verified |",
        "| 8 | h.backward() | x | \\[1.0, 1.0, 1.0\\] "
        "| \\[0.0, 4.0, 8.0\\] + \\[1.0, 1.0, 1.0\\] = \\[1.0, 5.0, 9.0\\] | verified |",
    ]


def test_accumulation_is_written_out() -> None:
    """The sum with its terms."""
    result = gradcalc("run", "--no-symbolic", str(SNIPPETS / "tutorials" / "accumulate.py"))
    assert "[0.0, 4.0, 8.0] + [1.0, 1.0, 1.0] = [1.0, 5.0, 9.0]" in result.err


def test_tables_stand_on_lines_of_their_own() -> None:
    """A gradient of two dimensions, row by row; what accumulated, before and after."""
    result = gradcalc("run", "--no-symbolic", str(SNIPPETS / "tutorials" / "vjp.py"))
    assert (
        """\
   inp   (4, 5)
      gradient            [[4.0, 2.0, 2.0, 2.0, 2.0],
                           [2.0, 4.0, 2.0, 2.0, 2.0],
                           [2.0, 2.0, 4.0, 2.0, 2.0],
                           [2.0, 2.0, 2.0, 4.0, 2.0]]
      error               0 ulp
      verdict             verified
      .grad before        [[4.0, 2.0, 2.0, 2.0, 2.0],
                           [2.0, 4.0, 2.0, 2.0, 2.0],
                           [2.0, 2.0, 4.0, 2.0, 2.0],
                           [2.0, 2.0, 2.0, 4.0, 2.0]]
      .grad + gradient    [[8.0, 4.0, 4.0, 4.0, 4.0],
                           [4.0, 8.0, 4.0, 4.0, 4.0],
                           [4.0, 4.0, 8.0, 4.0, 4.0],
                           [4.0, 4.0, 4.0, 8.0, 4.0]]
"""
        in result.err
    )


def test_the_trace_stands_before_the_passes() -> None:
    """Each line with what it made."""
    result = gradcalc("run", "--no-symbolic", "--trace", str(SNIPPETS / "tutorials" / "cubic.py"))
    assert (
        """\
line 5   y = 5 * x ** 3 + 2 * x ** 2 + 4 * x + 8
    y = tensor(64., grad_fn=<AddBackward0>)
line 8   grad = x.grad
    grad = tensor(72.)

line 7   y.backward()   y = 64.0   float32
"""
        in result.err
    )


def test_markdown_tells_mistakes_and_the_error_that_ended_it() -> None:
    """Each with its line."""
    text = "import torch\nx = torch.tensor([2.0], requires_grad=True)\ny = x * x\nx.backward(y)\n1/0\n"
    result = gradcalc("run", "--no-symbolic", "--format", "markdown", "--trace", "-", stdin=text)
    assert "**Line 4**, x.backward(y): backward starts from x itself" in result.out
    assert "**Line 5** ends it: ZeroDivisionError: division by zero" in result.out
    assert "- line 3: y = x \\* x\n  - y = tensor(\\[4.\\], grad\\_fn=\\<MulBackward0\\>)" in result.out


def test_a_program_comes_through_a_pipe() -> None:
    """A dash for standard input."""
    result = gradcalc("run", "--no-symbolic", "-", stdin="import torch\nprint(torch.ones(2))\n")
    assert result.out == "tensor([1., 1.])\n"
    assert result.err == "gradcalc run standard input: no backward, so there is nothing to verify\n"


def test_mistakes_stand_where_they_are_made() -> None:
    """Below the passes of their line."""
    result = gradcalc("run", "--no-symbolic", str(SNIPPETS / "tutorials" / "chain.py"))
    assert re.search(
        r"line 10   x.backward\(z\)   x = \[1.0\]   upstream = \[4.0\]   float32\n.*\n.*\n\nline 10   x.backward\(z\)\n"
        r"   backward starts from x itself, where d x / d x = 1, and the argument scales it by z = 4.0",
        result.err,
    )


def test_of_a_loop_a_few_passes_are_verified() -> None:
    """The 1st, 2nd, 4th, 8th … and the last; a few of those are shown."""
    text = "import torch\nx = torch.tensor(2.0, requires_grad=True)\nfor i in range(50):\n    (x * x).backward()\n"
    result = gradcalc("run", "--no-symbolic", "-", stdin=text)
    assert "50 backward passes, 7 of which were looked at: 7 verified" in result.err
    assert result.err.count("line 4   (x * x).backward()") == 3
    assert "float32   pass 50\n" in result.err
    assert "   and 4 backward passes more of this line: 4 verified\n" in result.err


def test_the_seed_makes_random_numbers_repeat() -> None:
    """As torch.manual_seed at the beginning would."""
    text = "import torch\nimport numpy as np\nprint(torch.rand(2), np.random.rand())\n"
    first, second = (gradcalc("run", "--no-verify", "--seed", "3", "-", stdin=text).out for _ in range(2))
    assert first == second


def test_the_seed_reaches_a_program_of_numpy_alone() -> None:
    """Which never imports torch."""
    text = "import random\nimport numpy\nprint(numpy.random.rand(), random.random())\n"
    first, second = (gradcalc("run", "--seed", "3", "-", stdin=text).out for _ in range(2))
    assert first == second


def test_json_holds_what_was_printed_and_where_it_failed() -> None:
    """`printed` where the document stands in the output's place; `failure.span` in characters of the program."""
    text = "import torch\nprint('größer')\nx = torch.ones(2) * 2 + torch.ones(2).view(5)\n"
    report = json.loads(gradcalc("run", "--json", "-", stdin=text).out)
    assert report["printed"] == "größer\n"
    start, end = report["failure"]["span"]
    assert text[start:end] == "torch.ones(2).view(5)"


ENDS = [
    ("import torch\nx = torch.tensor(2.0, requires_grad=True)\n(x*x).backward()", 0),
    ("import torch\nx = torch.tensor(-1.0, requires_grad=True)\ntorch.where(x > 0, x.sqrt(), x).backward()\n1/0", 1),
    ("import torch\nx = torch.tensor(2.0, requires_grad=True)\n(x*x).backward()\n1/0", 2),
    ("import torch\nx = torch.tensor(-1.0, requires_grad=True)\nx.log().backward()", 3),
    ("import torch\nx = torch.tensor(0.0, requires_grad=True)\nx.abs().backward()", 0),
]


@pytest.mark.parametrize(("text", "status"), ENDS)
def test_exit_status(text: str, status: int) -> None:
    """A wrong gradient before an error, an error before an undefined derivative."""
    assert gradcalc("run", "--no-symbolic", "-", stdin=text).status == status


def test_strict_wants_all_of_it_verified() -> None:
    """A kink will not do."""
    text = "import torch\nx = torch.tensor(0.0, requires_grad=True)\nx.abs().backward()"
    assert gradcalc("run", "--no-symbolic", "--strict", "-", stdin=text).status == 3


def test_what_does_not_compile_is_said_as_python_says_it() -> None:
    """Nothing is run."""
    result = gradcalc("run", "-", stdin="x = (1\n")
    assert (result.status, result.out) == (2, "")
    assert result.err.endswith("SyntaxError: '(' was never closed\n")


def test_the_error_that_ends_a_program_has_the_user_s_frames_alone() -> None:
    """As Python shows it; the report comes after it."""
    text = "import torch\nimport torch.nn.functional as F\nx = torch.ones(2)\nF.mse_loss(x, None)\n"
    result = gradcalc("run", "--no-symbolic", "-", stdin=text)
    assert result.err.startswith('Traceback (most recent call last):\n  File "<stdin>", line 4, in <module>\n')
    assert "autogradcli" not in result.err
    assert result.err.count("functional.py") == 1
    assert "line 4   F.mse_loss(x, None)\n   the program ends here: " in result.err


def test_arguments_after_the_program_are_its_own() -> None:
    """Options of gradcalc among them too, with a note."""
    result = gradcalc("run", "-c", "import sys; print(__name__, sys.argv, repr(sys.path[0]))", "-x", "--strict", "3")
    assert result.out == "__main__ ['-c', '-x', '--strict', '3'] ''\n"
    assert result.err.startswith("note: --strict stands after the program and is given to it")


def test_a_module_is_run_as_python_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package by its `__main__`, from the current directory on."""
    folder = tmp_path / "some_package_of_mine"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "__main__.py").write_text("import sys\nprint(__name__, __spec__.name, sys.argv[1:])\n")
    monkeypatch.chdir(tmp_path)
    result = gradcalc("run", "-m", "some_package_of_mine", "a")
    assert result.out == "__main__ some_package_of_mine.__main__ ['a']\n"


def test_a_notebook_runs_without_its_magics(tmp_path: Path) -> None:
    """Its code cells, one after the other."""
    cells = [
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import torch\n", "!ls\n", "x = 2"]},
        {"cell_type": "markdown", "source": ["words"]},
        {"cell_type": "code", "source": "%%bash\nls"},
        {"cell_type": "code", "source": "print(x)"},
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    result = gradcalc("run", str(path))
    assert result.out == "2\n"
    assert "note: 4 lines" in result.err


def test_a_missing_file_is_an_error() -> None:
    """With the system's word for it."""
    result = gradcalc("run", "no-such-file.py")
    assert (result.status, result.err) == (2, "error: no-such-file.py cannot be read: No such file or directory\n")


def test_text_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    """Bytes that are not UTF-8, and zeros."""
    for data in (b"x = '\xff'", b"x = 1\0"):
        path = tmp_path / "program.py"
        path.write_bytes(data)
        result = gradcalc("run", str(path))
        assert (result.status, result.out) == (2, "")
        assert "Traceback" not in result.err
