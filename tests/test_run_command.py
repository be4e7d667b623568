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


def test_the_report_comes_after_what_the_snippet_prints() -> None:
    """On standard output, an empty line apart."""
    result = gradcalc("run", DOT, "--no-symbolic")
    assert result.out == f"{PRINTED}\ngradcalc run {DOT}: 2 backward passes: 2 verified\n\n{REPORT}"
    assert (result.status, result.err) == (0, "")


def test_with_a_file_for_the_report_standard_output_is_python_s_own(tmp_path: Path) -> None:
    """Line for line, and the report is in the file."""
    path = tmp_path / "ledger.txt"
    result = gradcalc("run", DOT, "--no-symbolic", "-o", str(path))
    assert (result.out, result.err) == (PRINTED, "")
    assert path.read_text(encoding="utf-8").endswith(REPORT)


def test_quiet_prints_nothing() -> None:
    """The exit status alone."""
    assert gradcalc("run", DOT, "--no-symbolic", "--quiet") == gradcalc("run", DOT, "--no-verify", "-q")
    assert gradcalc("run", DOT, "--no-symbolic", "--quiet").out == ""


def test_json_on_standard_output_holds_what_was_printed() -> None:
    """One strict JSON object and nothing else."""
    result = gradcalc("run", DOT, "--no-symbolic", "--json")
    report = json.loads(result.out)
    assert (report["schema_version"], report["printed"], report["verdict"]) == (1, PRINTED, "verified")
    first, second = report["passes"]
    assert (first["line"], first["code"], first["output"], first["value"]) == (9, "m.backward()", "m", 10.0)
    assert first["entries"][0]["gradient"]["exact"][2] == {"value": "8", "radius": "0"}
    assert second["entries"][0]["before"] == [0.0, 0.0, 0.0]


def test_json_in_a_file_leaves_standard_output_to_the_snippet(tmp_path: Path) -> None:
    """As with text."""
    path = tmp_path / "ledger.json"
    assert gradcalc("run", DOT, "--no-symbolic", "--json", "-o", str(path)).out == PRINTED
    assert json.loads(path.read_text(encoding="utf-8"))["verdict"] == "verified"


def test_markdown_is_a_document() -> None:
    """What was printed as a block, and a row for each gradient."""
    result = gradcalc("run", str(SNIPPETS / "tutorials" / "accumulate.py"), "--no-symbolic", "--format", "markdown")
    assert result.out.splitlines()[1:] == [
        "",
        "```text",
        "accumulated: tensor([1., 5., 9.])",
        "```",
        "",
        "| line | call | variable | gradient | `.grad` | verdict |",
        "| --- | --- | --- | --- | --- | --- |",
        "| 6 | m.backward() | x | \\[0.0, 4.0, 8.0\\] | \\[0.0, 4.0, 8.0\\] | verified |",
        "| 8 | h.backward() | x | \\[1.0, 1.0, 1.0\\] "
        "| \\[0.0, 4.0, 8.0\\] + \\[1.0, 1.0, 1.0\\] = \\[1.0, 5.0, 9.0\\] | verified |",
    ]


def test_accumulation_is_written_out() -> None:
    """The sum with its terms."""
    result = gradcalc("run", str(SNIPPETS / "tutorials" / "accumulate.py"), "--no-symbolic")
    assert "[0.0, 4.0, 8.0] + [1.0, 1.0, 1.0] = [1.0, 5.0, 9.0]" in result.out


def test_tables_stand_on_lines_of_their_own() -> None:
    """A gradient of two dimensions, row by row; what accumulated, before and after."""
    result = gradcalc("run", str(SNIPPETS / "tutorials" / "vjp.py"), "--no-symbolic")
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
        in result.out
    )


def test_the_trace_stands_before_the_passes() -> None:
    """Each line with what it made."""
    result = gradcalc("run", str(SNIPPETS / "tutorials" / "cubic.py"), "--no-symbolic", "--trace")
    assert (
        """\
line 5   y = 5 * x ** 3 + 2 * x ** 2 + 4 * x + 8
    y = tensor(64., grad_fn=<AddBackward0>)
line 8   grad = x.grad
    grad = tensor(72.)

line 7   y.backward()   y = 64.0   float32
"""
        in result.out
    )


def test_markdown_tells_mistakes_and_the_error_that_ended_it() -> None:
    """Each with its line."""
    text = "import torch\nx = torch.tensor([2], requires_grad=True)\ny = x * x\ny.backward()\ny.backward()\n"
    result = gradcalc("run", "-", "--no-symbolic", "--format", "markdown", "--trace", stdin=text)
    assert "**Line 2**, torch.tensor(\\[2\\], requires\\_grad=True): whole numbers are read as floats" in result.out
    assert "**Line 5** ends it: RuntimeError: Trying to backward through the graph a second time" in result.out
    assert "- line 3: y = x \\* x\n  - y = tensor(\\[4.\\], grad\\_fn=\\<MulBackward0\\>)" in result.out


def test_a_snippet_comes_through_a_pipe() -> None:
    """A dash for standard input."""
    result = gradcalc("run", "-", "--no-symbolic", stdin="import torch\nprint(torch.ones(2))\n")
    assert result.out == "tensor([1., 1.])\n\ngradcalc run standard input: no backward, so there is nothing to verify\n"


def test_mistakes_stand_where_they_are_made() -> None:
    """Below the passes of their line."""
    result = gradcalc("run", str(SNIPPETS / "tutorials" / "chain.py"), "--no-symbolic")
    assert re.search(
        r"line 10   x.backward\(z\)   x = \[1.0\]   upstream = \[4.0\]   float32\n.*\n.*\n\nline 10   x.backward\(z\)\n"
        r"   backward starts from x itself, where d x / d x = 1, and the argument scales it by z = 4.0",
        result.out,
    )


def test_a_loop_shows_a_few_of_its_passes() -> None:
    """The first two, the last, and how many there were between."""
    text = "import torch\nx = torch.tensor(2.0, requires_grad=True)\nfor i in range(50):\n    (x * x).backward()\n"
    result = gradcalc("run", "-", "--no-symbolic", stdin=text)
    assert result.out.count("line 4   (x * x).backward()") == 3
    assert "   and 47 backward passes more of this line: 47 verified\n" in result.out


def test_the_seed_makes_random_numbers_repeat() -> None:
    """As torch.manual_seed at the beginning would."""
    text = "import torch\nimport numpy as np\nprint(torch.rand(2), np.random.rand())\n"
    first, second = (gradcalc("run", "-", "--no-verify", "--seed", "3", stdin=text).out for _ in range(2))
    assert first == second


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
    assert gradcalc("run", "-", "--no-symbolic", stdin=text).status == status


def test_strict_wants_all_of_it_verified() -> None:
    """A kink will not do."""
    text = "import torch\nx = torch.tensor(0.0, requires_grad=True)\nx.abs().backward()"
    assert gradcalc("run", "-", "--no-symbolic", "--strict", stdin=text).status == 3


REFUSED = [
    (
        "x = 1\nwhile True: pass",
        "error: line 2: while may never end\n  while True: pass\n  ^^^^^^^^^^^^^^^^\n"
        "hint: type for i in range(1000): and leave it with break\n",
    ),
    ("x = (1\n", "error: line 1: SyntaxError: '(' was never closed\n  x = (1\n      ^\n"),
    (
        "import torch\nopt = torch.optim.SGD([], lr=0.1)",
        "error: line 2: optimisers are not part of the subset\n  opt = torch.optim.SGD([], lr=0.1)\n"
        "        ^^^^^^^^^^^\nhint: type with torch.no_grad(): w -= lr * w.grad\n",
    ),
    (
        "import torch\ntorch.sinn(1)",
        "error: line 2: there is no sinn here\n  torch.sinn(1)\n  ^^^^^^^^^^\nhint: did you mean sin?\n",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_not_part_of_the_subset_is_refused(text: str, message: str) -> None:
    """With the line, the reason and the way to write it; nothing is run."""
    result = gradcalc("run", "-", stdin=f"{text}\n")
    assert (result.status, result.out, result.err) == (2, "", message)


def test_the_error_that_ends_a_snippet_goes_to_standard_error() -> None:
    """As Python names it, under the text that raised it; standard output keeps what came before."""
    result = gradcalc("run", str(SNIPPETS / "error_name.py"), "--no-symbolic")
    assert result.err == "error: line 5: NameError: name 'y' is not defined\n  print(y)\n        ^\n"
    assert result.out.startswith("x is tensor(1.)\n\n")
    assert result.out.endswith("line 5   y\n   the snippet ends here: NameError: name 'y' is not defined\n")


def test_a_missing_file_is_an_error() -> None:
    """With the system's word for it."""
    result = gradcalc("run", "no-such-file.py")
    assert (result.status, result.err) == (2, "error: no-such-file.py cannot be read: No such file or directory\n")


def test_text_that_is_no_text_is_an_error() -> None:
    """Bytes that are not UTF-8, and zeros."""
    assert "is not UTF-8: byte 1" in gradcalc("run", "-", stdin=b"\xff").err
    assert gradcalc("run", "-", stdin=b"x = 1\0").status == 2
