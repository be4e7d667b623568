"""The pytest plugin: case files are collected, failures can be read, nothing heavy is loaded without need."""

import subprocess
import sys

# pytester forgets what its sessions import, and libraries in C cannot be loaded twice.
import flint  # noqa: F401
import pytest
import torch  # noqa: F401

pytest_plugins = ["pytester"]

CASES = """
[[case]]
name = "square"
expression = "x**2"
at.x = 3
claim.x = "2*x"

[[case]]
name = "wrong"
expression = "x**3"
at.x = 2
grad.x = 11

[[case]]
name = "nonsense"
expresion = "x"

[[case]]
name = "kink"
expression = "abs(x)"
at.x = 0
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a case file, for sessions without SymPy."""
    pytester.makefile(".grad.toml", formulas=CASES)
    pytester.makeini("[pytest]\ngradcalc_symbolic = false\n")
    return pytester


def test_each_case_is_an_item(folder: pytest.Pytester) -> None:
    """With its name."""
    result = folder.runpytest("--collect-only", "-q")
    result.stdout.fnmatch_lines(
        [
            "formulas.grad.toml::square",
            "formulas.grad.toml::wrong",
            "formulas.grad.toml::nonsense",
            "formulas.grad.toml::kink",
        ]
    )


def test_a_failure_states_its_rule_and_no_traceback(folder: pytest.Pytester) -> None:
    """The file, the line and the sentence; for what makes no sense the hint as well."""
    result = folder.runpytest()
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "formulas.grad.toml:11: grad.x: torch gives 12.0 at x = 2.0, expected 11.0 (off by 1, allowed 1.1e-06)",
            "formulas.grad.toml:15: there is no key expresion",
            "hint: did you mean expression?",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*runtest*")


def test_items_are_selected_as_others_are(folder: pytest.Pytester) -> None:
    """By -k and by node id."""
    folder.runpytest("-k", "wrong").assert_outcomes(failed=1, deselected=3)
    folder.runpytest("formulas.grad.toml::square").assert_outcomes(passed=1)


def test_the_last_lines_say_what_is_wrong(folder: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a case and of a test, without frames of gradcalc."""
    folder.makepyfile(
        """
        def test_wrong(assert_gradient):
            assert_gradient("x**3", x=2, claim={"x": "2*x"})
        """
    )
    monkeypatch.setenv("COLUMNS", "300")
    result = folder.runpytest("-rf", "--color=no")
    result.stdout.fnmatch_lines(
        [
            "FAILED formulas.grad.toml::wrong - grad.x: torch gives 12.0 at x = 2.0, expected*",
            "FAILED *::test_wrong - AssertionError: x**3: claim.x: wrong at x = *",
        ]
    )
    result.stdout.fnmatch_lines(["*SymPy's derivative is 3*x[*][*]2"])
    result.stdout.no_fnmatch_line("*raise_failure*")


def test_strict_is_an_option_of_the_ini_file(folder: pytest.Pytester) -> None:
    """A kink fails."""
    folder.makeini("[pytest]\ngradcalc_strict = true\ngradcalc_symbolic = false\n")
    folder.runpytest().assert_outcomes(passed=1, failed=3)


def test_the_fixture(pytester: pytest.Pytester) -> None:
    """`assert_gradient` in a Python test; its message is the failure."""
    pytester.makepyfile(
        """
        def test_right(assert_gradient):
            assert_gradient("x**2", x=3, symbolic=False)

        def test_wrong(assert_gradient):
            assert_gradient("x**2", x=3, expect={"value": 8}, symbolic=False)
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*value: torch gives 9.0 at x = 3.0, expected 8.0*"])


def test_nothing_heavy_is_imported_with_the_plugin() -> None:
    """Everybody who has gradcalc installed pays for it in every run of pytest."""
    heavy = "{'torch', 'sympy', 'numpy', 'flint', 'typer', 'rich', 'autogradcli.api'}"
    program = f"import sys, autogradcli.pytest_plugin; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
