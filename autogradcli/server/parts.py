"""What each nursery loads before it makes forks, and what the forks do."""

import gc
import importlib
import pkgutil
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from autogradcli.engines.sympy.process import ENVIRONMENT as SYMPY
from autogradcli.processes import worker
from autogradcli.processes.spare import COMMAND, COMPUTE, SYMBOLIC, receive, settle_in
from autogradcli.server import call
from autogradcli.server.nursery import Serve

if TYPE_CHECKING:
    from autogradcli.compute.problem import Problem


def load(*packages: str) -> None:
    """Import all that is in some packages of ours."""
    for package in packages:
        found = importlib.import_module(f"autogradcli.{package}")
        for module in pkgutil.walk_packages(found.__path__, f"{found.__name__}."):
            importlib.import_module(module.name)


def settle() -> None:
    """Let what is loaded be shared by all forks: a look for garbage would copy it."""
    gc.collect()
    gc.freeze()


def _serve_with(serve: Callable[[BinaryIO, BinaryIO], None], channel: socket.socket) -> None:
    """Serve whoever borrows this process, as a process that was started for it does."""
    message, places = receive(channel, 2)
    if message is not None:
        settle_in(message, places)
        serve(channel.makefile("rb"), channel.makefile("wb"))


def _work_symbolically(channel: socket.socket) -> None:
    from autogradcli.engines.sympy.worker import serve  # loads SymPy

    _serve_with(serve, channel)


def _prepare_commands() -> None:
    load("cli", "problems", "render", "checks", "functions", "language", "processes")
    # Only when it is needed: Typer and the commands come with it.
    from autogradcli.cli.app import prepare

    prepare()
    _problem()


def _prepare_computing() -> None:
    load("functions", "language", "compute", "checks", "engines.torch", "engines.arb")
    # The engines come with it: only where something is computed.
    from autogradcli.compute.versions import versions
    from autogradcli.engines.arb.engine import prepare

    versions()
    prepare()
    _problem()


def _prepare_symbolic() -> None:
    load("engines.sympy")
    # SymPy is imported with it.
    from autogradcli.engines.sympy.worker import rehearse

    rehearse(_problem().program)


def _rehearse_command() -> None:
    # Only when it is needed: Typer and the commands come with it.
    from autogradcli.cli.app import run

    run(["eval", TEXT, "--x", "2"])


def _rehearse_computing() -> None:
    # The engines come with it: only where something is computed.
    from autogradcli.compute.compute import Session

    with Session(symbolic=False) as session:
        session.start(_problem()).report()


def _rehearse_symbolic() -> None:
    # SymPy is imported with it.
    from autogradcli.engines.sympy.worker import rehearse

    rehearse(_problem().program)


def _problem() -> "Problem":
    """An example of what is asked: what it has read once is read for all."""
    # Only in the nursery that computes.
    from autogradcli.compute.problem import Options, Problem
    from autogradcli.problems.jsonlines import read_problem

    problem = read_problem(EXAMPLE, Options())
    assert isinstance(problem, Problem)
    return problem


TEXT = "5*x**3 + sin(x)*exp(-x)/log(1 + x**2)"
EXAMPLE = f'{{"expression": "{TEXT}", "at": {{"x": 2}}}}'.encode()
PREPARE: Mapping[str, Callable[[], None]] = {
    COMMAND: _prepare_commands,
    COMPUTE: _prepare_computing,
    SYMBOLIC: _prepare_symbolic,
}
"""How each nursery loads what its forks need. Torch does not compute: a fork of a process in which it has can hang."""
REHEARSE: Mapping[str, Callable[[], None]] = {
    COMMAND: _rehearse_command,
    COMPUTE: _rehearse_computing,
    SYMBOLIC: _rehearse_symbolic,
}
"""What one fork of each does, to find out to which pages of the memory a call writes."""
SERVE: Mapping[str, Serve] = {
    COMMAND: call.serve,
    COMPUTE: partial(_serve_with, worker.serve),
    SYMBOLIC: _work_symbolically,
}
"""What the forks do."""
ENVIRONMENT: Mapping[str, Mapping[str, str]] = {COMPUTE: {}, SYMBOLIC: SYMPY}
"""What is read when a library is loaded."""
