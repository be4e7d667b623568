"""The program's own `backward` functions: each is checked once for each way in which it is called."""

from collections import Counter, defaultdict
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
    _looked: Counter[Any] = field(default_factory=Counter)
    _lasting: dict[Any, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """For each function the verdicts and codes of its first calls, which later ones are given as well."""
    _told: dict[Any, Reason] = field(default_factory=dict)
    """For each function and each kind of fault the sentence that was said first."""
    _wrong: dict[Any, dict[int, str]] = field(default_factory=dict)
    """For each function where its wrong calls stand, by their serial numbers."""

    def look(self, event: BackwardPass) -> list[StepFinding]:
        """What is wrong with the custom calls of a pass; raises NotReplayed if it cannot be run again."""
        _, steps = steps_of(event)
        customs = [step for step in steps if is_custom(step.call) and any(each is not None for each in step.upstreams)]
        return [finding for step in customs for finding in self._step(step)]

    def all(self) -> tuple[Custom, ...]:
        """What was found, and in how many calls of which lines."""
        return tuple(
            replace(each, looked_at=min(self._looked[function], LOOKED_AT), wrong=tuple(self._places(function)))
            for function, each in self.found.items()
        )

    def _places(self, function: Any) -> Iterator[tuple[str, int]]:
        yield from Counter(self._wrong.get(function, {}).values()).items()

    def unknown(self) -> Iterator[str]:
        """A sentence for each name of `surrogates` that no backward has."""
        known = [each.name for each in self.found.values()]
        for name in self.surrogates:
            if not any(_is_named(each, [name]) for each in known):
                near = did_you_mean(name, known)
                yield f"no backward of the program's own is called {name}{f'; {near}' if near else ''}"

    def _step(self, step: RecordedStep) -> list[StepFinding]:
        known = self._known(step)
        if known.declared:
            reason = Reason(WRONG, f"the backward of {known.name} differs from the derivative, as was declared")
            return [StepFinding(step.call, "verified", reason, surrogate=True)]
        function = step.call.function
        self._looked[function] += 1
        if self._looked[function] > LOOKED_AT:
            lasting = sorted(self._lasting[function])
            return [StepFinding(step.call, verdict, _again(known, code)) for verdict, code in lasting]
        doubt = is_followed(step)
        if doubt is not None:
            self._lasting[function].add(("unverified", UNKNOWN))
            return [self._note(step, "unverified", Reason(UNKNOWN, doubt), "doubt")]
        findings = []
        for fault in faults(step, self.twice):
            wrong = fault.here or fault.kind != "second"
            verdict = "mismatch" if wrong else "verified"
            finding = self._note(step, verdict, Reason(WRONG, fault.message), (fault.kind, fault.places))
            values = list(step.call.values())
            finding.through = tuple(values[place] for place in fault.places)
            if fault.here:
                self._lasting[function].add((verdict, WRONG))
                findings.append(finding)
        return findings

    def _known(self, step: RecordedStep) -> Custom:
        """What was found so far of the function of a step."""
        function = step.call.function
        if function not in self.found:
            claim = claim_of(step)
            line = None if claim.line is None or claim.file is None else self.texts.definition(claim.file, claim.line)
            where = None if line is None else self.texts.where(claim.file, line)
            declared = _is_named(claim.name, self.surrogates)
            self.found[function] = Custom(claim.name, line, claim.file, "verified", declared=declared, where=where)
        return self.found[function]

    def _note(self, step: RecordedStep, verdict: str, reason: Reason, fault: Any) -> StepFinding:
        """The finding of a fault: the first of its kind says it in numbers, later ones that it is there again."""
        function = step.call.function
        known = self.found[function]
        if verdict == "mismatch" and step.call.place is not None:
            place = step.call.place
            self._wrong.setdefault(function, {})[step.call.serial] = self.texts.where(place.file, place.line)
        if (function, fault) in self._told:
            return StepFinding(step.call, verdict, _again(known, reason.code))
        self._told[function, fault] = reason
        worse = worst([known.verdict, verdict])
        self.found[function] = replace(known, verdict=worse, reasons=(*known.reasons, reason))
        subject, _, rest = reason.message.partition(ITS)
        message = f"{_whose(known)}: {reason.message}" if subject else f"{_whose(known)} {rest}"
        return StepFinding(step.call, verdict, replace(reason, message=message))


ITS = "its backward "
"""What most sentences about a backward begin with."""


def _again(custom: Custom, code: str) -> Reason:
    """The reason where the same was said before."""
    said = "is wrong here as well" if code == WRONG else "is not known to be right here either"
    return Reason(code, f"{_whose(custom)} {said}")


def _whose(custom: Custom) -> str:
    where = "" if custom.where is None else f" ({custom.where})"
    return f"the backward of {custom.name}{where}"


def _is_named(name: str, names: Sequence[str]) -> bool:
    return any(name == each or name.rpartition(".")[2] == each or name.rpartition("::")[2] == each for each in names)
