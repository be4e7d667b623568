"""Remedies: what to write instead, tried at this point and in this dtype before anybody reads it.

A remedy is looked for by search: every edit that `matching` and `guards` know is made in the text, and torch runs what
comes of it. What is nearer to the truth then is judged as any other problem, and what helps is kept. What does not help
alone may help with a second edit.
"""

import heapq
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from time import process_time

from autogradcli.compute.problem import GRADIENT, NONE, Problem
from autogradcli.compute.reasons import SEE_MASKED
from autogradcli.compute.report import Gradient, Report
from autogradcli.compute.verdict import WORST_FIRST
from autogradcli.engines.results import flat
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.guards import slopes, two_wheres
from autogradcli.language.matching import Edit, Subject, edits, parsed_rows
from autogradcli.language.parser import parse, select_output
from autogradcli.language.program import Call, Program
from autogradcli.processes.limits import OutOfTime, check

CURABLE = frozenset({"mismatch", "undefined", "imprecise"})
"""Verdicts for which a remedy is looked for: at a kink nothing is wrong, and where nothing is known nothing helps."""
MOST_TRIALS = 40
"""Texts that torch runs at most for one problem."""
MOST_EXAMINED = 16
"""Those of them that balls look at."""
MOST_EDITS = 3
"""Edits that one remedy may be made of."""
LONGEST, MOST_STEPS = 4_000, 1_000
"""Characters of a text, and steps of its program, beyond which no remedy is looked for."""
LITTLE = 4.0
"""Units in the last place that a better number may be off."""

Examine = Callable[[Problem], Report]
"""Gives the report on a problem, without remedies."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A text that was tried, and what torch alone makes of it."""

    program: Program
    value: Sequence[float]
    """The components of the output."""
    gradients: Mapping[str, Sequence[float]]
    """Those of each gradient."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A trial that helps, with its report."""

    trial: Trial
    report: Report


def with_remedies(problem: Problem, report: Report, examine: Examine) -> Report:
    """The report with a remedy for each gradient that is wrong, undefined or imprecise, as far as one is found."""
    wanting = {name: each for name, each in report.gradients.items() if each.reason and each.verdict in CURABLE}
    if report.not_in_torch is not None or not wanting or problem.options.remedies == NONE or not _is_plain(problem):
        return report
    found = _Search(problem, report, examine).remedies(wanting)
    cured = {name: _told(problem.program, report.gradients[name], each.trial) for name, each in found.items()}
    return replace(report, gradients={**report.gradients, **cured})


def _is_plain(problem: Problem) -> bool:
    """Whether one `backward` runs what a short text in gradcalc's language means."""
    backward = problem.backward
    if problem.function is not None or backward.along or backward.forward:
        return False
    if len(problem.program.source) > LONGEST or len(problem.program.steps) > MOST_STEPS:
        return False
    program = _parsed(problem, problem.program.source)
    return program is not None and program.steps == problem.program.steps


def _parsed(problem: Problem, text: str) -> Program | None:
    """The program of a text with the problem's output; None if it has other variables, or none of that name."""
    try:
        program = parse(text, given=tuple(problem.at))
        if problem.program.output_name is not None:
            program = select_output(program, problem.program.output_name)
    except GradcalcError:
        return None
    return program if set(program.variables) == set(problem.program.variables) else None


def _told(program: Program, gradient: Gradient, trial: Trial) -> Gradient:
    assert gradient.reason is not None
    expression, remedy = _difference(program, trial.program.source)
    reason = replace(gradient.reason, expression=expression, remedy=remedy, rewritten=trial.program.source, others=())
    return replace(gradient, reason=reason)


def _difference(program: Program, text: str) -> tuple[str, str]:
    """The smallest expression of a program that is replaced in a changed text, and by what."""
    source = program.source
    same = [a == b for a, b in zip(source, text, strict=False)]
    first = same.index(False) if False in same else len(same)
    most = min(len(source), len(text)) - first
    last = next((i for i in range(most) if source[-1 - i] != text[-1 - i]), most)
    around = sorted(
        (span.end - span.start, span.start, span.end)
        for span in (step.span for step in program.steps if isinstance(step, Call))
        if span.start <= first and len(source) - last <= span.end and _stands_first(source, span.start, span.end)
    )
    for _, start, end in around:
        remedy = text[start : len(text) - (len(source) - end)]
        if _is_expression(remedy, (*program.variables, *program.assigned)):
            return source[start:end], remedy
    return source, text


def _is_expression(text: str, known: Collection[str]) -> bool:
    """Whether a text is one by itself: `x) + log(y` is what changed inside brackets, and nothing that one can read."""
    try:
        return bool(parse(text, known).steps)
    except GradcalcError:
        return False


def _stands_first(source: str, start: int, end: int) -> bool:
    """Whether a piece of the source is the first that reads like this, so that one can find it by its text."""
    return source.find(source[start:end]) == start


class _Search:
    """The texts that are tried for one problem.

    torch alone runs most of them, which is cheap. Balls look at those whose numbers are finite and nearer to the truth.
    """

    def __init__(self, problem: Problem, report: Report, examine: Examine) -> None:
        # python-flint is imported with it.
        from autogradcli.engines.arb.samples import Original

        options = replace(problem.options, symbolic=False, trace=False)
        self._problem = replace(problem, options=options, beyond=GRADIENT, claims={})
        self._report = report
        self._examine = examine
        self._inputs = {name: each.value for name, each in report.variables.items()}
        weights = None if report.upstream is None else flat(report.upstream)
        self._original = Original(problem.program, self._inputs, weights, self._check_time)
        self._true = {name: _true(each) for name, each in report.gradients.items()}
        parsed_rows()  # once in a process, and not in the time of the first search
        self._deadline = process_time() + problem.options.remedies
        self._trials = self._examinations = 0

    def remedies(self, wanting: Mapping[str, Gradient]) -> dict[str, Proven]:
        """The best trial for each of the gradients that has one; no more edits are added where all have one."""
        found: dict[str, Proven] = {}
        with suppress(OutOfTime, MemoryError):
            for depth, trial in self._texts(wanting):
                if depth > 1 and len(found) == len(wanting):
                    break
                self._keep(found, wanting, trial)
                if all(name in found and found[name].report.gradients[name].verdict == "verified" for name in wanting):
                    break
        return found

    def _keep(self, found: dict[str, Proven], wanting: Mapping[str, Gradient], trial: Trial) -> None:
        """Note a trial for each gradient that it is the best for so far."""
        standard = {
            name: found[name].report.gradients[name] if name in found else each for name, each in wanting.items()
        }
        nearer = [name for name, before in standard.items() if self._is_nearer(name, flat(before.autograd), trial)]
        if not nearer or not _is_finite(trial) or self._examinations >= MOST_EXAMINED:
            return
        report = self._examined(trial)
        if report is None:
            return
        for name in nearer:
            cured = self._cures_nan(wanting[name], report.gradients[name])
            fills = wanting[name].verdict == "undefined" and not cured
            if self._helps(name, standard[name], report) and self._original.is_same(trial.program, fills):
                found[name] = Proven(trial, report)

    def _texts(self, wanting: Mapping[str, Gradient]) -> Iterator[tuple[int, Trial]]:
        """Texts with one edit, then with more of those that came nearest to what is wanted."""
        steps = {each.reason.step for each in wanting.values() if each.reason is not None}
        gradients = {name: flat(each.autograd) for name, each in self._report.gradients.items()}
        first = Trial(self._problem.program, flat(self._report.value), gradients)
        seen, limit = {first.program.source}, self._badness(first)
        waiting = [(0, 0.0, 0, first)]
        while waiting:
            depth, _, _, base = heapq.heappop(waiting)
            for text in self._changed(base.program, steps if depth == 0 else set()):
                if self._trials >= MOST_TRIALS:
                    return
                if text in seen:
                    continue
                seen.add(text)
                trial = self._tried(text)
                if trial is not None:
                    yield depth + 1, trial
                    badness = self._badness(trial)
                    if depth + 1 < MOST_EDITS and badness <= limit:
                        heapq.heappush(waiting, (depth + 1, badness, len(seen), trial))

    def _changed(self, program: Program, blamed: set[int | None]) -> Iterator[str]:
        """The texts that one edit makes, those first that change most of what is computed around the step to blame."""
        whole = {program.index(name) for name in self._problem.wrt if name not in program.variables}
        subject = Subject(program, whole)
        found: list[Edit] = []
        for edit in chain(two_wheres(subject), edits(subject)):
            self._check_time()
            found.append(edit)
        found.sort(key=lambda edit: (edit.covered.isdisjoint(blamed), -len(edit.covered)))
        yield from (edit.applied(program.source) for edit in found)
        yield from self._with_slopes(subject)

    def _with_slopes(self, subject: Subject) -> Iterator[str]:
        """The branches of guards with the slope that makes autograd's gradient the true one."""
        source = subject.program.source
        for level, steep in zip(slopes(subject, 0.0), slopes(subject, 1.0), strict=True):
            first, second = self._tried(level.applied(source)), self._tried(steep.applied(source))
            if first is None or second is None:
                continue
            for name in self._problem.wrt:
                slope = self._missing(name, first.gradients[name], second.gradients[name])
                if slope is not None:
                    yield from (each.applied(source) for each in slopes(subject, slope) if each.start == level.start)

    def _missing(self, name: str, below: Sequence[float], above: Sequence[float]) -> float | None:
        """The slope that a branch needs for a gradient to be true; None if it has no part in it, or none is known.

        `below` and `above` are the gradients with slopes of 0 and 1.
        """
        place = next(
            (i for i, (a, b) in enumerate(zip(below, above, strict=True)) if math.isfinite(b - a) and a != b), None
        )
        if place is None or name not in self._inputs:
            return None
        true = self._original.slope(name, place)
        return None if true is None else (true - below[place]) / (above[place] - below[place])

    def _tried(self, text: str) -> Trial | None:
        """What torch makes of a text. Raises OutOfTime where there is no time for it."""
        # torch is imported with it.
        from autogradcli.engines.torch.engine import value_and_gradients

        self._check_time()
        problem = self._problem
        program = _parsed(problem, text)
        if program is None:
            return None
        self._trials += 1
        try:
            value, gradients = value_and_gradients(
                program, self._inputs, problem.wrt, problem.options.dtype, problem.backward.upstream
            )
        except OutOfTime:
            raise
        except GradcalcError:
            return None
        return Trial(program, flat(value), {name: flat(each) for name, each in gradients.items()})

    def _check_time(self) -> None:
        check()
        if process_time() > self._deadline:
            raise OutOfTime

    def _examined(self, trial: Trial) -> Report | None:
        """The report on a trial; None if a limit is in the way."""
        self._examinations += 1
        try:
            return self._examine(replace(self._problem, program=trial.program))
        except OutOfTime:
            raise
        except GradcalcError:
            return None

    def _is_nearer(self, name: str, before: Sequence[float], trial: Trial) -> bool:
        """Whether a component of a gradient is nearer to the truth than before, or may be since that is not known."""
        hole = not all(map(math.isfinite, flat(self._report.value)))
        return any(
            hole or new != old if true is None else _distance(new, true) < _distance(old, true)
            for old, new, true in zip(before, trial.gradients[name], self._true[name], strict=True)
        )

    def _badness(self, trial: Trial) -> float:
        """How far a trial is from helping: what is not finite counts most, then how wrong each gradient is."""
        broken = sum(not math.isfinite(each) for each in _numbers(trial))
        return broken + sum(_relative(trial.gradients[name], true) for name, true in self._true.items())

    def _helps(self, name: str, before: Gradient, report: Report) -> bool:
        """Whether a report is better with respect to one name, and nowhere worse than the problem as it stands."""
        after = report.gradients[name]
        better = after.verdict == "kink" or _farthest(after) < _farthest(before)
        return (
            ((_rank(after) > _rank(before) and better) or self._cures_nan(before, after))
            and all(_rank(g) >= _rank(self._report.gradients[n]) for n, g in report.gradients.items())
            and self._keeps_the_value(report)
        )

    def _cures_nan(self, before: Gradient, after: Gradient) -> bool:
        """Whether NaN from a branch that is not taken becomes a number where there is a value and no derivative."""
        return (
            before.reason is not None
            and before.reason.message.endswith(SEE_MASKED)
            and before.verdict == after.verdict == "undefined"
            and any(map(math.isnan, flat(before.autograd)))
            and all(map(math.isfinite, [*flat(after.autograd), *flat(self._report.value)]))
        )

    def _keeps_the_value(self, report: Report) -> bool:
        """Whether the value is as near to the truth as before, or within the tolerance of its dtype."""
        dtype = DTYPES[self._problem.options.dtype]
        allowed = dtype.rtol / dtype.unit_roundoff
        pairs = zip(flat(report.value_ulps), flat(self._report.value_ulps), strict=True)
        return all(now is None or now <= max(LITTLE, before or 0.0) or now <= allowed for now, before in pairs)


def _rank(gradient: Gradient) -> int:
    return WORST_FIRST.index(gradient.verdict)


def _farthest(gradient: Gradient) -> float:
    """The largest distance from the truth in units in the last place; infinite if a number is not finite.

    Where no distance is known, what is verified is as near as can be.
    """
    if not all(map(math.isfinite, flat(gradient.autograd))):
        return math.inf
    unknown = 0.0 if gradient.verdict == "verified" else math.inf
    return max((each for each in flat(gradient.ulps) if each is not None), default=unknown)


def _numbers(trial: Trial) -> Iterator[float]:
    return chain(trial.value, *trial.gradients.values())


def _is_finite(trial: Trial) -> bool:
    return all(map(math.isfinite, _numbers(trial)))


def _true(gradient: Gradient) -> list[float | None]:
    """The true components of a gradient as doubles, None where none is proven."""
    balls = flat(gradient.exact)
    found = [None if ball is None else float(ball.value) for ball in balls]
    count = len(flat(gradient.autograd))
    return found if len(found) == count else [None] * count


def _distance(number: float, true: float) -> float:
    return abs(number - true) if math.isfinite(number) else math.inf


def _relative(numbers: Sequence[float], true: Sequence[float | None]) -> float:
    """How far a gradient is from what it is in truth: 0 if it is the same, 1 if a component has nothing of it."""
    known = [
        (_distance(number, each), abs(each)) for number, each in zip(numbers, true, strict=True) if each is not None
    ]
    return max((1 / (1 + size / distance) for distance, size in known if distance), default=0.0)
