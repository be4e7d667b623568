"""The program's own `backward` functions: each is checked once for each way in which it is called."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autogradcli.compute.report import Reason
from autogradcli.compute.verdict import worst
from autogradcli.engines.torch.record.calls import BackwardPass
from autogradcli.engines.torch.record.customs import claim_of, faults, is_followed
from autogradcli.engines.torch.record.mathematics import is_custom
from autogradcli.engines.torch.record.steps import RecordedStep, steps_of
from autogradcli.language.nearest import did_you_mean
from autogradcli.programs.ledger import Custom
from autogradcli.programs.steps import StepFinding
from autogradcli.programs.texts import Texts

LOOKED_AT = 6
"""Calls of one function that are looked at."""
WRONG, UNKNOWN = "GC307", "GC510"


@dataclass(slots=True)
class Customs:
    """What was found so far, by the function."""

    texts: Texts
    surrogates: Sequence[str] = ()
    """Names of what differs from the derivative on purpose."""
    found: dict[Any, Custom] = field(default_factory=dict)
    twice: bool = False
    """Whether the program differentiates derivatives."""
    _looked: dict[Any, int] = field(default_factory=dict)

    def look(self, event: BackwardPass) -> list[StepFinding]:
        """What is wrong with the custom calls of a pass; raises NotReplayed if it cannot be run again."""
        _, steps = steps_of(event)
        customs = [step for step in steps if is_custom(step.call) and any(each is not None for each in step.upstreams)]
        return [finding for step in customs for finding in self._step(step)]

    def unknown(self) -> Iterator[str]:
        """A sentence for each name of `surrogates` that no backward has."""
        known = [each.name for each in self.found.values()]
        for name in self.surrogates:
            if not any(_is_named(each, [name]) for each in known):
                near = did_you_mean(name, known)
                yield f"no backward of the program's own is called {name}{f'; {near}' if near else ''}"

    def _step(self, step: RecordedStep) -> list[StepFinding]:

        function = step.call.function
        claim = claim_of(step)
        where = None if claim.line is None else self.texts.where(claim.file, claim.line)
        bare = Custom(claim.name, claim.line, claim.file, "verified", where=where)
        known = self.found.setdefault(function, bare)
        if _is_named(claim.name, self.surrogates):
            self.found[function] = replace(bare, declared=True)
            reason = Reason(WRONG, f"the backward of {claim.name} differs from the derivative, as was declared")
            return [StepFinding(step.call, "verified", reason, surrogate=True)]
        self._looked[function] = self._looked.get(function, 0) + 1
        if self._looked[function] > LOOKED_AT:
            return [StepFinding(step.call, known.verdict, reason) for reason in known.reasons]
        doubt = is_followed(step)
        if doubt is not None:
            return [self._note(step, "unverified", Reason(UNKNOWN, f"{_whose(known)}: {doubt}"))]
        findings = []
        for fault in faults(step, self.twice):
            wrong = fault.here or fault.kind != "second"
            verdict = "mismatch" if wrong else "verified"
            finding = self._note(step, verdict, Reason(WRONG, f"{_whose(known)}: {fault.message}"))
            values = list(step.call.values())
            finding.through = tuple(values[place] for place in fault.places)
            if fault.here:
                findings.append(finding)
        return findings

    def _note(self, step: RecordedStep, verdict: str, reason: Reason) -> StepFinding:

        known = self.found[step.call.function]
        reasons = known.reasons if reason in known.reasons else (*known.reasons, reason)
        self.found[step.call.function] = replace(known, verdict=worst([known.verdict, verdict]), reasons=reasons)
        return StepFinding(step.call, verdict, reason)


def _whose(custom: Custom) -> str:
    where = "" if custom.where is None else f" ({custom.where})"
    return f"the backward of {custom.name}{where}"


def _is_named(name: str, names: Sequence[str]) -> bool:
    return any(name == each or name.rpartition(".")[2] == each or name.rpartition("::")[2] == each for each in names)
