"""One derivative on the way to a higher one: the problem of the first order that it is, and what lower ones tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from autogradcli.compute.evidence import Evidence, Lower
from autogradcli.compute.gradients import JudgedComponent
from autogradcli.compute.problem import called
from autogradcli.compute.reasons import Doubt, reason, short
from autogradcli.compute.report import Gradient, Reason, Report
from autogradcli.compute.stacked import unknown
from autogradcli.engines.results import Cause
from autogradcli.errors import GradcalcError
from autogradcli.language.program import Direction
from autogradcli.processes.limits import OutOfTime

if TYPE_CHECKING:
    from autogradcli.compute.higher import Family

DirectionPath = tuple[Direction, ...]
"""The directions along which the output is differentiated, one after the other."""
HEREDITARY = frozenset({"GC104", "GC201", "GC202", "GC203"})
"""Causes of wrong numbers that the next derivative inherits: the branch of a guard, and what is not finite."""
ENDS = frozenset({"GC111", "GC114"})
"""Codes of a function that is not defined on both sides of the point."""
FINITE = frozenset({"verified", "imprecise", "mismatch"})
"""Verdicts on a number that there is, though no number is proven where it was looked at along random directions."""
ENDED = {"GC506": "ran out of time: --timeout allows more", "GC507": "ran out of memory: --max-memory allows more"}
"""What is said of a derivative that a limit stands in the way of."""


def ended(end: Exception, order: int) -> Reason:
    """Why there is no derivative of an order where the work on it ended."""
    code = {OutOfTime: "GC506", MemoryError: "GC507"}.get(type(end), "GC508")
    return Reason(code, f"the {called(order)} {ENDED.get(code, f'ended its process: {end}')}")


class FirstOrder(Protocol):
    """A problem of the first order on its way to a report."""

    @property
    def evidence(self) -> Evidence:
        """What the engines found, once there is a report."""

    @property
    def findings(self) -> Mapping[str, Sequence[JudgedComponent]]:
        """For each name the finding on each component of the gradient, once there is a report."""

    def evaluate(self, lower: Lower) -> None:
        """Run torch and Arb, and tell SymPy the point; `lower` is what is known from derivatives of lower order."""

    def report(self) -> Report:
        """The report."""


class Stage:
    """The derivative of the output along a path, and its gradient."""

    def __init__(self, family: "Family", path: DirectionPath, pending: FirstOrder | None) -> None:
        self._family = family
        self._path = path
        self._work = pending

    @property
    def _pending(self) -> FirstOrder:
        assert self._work is not None
        return self._work

    def gradient(self, name: str) -> Gradient:
        """The gradient of the derivative with respect to a name; without a derivative, why there is none."""
        refusal = self._refusal if self._goes_on else ended(self._family.end or OutOfTime(), len(self._path) + 1)
        if refusal is not None:
            return unknown(refusal, self._family.shape(name))
        found = self.report.gradients[name]
        return found if found.verdict != "mismatch" else replace(found, reason=self._cause(name, found))

    def _cause(self, name: str, found: Gradient) -> Reason | None:
        """Why a derivative is wrong: what made the one before it wrong, if that has a cause that lives on."""
        wrong = next(each for each in self.findings[name] if each.ruling.verdict == "mismatch")
        for moved, _ in self._path[-1].parts if self._path else ():
            before = self._family.stage(self._path[:-1]).gradient(moved).reason
            if before is not None and before.code in HEREDITARY and wrong.truth.nearest is not None:
                numbers = f"autograd gives {wrong.number!r}, the truth is {short(wrong.truth.nearest)}"
                lower = called(len(self._path))
                return replace(before, message=f"{numbers}; the {lower} is wrong already: {before.message}")
        return found.reason

    @cached_property
    def _refusal(self) -> Reason | None:
        """Why torch gives no derivative of this order: it has none, or no time is left; None if it gives one."""
        if not self._path:
            return None
        before = self._family.stage(self._path[:-1])._refusal
        if before is not None:
            return before
        try:
            self._pending.evaluate(self._lower)
        except (OutOfTime, MemoryError) as error:
            return ended(error, len(self._path) + 1)
        except GradcalcError as error:
            if error.kind != "torch":
                raise
            return Reason("GC509", error.message)
        return None

    @property
    def _goes_on(self) -> bool:
        """Whether there is a finding, or time for one."""
        return self._family.end is None or not self._path or "report" in self.__dict__

    @property
    def is_known(self) -> bool:
        """Whether there is a finding on its gradient."""
        return self._goes_on and self._refusal is None

    @property
    def is_constant(self) -> bool:
        """Whether the derivative along the path does not require grad in torch."""
        autograd = self._pending.evidence.autograd
        return not autograd.nodes and autograd.lacking is None

    @property
    def remark(self) -> str | None:
        """What was found out in another way than by a proof of every number."""
        return self._pending.evidence.proof.remark

    @cached_property
    def report(self) -> Report:
        """The report on this problem of the first order."""
        if not self._path:
            return self._family.base_report
        assert self._refusal is None
        return self._pending.report()

    @cached_property
    def findings(self) -> Mapping[str, Sequence[JudgedComponent]]:
        """For each name the finding on each component of the gradient."""
        assert self.report is not None
        return self._pending.findings

    @cached_property
    def _lower(self) -> Lower:
        """What is known from derivatives of lower order."""
        before = self._family.stage(self._path[:-1]).findings
        missing = self._missing
        causes = {
            name: [missing or self._outside(name, place) for place in range(len(found))]
            for name, found in before.items()
        }
        return Lower(self._scales, causes)

    @cached_property
    def _missing(self) -> Cause | None:
        """If the derivative along the path does not exist, or is not known: why, of the first component that is so."""
        lower = self._family.stage(self._path[:-1])
        moved = [
            (name, place) for name, weights in self._path[-1].parts for place, weight in enumerate(weights) if weight
        ]
        return next(filter(None, (lower.cause(*each) for each in moved)), None)

    def _outside(self, name: str, place: int) -> Cause | None:
        """If the function ends at the point along a component: why, for then no derivative of it goes on there."""
        stages = (self._family.stage(self._path[:count]) for count in range(len(self._path)))
        return next(filter(None, (stage._end(name, place) for stage in stages)), None)

    def _end(self, name: str, place: int) -> Cause | None:
        """That the derivative along the path ends at the point along a component; None if it does not."""
        found = self.findings[name][place]
        if found.ruling.code in ENDS:
            return self.cause(name, place)
        return None if found.truth.cause is None else found.truth.cause.end

    def cause(self, name: str, place: int) -> Cause | None:
        """Why there is no derivative with respect to a component, and so none of a higher order; None if there is."""
        if self._refusal is not None:
            return Cause("unverified", self._refusal.code, self._refusal.message, None)
        inherited = self._lower.causes[name][place] if self._path else None
        if inherited is not None:
            return inherited
        found = self.findings[name][place]
        if found.truth.nearest is not None or (found.truth.slopes is None and found.ruling.verdict in FINITE):
            return None
        why = found.truth.cause or reason(
            Doubt(self._pending.evidence, name, place, found.number, found.truth), found.ruling
        )
        assert why is not None
        verdict = "unverified" if found.ruling.verdict == "unverified" else "undefined"
        return Cause(verdict, why.code, f"there is no {called(len(self._path) + 1)} here: {why.message}", why.step)

    @cached_property
    def _scales(self) -> Mapping[str, Sequence[float]]:
        """For each component of the gradient what its scale is at least: what derivatives of lower order come to.

        For the second derivative with respect to x and y these are g_y/x and f/(x*y). The rest, g_x/y, this problem
        knows by itself.
        """
        least: dict[str, list[float]] = {}
        for place, direction in enumerate(self._path):
            lower = self._family.stage((*self._path[:place], *self._path[place + 1 :]))
            size = self._family.size_along(direction)
            for name, found in lower.findings.items():
                scales = [each.scale / size for each in found]
                least[name] = list(map(max, least.get(name, scales), scales))
        return least
