"""From a problem to a report: three engines work on it, and one verdict comes out."""

import gc
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from importlib import import_module
from time import perf_counter
from types import TracebackType

from autogradcli.compute.directions import along_directions
from autogradcli.compute.evidence import NOTHING_LOWER, Evidence, Lower, traces
from autogradcli.compute.gradients import JudgedComponent, findings, gradient
from autogradcli.compute.higher import cut_short, with_higher
from autogradcli.compute.notes import notes
from autogradcli.compute.problem import Problem
from autogradcli.compute.remedies import with_remedies
from autogradcli.compute.report import Gradient, Reason, ReceivedInput, Report, Symbolic
from autogradcli.compute.unproven import of_rounded_steps, unproven
from autogradcli.compute.verdict import worst
from autogradcli.compute.versions import versions
from autogradcli.engines.results import Autograd, Proof, flat, nested, shape
from autogradcli.engines.sympy.messages import Tensors
from autogradcli.engines.sympy.process import SymbolicAnswer, SymbolicProcess
from autogradcli.errors import GradcalcError, defect
from autogradcli.functions.function import NoDefinition
from autogradcli.functions.handles import TooLong
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.indices import index_variables
from autogradcli.processes.limits import Budget, OutOfTime, watcher
from autogradcli.processes.work import MEMORY, TIME, Lost


class Session:
    """Engines that stay warm from one problem to the next. SymPy's process starts at once, torch when it is needed."""

    def __init__(self, symbolic: bool = True) -> None:
        self._symbolic = SymbolicProcess() if symbolic else None

    @property
    def symbolic(self) -> SymbolicProcess | None:
        """SymPy's process; None if it is left out."""
        return self._symbolic

    def start(self, problem: Problem) -> "Pending":
        """Hand the problem to SymPy, which works while torch is being imported or is busy with other problems."""
        return Pending(problem, self._symbolic if problem.options.symbolic else None)

    def close(self) -> None:
        """End SymPy's process."""
        if self._symbolic is not None:
            self._symbolic.close()

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Pending:
    """A problem on its way to a report."""

    def __init__(self, problem: Problem, symbolic: SymbolicProcess | None, within: bool = False) -> None:
        """With `within` it is a part of another problem, whose results are what is kept."""
        self._problem = problem
        self._within = within
        self._symbolic = symbolic if problem.wrt else None
        self._ticket: int | None = None
        self._seconds: dict[str, float] = {}
        self._autograd: Autograd | None = None
        self._proof: Proof | None = None
        self._lower = NOTHING_LOWER
        self.budget = Budget(problem.options.timeout)
        """The time that the problem may still take."""
        if not problem.tensors and problem.backward.upstream is None:
            self._hand_over(Tensors(along=problem.backward.along))

    def evaluate(self, lower: Lower = NOTHING_LOWER) -> None:
        """Run torch and Arb, and tell SymPy the numbers that torch received. Raises GradcalcError where torch refuses.

        `lower` is what is known from derivatives of lower order.
        """
        self._lower = lower
        problem = self._problem
        start = perf_counter()
        with _no_garbage_collection():
            # torch is imported with it.
            from autogradcli.engines.torch.engine import differentiate
            from autogradcli.engines.torch.state import load_checks, seeded

            if problem.function is not None or problem.backward.upstream is not None:
                load_checks()
        imported = perf_counter()
        try:
            with self.budget.running(), seeded(problem.options.seed) if problem.random else nullcontext():
                found = differentiate(problem.program, problem.at, problem.wrt, problem.options.dtype, problem.backward)
                found = replace(found, gradients={**found.gradients, **problem.given})
                self._autograd = found if problem.function is None else _of_function(problem.function, problem, found)
        except (GradcalcError, MemoryError):
            if self._symbolic is not None and self._ticket is not None:
                self._symbolic.abandon(self._ticket)
            raise
        self.budget.left -= TELLING * math.prod(shape(self._autograd.value))
        if not self._within:
            watcher.found(self._autograd)
        self._tell_sympy(self._autograd)
        differentiated = perf_counter()
        with _no_garbage_collection():
            # python-flint is loaded after torch, while SymPy's process works already; and not in the problem's time.
            import_module("autogradcli.engines.arb.engine")
            with self.budget.running():
                self._proof = _prove(problem, self._autograd, lower)
        if self._autograd.lacking is not None:
            self._autograd = _with_true_values(self._autograd, self._proof)
        self._seconds = {
            "import": imported - start,
            "torch": differentiated - imported,
            "arb": perf_counter() - differentiated,
        }

    @property
    def autograd(self) -> Autograd:
        """What torch found."""
        if self._autograd is None:
            self.evaluate()
        assert self._autograd is not None
        return self._autograd

    @property
    def proof(self) -> Proof:
        """What Arb proves, once it was evaluated."""
        assert self._proof is not None
        return self._proof

    def _hand_over(self, tensors: Tensors) -> None:
        if self._symbolic is not None:
            problem = self._problem
            seconds = problem.options.timeout
            self._ticket = self._symbolic.differentiate(problem.program, problem.wrt, seconds, tensors=tensors)

    def _tell_sympy(self, autograd: Autograd) -> None:
        """Give SymPy the numbers that torch received; and the problem, if only their shapes make it complete."""
        if self._symbolic is None:
            return
        if self._ticket is None:
            shapes = tuple((name, shape(value)) for name, value in autograd.inputs.items() if shape(value))
            upstream = None if autograd.upstream is None else tuple(flat(autograd.upstream))
            along = self._problem.backward.along
            self._hand_over(Tensors(shapes, upstream, _picking(self._problem, autograd), along))
        if self._ticket is not None:
            self._symbolic.evaluate(self._ticket, autograd.inputs)

    def report(self) -> Report:
        """The finished report; waits for SymPy, at most as long as the problem's timeout says."""
        if self._autograd is None:
            self.evaluate()
        assert self._autograd is not None
        answer = None
        if self._symbolic is not None and self._ticket is not None:
            with self.budget.running():
                answer = self._symbolic.result(self._ticket, self.budget.left)
        seconds = self._seconds | ({} if answer is None else {"sympy": answer.seconds})
        with _no_garbage_collection(), self.budget.running(least=LAST_SECONDS):
            try:
                report = self._assembled(self.proof, answer, seconds)
                if not self._within:
                    report = with_remedies(self._problem, report, by_torch_and_arb)
            except (OutOfTime, MemoryError) as reason:
                report = self._assembled(unproven(reason, self._autograd), answer, seconds)
            return with_higher(report, self, partial(Pending, symbolic=self._symbolic, within=True))

    def cut_short(self, autograd: Autograd, end: Exception) -> Report:
        """The report of what torch had found when the work ended."""
        self._autograd = autograd
        return cut_short(self._assembled(unproven(end, autograd), None, {}), self, end)

    def _assembled(self, proof: Proof, answer: SymbolicAnswer | None, seconds: dict[str, float]) -> Report:
        """The report without remedies, and without derivatives of higher order."""
        assert self._autograd is not None
        self._evidence = Evidence(self._problem, self._autograd, proof, answer, self._lower)
        self._findings = {name: findings(self._evidence, name) for name in self._problem.wrt}
        return _assemble(self._evidence, self._findings, seconds)

    @property
    def evidence(self) -> Evidence:
        """What the engines found, once there is a report."""
        return self._evidence

    @property
    def findings(self) -> Mapping[str, Sequence[JudgedComponent]]:
        """For each name of `wrt` the finding on each component, once there is a report."""
        return self._findings


TELLING = 2e-6
"""Seconds that it takes to tell of a component: of a million of them that is a part of the time."""
LAST_SECONDS = 0.3
"""Seconds for what is left to do when all others are spent."""


def salvaged(problem: Problem, lost: Lost) -> Report:
    """The report of the results found before the process ended. Raises GradcalcError if there are none."""
    if lost.part is None:
        raise error_of(lost)
    return Pending(problem, None).cut_short(lost.found, _end_of(lost))


def nothing_found(problem: Problem, lost: Lost) -> Report:
    """The report on a problem for which a limit was reached before torch had a number."""
    code, said = ENDED_EARLY[lost.reason]
    no_formula = Symbolic(None, None, None, "unavailable", None)
    gradient = Gradient(None, no_formula, None, None, "unverified", Reason(code, said))
    return Report(
        id=problem.id,
        expression=problem.program.source,
        output=problem.program.output_name,
        variables={},
        value=None,
        exact_value=None,
        value_ulps=None,
        gradients=dict.fromkeys(problem.wrt, gradient),
        verdict="unverified",
        nodes=(),
        versions=versions(),
    )


ENDED_EARLY = {
    TIME: ("GC506", "the time was up before torch had a gradient: --timeout allows more"),
    MEMORY: ("GC507", "memory ran out before torch had a gradient: --max-memory allows more"),
}
"""By what a process ended with, the code and what is said where nothing had been found."""


def error_of(lost: Lost) -> GradcalcError:
    """The error of a problem about which nothing is known but that its process ended."""
    end = _end_of(lost)
    if isinstance(end, ChildProcessError):
        return GradcalcError("lost", f"the process that worked on this ended twice: {end}")
    return end if isinstance(end, GradcalcError) else defect(end)


def _end_of(lost: Lost) -> Exception:
    """Why a process ended, as the exception that would have said so inside of it."""
    return {TIME: OutOfTime(), MEMORY: MemoryError()}.get(lost.reason) or ChildProcessError(lost.reason)


def by_torch_and_arb(problem: Problem) -> Report:
    """The report of two engines, without remedies."""
    pending = Pending(problem, None)
    pending.evaluate()
    evidence = Evidence(problem, pending.autograd, pending.proof, None, NOTHING_LOWER)
    return _assemble(evidence, {name: findings(evidence, name) for name in problem.wrt}, {})


def _with_true_values(autograd: Autograd, proof: Proof) -> Autograd:
    """The true values in place of those that torch cannot compute: NaN where there is none, None if none is proven."""
    if not proof.true_values:
        return replace(autograd, value=nested([None] * len(flat(autograd.value)), shape(autograd.value)))
    numbers = [math.nan if each.nearest is None else each.nearest for each in proof.values]
    value = nested(numbers, shape(autograd.value))
    return replace(autograd, value=value, values=tuple(proof.true_values))


def _picking(problem: Problem, autograd: Autograd) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """The variables that only pick components, with their whole numbers: formulas are about what they pick."""
    picking = index_variables(problem.program).keys() - set(problem.wrt)
    given = {name: tuple(flat(autograd.inputs[name])) for name in problem.program.variables if name in picking}
    return tuple((name, numbers) for name, numbers in given.items() if all(each.is_integer() for each in numbers))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Importing torch and proving make millions of objects that stay; looking for garbage among them takes long."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def compute(problem: Problem) -> Report:
    """The report on one problem."""
    with Session(problem.options.symbolic) as session:
        return session.start(problem).report()


def _of_function(function: str | Callable[..., object], problem: Problem, found: Autograd) -> Autograd:
    """The value and the gradients of the user's own code, where torch found those of the expression."""
    # torch is imported while SymPy's process starts, not before.
    from autogradcli.engines.torch.callables import in_place_of

    return in_place_of(function, found, problem.wrt, problem.options.dtype, problem.backward, problem.folder)


def _prove(problem: Problem, autograd: Autograd, lower: Lower) -> Proof:
    """What Arb proves, or why it can prove nothing."""
    try:
        rounded = of_rounded_steps(problem.program, DTYPES[problem.options.dtype], autograd)
        return rounded or _by_balls(problem, autograd, lower)
    except (NoDefinition, OutOfTime, MemoryError) as reason:
        return unproven(reason, autograd)


def _by_balls(problem: Problem, autograd: Autograd, lower: Lower) -> Proof:
    """A proof for every component; for a long program the result along random directions."""
    from autogradcli.engines.arb.engine import Question, prove

    options = problem.options
    dtype = DTYPES[options.dtype]
    question = Question(problem.program, problem.wrt, problem.backward.along, dtype, options.max_operations)
    try:
        return prove(question, autograd)
    except TooLong as reason:
        return along_directions(problem, autograd, lower, reason)


def _assemble(evidence: Evidence, found: Mapping[str, Sequence[JudgedComponent]], seconds: dict[str, float]) -> Report:
    problem, autograd, values = evidence.problem, evidence.autograd, evidence.proof.values
    sizes = shape(autograd.value)
    gradients = {name: gradient(evidence, name, each) for name, each in found.items()}
    return Report(
        id=problem.id,
        expression=problem.program.source,
        output=problem.program.output_name,
        variables={
            name: ReceivedInput(number, shape(number), problem.options.dtype, name in problem.wrt)
            for name, number in autograd.inputs.items()
        },
        value=autograd.value,
        exact_value=nested([each.ball for each in values], sizes),
        value_ulps=nested([each.ulps for each in values], sizes),
        gradients=gradients,
        verdict=worst([each.verdict for each in gradients.values()] + _of_value(evidence)),
        nodes=autograd.nodes,
        notes=notes(evidence, [each.verdict for each in gradients.values()]),
        upstream=autograd.upstream if problem.wrt else None,
        intermediates={
            name: ReceivedInput(evidence.point(name), shape(evidence.point(name)), problem.options.dtype, True)
            for name in problem.wrt
            if name not in problem.program.variables
        },
        traces=traces(evidence) if problem.options.trace else {},
        not_in_torch=autograd.lacking,
        versions=versions(),
        seconds=seconds,
    )


def _of_value(evidence: Evidence) -> list[str]:
    """The verdict on a value that does not exist: a term without one spoils the whole, if no derivative either."""
    return (
        [each.cause.verdict for each in evidence.proof.values if each.cause is not None] if evidence.problem.wrt else []
    )
