"""What each command loads: a command that needs no engine must not wait for one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autogradcli

GRADCALC = str(Path(sys.executable).with_name("gradcalc"))
ENGINES = {"torch", "sympy", "flint"}

LIGHT = [
    ["--help"],
    ["eval", "--help"],
    ["--version"],
    ["functions"],
    ["functions", "sin"],
    ["functions", "no_such_function"],
    ["eval"],
    ["no_such_command"],
    ["eval", "5*x", "--x", "2", "--no-such-option"],
    ["eval", "5*x", "--x", "2", "--dtype", "float65"],
    ["eval", "5*x", "--xx", "2"],
    ["graph", "--help"],
    ["graph", "5*x", "--x", "2", "-o", "graph.xyz"],
    ["eval", "5*(x", "--x", "2"],
    ["eval", "no_such_function(x)", "--x", "2"],
    ["eval", "5*x", "--x", "2*"],
    ["diff", "5*(x"],
]


def loaded(arguments: list[str], directory: Path) -> set[str]:
    """The top-level modules that the process of a command imports; those of its children are their own affair."""
    command = [sys.executable, "-X", "importtime", GRADCALC, *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return set(re.findall(r"^import time: .*\| +([A-Za-z_]\w*)$", done.stderr, re.MULTILINE))


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_help_and_errors_load_no_engine(arguments: list[str], tmp_path: Path) -> None:
    """Help, the table of functions and wrong input are answered without any of the three engines' libraries."""
    modules = loaded(arguments, tmp_path)
    assert "autogradcli" in modules
    assert not modules & ENGINES


def test_help_and_versions_load_no_commands(tmp_path: Path) -> None:
    """NumPy takes longer to load than all else that help needs; `fractions` comes with what commands are made of."""
    assert not {"numpy", "fractions"} & (loaded(["--help"], tmp_path) | loaded(["--version"], tmp_path))


def test_warm_call_imports_next_to_nothing(tmp_path: Path) -> None:
    """What hands a call to the server takes no longer than Python itself: no typing, no enums."""
    ask = "import sys, autogradcli.client, autogradcli.server.client; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-S", "-c", ask],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(autogradcli.__path__[0]).parent)},
    )
    assert "autogradcli.processes.spare" in found.stdout.split()
    assert not {"typing", "enum", "socket", "signal", "contextlib", "struct"} & {*found.stdout.split()}


@pytest.mark.parametrize("form", ["text", "latex", "python", "c"])
def test_diff_never_loads_torch(form: str, tmp_path: Path) -> None:
    """A derivative alone needs SymPy and nothing of torch."""
    modules = loaded(["diff", "5*x**3", "--format", form], tmp_path)
    assert "autogradcli" in modules
    assert "torch" not in modules


def test_eval_leaves_the_engines_to_processes_of_their_own(tmp_path: Path) -> None:
    """What keeps the limits loads nothing that could hang, and torch and SymPy are imported side by side."""
    modules = loaded(["eval", "5*x**3", "--x", "2"], tmp_path)
    assert "autogradcli" in modules
    assert not modules & (ENGINES | {"mpmath"})


def test_files_of_the_current_directory_are_never_imported(tmp_path: Path) -> None:
    """A `random.py` or `sympy.py` beside the user's data is not a module of gradcalc's, nor of its SymPy process."""
    for name in ("random", "sympy", "torch", "typer", "ast", "pickle"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the current directory')")
    done = subprocess.run(
        [GRADCALC, "eval", "5*x**3", "--x", "2"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "15*x**2" in done.stdout


@pytest.mark.parametrize("arguments", [["eval", "5*x**3", "--x", "2"], ["diff", "5*x**3"], ["--help"]], ids=" ".join)
def test_no_warning_reaches_the_terminal(arguments: list[str], tmp_path: Path) -> None:
    """Nothing is written to standard error where nothing is wrong, Python's development warnings included."""
    command = [sys.executable, "-W", "default", GRADCALC, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_interrupt_while_importing_is_no_traceback(tmp_path: Path) -> None:
    """Ctrl-C before a command has begun ends with a shell's own status for it and one word."""
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([GRADCALC, "--help"], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_module_runs_as_the_command_does() -> None:
    """`python -m autogradcli` is `gradcalc`."""
    as_module = subprocess.run([sys.executable, "-m", "autogradcli", "--version"], capture_output=True, check=True)
    as_command = subprocess.run([GRADCALC, "--version"], capture_output=True, check=True)
    assert as_module.stdout == as_command.stdout != b""


MOST_MODULES = 85
"""Modules of gradcalc between a command line and its report, in the process of the command."""
COUNT = """
import sys
from autogradcli.cli.app import run
run(["eval", "5*x**3", "--x", "2", "--no-symbolic"])
print(sum(name.partition(".")[0] == "autogradcli" for name in sys.modules), file=sys.stderr)
"""


def test_eval_goes_through_few_modules(tmp_path: Path) -> None:
    """Whoever follows a command has no more than these to read; what computes is imported in another process."""
    done = subprocess.run([sys.executable, "-c", COUNT], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "verified" in done.stdout
    assert 50 < int(done.stderr) <= MOST_MODULES
