"""Make or mend `.venv` at the top of the checkout: `recipe | environment.py all|dev`, called by environment.sh.

The recipe is whatever .venv depends on, as text. It is kept in .venv once all is installed, for the next call to
compare. Progress goes to standard error, since standard output belongs to the command that is run next.
"""

import fcntl
import os
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PIP = (str(PYTHON), "-m", "pip")
UNFINISHED = VENV / "unfinished"
"""Stands while packages are being installed: an installation that was cut short cannot be trusted."""

LEVELS = {"all": ("all",), "dev": ("all", "dev")}
"""For each level the extras that it installs; each of them is a level that is satisfied as well."""


def main() -> None:
    """Leave .venv as the recipe on standard input asks; exit status 2 where that fails."""
    level, recipe = sys.argv[1], sys.stdin.read()
    try:
        with (ROOT / ".venv.lock").open("a") as lock:
            wait_for(lock)
            if not made_with(level, recipe):
                make(level, recipe, lock)
    except KeyboardInterrupt:
        say("interrupted; the next call starts again")
        sys.exit(2)
    except subprocess.CalledProcessError:
        say("pip could not install what is needed; its message is above")
        sys.exit(2)
    except OSError as error:
        say(f"cannot make {VENV}: {error}")
        sys.exit(2)


def wait_for(lock: IO[str]) -> None:
    """Take the lock. The system gives it back when the last process that holds it ends, however it ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another call that is installing")
        fcntl.flock(lock, fcntl.LOCK_EX)


def made_with(level: str, recipe: str) -> bool:
    """Whether .venv is already what the recipe asks."""
    stamp = VENV / f"made-with-{level}"
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == recipe


def make(level: str, recipe: str, lock: IO[str]) -> None:
    """Create .venv if there is none to build on, install the packages, and keep the recipe."""
    start = time.monotonic()
    if not usable():
        say(f"making {VENV} with Python {sys.version.split()[0]}")
        venv.create(VENV, clear=True, symlinks=True, with_pip=True)
    say("installing PyTorch, SymPy and the rest (some 250 MB when none of it is here yet)")
    install(LEVELS[level], lock)
    for extra in LEVELS[level]:
        (VENV / f"made-with-{extra}").write_text(recipe)
    say(f"ready after {time.monotonic() - start:.0f} s")


def usable() -> bool:
    """Whether there is a .venv with a pip that works, that was not left half done and that has not been moved here."""
    places = [stamp.read_text().splitlines()[0] for stamp in VENV.glob("made-with-*")]
    if UNFINISHED.exists() or any(Path(place) != ROOT for place in places):
        return False
    return PYTHON.exists() and subprocess.run([*PIP, "--version"], capture_output=True, check=False).returncode == 0


def install(extras: tuple[str, ...], lock: IO[str]) -> None:
    """Install the checkout, editable, with the versions of scripts/constraints.txt; CalledProcessError if pip fails.

    The path of the constraints is relative because pip splits such a list at spaces. pip holds the lock as well, so
    that nobody disturbs it when this process is killed and pip is not.
    """
    constraints = os.path.join("scripts", "constraints.txt")
    command = [*PIP, "install", "--disable-pip-version-check", "--editable", f".[{','.join(extras)}]"]
    UNFINISHED.touch()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PIP_CONSTRAINT": constraints, "PIP_BUILD_CONSTRAINT": constraints},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[lock.fileno()],
    ) as pip:
        for line in pip.stdout or ():
            if line.lstrip().startswith("Downloading"):
                say(line.strip().replace("Downloading", "downloading", 1))
            elif line.startswith("Installing collected packages"):
                say("unpacking")
    UNFINISHED.unlink()
    if pip.returncode:
        raise subprocess.CalledProcessError(pip.returncode, command)


def say(message: str) -> None:
    """Print a line of progress."""
    print(f"gradcalc: {message}", file=sys.stderr, flush=True)


main()
