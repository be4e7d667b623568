"""Every `backward` of a program as a problem, and what the engines say of it: the passes of the ledger."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import Gradient, Reason, Report
from autogradcli.compute.verdict import worst
from autogradcli.engines.backward import Backward as How
from autogradcli.engines.detail import PLAIN, Detail
from autogradcli.engines.opinions import Array
from autogradcli.errors import GradcalcError
from autogradcli.language.tape import MAX_OPERATIONS
from autogradcli.programs.ledger import Entry, Pass
from autogradcli.programs.texts import Texts

if TYPE_CHECKING:
    from autogradcli.engines.torch.record.assemble import Assembled
    from autogradcli.engines.torch.record.calls import Arrival, Backward, Given, Place

FOR_SYMPY = 4
"""SymPy, which is asked about the first pass of each line, may take this part of the time for one."""
WRITTEN = 2_000
"""Components of a tensor that a ledger writes out."""
OUT_OF_TIME = Reason("GC506", "the time for verification was up; --timeout gives it more")

Advance = Callable[[int, int], None]
"""To be called with how many passes are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of every gradient, and what may be spent on it."""

    rtol: float | None = None
    atol: float | None = None
    max_ulps: float | None = None
    symbolic: bool = True
    timeout: float = 10.0
    """Seconds for all passes together."""
    max_operations: int = MAX_OPERATIONS
    detail: Detail = PLAIN
    """How closely the graph is looked at."""
    surrogates: tuple[str, ...] = ()
    """Names of what has a backward that differs from the derivative on purpose."""
    references: Mapping[Any, Any] = field(default_factory=dict)
    """For a class with a backward of its own, a function of torch's operations that is to have its derivative."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A pass, and what was found on the way that explanations need."""

    entry: Pass
    report: Report | None = None
    assigned: Mapping[str, int] | None = None
    """The step of the report's program that each name means."""
    in_time: bool = True


class Verifier:
    """Verifies the passes of one program."""

    def __init__(self, texts: Texts, session: Session, demands: Demands) -> None:
        self._texts, self._session, self._demands = texts, session, demands
        self._sites: set[Any] = set()
        self.interrupted = False
        """Whether Ctrl-C ended it."""

    def verify(self, events: "Sequence[Backward]", advance: Advance | None = None) -> list[Verified]:
        """The passes, in order, as long as there is time: of every place in the text first its first and last pass."""
        deadline = monotonic() + self._demands.timeout
        found: dict[int, Verified] = {}
        for done, place in enumerate(_urgent_first(events)):
            left = deadline - monotonic()
            try:
                found[place] = self.one(events[place], left) if left > 0 else self._late(events[place])
            except KeyboardInterrupt:
                self.interrupted, deadline = True, 0.0
                found[place] = self._late(events[place])
            if advance is not None:
                advance(done + 1, len(events))
        return [found[place] for place in sorted(found)]

    def one(self, event: "Backward", left: float) -> Verified:
        """One pass, which may take so many seconds."""
        from autogradcli.engines.torch.record.assemble import Unverifiable
        from autogradcli.engines.torch.record.replay import NotReplayed

        try:
            return self._whole(event, left)
        except (Unverifiable, NotReplayed) as reason:
            return self._unverified(event, Reason("GC505", f"not verified: {reason}"))
        except GradcalcError as error:
            return self._unverified(event, Reason("GC505", f"not verified: {error.message}"))

    def _whole(self, event: "Backward", left: float) -> Verified:
        """The proof of the whole program from the leaves to the output."""
        from autogradcli.engines.torch.record.assemble import assemble
        from autogradcli.engines.torch.record.mathematics import as_mathematics, is_custom
        from autogradcli.engines.torch.record.replay import NotReplayed, masks_of, replay
        from autogradcli.engines.torch.record.watch import calls_below

        again = replay(event)
        if again.changed is not None:
            text = self._texts.code(again.changed.place)
            raise NotReplayed(
                f"{text} gives something else when it is run again: it was changed behind autograd's back"
            )
        custom = any(map(is_custom, calls_below(event.outputs)))
        pure = as_mathematics(event) if custom else event
        masks = {} if custom else masks_of(event, again)
        assembled = assemble(pure, self._texts.excerpts(), masks)
        report = self._session.start(self._problem(event, assembled, self._seconds(event, left))).report()
        entries = tuple(
            self._entry(arrival, None if name is None else report.gradients[name])
            for arrival, name in zip(event.arrivals, assembled.names, strict=True)
        )
        entries = self._tied(event, entries)
        notes = tuple(note for note in report.notes if "broadcast" not in note)
        return Verified(self._pass(event, entries, notes), report, assembled.program.assigned)

    def _seconds(self, event: "Backward", left: float) -> float:
        """How long SymPy may take; 0 if it is not asked."""
        site = _site(event)
        asked = self._demands.symbolic and site not in self._sites
        self._sites.add(site)
        return min(left, self._demands.timeout / FOR_SYMPY) if asked else 0.0

    def _problem(self, event: "Backward", assembled: "Assembled", seconds: float) -> Problem:
        demands = self._demands
        known = {name: each for each, name in zip(event.arrivals, assembled.names, strict=True) if name is not None}
        return Problem(
            program=assembled.program,
            at=assembled.at,
            wrt=tuple(known),
            options=Options(
                assembled.dtype,
                demands.rtol,
                demands.atol,
                demands.max_ulps,
                symbolic=seconds > 0,
                timeout=seconds or demands.timeout,
                max_operations=demands.max_operations,
            ),
            backward=How(assembled.upstream, detail=demands.detail),
            given={name: _given(each) for name, each in known.items()},
        )

    def _tied(self, event: "Backward", entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """The entries, those `unverified` that hang on a statement that was decided at a tie."""
        from autogradcli.programs.ties import reached_by

        reason = reached_by(event, self._texts)
        return tuple(
            replace(entry, verdict="unverified", reason=Reason("GC505", f"not verified: {reason[place]}"))
            if place in reason and entry.verdict != "mismatch"
            else entry
            for place, entry in enumerate(entries)
        )

    def _late(self, event: "Backward") -> Verified:
        return replace(self._unverified(event, OUT_OF_TIME), in_time=False)

    def _unverified(self, event: "Backward", reason: Reason) -> Verified:
        entries = tuple(_bare(arrival, reason) for arrival in event.arrivals)
        return Verified(replace(self._pass(event, entries, ()), proof=None))

    def _entry(self, arrival: "Arrival", gradient: Gradient | None) -> Entry:
        """The entry of a tensor; one that the output does not depend on has no gradient, as torch says as well."""
        if gradient is None:
            return replace(_bare(arrival, None), verdict="verified")
        bare = _bare(arrival, gradient.reason)
        return replace(bare, verdict=gradient.verdict, gradient=gradient)

    def _pass(self, event: "Backward", entries: tuple[Entry, ...], notes: tuple[str, ...]) -> Pass:
        value = event.values[0] if event.values else None
        place: Place | None = event.place
        return Pass(
            number=event.number,
            line=place.line if place is not None else 0,
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


def _site(event: "Backward") -> Any:
    return None if event.place is None else (event.place.code, event.place.instruction)


def _urgent_first(events: "Sequence[Backward]") -> Iterator[int]:
    """The places of the events, those first that are the first or the last of their line, or not finite."""
    first: dict[Any, int] = {}
    last: dict[Any, int] = {}
    for place, event in enumerate(events):
        first.setdefault(_site(event), place)
        last[_site(event)] = place
    broken = [place for place, event in enumerate(events) if not event.finite][:1]
    yield from dict.fromkeys([*broken, *first.values(), *last.values(), *range(len(events))])


def _given(arrival: "Arrival") -> Array:
    """What torch gave to a tensor: zeros if it gave nothing."""
    if arrival.added is None:
        return _zeros(arrival.shape)
    return arrival.added.data.tolist()


def _zeros(shape: Sequence[int]) -> Array:
    return 0.0 if not shape else [_zeros(shape[1:]) for _ in range(shape[0])]


def _bare(arrival: "Arrival", reason: Reason | None) -> Entry:
    """The entry of a tensor before anything is verified."""
    before = arrival.before
    return Entry(
        name=arrival.name or "a tensor without a name",
        before=written(before),
        added=written(arrival.added),
        after=written(arrival.after),
        verdict="unverified",
        reason=reason,
        shape=arrival.shape,
        norm=_norm(arrival.added),
        zeroed=before is None or not bool(before.data.any()),
    )


def _norm(given: "Given | None") -> float | None:
    if given is None:
        return None
    return float(given.data.double().norm()) if not given.data.is_complex() else float(given.data.abs().double().norm())


def written(given: "Given | None") -> Array:
    """A tensor as nested lists; None if there is none, or it is too large to be written out."""
    if given is None or given.data.numel() > WRITTEN or given.data.is_complex():
        return None
    return given.data.tolist() if given.data.ndim else float(given.data)
