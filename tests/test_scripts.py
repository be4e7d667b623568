"""The scripts of a checkout: what they install, when they do not, and what they pass on.

They are run on a stand-in for the project, whose only command prints its arguments and exits with status 3, and which
is built by the standard library alone: Python and pip are the real ones, and nothing is fetched.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "gradcalc"
version = "1"
"""

BACKEND = """
import time, zipfile
from pathlib import Path

COMMAND = "import sys\\ndef main():\\n    print(sys.argv[1:])\\n    sys.exit(3)\\n"
INFO = {
    "METADATA": "Metadata-Version: 2.1\\nName: gradcalc\\nVersion: 1\\nProvides-Extra: all\\nProvides-Extra: dev\\n",
    "WHEEL": "Wheel-Version: 1.0\\nGenerator: backend\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "entry_points.txt": "[console_scripts]\\ngradcalc = command:main\\n",
    "RECORD": "",
}

def build_editable(directory, config_settings=None, metadata_directory=None):
    if Path("hold").exists():
        Path("held").touch()
        time.sleep(600)
    with zipfile.ZipFile(Path(directory, "gradcalc-1-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("command.py", COMMAND)
        for name, text in INFO.items():
            wheel.writestr(f"gradcalc-1.dist-info/{name}", text)
    return "gradcalc-1-py3-none-any.whl"
"""


def stand_in(directory: Path) -> Path:
    """A checkout with the project's own scripts and a project that installs in a second."""
    scripts = directory / "scripts"
    scripts.mkdir(parents=True)
    for name in ("gradcalc", "test", "environment.sh", "environment.py"):
        shutil.copy(ROOT / "scripts" / name, scripts / name)
    (scripts / "constraints.txt").write_text("")
    (directory / "pyproject.toml").write_text(PYPROJECT)
    (directory / "backend.py").write_text(BACKEND)
    return directory


def start(script: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """A script as a process of a group of its own, in a directory that is not the checkout."""
    return subprocess.Popen(
        [script, *arguments],
        cwd="/",
        env={**os.environ, "PIP_NO_INDEX": "1", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(script: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a script."""
    with start(script, *arguments, **variables) as process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def first_call(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[int, str, str]]:
    """A stand-in in a directory with spaces in its name, and what the first call in it did."""
    checkout = stand_in(tmp_path_factory.mktemp("a") / "place with spaces")
    return checkout, run(checkout / "scripts" / "gradcalc", "first")


@pytest.fixture
def checkout(first_call: tuple[Path, tuple[int, str, str]]) -> Path:
    """A stand-in that has been called before."""
    return first_call[0]


def test_first_call_installs_and_says_so(first_call: tuple[Path, tuple[int, str, str]]) -> None:
    """Progress goes to standard error; standard output and the exit status are the command's own."""
    checkout, (status, out, err) = first_call
    assert (status, out) == (3, "['first']\n")
    lines = err.splitlines()
    assert lines[0].startswith(f"gradcalc: making {checkout}/.venv with Python 3.")
    assert lines[1].startswith("gradcalc: installing PyTorch")
    assert lines[-1].startswith("gradcalc: ready after ")


@pytest.mark.parametrize(
    "arguments",
    [[], [""], ["a b", "'", '"'], ["*", "$HOME", "`id`", "\\"], ["--", "-1", "--x=-2"], ["\n", "größe"]],
    ids=repr,
)
def test_next_call_passes_all_through(checkout: Path, arguments: list[str]) -> None:
    """A later call says nothing of its own and hands over arguments and exit status as they are."""
    assert run(checkout / "scripts" / "gradcalc", *arguments) == (3, f"{arguments}\n", "")


def test_symbolic_links_lead_to_the_checkout(checkout: Path, tmp_path: Path) -> None:
    """A link to a link to the script, the second one relative, works from anywhere."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "target").symlink_to(checkout / "scripts" / "gradcalc")
    (tmp_path / "bin" / "gradcalc").symlink_to("../target")
    assert run(tmp_path / "bin" / "gradcalc", "x") == (3, "['x']\n", "")


@pytest.mark.parametrize("name", ["pyproject.toml", "scripts/constraints.txt"])
def test_changed_recipe_is_installed_again(checkout: Path, name: str) -> None:
    """A change of the packages is installed once, into the .venv that is there."""
    with (checkout / name).open("a") as file:
        file.write("# changed\n")
    status, _, err = run(checkout / "scripts" / "gradcalc")
    assert status == 3
    assert "installing" in err
    assert "making" not in err
    assert run(checkout / "scripts" / "gradcalc") == (3, "[]\n", "")


def test_failed_installation_ends_with_status_2(checkout: Path) -> None:
    """pip's message and ours are shown, the command is not run, and the next call works once the cause is gone."""
    constraints = checkout / "scripts" / "constraints.txt"
    sound = constraints.read_text()
    constraints.write_text("not a requirement\n")
    status, out, err = run(checkout / "scripts" / "gradcalc")
    assert (status, out) == (2, "")
    assert "Invalid requirement: 'not a requirement'" in err
    assert err.endswith("gradcalc: pip could not install what is needed; its message is above\n")
    constraints.write_text(sound)
    assert run(checkout / "scripts" / "gradcalc") == (3, "[]\n", "")


def test_interrupted_installation_is_done_again(checkout: Path) -> None:
    """Nothing is built on a .venv in which pip was killed."""
    (checkout / "scripts" / "constraints.txt").write_text("# interrupted\n")
    (checkout / "hold").touch()
    with start(checkout / "scripts" / "gradcalc") as process:
        deadline = time.monotonic() + 60
        while not (checkout / "held").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    (checkout / "hold").unlink()
    status, out, err = run(checkout / "scripts" / "gradcalc")
    assert (status, out) == (3, "[]\n")
    assert f"making {checkout}/.venv" in err


def test_moved_checkout_is_made_anew(checkout: Path, tmp_path: Path) -> None:
    """The programs in .venv name its place, so it does not survive a move; and two calls at once make it once."""
    script = shutil.copytree(checkout, tmp_path / "after", symlinks=True) / "scripts" / "gradcalc"
    with start(script, "a") as one, start(script, "b") as other:
        results = [process.communicate(timeout=120) for process in (one, other)]
    assert [out for out, _ in results] == ["['a']\n", "['b']\n"]
    assert [one.returncode, other.returncode] == [3, 3]
    messages = "".join(err for _, err in results)
    assert messages.count(f"making {tmp_path}/after/.venv") == 1
    assert messages.count("waiting for another call") == 1


def test_no_python_is_said(tmp_path: Path) -> None:
    """Where every Python is too old or lacks venv, the message says what to install, and the status is 2."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "cat", "cmp", "dirname", "readlink"):
        (tools / name).symlink_to(shutil.which(name) or name)
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)
    status, out, err = run(stand_in(tmp_path / "checkout") / "scripts" / "gradcalc", PATH=str(tools))
    assert (status, out) == (2, "")
    assert err.startswith("gradcalc: Python 3.11 or later, with pip and venv, is needed")


TOOL = """#!/bin/sh
echo "${0##*/} $*"
[ "$FAILING" != "${0##*/}" ]
"""


@pytest.fixture
def checked(tmp_path: Path) -> Path:
    """A stand-in whose .venv is complete, with tools that print how they are called; $FAILING names one that fails."""
    checkout = stand_in(tmp_path / "checkout")
    tools = checkout / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name in ("ruff", "mypy", "lint-imports", "pytest"):
        (tools / name).write_text(TOOL)
        (tools / name).chmod(0o755)
    (tools / "python").symlink_to(sys.executable)
    recipe = [f"{checkout}\n", *((checkout / n).read_text() for n in ("pyproject.toml", "scripts/constraints.txt"))]
    (checkout / ".venv" / "made-with-dev").write_text("".join(recipe))
    return checkout


CHECKS = [
    "ruff format --check",
    "ruff check",
    "lint-imports ",
    "pytest --numprocesses auto --dist worksteal --cov --cov-report=term-missing:skip-covered",
    "mypy ",
]


def called(out: str) -> list[str]:
    """The calls of tools in what scripts/test printed."""
    return [line for line in out.splitlines() if line and not line.startswith("===")]


def test_every_check_is_run(checked: Path) -> None:
    """Format, lint, types, layers, tests with coverage; status 0 if all pass."""
    status, out, err = run(checked / "scripts" / "test", FAILING="")
    assert (status, called(out), err) == (0, CHECKS, "")
    assert out.endswith("=== all checks passed\n")


@pytest.mark.parametrize(
    ("tool", "failed"), [("ruff", "format lint"), ("mypy", "types"), ("lint-imports", "layers"), ("pytest", "tests")]
)
def test_a_failed_check_stops_none_of_the_others(checked: Path, tool: str, failed: str) -> None:
    """All checks are run, the last line names those that failed, and the status is 1."""
    status, out, _ = run(checked / "scripts" / "test", FAILING=tool)
    assert (status, called(out)) == (1, CHECKS)
    assert out.endswith(f"=== failed: {failed}\n")


def test_arguments_go_to_pytest_alone(checked: Path) -> None:
    """`scripts/test -k name` is for the time between two full runs."""
    assert run(checked / "scripts" / "test", "-k", "name", FAILING="") == (0, "pytest -k name\n", "")


@pytest.mark.parametrize("failing", ["", "mypy"])
def test_ci_runs_the_same(checked: Path, failing: str) -> None:
    """`.ci/run` is `scripts/test`, from any directory, with its exit status."""
    (checked / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", checked / ".ci" / "run")
    assert run(checked / ".ci" / "run", FAILING=failing) == run(checked / "scripts" / "test", FAILING=failing)
