"""From a program to its ledger: Python runs it, gradcalc watches, and what `backward` did in it is verified."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from autogradcli.compute import verdict
from autogradcli.compute.verdict import worst
from autogradcli.errors import ExitCode
from autogradcli.language.shapes import written
from autogradcli.programs.ledger import Custom, Ledger, Nonfinite, ProgramError, TraceLine
from autogradcli.programs.runner import AfterImport, Ending, run
from autogradcli.programs.target import PythonProgram
from autogradcli.programs.texts import Texts

if TYPE_CHECKING:
    from autogradcli.engines.torch.record.watch import Watch
    from autogradcli.programs.demands import Demands, PassesDone
    from autogradcli.programs.remedies import Remedies


FOR_BIRTH = 4
"""The remedy for the first number that is not finite comes before all else, and may take this part of the time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a program is run."""

    seed: int | None = None
    """Where random numbers start from; None for anywhere, as in Python."""
    trace: bool = False
    """Whether each line is noted with what it made."""
    passes: str = "some"
    """Which passes are kept to be verified: `first`, `all`, a number, `some` or `none`."""
    stop: bool = False
    """Whether the program ends where a number stops being finite."""
    modules: bool = False
    """Whether it is noted which module makes each call."""


@dataclass(slots=True)
class Seen:
    """What was seen of a program while it ran."""

    ending: Ending
    texts: Texts
    watch: "Watch | None" = None
    """None if the program did not import torch, or was not to be watched."""
    trace: tuple[TraceLine, ...] = ()
    notes: tuple[str, ...] = field(default=())


def watch_program(program: PythonProgram, wanted: Wanted, around: Any = nullcontext) -> Seen:
    """What was seen of a program that Python has run; `around` is a context for the time that it runs."""
    # Only where a program is run; most of it imports torch.
    from autogradcli.programs.trace import tracing

    texts = _texts(program)
    found: list[Any] = []
    with ExitStack() as stack:

        def start(_: Any) -> None:
            # The program imports torch, not gradcalc before it: what it sets up for torch beforehand holds.
            from autogradcli.engines.torch.record.watch import Watch

            watch = Watch(wanted.passes, wanted.stop, lambda name: texts.file(name).lines)
            stack.enter_context(watch.watching())
            if wanted.modules:
                from autogradcli.engines.torch.record.modules import modules_noted

                stack.enter_context(modules_noted(watch.recorder))
            found.append(watch)

        stack.enter_context(_headless())
        with around(), tracing(program.code, texts, wanted.trace) as lines:
            ending = run(program, [*_seeding(wanted.seed), ("torch", start)])
    watch = found[0] if found else None
    return Seen(ending, texts, watch, tuple(lines()), program.notes)


def run_alone(program: PythonProgram, wanted: Wanted, around: Any = nullcontext) -> Seen:
    """The same for a program that nobody watches."""
    with around():
        ending = run(program, _seeding(wanted.seed))
    return Seen(ending, _texts(program), None, (), program.notes)


def _texts(program: PythonProgram) -> Texts:
    source = program.source
    main = program.code.co_filename
    return Texts({} if source is None else {main: source}, main)


def _seeding(seed: int | None) -> list[AfterImport]:
    """What lets the random numbers of each module start from a seed, as soon as it has been imported."""
    if seed is None:
        return []
    return [
        ("random", lambda module: module.seed(seed)),
        ("numpy", lambda module: module.random.seed(seed % 2**32)),
        ("torch", lambda module: module.manual_seed(seed)),
    ]


@contextmanager
def _headless() -> Iterator[None]:
    """Let Matplotlib draw nowhere and block nothing where there is no display."""
    missing = not any(os.environ.get(each) for each in ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND"))
    if missing and sys.platform.startswith("linux"):
        os.environ["MPLBACKEND"] = "Agg"
    yield


def ledger_of(program: PythonProgram, seen: Seen, demands: "Demands", advance: "PassesDone | None" = None) -> Ledger:
    """The ledger of a program that has been watched: its passes are verified now."""
    return verified(program.target.name, seen, demands, advance)


def verified(name: str, seen: Seen, demands: "Demands", advance: "PassesDone | None" = None) -> Ledger:
    """The same for code of any name."""
    if seen.watch is None:
        return _bare(name, seen, verifying=True)
    end = monotonic() + demands.options.timeout  # what is imported now counts
    # These import torch, which the program has imported if it was watched.
    from autogradcli.compute.compute import Session
    from autogradcli.compute.versions import versions
    from autogradcli.programs.explain import explain
    from autogradcli.programs.nonfinite import first_nonfinite
    from autogradcli.programs.remedies import Remedies
    from autogradcli.programs.verify import Verifier

    seen.watch.settle()
    events = seen.watch.to_verify()
    interrupted = seen.ending.interrupted
    with Session(demands.options.symbolic and bool(events)) as session:
        remedies = Remedies(seen.texts, demands.options)
        remedies.allow(demands.options.timeout / FOR_BIRTH)
        born = first_nonfinite(seen.watch, seen.texts, remedies, demands.keep)
        left = replace(demands.options, timeout=max(0.0, end - monotonic()))
        verifier = Verifier(seen.texts, session, replace(demands, options=left))
        passes = verifier.verify(events, advance)
        remedies.allow(end - monotonic())
        passes = remedies.of_passes(events, passes)
    customs = verifier.customs.all()
    unknown = verifier.customs.unknown()
    return Ledger(
        name=name,
        passes=tuple(each.entry for each in passes),
        mistakes=explain(seen.watch, seen.texts, passes),
        failure=_failure(seen),
        verdict=worst([*(each.entry.verdict for each in passes), *_verdicts(customs, born)]),
        customs=customs,
        unverified_in_time=sum(not each.in_time for each in passes),
        backwards=seen.watch.count,
        trace=seen.trace,
        first_nonfinite=born,
        finite=seen.watch.finite,
        notes=(*seen.notes, *_notes(seen.watch, remedies, end - monotonic()), *unknown),
        interrupted=interrupted or verifier.interrupted,
        versions=versions(),
    )


def _verdicts(customs: Sequence[Custom], born: Nonfinite | None) -> Iterator[str]:
    """The verdicts on what is no pass."""
    yield from (each.verdict for each in customs)
    if born is not None:
        yield "undefined"


def _bare(name: str, seen: Seen, verifying: bool) -> Ledger:
    """The ledger of a program of which nothing is verified."""
    # The engines come with it: only where something is computed.
    from autogradcli.compute.versions import versions

    return Ledger(
        name=name,
        passes=(),
        mistakes=(),
        failure=_failure(seen),
        verdict="verified" if verifying else "unverified",
        verifying=verifying,
        trace=seen.trace,
        notes=seen.notes,
        interrupted=seen.ending.interrupted,
        versions=versions(),
    )


def unwatched(program: PythonProgram, seen: Seen) -> Ledger:
    """The ledger of a program that was run alone."""
    return _bare(program.target.name, seen, verifying=False)


def _notes(watch: "Watch", remedies: "Remedies", seconds: float) -> Iterator[str]:
    # Only where a program is run; most of it imports torch.
    from autogradcli.programs.nonfinite import layers

    yield from layers(watch, seconds)
    if watch.transforms:
        yield f"gradients that torch.func computed were not looked at: {watch.transforms:,}"
    if watch.has_scripts:
        yield "what torch.jit has compiled or traced is not recorded; with PYTORCH_JIT=0 set it runs as Python, and is"
    if remedies.hurried:
        yield "the time was up while remedies were looked for: --timeout allows more"
    if watch.dropped:
        yield f"{watch.dropped} passes that were to be verified took too much memory and were let go"


def _failure(seen: Seen) -> ProgramError | None:
    """The error that ended the program, with what it is about."""
    ending = seen.ending
    if ending.error is None or ending.status == 0 or ending.interrupted:
        return None
    error = ending.error
    message = str(error) or type(error).__name__
    code, span = _failing(seen)
    hint = None
    if seen.watch is not None:
        # Only where a program is run; most of it imports torch.
        from autogradcli.programs.explain import hint_for

        hint = hint_for(message, _facts(seen.watch, code))
    return ProgramError(ending.line or 0, code, type(error).__name__, message, hint, ending.status, span)


def _failing(seen: Seen) -> tuple[str, tuple[int, int] | None]:
    """The line that raised the error, and where the expression stands in the text."""
    file, line, columns = seen.ending.file, seen.ending.line, seen.ending.columns
    lines = [] if file is None else seen.texts.file(file).lines
    if line is None or not 0 < line <= len(lines):
        return "", None
    text = lines[line - 1]
    before = sum(map(len, lines[: line - 1]))
    span = (
        None
        if columns is None
        else tuple(before + len(text.encode()[:each].decode(errors="replace")) for each in columns)
    )
    return text.strip(), span  # type: ignore[return-value]


def _facts(watch: "Watch", code: str) -> dict[str, Any]:
    """What is known of the tensor whose `backward` raised an error."""
    failed, recorder = watch.recorder.failed, watch.recorder
    changed = recorder.last_changed
    found: dict[str, Any] = {"changed": None if changed is None else changed.line}
    if not failed:
        return found
    tensor = failed["tensor"]
    name = code.partition(".backward(")[0].split("=")[-1].strip() or "the output"
    found |= {"name": name, "shape": written(failed["shape"]), "reason": _reason(tensor, failed["cut"])}
    found["first"] = watch.first_pass_of(tensor)
    return found


def _reason(tensor: Any, cut: str | None) -> str:
    """Why a tensor takes no gradient."""
    if not tensor.is_floating_point():
        return "its numbers are whole, or true and false"
    reasons = {
        "no_grad": "it was made under torch.no_grad()",
        "detach": "it was detached",
        "discrete": "a comparison, a count or a place takes no gradient",
        "drawn": "it was drawn at random",
    }
    return reasons.get(cut or "", "nothing that it is made of has requires_grad=True")


def exit_code(ledger: Ledger, strict: bool) -> ExitCode:
    """1 for any mismatch; else 130 after Ctrl-C; else 2 if the program failed; else 3 as for one report; else 0."""
    found = [each.verdict for each in ledger.passes]
    code = verdict.exit_code([*found, *_verdicts(ledger.customs, ledger.first_nonfinite)], strict)
    if ledger.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.USAGE if ledger.failure is not None and code != ExitCode.MISMATCH else code
