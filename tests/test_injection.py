"""Names, files and messages reach a report only escaped, and files beside the user's data are no modules of ours."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.command import GRADCALC, gradcalc

NASTY = "x\u001b[31m\r\n::error file=a::b\u202e\u0007 | <b> ` # \\"
CASES = [
    {"name": f"right {NASTY}", "expression": "sin(x)", "at": {"x": 0.3}},
    {"name": f"wrong {NASTY}", "expression": "x**2", "at": {"x": 2}, "grad": {"x": 5}},
    {"name": f"nonsense {NASTY}", "expression": f"x + '{NASTY}'", "at": {"x": 2}},
]
ORDERS = "\u001b\r\u202e\u0007"


@pytest.mark.parametrize("form", ["text", "github", "tap", "markdown", "junit"])
def test_nothing_that_a_reader_obeys_is_passed_on(form: str, tmp_path: Path) -> None:
    """Neither from names of cases nor from names of files, in the worst-case line as in all others."""
    path = tmp_path / "a\u001b[31m\n::error::b.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in CASES), encoding="utf-8")
    result = gradcalc("check", str(path), "--format", form, "--no-symbolic")
    assert not set(ORDERS) & set(result.out)
    begun = [line for line in result.out.splitlines() if line.startswith("::")]
    assert len(begun) == (2 if form == "github" else 0)


@pytest.mark.parametrize(
    "words",
    [
        ("eval", "x", "--x", f"@{NASTY}.npy"),
        ("eval", "x", "--x", f"@{NASTY}"),
        ("eval", "x", "--x", "1", "-o", f"none/{NASTY}.json"),
        ("eval", "x", "--x", "1", "--function", f"{NASTY}:f"),
        ("eval", NASTY, "--x", "1"),
        ("check", f"{NASTY}.grad.toml"),
        ("batch", f"{NASTY}.jsonl"),
        ("functions", NASTY),
        ("explain", NASTY),
        (NASTY,),
    ],
)
def test_no_error_passes_on_what_a_terminal_obeys(words: tuple[str, ...]) -> None:
    """Whatever was typed stands in it."""
    result = gradcalc(*words)
    assert result.status == 2
    assert not set(ORDERS) & set(result.err)


def test_a_file_beside_a_case_is_no_installed_module(tmp_path: Path) -> None:
    """The user's module is found, and a `sympy.py` beside it is not SymPy."""
    for name in ("sympy", "flint", "numpy", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the current directory')")
    (tmp_path / "own_module.py").write_text("import sympy\nimport json\ndef double(x):\n    return 2*x\n")
    case = {"expression": "2*x", "at": {"x": 3}, "function": "own_module:double"}
    (tmp_path / "a.jsonl").write_text(json.dumps(case) + "\n")
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "PYTHONSAFEPATH": "1"}
    words = [*GRADCALC, "check", "a.jsonl"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("passed")


def test_what_a_users_code_writes_is_no_part_of_a_report(tmp_path: Path) -> None:
    """Not even past Python, to the descriptors themselves."""
    code = (
        "import os\ndef loud(x):\n    os.write(1, b'{\"injected\": 1}')\n    os.write(2, b'injected')\n    return 2*x\n"
    )
    (tmp_path / "own_module.py").write_text(code)
    case = {"expression": "2*x", "at": {"x": 3}, "function": "own_module:loud"}
    (tmp_path / "a.jsonl").write_text(json.dumps(case) + "\n")
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "PYTHONSAFEPATH": "1"}
    words = [*GRADCALC, "check", "a.jsonl", "--json", "--no-symbolic"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["summary"]["passed"] == 1
    assert "injected" not in done.stdout + done.stderr
