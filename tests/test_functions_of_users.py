"""`--function`: code of the user's own against mathematics."""

import inspect
import json
from functools import cache, lru_cache
from pathlib import Path

import pytest

from autogradcli.engines.torch.callables import line_of_def
from tests import users_code
from tests.cases import write
from tests.command import gradcalc

CODE = "tests.users_code"

GRADIENTS = [
    ("sigmoid(x)", "sigmoid", ["--x", "2"], {"x": 0.1049935854035065}, 0),
    ("x - y", "swapped", ["--x", "2", "--y", "3"], {"x": 1.0, "y": -1.0}, 0),
    ("x - y", "other_names", ["--x", "2", "--y", "3"], {"x": 1.0, "y": -1.0}, 0),
    ("x - 2*y", "by_name", ["--x", "2", "--y", "3"], {"x": 1.0, "y": -2.0}, 0),
    ("x**3", "Cube", ["--x", "2"], {"x": 8.0}, 1),
    ("x**2", "Square", ["--x", "2"], {"x": 4.0}, 0),
    ("2*x", "Double", ["--x", "2"], {"x": 2.0}, 0),
    ("2*x", "MODULE", ["--x", "2"], {"x": 2.0}, 0),
    ("2*x", "Double", ["--x", "2", "--dtype", "float32"], {"x": 2.0}, 0),
    ("sum(x)*2", "MODULE.forward", ["--x", "2"], {"x": 2.0}, 0),
    ("2*x", "cut_off", ["--x", "2"], {"x": 0.0}, 1),
    ("x**2", "Square.apply", ["--x", "[1, 2]", "--upstream", "[1, 10]"], {"x": [2.0, 40.0]}, 0),
]


@pytest.mark.parametrize(("expression", "name", "point", "gradients", "status"), GRADIENTS)
def test_its_gradients_are_judged(
    expression: str, name: str, point: list[str], gradients: dict[str, float], status: int
) -> None:
    """What its own backward gives, beside the truth about the expression."""
    result = gradcalc("eval", expression, *point, "--function", f"{CODE}:{name}", "--json", "--no-symbolic")
    report = json.loads(result.out)
    assert {each: found["autograd"] for each, found in report["gradients"].items()} == gradients
    assert result.status == status


@pytest.mark.parametrize(
    "more", [["--x", "2"], ["--x", "[1, 2]", "--upstream", "[1, 1]"], ["--x", "2", "--repeat", "2"]]
)
def test_a_backward_that_ignores_its_upstream_is_found(more: list[str]) -> None:
    """It would be right where the upstream is 1, as it is if nothing is said."""
    result = gradcalc("eval", "x**3", *more, "--function", f"{CODE}:Unscaled", "--no-symbolic")
    assert result.status == 1
    assert "does not multiply by what it is given" in result.out


def test_its_value_is_judged() -> None:
    """A right gradient of another function is not enough."""
    result = gradcalc("eval", "2*x + 1", "--x", "2", "--function", f"{CODE}:Double", "--no-symbolic")
    assert result.status == 1
    assert "failed   function: torch gives 4.0 at x = 2.0, expected 5.0 (off by 1, allowed 5e-07)\n" in result.out


def test_what_it_prints_and_warns_of_is_a_note() -> None:
    """Standard output holds the result alone."""
    result = gradcalc("eval", "2*x", "--x", "2", "--function", f"{CODE}:Double", "--format", "plain", "--no-symbolic")
    assert result.out == "2.0\n"
    assert f"note: {CODE}:Double printed: factor 2\n" in result.err
    assert f"note: {CODE}:Double warned: slow\n" in result.err


ERRORS = {
    "raises": (f"{CODE}:raises raised ValueError: no such thing (users_code.py, line 87)", None),
    "exits": (f"{CODE}:exits raised SystemExit: 5 (users_code.py, line 92)", None),
    "a_number": (f"{CODE}:a_number gives float, not a tensor", None),
    "NUMBER": (f"{CODE}:NUMBER cannot be called: it is int", None),
    "sigmod": (f"{CODE} has no sigmod", "did you mean sigmoid?"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_used(name: str) -> None:
    """Exceptions are reported with their place, not swallowed."""
    result = gradcalc("eval", "x", "--x", "2", "--function", f"{CODE}:{name}", "--no-symbolic")
    message, hint = ERRORS[name]
    assert (result.status, result.out) == (2, "")
    assert result.err == f"error: {message}\n" + (f"hint: {hint}\n" if hint else "")


def test_a_name_that_a_module_lacks_is_told_with_what_it_has_and_at_the_line_of_the_key(tmp_path: Path) -> None:
    """Where nothing is like it; in a case file on the line where it stands, be that a default's."""
    (tmp_path / "small_module.py").write_text("import math\ndef cube(x):\n    return x**3\nclass Square:\n    pass\n")
    key = 'function = "small_module:Nope"\n'
    said = "small_module has no Nope\n      hint: "
    for text, line in (
        (f'[[case]]\nexpression = "x**3"\nat.x = 2\n{key}', 4),
        (f'[defaults]\n{key}[[case]]\nexpression = "x**3"\nat.x = 2\n', 2),
    ):
        case = write(tmp_path, text)
        found = gradcalc("check", case, "--no-symbolic").out
        assert f"{case}:{line}: {said}{tmp_path / 'small_module.py'} has cube, Square\n" in found


def test_names_that_name_nothing() -> None:
    """A module that is not there, and text that is no name."""
    missing = gradcalc("eval", "x", "--x", "2", "--function", "nowhere.at_all:f")
    assert missing.err.startswith("error: there is no module nowhere\n")
    wrong = gradcalc("eval", "x", "--x", "2", "--function", "math")
    assert wrong.err == "error: math names no function\nhint: type package.module:name\n"
    shape = gradcalc("eval", "sum(x)", "--x", "[1, 2]", "--function", f"{CODE}:sigmoid")
    assert "gives shape (2), the expression" in shape.err
    inner = gradcalc("eval", "y = x; 2*y", "--x", "2", "--wrt", "y", "--function", f"{CODE}:Double")
    assert inner.err == f"error: {CODE}:Double knows nothing of y\nhint: its gradients are those of x\n"


def test_in_case_files(tmp_path: Path) -> None:
    """At every point of a sample; the line of the key."""
    text = f"""
        [[case]]
        expression = "x**3"
        sample.x = "uniform(1, 2)"
        function = "{CODE}:Cube"

        [[case]]
        expression = "x**2"
        sample.x = "uniform(1, 2)"
        function = "{CODE}:Square"

        [[case]]
        expression = "2*x + 1"
        at.x = 1
        function = "{CODE}:Double"
    """
    result = gradcalc("check", write(tmp_path, text), "--json", "--no-symbolic")
    cases = json.loads(result.out)["cases"]
    assert [case["status"] for case in cases] == ["failed", "passed", "failed"]
    assert {failure["rule"] for failure in cases[0]["failures"]} == {"verdict"}
    assert [(each["rule"], each["line"]) for each in cases[2]["failures"]] == [("function", 15)]


def test_it_may_leave_the_folder(tmp_path: Path) -> None:
    """Reports are still written where they are asked for."""
    case = write(tmp_path, f'[[case]]\nexpression = "2*x"\nat.x = 1\nfunction = "{CODE}:wanders"\n')
    before = Path.cwd()
    assert gradcalc("check", case, "--no-symbolic").status == 0
    assert Path.cwd() == before


def test_the_reason_names_the_backward_and_where_it_is_written() -> None:
    """The line of `def`, and not that of what decorates it."""
    found = json.loads(
        gradcalc("eval", "x**3", "--x", "2", "--function", f"{CODE}:Cube", "--json", "--no-symbolic").out
    )
    lines = Path(users_code.__file__).read_text(encoding="utf-8").splitlines()
    line = next(at for at, text in enumerate(lines, 1) if "def backward" in text)
    said = found["gradients"]["x"]["reason"]["message"]
    assert said.endswith(f"; the gradient goes through Cube.backward (users_code.py:{line})")


def test_the_line_is_found_below_several_decorators() -> None:
    """Where the source is not at hand it is the first that Python knows."""

    @cache
    @lru_cache
    def decorated() -> int:
        return 1

    code = inspect.unwrap(decorated).__code__
    assert line_of_def(code) == code.co_firstlineno + 2
    assert line_of_def(compile("lambda: 1", "<nowhere>", "eval")) == 1
