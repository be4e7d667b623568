"""The SymPy engine as its users see it: a process that is given tickets."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autogradcli.engines.sympy.process import SymbolicDerivative, SymbolicProcess
from autogradcli.engines.sympy.worker import STACK
from autogradcli.language.parser import parse
from autogradcli.processes.limits import limited_memory
from tests.symbolic import HARD


@pytest.fixture
def process() -> Iterator[SymbolicProcess]:
    """A running process."""
    with SymbolicProcess() as running:
        yield running


def ask(process: SymbolicProcess, text: str, timeout: float = 20.0, style: str = "text", **at: float) -> int:
    """A ticket for all derivatives of a text, and at a point if one is given."""
    program = parse(text, tuple(at))
    ticket = process.differentiate(program, program.variables, timeout, style)
    if at:
        process.evaluate(ticket, at)
    return ticket


def test_memory_that_is_spent_is_the_reason() -> None:
    """Not an end of the process: it goes on with what needs less."""
    with SymbolicProcess(memory=1) as process:
        assert process.result(ask(process, "x**2")).derivatives["x"].reason == "SymPy ran out of memory"


@pytest.mark.skipif(sys.platform != "linux", reason="only there memory is limited by what is data")
def test_the_child_may_hold_as_much_as_its_parent() -> None:
    """It is told so: a child that a server lends does not inherit it."""
    import resource

    with limited_memory(1 << 30), SymbolicProcess() as process:
        assert process.result(ask(process, "x**2")).derivatives["x"].formula == "2*x"
        given, _ = resource.getrlimit(resource.RLIMIT_DATA)
        assert resource.prlimit(child(process), resource.RLIMIT_DATA)[0] == given + STACK


def child(process: SymbolicProcess) -> int:
    """The process id of the child."""
    return process._child._child.pid


def test_formula_and_number(process: SymbolicProcess) -> None:
    """The tutorial's first example."""
    answer = process.result(ask(process, "5*x**3 + 2*x**2 + 4*x + 8", x=2.0))
    assert answer.value == "64"
    assert answer.derivatives == {"x": SymbolicDerivative("15*x**2 + 4*x + 4", "72", None)}
    assert 0 < answer.seconds < 20


@pytest.mark.parametrize(
    ("style", "formula"),
    [("text", "2*x*y"), ("latex", "2 x y"), ("python", "2*x*y"), ("c", "2*x*y")],
)
def test_formulas_alone(process: SymbolicProcess, style: str, formula: str) -> None:
    """Without a point there are formulas and no numbers, and nothing is missing."""
    answer = process.result(ask(process, "x**2*y", style=style))
    assert answer.value is None
    assert answer.derivatives["x"] == SymbolicDerivative(formula, None, None)
    assert list(answer.derivatives) == ["x", "y"]


def test_the_point_may_come_late_and_out_of_order(process: SymbolicProcess) -> None:
    """Tickets are differentiated before their points are known, and keep their own."""
    programs = [parse(f"x**{power} + {power}*y") for power in range(2, 60)]
    tickets = [process.differentiate(program, ("y", "x"), 20.0) for program in programs]
    for ticket in reversed(tickets):
        process.evaluate(ticket, {"x": 1.0, "y": 0.5})
    for power, ticket in enumerate(tickets, start=2):
        derivatives = process.result(ticket).derivatives
        assert {name: each.digits for name, each in derivatives.items()} == {"y": str(power), "x": str(power)}
        assert list(derivatives) == ["y", "x"]


def test_the_same_expression_at_many_points(process: SymbolicProcess) -> None:
    """Further points of an expression need no new derivative, but get their own numbers."""
    tickets = [ask(process, "x**2", x=float(x)) for x in range(100)]
    assert [process.result(ticket).derivatives["x"].digits for ticket in tickets] == [str(2 * x) for x in range(100)]


def test_e_is_a_constant_or_a_variable(process: SymbolicProcess) -> None:
    """One text, two programs."""
    constant, variable = ask(process, "e*x", x=1.0), ask(process, "e*x", x=1.0, e=3.0)
    assert process.result(constant).derivatives["x"] == SymbolicDerivative(
        "exp(1)", "2.71828182845904523536028747135", None
    )
    assert process.result(variable).derivatives["x"] == SymbolicDerivative("e", "3", None)


def test_a_timeout_costs_one_ticket(process: SymbolicProcess) -> None:
    """What was queued behind is answered by the next child, what was finished before stays."""
    before = ask(process, "x**2", x=3.0)
    pointless = ask(process, "x**8")
    hard = ask(process, HARD, timeout=0.5, x=0.5)
    late = ask(process, HARD, timeout=0.5)
    behind = [ask(process, f"x**{power}", x=1.0) for power in range(3, 6)]
    alone = ask(process, "x**7")
    first = child(process)
    answer = process.result(hard)
    assert answer.derivatives == {"x": SymbolicDerivative(None, None, "timed out after 0.5 s")}
    assert answer.value is None
    assert 0.5 <= answer.seconds < 5
    assert [process.result(ticket).derivatives["x"].digits for ticket in (before, *behind)] == ["6", "3", "4", "5"]
    assert process.result(alone).derivatives["x"] == SymbolicDerivative("7*x**6", None, None)
    assert child(process) != first
    process.evaluate(pointless, {"x": 1.0})
    assert process.result(pointless).derivatives["x"] == SymbolicDerivative("8*x**7", "8", None)
    process.evaluate(late, {"x": 1.0})
    assert process.result(late).derivatives["x"] == SymbolicDerivative(None, None, "timed out after 0.5 s")


def test_formulas_that_were_found_before_the_timeout_are_kept(process: SymbolicProcess) -> None:
    """The first variable's formula is there, its number and the second variable are not."""
    program = parse("b**2 + " + "*".join(f"(x + {index})" for index in range(1000)))
    ticket = process.differentiate(program, ("b", "x"), 2.5)
    process.evaluate(ticket, {"x": 0.5, "b": 1.5})
    late = "timed out after 2.5 s"
    found = process.result(ticket).derivatives
    assert found == {"b": SymbolicDerivative("2*b", None, late), "x": SymbolicDerivative(None, None, late)}


def test_any_patience(process: SymbolicProcess) -> None:
    """None at all, and without end."""
    assert process.result(ask(process, HARD, timeout=0.0)).derivatives["x"].reason == "timed out after 0 s"
    assert process.result(ask(process, "x**2", timeout=float("inf"), x=1.0)).derivatives["x"].digits == "2"


def test_time_in_the_queue_does_not_count(process: SymbolicProcess) -> None:
    """A ticket that waits longer than its timeout behind another is still answered."""
    hard = ask(process, HARD, timeout=2.5)
    quick = ask(process, "x**2", timeout=2.0, x=1.0)
    assert process.result(quick).derivatives["x"].digits == "2"
    assert process.result(hard).derivatives["x"].reason == "timed out after 2.5 s"


def test_a_killed_child_costs_one_ticket(process: SymbolicProcess) -> None:
    """The ticket that it was busy with is lost, with the reason; all others are answered."""
    hard = ask(process, HARD, x=0.5)
    behind = ask(process, "x**2", x=3.0)
    while process._child.ticket is None:
        process._listen()
    os.kill(child(process), signal.SIGKILL)
    assert process.result(hard).derivatives["x"] == SymbolicDerivative(None, None, "SymPy's process ended: SIGKILL")
    assert process.result(behind).derivatives["x"].digits == "6"


def test_a_child_that_is_killed_while_idle_costs_nothing(process: SymbolicProcess) -> None:
    """Derivatives that it held are found again."""
    program = parse("x**3")
    ticket = process.differentiate(program, ("x",), 20.0)
    assert process.result(ask(process, "x**2", x=3.0)).derivatives["x"].digits == "6"
    os.kill(child(process), signal.SIGKILL)
    process.evaluate(ticket, {"x": 2.0})
    assert process.result(ticket).derivatives["x"] == SymbolicDerivative("3*x**2", "12", None)


def test_a_child_that_cannot_start_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every ticket is answered, one start for each."""
    command = (sys.executable, "-c", "raise SystemExit(7)")
    monkeypatch.setattr("autogradcli.engines.sympy.process.COMMAND", command)
    with SymbolicProcess() as process:
        tickets = [ask(process, "x**2", x=1.0), ask(process, "x**3")]
        reasons = [process.result(ticket).derivatives["x"].reason for ticket in tickets]
    assert reasons == ["SymPy's process ended: exit status 7"] * 2


def test_a_thousand_terms(process: SymbolicProcess) -> None:
    """Long sums are not deep."""
    text = "+".join(f"sin({index}*x)" for index in range(1, 1001))
    derivative = process.result(ask(process, text, timeout=60.0, x=0.0)).derivatives["x"]
    assert derivative.digits == "500500"
    assert str(derivative.formula).startswith("cos(x) + 2*cos(2*x) + 3*cos(3*x)")


def test_many_large_tickets_in_flight(process: SymbolicProcess) -> None:
    """Neither side waits for the other, however full the pipes are."""
    text = "+".join(f"a{index}*x" for index in range(500))
    at = {f"a{index}": 1.0 for index in range(500)} | {"x": 1.0}
    program = parse(text)
    tickets = [process.differentiate(program, ("x",), 60.0) for _ in range(40)]
    for ticket in tickets:
        process.evaluate(ticket, at)
    assert {process.result(ticket).derivatives["x"].digits for ticket in tickets} == {"500"}


def test_a_module_in_the_working_folder_is_not_sympy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child imports nothing from the folder that it is started in."""
    (tmp_path / "sympy.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    with SymbolicProcess() as process:
        assert process.result(ask(process, "x**2", x=1.0)).derivatives["x"].digits == "2"


ALONE = """
import sys, time
from autogradcli.engines.sympy.process import SymbolicProcess
from autogradcli.language.parser import parse
with SymbolicProcess() as process:
    ticket = process.differentiate(parse("x**2"), ("x",), 20.0)
    assert process.result(ticket).derivatives["x"].formula == "2*x"
    print(sorted({name.split(".")[0] for name in sys.modules} & {"sympy", "mpmath", "torch", "flint", "numpy"}))
"""


def test_the_parent_never_imports_sympy() -> None:
    """Nor anything else that is heavy."""
    found = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    assert (found.stdout, found.stderr) == ("[]\n", "")


ABANDONED = f"""
import time
from autogradcli.engines.sympy.process import SymbolicProcess
from autogradcli.language.parser import parse
process = SymbolicProcess()
process.differentiate(parse({HARD!r}), ("x",), 60.0)
while process._child.ticket is None:
    process._listen()
print(process._child._child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks processes up in /proc")
def test_the_child_does_not_outlive_a_killed_parent() -> None:
    """Not even in the middle of a long computation."""
    with subprocess.Popen([sys.executable, "-c", ABANDONED], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        orphan = Path("/proc") / parent.stdout.readline().strip()
        assert orphan.exists()
        parent.kill()
    deadline = time.monotonic() + 30
    while orphan.exists() and "\nState:\tZ" not in (orphan / "status").read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert time.monotonic() < deadline
