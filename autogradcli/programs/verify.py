"""Every `backward` of a program as a problem, and what the engines say of it: the passes of the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Problem
from autogradcli.compute.report import Reason
from autogradcli.compute.verdict import worst
from autogradcli.engines.backward import Backward
from autogradcli.engines.torch.record.assemble import Assembled, assemble
from autogradcli.engines.torch.record.below import calls_below, operations_below
from autogradcli.engines.torch.record.calls import BackwardPass, CallSite
from autogradcli.engines.torch.record.kinds import kind_of
from autogradcli.engines.torch.record.mathematics import as_mathematics, is_custom
from autogradcli.engines.torch.record.nonfinite import birth_of
from autogradcli.engines.torch.record.replay import NotReplayed, gradients, masks_of, replay
from autogradcli.engines.torch.record.step_builder import Unverifiable
from autogradcli.engines.torch.record.steps import masks_in, steps_of, whole_in_double
from autogradcli.engines.torch.record.threads import threads_for
from autogradcli.engines.torch.record.transform_steps import TransformStep
from autogradcli.engines.torch.record.transforms import TransformCall
from autogradcli.errors import GradcalcError
from autogradcli.processes.limits import Budget, OutOfTime, check, limited_memory
from autogradcli.programs.conditioning import conditioned, greatest_loss
from autogradcli.programs.customs import Customs
from autogradcli.programs.demands import Demands, PassesDone
from autogradcli.programs.entries import bare, derivative, given_to, hooked, of_proof, of_steps, with_claims, written
from autogradcli.programs.ledger import GradientEntry, Pass
from autogradcli.programs.steps import Prover, StepFinding
from autogradcli.programs.texts import Texts
from autogradcli.programs.ties import reached_by
from autogradcli.programs.transforms import OUT_OF_TIME, Judged, Transforms
from autogradcli.programs.verified import Verified, is_leaf, located

FOR_SYMPY = 4
"""SymPy, which is asked about the first pass of each line, may take this part of the time."""
PER_SECOND = 10_000
"""Scalar operations that are proven as a whole, for each second that verification may take."""
MOST_OF_TIME = 4
"""Of several passes none may take more than this part of those."""
TIMED = 3
"""Passes that are told of for a trial: the first takes longer than others."""
AND_EXPLAINED = 1.5
"""What follows for each pass takes half as long again."""


class Verifier:
    """Verifies the passes of one program."""

    def __init__(self, texts: Texts, session: Session, demands: Demands) -> None:
        self._texts, self._session, self._demands = texts, session, demands
        self._sites: set[Any] = set()
        self._seconds_each = demands.options.timeout / FOR_SYMPY
        """How long SymPy may take for the first pass of each line."""
        self._operations = self._share = demands.options.timeout * PER_SECOND
        """How many operations are proven as a whole, and of how many a pass is that is so in any case."""
        self._small: set[int] = set()
        """The identities of larger passes for which there is time as well."""
        self.customs = Customs(texts, demands.surrogates)
        self._transforms = Transforms(lambda event, left: self.one(event, left).entry, demands.memory)
        self._broken: dict[Any, int] = {}
        """For each cause of numbers that are not finite the first pass that has it."""
        self.interrupted = False
        """Whether Ctrl-C ended it."""

    def verify(
        self, events: Sequence[BackwardPass | TransformCall], advance: PassesDone | None = None
    ) -> list[Verified]:
        """The passes, in order, as long as there is time: of every place in the text first its first and last pass."""
        deadline = monotonic() + self._demands.options.timeout
        self.customs.twice = any(isinstance(each, BackwardPass) and _is_twice(each) for each in events)
        urgent = list(_urgent_first(events))
        self._divide([events[place] for place in urgent])
        found: dict[int, Verified] = {}
        each = self._seconds_to_tell(events)
        for done, place in enumerate(urgent):
            left = deadline - monotonic() - each * (len(events) - done)
            try:
                found[place] = self._any(events[place], left)
            except KeyboardInterrupt:
                self.interrupted, deadline = True, 0.0
                found[place] = self._any(events[place], 0.0)
            if advance is not None:
                advance(done + 1, len(events))
        return [located(events[place], found[place], self._texts) for place in sorted(found)]

    def _seconds_to_tell(self, events: Sequence[BackwardPass | TransformCall]) -> float:
        """How long it takes to tell of one pass of many that there was no time for it."""
        passes = [each for each in events if isinstance(each, BackwardPass)][:TIMED]
        seconds = []
        for event in passes:
            start = monotonic()
            self._late(event)
            seconds.append(AND_EXPLAINED * (monotonic() - start))
        return min([self._demands.options.timeout / 2 / max(1, len(events)), *seconds])

    def _divide(self, events: Sequence[BackwardPass | TransformCall]) -> None:
        """Divide the time among passes: the smallest of them are proven as a whole, the more urgent ones first."""
        if not events:
            return
        self._share = self._operations / len(events)
        self._seconds_each = self._demands.options.timeout / FOR_SYMPY / len({each.place for each in events})
        sizes = [(operations_below(each.outputs), id(each)) for each in events if isinstance(each, BackwardPass)]
        left = self._operations
        for size, identity in sorted(sizes, key=lambda each: each[0]):
            if size <= min(left, self._operations / min(MOST_OF_TIME, len(events))):
                self._small.add(identity)
                left -= size

    def _any(self, event: BackwardPass | TransformCall, left: float) -> Verified:
        """A backward, or a call of what a transform gave."""
        if isinstance(event, TransformCall):
            return self._transform(event, left)
        return self.one(event, left) if left > 0 else self._late(event)

    def _transform(self, call: TransformCall, left: float) -> Verified:
        """Derivatives that a transform gave, held against those of the same function without it, which are proven."""
        found = self._transforms.judged(call, left)
        return Verified(self._of_transform(call, found), in_time=found.in_time)

    def _of_transform(self, call: TransformCall, found: Judged) -> Pass:
        entries = tuple(
            replace(bare(derivative(call, place), reason), verdict=verdict)
            for place, (verdict, reason) in enumerate(found.verdicts)
        )
        first = next((each for each in call.results if each is not None), None)
        return Pass(
            number=call.number,
            line=0 if call.place is None else call.place.line,
            where=self._where(call.place),
            code=self._texts.code(call.place),
            call=call.made.name,
            output=None,
            value=None,
            upstream=None,
            dtype="float64" if first is None else str(first.data.dtype).removeprefix("torch."),
            entries=entries,
            verdict=worst(entry.verdict for entry in entries),
            proof=found.proof,
            looked_at=found.looked_at,
        )

    def one(self, event: BackwardPass, left: float) -> Verified:
        """One pass, which may take so many seconds: as a whole where it is small, else step by step."""
        try:
            threads = threads_for(operations_below(event.outputs))
            with Budget(left).running(), limited_memory(self._demands.memory), threads:
                return self._one(event, monotonic() + left)
        except OutOfTime:
            return self._late(event)
        except MemoryError:
            return self._unverified(event, Reason("GC507", "it ran out of memory: --max-memory allows more"))
        except Exception as problem:  # the program's own code runs again here, and may raise anything
            said = problem.message if isinstance(problem, GradcalcError) else problem
            return self._unverified(event, Reason("GC505", f"not verified: {said}"))

    def _one(self, event: BackwardPass, deadline: float) -> Verified:
        _refer(event, self._demands.references)
        claims = [*self._transforms.look(event, deadline), *(self.customs.look(event) if _has_custom(event) else ())]
        try:
            if self._is_small(event):
                found = self._whole(event, deadline - monotonic())
                if any(each.verdict != "unverified" for each in found.entry.entries) or not found.entry.entries:
                    return with_claims(event, found, claims)
        except (Unverifiable, GradcalcError):
            check()
        before = None if event.finite else self._first_of_its_kind(event)
        if before is not None:
            return self._as_a_whole(event, before)
        return with_claims(event, self._by_steps(event, deadline), claims)

    def _first_of_its_kind(self, event: BackwardPass) -> int | None:
        """The number of an earlier pass that is not finite for the same reason; None if this one is the first."""
        born = birth_of(event)
        if born is None:
            return None
        if born.call is None and self._broken:  # once numbers are not finite they stay so
            return min(self._broken.values())
        place = None if born.call is None else born.call.place
        before = self._broken.setdefault((born.direction, born.code, place), event.number)
        return None if before == event.number else before

    def _as_a_whole(self, event: BackwardPass, before: int) -> Verified:
        """A pass that is not finite for the same reason as an earlier one: it is run again in float64, and no more."""
        again, steps = steps_of(event)
        truth = whole_in_double(event, masks_in(steps))
        found = conditioned(event, gradients(event, again), truth, self._demands.options)
        entries = []
        for place, arrival in enumerate(event.arrivals):
            whole = found.get(place)
            same = f"for the same reason as in backward pass {before}"
            if whole is not None and whole.verdict == "undefined":
                told = replace(whole.reason, message=f"{whole.reason.message}, {same}")
                entries.append(replace(bare(arrival, told), verdict="undefined"))
            else:
                message = f"not verified: numbers of this pass are not finite, {same}"
                entries.append(bare(arrival, Reason("GC505", message)))
        return Verified(replace(self._pass(event, tuple(entries), ()), proof=None))

    def _is_small(self, event: BackwardPass) -> bool:
        """Whether a pass has so few scalar operations that it can be proven as a whole in the time that there is."""
        size = operations_below(event.outputs)
        return size <= self._demands.options.max_operations and (size <= self._share or id(event) in self._small)

    def _by_steps(self, event: BackwardPass, deadline: float) -> Verified:
        """The proof that each step is right for the numbers that reached it."""
        found = Prover(self._texts, self._session, self._demands.options, deadline).prove(event)
        if found.out_of_time:
            return self._late(event)
        entries = self._tied(event, tuple(of_steps(event, found, place) for place in range(len(event.arrivals))))
        kinks = [f"{count:,} components of {name} lie on its kink" for name, count in found.kinks.items() if count]
        done = self._pass(event, entries, (*found.remarks, *kinks))
        lossy = [StepFinding(each.call, each.verdict, each.reason) for each in found.conditioned.values() if each.call]
        findings = (*found.findings, *lossy)
        return Verified(replace(done, proof="steps", looked_at=found.looked_at), findings=findings)

    def _whole(self, event: BackwardPass, left: float) -> Verified:
        """The proof of the whole program from the leaves to the output."""
        again = replay(event)
        if again.changed is not None:
            text = self._texts.code(again.changed.place)
            raise NotReplayed(
                f"{text} gives something else when it is run again: it was changed behind autograd's back"
            )
        custom = _has_custom(event)
        try:
            pure = as_mathematics(event) if custom else event
        except NotReplayed as reason:
            raise Unverifiable(str(reason)) from reason
        masks = {} if custom else masks_of(event, again)
        assembled = assemble(pure, self._texts.excerpts(), masks)
        report = self._session.start(self._problem(event, assembled, self._seconds(event, left))).report()
        entries = tuple(
            of_proof(arrival, None if name is None else report.gradients[name])
            for arrival, name in zip(event.arrivals, assembled.names, strict=True)
        )
        entries = self._tied(event, hooked(event, again, entries))
        notes = tuple(note for note in report.notes if "broadcast" not in note)
        found = Verified(self._pass(event, entries, notes), report, assembled.program, steps=assembled.steps)
        return replace(found, findings=_lost_before(event, found))

    def drawn(self, event: BackwardPass, proven: Pass) -> Verified:
        """A pass that is not proven as a whole, with its graph; if it has none, a note says why."""
        try:
            assembled = assemble(event, self._texts.excerpts(), masks_of(event, replay(event)))
            problem = self._problem(event, assembled, 0.0)
            report = self._session.start(replace(problem, options=replace(problem.options, max_operations=1))).report()
        except (Unverifiable, NotReplayed, GradcalcError, RuntimeError) as reason:
            return Verified(replace(proven, notes=(*proven.notes, str(reason))))
        verdicts = {
            name: replace(report.gradients[name], verdict=entry.verdict, reason=entry.reason)
            for name, entry in zip(assembled.names, proven.entries, strict=True)
            if name is not None
        }
        told = replace(report, gradients=verdicts, verdict=proven.verdict)
        return Verified(proven, told, assembled.program, steps=assembled.steps)

    def _seconds(self, event: BackwardPass, left: float) -> float:
        """How long SymPy may take; 0 if it is not asked. What it takes to load it is of no pass."""
        site, symbolic = event.place, self._session.symbolic
        asked = symbolic is not None and site not in self._sites
        self._sites.add(site)
        if symbolic is None or not asked:
            return 0.0
        symbolic.await_start(left / 2)
        return min(left, self._seconds_each)

    def _problem(self, event: BackwardPass, assembled: Assembled, seconds: float) -> Problem:
        options = self._demands.options
        known = {name: each for each, name in zip(event.arrivals, assembled.names, strict=True) if name is not None}
        return Problem(
            program=assembled.program,
            at=assembled.at,
            wrt=tuple(known),
            options=replace(options, dtype=assembled.dtype, symbolic=seconds > 0, timeout=seconds or options.timeout),
            backward=Backward(assembled.upstream, detail=self._demands.detail),
            given={name: given_to(each) for name, each in known.items()},
        )

    def _tied(self, event: BackwardPass, entries: tuple[GradientEntry, ...]) -> tuple[GradientEntry, ...]:
        """The entries, those `unverified` that depend on a statement that was decided at a tie."""
        reason = reached_by(event, self._texts)
        return tuple(
            replace(entry, verdict="unverified", reason=Reason("GC505", f"not verified: {reason[place]}"))
            if place in reason and entry.verdict != "mismatch"
            else entry
            for place, entry in enumerate(entries)
        )

    def _late(self, event: BackwardPass) -> Verified:
        return replace(self._unverified(event, OUT_OF_TIME), in_time=False)

    def _unverified(self, event: BackwardPass, reason: Reason) -> Verified:
        entries = tuple(bare(arrival, reason) for arrival in event.arrivals)
        return Verified(replace(self._pass(event, entries, ()), proof=None))

    def _where(self, place: CallSite | None) -> str | None:
        return None if place is None else self._texts.where(place.file, place.line)

    def _pass(self, event: BackwardPass, entries: tuple[GradientEntry, ...], notes: tuple[str, ...]) -> Pass:
        value = event.values[0] if event.values else None
        place: CallSite | None = event.place
        return Pass(
            number=event.number,
            line=place.line if place is not None else 0,
            where=self._where(place),
            code=self._texts.code(place),
            call=event.call,
            output=event.names[0] if event.names else None,
            value=written(value),
            upstream=written(event.upstreams[0]) if event.upstreams else None,
            dtype="float64" if value is None else str(value.data.dtype).removeprefix("torch."),
            entries=entries,
            verdict=worst(entry.verdict for entry in entries),
            notes=notes,
        )


def _lost_before(event: BackwardPass, found: Verified) -> Sequence[StepFinding]:
    """Of digits that are lost where terms reach a variable the operation that had lost them before, if one did."""
    reasons = {each.reason: each.verdict for each in found.entry.entries if each.reason is not None}
    lost = [each for each in reasons if each.code == "GC302" and is_leaf(found, each)]
    if not lost:
        return ()
    again, steps = steps_of(event)
    loss = greatest_loss(event, again, steps, masks_in(steps))
    return [] if loss is None else [StepFinding(loss.step.call, reasons[each], each) for each in lost]


def _refer(event: BackwardPass, references: Mapping[Any, Any]) -> None:
    """Tell custom calls what is said to have their derivative."""
    if references:
        for call in calls_below(event.outputs):
            call.reference = references.get(call.function, call.reference)


def _has_custom(event: BackwardPass) -> bool:

    return any(map(is_custom, calls_below(event.outputs)))


def _is_twice(event: BackwardPass) -> bool:
    """Whether a pass goes through a gradient that was computed before."""
    calls = calls_below(event.outputs)
    return any(kind_of(call.function).name == "grad" or isinstance(call.function, TransformStep) for call in calls)


def _urgent_first(events: Sequence[BackwardPass | TransformCall]) -> Iterator[int]:
    """The places of the events, those first that are first or last of their line, or the first not finite."""
    first: dict[Any, int] = {}
    last: dict[Any, int] = {}
    for place, event in enumerate(events):
        first.setdefault(event.place, place)
        last[event.place] = place
    broken = [place for place, event in enumerate(events) if not event.finite]
    finite = [place for place, event in enumerate(events) if event.finite]
    yield from dict.fromkeys([*broken[:1], *first.values(), *last.values(), *finite, *broken])
