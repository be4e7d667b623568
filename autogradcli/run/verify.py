"""Every `backward` of a snippet as a problem, and what the engines say of it: the passes of the ledger."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import Gradient, Reason, Report
from autogradcli.compute.verdict import worst
from autogradcli.engines.backward import Backward
from autogradcli.engines.detail import PLAIN, Detail
from autogradcli.engines.opinions import Array, flat
from autogradcli.errors import GradcalcError, Span
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.tape import MAX_OPERATIONS
from autogradcli.run.ledger import Entry, Pass
from autogradcli.run.source import Source

if TYPE_CHECKING:
    from autogradcli.engines.torch.snippet.assemble import Assembled
    from autogradcli.engines.torch.snippet.events import Arrival, Event

FOR_SYMPY = 4
"""SymPy, which is asked about the first pass of each line, may take this part of the time for one."""
OUT_OF_TIME = Reason("GC506", "the time for verification was up; --timeout gives it more")


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


@dataclass(frozen=True, slots=True)
class Verified:
    """A pass, and what was found on the way that explanations need."""

    entry: Pass
    report: Report | None = None
    steps: "dict[int, int] | None" = None
    """The step of the report's program that each recorded operation is."""
    in_time: bool = True


def verify(events: "Sequence[Event]", source: Source, session: Session, demands: Demands) -> list[Verified]:
    """The passes, in order. As long as there is time each is verified: of every line first its first and last pass."""
    deadline = monotonic() + demands.timeout
    found: dict[int, Verified] = {}
    lines: set[Span] = set()
    for place in _urgent_first(events):
        left = deadline - monotonic()
        verifier = _Verifier(events[place], place + 1, source)
        seconds = 0.0 if events[place].span in lines else min(left, demands.timeout / FOR_SYMPY)
        lines.add(events[place].span)
        found[place] = verifier.verify(session, demands, seconds) if left > 0 else verifier.out_of_time()
    return [found[place] for place in sorted(found)]


def verify_one(event: "Event", number: int, source: Source, demands: Demands) -> Verified:
    """One pass, without SymPy."""
    with Session(symbolic=False) as session:
        return _Verifier(event, number, source).verify(session, demands, 0.0)


def _urgent_first(events: "Sequence[Event]") -> Iterator[int]:
    """The places of the events, those first that are the first or the last of their line."""
    first: dict[Any, int] = {}
    last: dict[Any, int] = {}
    for place, event in enumerate(events):
        first.setdefault(event.span, place)
        last[event.span] = place
    yield from dict.fromkeys([*first.values(), *last.values(), *range(len(events))])


class _Verifier:
    """Verifies one event."""

    def __init__(self, event: "Event", number: int, source: Source) -> None:
        self._event = event
        self._number = number
        self._source = source

    def verify(self, session: Session, demands: Demands, seconds: float) -> Verified:
        """The pass with its verdicts; `seconds` is how long SymPy may take, 0 if it is not asked."""
        from autogradcli.engines.torch.snippet.assemble import Unverifiable, assemble
        from autogradcli.engines.torch.snippet.origins import Made

        asked = [each.origin for each in self._event.arrivals if isinstance(each.origin, Made)]
        try:
            assembled = assemble(self._event.output, self._source.text, asked)
            names = [_name(each, assembled) for each in self._event.arrivals]
            known = [name for name in names if name is not None]
            report = session.start(self._problem(assembled, known, demands, seconds)).report()
        except Unverifiable as reason:
            return self._unverified(Reason("GC505", f"not verified: {reason}"))
        except GradcalcError as error:
            return self._unverified(Reason("GC505", f"not verified: {error.message}"))
        entries = tuple(
            _unused(arrival) if name is None else self._entry(arrival, report.gradients[name], assembled.dtype)
            for arrival, name in zip(self._event.arrivals, names, strict=True)
        )
        notes = tuple(note for note in report.notes if "broadcast" not in note)
        return Verified(self._pass(entries, notes), report, assembled.steps)

    def out_of_time(self) -> Verified:
        """The pass, unverified because the time is up."""
        return replace(self._unverified(OUT_OF_TIME), in_time=False)

    def _problem(self, assembled: "Assembled", names: Sequence[str], demands: Demands, seconds: float) -> Problem:
        from autogradcli.engines.torch.snippet.assemble import constant

        given = self._event.upstream
        upstream = None if given is None else constant(given, self._event.upstream_span, self._source.text)
        return Problem(
            program=assembled.program,
            at=assembled.at,
            wrt=tuple(names),
            options=Options(
                assembled.dtype,
                demands.rtol,
                demands.atol,
                demands.max_ulps,
                symbolic=demands.symbolic and seconds > 0,
                timeout=seconds or demands.timeout,
                max_operations=demands.max_operations,
            ),
            backward=Backward(upstream, detail=demands.detail),
        )

    def _unverified(self, reason: Reason) -> Verified:
        entries = tuple(_bare(arrival, reason) for arrival in self._event.arrivals)
        return Verified(self._pass(entries, ()))

    def _entry(self, arrival: "Arrival", gradient: Gradient, dtype: str) -> Entry:
        """The entry of a tensor, if the engines looked at what torch added to it in the snippet."""
        added = _plain(arrival.added)
        if added is not None and not _alike(added, gradient.autograd, dtype):
            message = f"not verified: the recorded operations give {_short(gradient.autograd)} and not this"
            return _bare(arrival, Reason("GC505", message))
        bare = _bare(arrival, gradient.reason)
        return replace(bare, verdict=gradient.verdict, gradient=gradient)

    def _pass(self, entries: tuple[Entry, ...], notes: tuple[str, ...]) -> Pass:
        event = self._event
        return Pass(
            number=self._number,
            line=self._source.line(event.span),
            code=self._source.code(event.span),
            call=event.call,
            output=event.name,
            value=_plain(event.value),
            upstream=_plain(event.upstream),
            dtype=str(event.value.dtype).removeprefix("torch."),
            entries=entries,
            verdict=worst(entry.verdict for entry in entries),
            notes=notes,
        )


def _name(arrival: "Arrival", assembled: "Assembled") -> str | None:
    """What the program calls a tensor that was asked about; None for one that it has not, and torch gave nothing to."""
    from autogradcli.engines.torch.snippet.assemble import Unverifiable
    from autogradcli.engines.torch.snippet.origins import Made

    name = (
        assembled.intermediates.get(arrival.origin)
        if isinstance(arrival.origin, Made)
        else assembled.names.get(arrival.record)
    )
    if name is None and arrival.added is not None:
        raise Unverifiable("a gradient reached a tensor in a way that was not recorded")
    return name


def _unused(arrival: "Arrival") -> Entry:
    """The entry of a tensor that the output does not depend on, as torch says as well."""
    return replace(_bare(arrival, None), verdict="verified")


def _bare(arrival: "Arrival", reason: Reason | None) -> Entry:
    """The entry of a tensor before anything is verified."""
    return Entry(
        name=arrival.record.name or "a tensor without a name",
        before=_plain(arrival.before),
        added=_plain(arrival.added),
        after=_plain(arrival.after),
        verdict="unverified",
        reason=reason,
    )


def _plain(tensor: Any) -> Array:
    return None if tensor is None else tensor.tolist()


def _alike(added: Array, computed: Array, dtype: str) -> bool:
    """Whether two gradients are the same but for roundings that another order of operations makes."""
    pairs = list(zip(flat(added), flat(computed), strict=False))
    size = max((abs(float(each)) for each, _ in pairs), default=0.0)
    close = _close(DTYPES[dtype].rtol * size)
    return len(flat(added)) == len(flat(computed)) and all(close(float(a), float(b)) for a, b in pairs)


def _close(distance: float) -> Callable[[float, float], bool]:
    return lambda a, b: a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= distance


def _short(array: Array) -> str:
    components = flat(array)
    return (
        f"{components[0]!r}" if len(components) == 1 else f"{len(components)} numbers that begin with {components[0]!r}"
    )
