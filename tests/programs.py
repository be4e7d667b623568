"""Programs run and verified in this process, for the tests that look at their ledgers."""

import contextlib
import io
import sys
import warnings

from autogradcli.compute.problem import Options
from autogradcli.programs.demands import Demands
from autogradcli.programs.ledger import Ledger
from autogradcli.programs.session import Seen, Wanted, ledger_of, watch_program
from autogradcli.programs.target import PythonProgram, Target, load

DEMANDS = Demands(Options(symbolic=False, timeout=60.0))
HEAD = "import torch\nimport torch.nn.functional as F\n"


def seen_of(text: str, wanted: Wanted) -> tuple[PythonProgram, Seen]:
    """What was seen of a program, whose output is dropped."""
    program = load(Target("program", "code", text))
    main, path = sys.modules["__main__"], sys.path[:]
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            return program, watch_program(program, wanted)
    finally:
        sys.modules["__main__"], sys.path[:] = main, path


def ledger(text: str, demands: Demands = DEMANDS, wanted: Wanted | None = None) -> Ledger:
    """The ledger of a program that begins with the usual imports; its own first line is line 3."""
    return ledger_of_text(HEAD + text, demands, wanted)


def ledger_of_text(text: str, demands: Demands = DEMANDS, wanted: Wanted | None = None) -> Ledger:
    """The ledger of a program as it stands."""
    program, seen = seen_of(text, wanted or Wanted(seed=0, passes="all"))
    return ledger_of(program, seen, demands)
