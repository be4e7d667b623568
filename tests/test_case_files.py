"""Case files: code beside them, names, and formats that leave out what passes."""

from pathlib import Path

import pytest

from tests.command import gradcalc

CASE = '[[case]]\nname = "mine"\nexpression = "x**2"\nat.x = 3\nfunction = "mylib:square"\n'


def write(folder: Path, factor: int) -> str:
    """A folder with a case file and a module beside it."""
    folder.mkdir()
    (folder / "mylib.py").write_text(f"def square(x):\n    return {factor}*x**2\n")
    (folder / "mine.grad.toml").write_text(CASE)
    return str(folder / "mine.grad.toml")


def test_code_is_found_beside_the_case_file(tmp_path: Path) -> None:
    """Modules of one name in two folders are two modules, in any order."""
    right, wrong = write(tmp_path / "right", 1), write(tmp_path / "wrong", 2)
    for paths, statuses in (
        ([right], ["passed"]),
        ([wrong, right], ["failed", "passed"]),
        ([right, wrong, right], ["passed", "failed", "passed"]),
    ):
        out = gradcalc("check", *paths, "--no-symbolic").out
        assert [line.split()[0] for line in out.splitlines() if "  mine" in line] == statuses


def test_two_cases_of_one_name_are_an_error(tmp_path: Path) -> None:
    """The second is; cases without a name may be about one expression."""
    path = tmp_path / "a.toml"
    case = '[[case]]\nexpression = "x**2"\nat.x = 3\n'
    path.write_text(case.replace("]]\n", ']]\nname = "a"\n') * 2 + 2 * case)
    result = gradcalc("check", str(path), "--no-symbolic")
    assert result.status == 2
    assert f"{path}:5: two cases are called a: the other stands in line 1" in result.out
    assert result.out.count("passed") == 4


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "junit", "github", "tap", "markdown"])
def test_only_failures_in_every_format(form: str, tmp_path: Path) -> None:
    """What passes is not named; hints are there in Markdown, too."""
    path = tmp_path / "a.toml"
    path.write_text('[[case]]\nname = "good"\nexpression = "x"\nat.x = 1\n[[case]]\nname = "bad"\nexpresion = "x"\n')
    out = gradcalc("check", str(path), "--only-failures", "--no-symbolic", "-f", form).out
    assert "good" not in out.replace("the gradient of good", "")
    assert "bad" in out
    assert "did you mean expression?" in out


def test_a_wrong_claim_shows_the_right_formula(tmp_path: Path) -> None:
    """SymPy's, where it has one."""
    path = tmp_path / "a.toml"
    path.write_text('[[case]]\nexpression = "x**3"\nat.x = 1\nclaim.x = "2*x"\n')
    assert "; SymPy's derivative is 3*x**2" in gradcalc("check", str(path)).out
