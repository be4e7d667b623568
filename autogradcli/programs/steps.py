"""The proof by steps.

Each operation's backward is right for the numbers that reached it, and the whole pass is well conditioned: run again in
float64 it comes to the same within the tolerance.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from time import monotonic
from typing import Any

from autogradcli.compute.compute import Session
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.reasons import contrast
from autogradcli.compute.report import Gradient, Reason, Report
from autogradcli.engines.backward import Backward
from autogradcli.engines.torch.record.assemble import single
from autogradcli.engines.torch.record.calls import BackwardPass, CallOutput, Given, RecordedCall, tensors_in
from autogradcli.engines.torch.record.comparison import Off, StepComparison, compare, tolerance_of, underflows
from autogradcli.engines.torch.record.definitions import definition_of
from autogradcli.engines.torch.record.kinds import DRAWING, kind_of, rows_of
from autogradcli.engines.torch.record.mathematics import is_custom
from autogradcli.engines.torch.record.moves import LINEAR, STRUCTURAL, moved_wrongly
from autogradcli.engines.torch.record.replay import NotReplayed, Pullback, Replay, gradients
from autogradcli.engines.torch.record.rows import Unbindable, bind
from autogradcli.engines.torch.record.second import TakenApart, is_gradient, taken_apart
from autogradcli.engines.torch.record.slopes import slopes, whole_slopes
from autogradcli.engines.torch.record.step_builder import Unverifiable
from autogradcli.engines.torch.record.steps import RecordedStep, by_component, masks_in, steps_of, whole_in_double
from autogradcli.engines.torch.record.sums import SUMS, components, exact
from autogradcli.engines.torch.record.ties import ties
from autogradcli.engines.torch.record.transform_steps import TransformStep
from autogradcli.errors import GradcalcError
from autogradcli.functions.function import NoDefinition
from autogradcli.processes.limits import check
from autogradcli.programs.conditioning import WholePass, conditioned, greatest_loss, located
from autogradcli.programs.texts import Texts
from autogradcli.programs.wording import Wording, with_tokens

LOOKED_AT = 8
"""Components of a step that balls look at."""
SMALL = 1_500
"""Components of a step that is proven as a whole."""
SLOPES = 1e-4
"""How far, relatively, two slopes may differ by central differences."""
LOSSES = frozenset({"GC202", "GC302"})
"""Codes of passes that are wrong as a whole where digits may be lost on the way."""
FACTOR = 10
"""How far beyond the tolerance, and beyond what rounding explains, an error is wrong and not lost digits."""


@dataclass(slots=True)
class StepFinding:
    """What was found of one step that is not as it should be."""

    call: "RecordedCall"
    verdict: str
    reason: Reason
    surrogate: bool = False
    """Whether it differs from the derivative on purpose."""
    through: tuple[Any, ...] = ()
    """The values whose gradients are wrong; none for all that the call depends on."""


@dataclass(slots=True)
class BySteps:
    """What a proof by steps came to."""

    steps: int = 0
    components: int = 0
    """Components that were compared with float64."""
    balls: int = 0
    """Components that balls proved."""
    sums: int = 0
    """Components that are exact sums of products within what rounding may do."""
    findings: list[StepFinding] = field(default_factory=list)
    kinks: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)
    conditioned: Mapping[int, WholePass] = field(default_factory=dict)
    """By its place, the verdict on a gradient that is not right as a whole."""
    out_of_time: bool = False

    @property
    def looked_at(self) -> str:
        """A sentence for the report."""
        return (
            f"{self.steps:,} operation{'' if self.steps == 1 else 's'}, each for the numbers that reached it;"
            f" {self.components:,} numbers compared with float64, {self.balls + self.sums:,} with exact bounds"
        )


class Prover:
    """Proves passes step by step."""

    def __init__(self, texts: Texts, session: Session, options: Options, deadline: float) -> None:
        self._texts, self._session, self._options, self._deadline = texts, session, options, deadline
        self._chance = Random(0)

    def prove(self, event: BackwardPass) -> BySteps:
        """What a pass comes to, step by step; raises NotReplayed if it cannot be run again."""
        again, steps = steps_of(event)
        if again.changed is not None:
            text = self._texts.code(again.changed.place)
            message = f"{text} gives something else when it is run again: it was changed behind autograd's back"
            raise NotReplayed(message)
        if again.other is not None:
            others = "vectors" if again.other.random is None else "random numbers"
            raise NotReplayed(f"{self._text(again.other)} gives other {others} in float64: nothing can be compared")
        apart = _apart(event, again, steps)
        if apart.event is not event:
            _, steps = steps_of(apart.event)
        found = BySteps(steps=len(steps))
        seen: Counter[Any] = Counter()
        for step in reversed(steps):
            if all(each is None for each in step.upstreams):
                continue
            if monotonic() > self._deadline:
                found.out_of_time = True
                return found
            site = (step.call.place, step.name if isinstance(step.call.function, Pullback) else None)
            seen[site] += 1
            self._step(step, found, seen[site] <= 2)
        masks = masks_in(steps)
        truth = whole_in_double(apart.event, masks)
        found.conditioned = conditioned(event, gradients(event, again), truth, self._options)
        if any(each.reason.code in LOSSES for each in found.conditioned.values()):
            loss = greatest_loss(event, again, steps, masks) if apart.event is event else None
            found.conditioned = located(found.conditioned, loss, self._texts)
        twice = next((step for step in steps if is_gradient(step.call)), None)
        if twice is not None:
            self._second(event, masks, twice, found)
        found.findings = [_in_the_program(each, apart) for each in found.findings]
        return found

    def _second(self, event: BackwardPass, masks: Any, step: RecordedStep, found: BySteps) -> None:
        """Of second derivatives that cannot be taken apart the whole pass is looked at by central differences."""
        one, other = whole_slopes(event, masks)
        if abs(one - other) > SLOPES * max(abs(one), abs(other)):
            message = f"along a random direction autograd gives {one:.6g}, central differences {other:.6g}"
            self._add(found, step, "unverified", Reason("GC504", message))
        else:
            found.remarks.append("second derivatives were looked at by central differences in float64")

    def _step(self, step: RecordedStep, found: BySteps, closely: bool) -> None:

        if step.name in DRAWING:
            message = "random numbers are drawn in it, and torch sends 0 to what they are drawn with"
            self._add(found, step, "unverified", Reason("GC505", message))
            return
        self._decisions(step, found)
        if step.name in KINKED:
            found.kinks[step.name] += _kinks(step)
        if is_custom(_innermost(step.call)) or is_gradient(step.call):
            return  # what these claim is looked at apart
        try:
            compared = compare(step)
        except Exception as error:
            self._add(found, step, "unverified", Reason("GC504", f"it cannot be evaluated in float64: {_short(error)}"))
            return
        found.components += sum(each.numel() for each in compared.sent if each is not None)
        off = compared.worst()
        wrong = moved_wrongly(step, compared)
        if wrong is not None:
            one, other = contrast(wrong.sent, wrong.truth)
            message = f"backward of it sends {one} where {other} is true"
            self._add(found, step, "mismatch", Reason("GC303", message), wrong.place)
            return
        self._sums(step, compared, off, found)
        proven = self._balls(step, compared, off, found) if closely or off is not None else None
        if proven is None and not is_known(step):
            said = (
                "float64 agrees" if off is None else "float64 gives {1} for {0}".format(*contrast(off.sent, off.truth))
            )
            self._add(
                found,
                step,
                "unverified",
                Reason("GC504", f"{step.name} is no row of gradcalc's table of functions; {said}"),
            )
            return
        if off is not None and not proven:
            self._off(step, off, found)
        if not proven and (closely or _is_transform(step.call)) and step.name not in LINEAR | SUMS | KINKED:
            self._differences(step, found)

    def _differences(self, step: RecordedStep, found: BySteps) -> None:
        """Of a step that is too large for balls the slope along a random direction, by central differences.

        Of a call of what a transform gave nothing else is known as a whole, so they are to be closer.
        """
        beside = slopes(step, SLOPES) if _is_transform(step.call) else slopes(step)
        if beside is None and _is_transform(step.call):
            self._add(found, step, "unverified", Reason("GC504", "it cannot be run again with other numbers"))
        if beside is not None and not beside.agree:
            said = f"along a random direction central differences give {beside.by_differences:.6g}"
            self._add(found, step, "unverified", Reason("GC504", f"{said}, its backward {beside.claimed:.6g}"))

    def _sums(self, step: RecordedStep, compared: StepComparison, off: Off | None, found: BySteps) -> None:
        """Some components of a sum of products, held against the exact one."""
        for place, operand in enumerate(step.wanted):
            at = off.index if off is not None and off.place == place else None
            for index in components(compared.sent, place, at, self._chance):
                true = exact(step, operand, index)
                if true is None:
                    break
                number = float(compared.sent[place][index])  # type: ignore[index]
                error, tolerance = abs(number - true.value), tolerance_of(step, compared.truth[place])
                if error <= max(true.budget, tolerance):
                    found.sums += 1
                else:
                    one, other = contrast(number, float(true.value))
                    message = f"backward of it sends {one} where {other} is true"
                    self._add(found, step, "mismatch", Reason("GC303", message), place)

    def _decisions(self, step: RecordedStep, found: BySteps) -> None:
        """Conditions that tie, and subscripts that depend on what is differentiated: beside them all may change."""
        for each in step.call.values():
            if isinstance(each, CallOutput) and each.call.dtypes[each.index] is not None and _is_tied(each.call, ties):
                self._add(found, step, "unverified", Reason("GC505", "a condition in it is decided at a tie"))
                return
            if isinstance(each, Given) and each.cut == "discrete" and not each.data.is_floating_point():
                self._add(
                    found, step, "unverified", Reason("GC505", "a subscript in it depends on what is differentiated")
                )
                return

    def _off(self, step: RecordedStep, off: Off, found: BySteps) -> None:
        """A component that float64 does not confirm and balls did not look at."""
        one, other = contrast(off.sent, off.truth)
        message = f"backward of it sends {one} where float64 gives {other}"
        beyond = off.matters > FACTOR and off.error > FACTOR and math.isfinite(off.truth)
        if beyond and not underflows(step, off):
            self._add(found, step, "imprecise", Reason("GC301", message), off.place)
        elif off.matters > 1:
            found.remarks.append(f"{self._text(step.call)}: {message}, which does not matter in the whole")

    def _balls(self, step: RecordedStep, compared: StepComparison, off: Off | None, found: BySteps) -> bool | None:
        """Whether balls were asked about a step; None if they cannot be."""
        try:
            report = self._proof(step, compared, off)
        except (
            Unverifiable,
            Unbindable,
            GradcalcError,
            NoDefinition,
            RuntimeError,
            TypeError,
            ValueError,
            LookupError,
        ):
            return None
        if report is None:
            return None
        counts: Counter[str] = Counter()
        for gradient in report.gradients.values():
            counts.update(gradient.counts)
        found.balls += sum(counts.values())
        for name, gradient in report.gradients.items():
            if gradient.verdict in {"mismatch", "undefined"}:
                self._wrong(step, compared, step.wanted.index(int(name[1:])), gradient, found)
                break
        return not (counts.keys() <= {"unverified"})

    def _wrong(
        self, step: RecordedStep, compared: StepComparison, place: int, gradient: Gradient, found: BySteps
    ) -> None:
        """A component that balls prove wrong: a finding if it matters beside the others, else a remark."""
        reason, worst = gradient.reason, gradient.worst
        message = "" if reason is None else reason.message
        number = None if worst is None else worst.autograd
        if worst is not None and worst.exact is not None and number is not None and math.isfinite(number):
            error = abs(number - float(worst.exact.value))
            if error <= tolerance_of(step, compared.truth[place]):
                found.remarks.append(f"{self._text(step.call)}: {message}; it does not matter in the whole")
                return
        if gradient.verdict == "undefined" and not all(bool(each.isfinite().all()) for each in step.inputs):
            return  # what is not finite was born before
        self._add(found, step, gradient.verdict, Reason("GC303" if reason is None else reason.code, message), place)

    def _proof(self, step: RecordedStep, compared: StepComparison, off: Off | None) -> Report | None:
        """The report on a step as a problem of its own: on some components, or on all if there are few."""
        upstream = step.upstreams[0]
        if upstream is None or sum(each is not None for each in step.upstreams) > 1:
            return None
        tensors: Sequence[Any] = list(tensors_in([step.arguments, step.keywords]))
        numbers: Sequence[Any] = compared.sent
        places: Sequence[int] | None = None
        if (
            step.name not in STRUCTURAL
            and not bind(_innermost(step.call)).function.tensor
            and upstream.numel() > LOOKED_AT
        ):
            places = self._places(step, compared, off)
            slices = by_component(step, places)
            if slices is None:
                return None
            tensors, upstream, numbers = slices
        elif sum(each.numel() for each in tensors) * max(1, upstream.numel()) ** 0.5 > SMALL:
            return None
        assembled = single(step.call, tensors, upstream, self._texts.excerpts())
        given = {f"v{place}": number for place, number in zip(step.wanted, numbers, strict=True)}
        wrt = [name for name in assembled.names if name is not None and name in given]
        lists = {name: _listed(given[name], tensors[int(name[1:])]) for name in wrt}
        options = Options(assembled.dtype, symbolic=False, max_operations=self._options.max_operations)
        program = with_tokens(assembled.program)
        problem = Problem(program, assembled.at, tuple(lists), options, Backward(assembled.upstream), given=lists)
        return Wording(step, self._texts, places).in_the_program(self._session.start(problem).report())

    def _places(self, step: RecordedStep, compared: StepComparison, off: Off | None) -> list[int]:
        """Places of the output that balls look at: of what is most at odds, the largest, and some at random."""
        upstream = step.upstreams[0]
        assert upstream is not None
        chosen = [int(upstream.abs().nan_to_num().flatten().argmax())]
        for each in (upstream, *compared.sent):
            if each is not None and each.shape == upstream.shape:
                chosen += (~each.isfinite()).flatten().nonzero().flatten()[:2].tolist()
        if off is not None and len(off.index) == upstream.ndim:
            flat = 0
            for position, length in zip(off.index, upstream.shape, strict=True):
                flat = flat * length + min(position, length - 1)
            chosen.append(flat)
        chosen += [self._chance.randrange(upstream.numel()) for _ in range(LOOKED_AT)]
        return list(dict.fromkeys(chosen))[:LOOKED_AT]

    def _add(self, found: BySteps, step: RecordedStep, verdict: str, reason: Reason, place: int | None = None) -> None:
        """Add a finding; `place` is that of the input whose gradient is wrong, None if that may be any."""
        text = self._text(step.call)
        through = () if place is None else (step.value_of(place),)
        told = replace(reason, message=f"{text}: {reason.message}", expression=text)
        found.findings.append(StepFinding(step.call, verdict, told, through=through))

    def _text(self, call: RecordedCall) -> str:
        where = "" if call.place is None else f" ({self._texts.where(call.place.file, call.place.line)})"
        text = f"{self._texts.code(call.place) or call.function}{where}"
        return f"{call.function.__name__} in {text}" if isinstance(call.function, Pullback) else text


def _apart(event: BackwardPass, again: Replay, steps: Sequence[RecordedStep]) -> TakenApart:
    """A pass without gradients that are differentiated, if it has some, and they can be taken apart."""
    if any(is_gradient(step.call) for step in steps):
        try:
            return taken_apart(event, again)
        except (NotReplayed, RuntimeError, TypeError, ValueError, LookupError):
            check()
    return TakenApart(event)


def _in_the_program(found: StepFinding, apart: TakenApart) -> StepFinding:
    """A finding about what the program itself called."""
    origin = apart.origins.get(found.call.serial)
    if origin is None:
        return found
    through = [] if is_gradient(origin) else [apart.origin(each) for each in found.through]
    return replace(found, call=origin, through=tuple(each for each in through if each is not None))


def _innermost(call: RecordedCall) -> RecordedCall:
    """Of what pulls a gradient back through a call that call, else the call itself."""
    return call.function.innermost if isinstance(call.function, Pullback) else call


def _is_transform(call: RecordedCall) -> bool:
    """Whether a call is one of what a transform of `torch.func` gave."""
    return isinstance(call.function, TransformStep)


def _is_tied(call: RecordedCall, ties: Any) -> bool:
    """Whether a call gave a condition, and somewhere at a tie."""
    return str(call.dtypes[0]) == "torch.bool" and bool(ties(call))


def is_known(step: RecordedStep) -> bool:
    """Whether the table has a row for a step, or it has a definition, or does nothing but move numbers."""
    call = _innermost(step.call)
    if _is_transform(call):  # some samples of it are proven apart
        return True
    name = kind_of(call.function).name
    return definition_of(name, call.arguments) is not None or name in STRUCTURAL or bool(rows_of(name))


KINKED = frozenset({"relu", "relu_", "abs", "leaky_relu", "max_pool2d", "max_pool1d", "maximum", "clamp", "relu6"})


def _kinks(step: RecordedStep) -> int:
    """Components at which an activation has a kink, and a gradient reaches it."""
    upstream = step.upstreams[0]
    whole = step.inputs[0] if step.inputs else None
    if upstream is None or whole is None or whole.shape != upstream.shape:
        return 0
    return int(((whole == 0) & (upstream != 0)).sum())


def _listed(number: Any, like: Any) -> Any:
    return like.new_zeros(like.shape).tolist() if number is None else number.tolist()


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
