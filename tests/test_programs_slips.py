"""What `run` says of a program that is not there: what to type instead."""

from pathlib import Path

import pytest

from tests.command import gradcalc

FILES = (
    "program.py",
    "notebook.ipynb",
    "package/__init__.py",
    "package/train.py",
    "folder/one.py",
    "two/a.py",
    "two/b.py",
)

# The words after `run`, and what is said.
SLIPS = {
    ("program",): ("program cannot be read: No such file or directory", "type program.py"),
    ("Program.py",): ("Program.py cannot be read", "type program.py"),
    ("notebook",): ("notebook cannot be read", "type notebook.ipynb"),
    ("progam.py",): ("progam.py cannot be read", "did you mean program.py?"),
    ("package/trian.py",): ("package/trian.py cannot be read", "did you mean package/train.py?"),
    ("one.py",): ("one.py cannot be read", "did you mean folder/one.py?"),
    ("program.py --epochs 3",): ("cannot be read", "out: type gradcalc run program.py --epochs 3"),
    ("package.train",): ("package.train cannot be read", "type -m package.train"),
    ("python", "program.py", "3"): ("python cannot be read", "any case: type gradcalc run program.py 3"),
    ("python3.11", "-m", "package"): ("python3.11 cannot be read", "type gradcalc run -m package"),
    ("import torch; print(1)",): ("cannot be read", "for code type -c 'import torch; print(1)'"),
    ("x = 3",): ("cannot be read", "for code type -c 'x = 3'"),
    ("5x^3", "--x", "2"): ("5x^3 cannot be read", "an expression is for gradcalc eval '5x^3'"),
    ("x**2",): ("cannot be read", "an expression is for gradcalc eval 'x**2'"),
    ("https://example.org/a.py",): ("cannot be read", "a program is a file: download it first"),
    ("-e", "print(1)"): ("run has no option -e", "for code type -c CODE"),
    ("-c", "program.py"): ("program.py is a file, and no code", "leave -c out"),
    ("-m", "program.py"): ("no module is named program.py", "name of a module: type gradcalc run program.py"),
    ("-m", "package/train"): ("no module is named package/train", "type -m package.train"),
    ("-m", "package.train.py"): ("no module is named package.train.py", "type -m package.train"),
    ("-m", "progam"): ("no module named progam can be run", "did you mean -m program?"),
    ("-m", "package.trian"): ("no module named package.trian can be run", "did you mean -m package.train?"),
    ("-m", "absent"): ("no module named absent can be run", "a module is named as in import: package.module"),
    ("folder",): ("can't find '__main__' module in folder", "type folder/one.py"),
    ("two",): ("can't find '__main__' module in two", "type one of its files, such as two/a.py"),
}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of programs that must not be run."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("" if name.endswith("__init__.py") else "raise SystemExit(7)\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("words", SLIPS, ids=" ".join)
def test_what_to_type_instead(words: tuple[str, ...]) -> None:
    """The error, and the hint; nothing is run."""
    message, hint = SLIPS[words]
    result = gradcalc("run", *words)
    assert (result.status, result.out) == (2, "")
    error, said = result.err.splitlines()
    assert error.startswith("error: ")
    assert message in error
    assert said.startswith("hint: ")
    assert said.endswith(hint)


def test_where_nothing_is_near_nothing_is_said() -> None:
    """No guess."""
    assert gradcalc("run", "zzz").err == "error: zzz cannot be read: No such file or directory\n"


def test_the_graph_of_a_program_says_the_same() -> None:
    """As it reads the program in the same way."""
    assert "hint: type program.py" in gradcalc("graph", "--run", "program").err
