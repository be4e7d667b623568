"""The warm server: every call is as a cold one, and nothing is left behind."""
# ruff: noqa: E501 - a command line is easier to read in one line

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import autogradcli
from autogradcli.processes.spare import COMMAND, Spare, connect
from autogradcli.server.nursery import Nursery
from scripts.campaigns import warm

PROGRAM = [sys.executable, "-m", "autogradcli"]
NOBODY = 65534


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """The environment in which a server runs, for all tests of this module."""
    with warm.server() as found:
        yield found


def call(environment: Mapping[str, str], *arguments: str, **how: Any) -> "subprocess.CompletedProcess[str]":
    """One call that must be taken by the server."""
    required = {**environment, "GRADCALC_SERVER": "require"}
    return subprocess.run([*PROGRAM, *arguments], env=required, capture_output=True, text=True, check=False, **how)


def status(environment: Mapping[str, str], **how: Any) -> dict[str, Any]:
    """How the server is, as `gradcalc server status --json` says."""
    done = subprocess.run(
        [*PROGRAM, "server", "status", "--json"], env=environment, capture_output=True, check=False, **how
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


CASES = [
    "$G eval '5*x**3+2*x**2+4*x+8' --x 2 ", "$G eval 'sigmoid(x)' --x 40 --json", "$G eval 'sin(x' --x 2", "$G batch lines.jsonl --jobs 2",
    "$G check users.toml", "LC_ALL=C $G diff 'α'", "umask 077; $G diff x -o o.txt; stat -c %a o.txt", "$G diff 'x**2' >&-",
    "mkdir gone; cd gone; rmdir ../gone; $G diff 'x**2'", "$G batch lines.jsonl | head -1",
]  # fmt: skip


@pytest.mark.parametrize("script", CASES)
def test_a_call_gives_the_same_bytes_warm_and_cold(script: str, environment: dict[str, str]) -> None:
    """Output, errors, exit status and files."""
    (chosen,) = {each for each in warm.calls() if each.script == script}
    unmeasured = {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}
    cold = warm.run(chosen, {**unmeasured, "GRADCALC_SERVER": "never"})
    assert warm.run(chosen, {**environment, "GRADCALC_SERVER": "auto"}) == cold


def test_a_terminal_is_a_terminal(environment: dict[str, str]) -> None:
    """Colours and widths are those of the caller's terminal."""
    chosen = warm.Call("$G eval 'abs(x) + x**2' --x 0", terminal=True)
    answers = [warm.run(chosen, {**environment, "GRADCALC_SERVER": mode}) for mode in ("require", "never")]
    assert answers[0] == answers[1]
    assert b"\x1b[" in answers[0][1]


def test_many_calls_at_once_are_all_right_and_leave_nothing(environment: dict[str, str]) -> None:
    """Eight at a time; no process and no open file is left."""
    process = status(environment)["process"]
    call(environment, "diff", "x**2")
    before = len(os.listdir(f"/proc/{process}/fd")) if sys.platform == "linux" else 0

    def square(number: int) -> str:
        """One call."""
        return call(environment, "eval", "x**2", "--x", str(number), "--format", "plain").stdout

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(square, range(24))) == [f"{2.0 * number}\n" for number in range(24)]
    found = status(environment)
    assert found["process"] == process
    assert found["running_calls"] == 0
    if sys.platform == "linux":
        assert len(os.listdir(f"/proc/{process}/fd")) <= before + 3  # the forks that are ready


def test_an_interrupt_reaches_the_call_and_ends_it(environment: dict[str, str]) -> None:
    """Ctrl-C goes to the caller, which passes it on."""
    required = {**environment, "GRADCALC_SERVER": "require"}
    with subprocess.Popen(
        [*PROGRAM, "batch", "-"], env=required, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        while not status(environment)["running_calls"]:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == b"interrupted\n"


def test_a_call_whose_caller_is_killed_ends(environment: dict[str, str]) -> None:
    """Nobody would read what it finds."""
    required = {**environment, "GRADCALC_SERVER": "require"}
    with subprocess.Popen([*PROGRAM, "batch", "-"], env=required, stdin=subprocess.PIPE) as process:
        while not status(environment)["running_calls"]:
            time.sleep(0.05)
        process.kill()
    deadline = time.monotonic() + 20
    while status(environment)["running_calls"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not status(environment)["running_calls"]


def test_a_call_whose_process_is_killed_says_so(environment: dict[str, str]) -> None:
    """A process that is killed has a status, as any child."""
    home = next(Path(environment["XDG_RUNTIME_DIR"], "gradcalc").iterdir())
    spare = Spare(COMMAND, str(home))
    os.kill(spare.pid, signal.SIGKILL)
    assert spare.wait() == -signal.SIGKILL


def test_a_call_and_its_process_that_end_at_one_moment() -> None:
    """What the borrower closes is heard after the connection was closed, with the process, and is nothing new."""
    nursery, connection = Nursery.__new__(Nursery), socket.socket(socket.AF_UNIX)
    connection.close()
    nursery._hear(connection)


def test_started_twice_it_is_one_server(environment: dict[str, str]) -> None:
    """The second start finds the first one's server."""
    process = status(environment)["process"]
    done = subprocess.run([*PROGRAM, "server", "start"], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == f"it runs already: process {process}\n"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_cannot_connect(environment: dict[str, str]) -> None:
    """The folder and the socket are this user's alone."""
    home = next(Path(environment["XDG_RUNTIME_DIR"], "gradcalc").iterdir())
    child = os.fork()
    if not child:
        try:
            os.setuid(NOBODY)
            socket.socket(socket.AF_UNIX).connect(str(home / COMMAND))
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == errno.EACCES
    assert [path.stat().st_mode & 0o077 for path in (home, home / COMMAND)] == [0, 0]
    connect(COMMAND, str(home)).close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_a_folder_of_another_user_is_not_used(environment: dict[str, str], tmp_path: Path) -> None:
    """Whoever made the folder may have made what listens in it."""
    os.chown(tmp_path, NOBODY, NOBODY)
    other = {**environment, "XDG_RUNTIME_DIR": str(tmp_path)}
    shutil.copytree(
        Path(environment["XDG_RUNTIME_DIR"], "gradcalc"),
        tmp_path / "gradcalc",
        ignore=lambda *_: [COMMAND, "compute", "symbolic"],
    )
    os.chown(next((tmp_path / "gradcalc").iterdir()), NOBODY, NOBODY)
    assert call(other, "diff", "x**2").stderr.startswith("error: there is no server")


def test_where_no_server_can_live_it_is_said_and_calls_are_cold() -> None:
    """A folder that cannot be made is no defect."""
    own = {**os.environ, "XDG_RUNTIME_DIR": "/proc/none", "GRADCALC_SERVER": "start"}
    done = subprocess.run([*PROGRAM, "server", "start"], env=own, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        [
            "error: /proc/none/gradcalc cannot be made: No such file or directory",
            "hint: let XDG_RUNTIME_DIR name a folder of your own",
        ],
    )
    done = subprocess.run([*PROGRAM, "diff", "x**2"], env=own, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "2*x\n", "")


@pytest.fixture
def copied(tmp_path: Path) -> dict[str, str]:
    """The environment of a copy of the package."""
    shutil.copytree(autogradcli.__path__[0], tmp_path / "autogradcli", ignore=shutil.ignore_patterns("__pycache__"))
    own = {"PYTHONPATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "GRADCALC_SERVER": "auto"}
    return {**os.environ, **own}


def test_a_server_starts_anew_when_its_code_changes(copied: dict[str, str], tmp_path: Path) -> None:
    """Calls are done cold meanwhile."""
    subprocess.run([*PROGRAM, "server", "start"], env=copied, check=True, capture_output=True, cwd=tmp_path)
    time.sleep(1.1)
    (tmp_path / "autogradcli/server/__init__.py").write_text('"""Another version."""\n')
    done = subprocess.run([*PROGRAM, "diff", "x**2"], env=copied, check=True, capture_output=True, cwd=tmp_path)
    assert done.stdout == b"2*x\n"
    log = next((tmp_path / "gradcalc").glob("*/log"))
    deadline = time.monotonic() + 60
    while log.read_text().count("ready") < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "gradcalc has changed" in log.read_text()
    subprocess.run([*PROGRAM, "server", "stop"], env=copied, check=True, capture_output=True, cwd=tmp_path)


def test_a_server_that_nobody_calls_ends(copied: dict[str, str], tmp_path: Path) -> None:
    """After a quarter of an hour; here after a tenth of a second."""
    main = tmp_path / "autogradcli/server/main.py"
    main.write_text(main.read_text().replace("IDLE = 900.0", "IDLE = 0.1"))
    subprocess.run([*PROGRAM, "server", "start"], env=copied, check=False, capture_output=True, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while status(copied, cwd=tmp_path)["running"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "nobody has called" in next((tmp_path / "gradcalc").glob("*/log")).read_text()


def test_killing_the_server_costs_no_call() -> None:
    """What it has lent goes on; later calls are cold."""
    with warm.server() as environment:
        required = {**environment, "GRADCALC_SERVER": "require"}
        with subprocess.Popen(
            [*PROGRAM, "batch", "-", "--no-symbolic"], env=required, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            while not status(environment)["running_calls"]:
                time.sleep(0.05)
            os.kill(status(environment)["process"], signal.SIGKILL)
            output, _ = process.communicate(b'{"expression": "x**2", "at": {"x": 3}}\n', timeout=60)
            assert process.returncode == 0
            assert b'"autograd":6.0' in output
        done = subprocess.run([*PROGRAM, "diff", "x**2"], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == "2*x\n"
