"""Whether a finding on a random case is true: every number of the report against mpmath at hundreds of digits."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mpmath import mp

from autogradcli.compute.compute import by_torch_and_arb
from autogradcli.compute.problem import Options, Problem
from autogradcli.compute.report import Ball, Gradient, Report
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES, Dtype
from autogradcli.language.parser import parse
from autogradcli.language.program import Program
from autogradcli.language.tape import Operation
from tests.generate import Case
from tests.oracles.first_order import sensitivity
from tests.oracles.truth import Slope, TooHard, Truth, Unsettled

FEW_DIGITS = 120
"""Enough to tell whether a verified number is right."""
MANY_DIGITS = (600, 1200, 2500)
"""For everything else, and for what fewer digits do not settle; the last are as many as the engine's own."""
ROUNDINGS = 4
"""Units of roundoff that product.md grants each elementary value and each partial derivative."""
WELL_CONDITIONED = 1000
"""Units of roundoff, of the gradient's own size, beyond which rounding is said to be amplified by cancellation."""
BENDING = ("sin", "cos", "tan", "exp", "exp2", "expm1", "sinh", "cosh", "tanh")
"""Rows whose slope changes by its own size where the argument changes by a fixed amount."""
LARGEST = DTYPES["float64"].largest
LONGEST_EXPONENT = 6
"""Digits of the exponent of the largest balls that mpmath reads."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one derivative of a case."""

    name: str
    verdict: str
    """The verdict; `refused` where torch refuses the expression, `crash` where gradcalc does."""
    code: str
    """The reason's code, or a dash."""
    violations: tuple[str, ...] = ()
    """What is not true of the finding, each with a word for what it is about: `ulps: ...`."""
    beyond: bool = False
    """Whether it was too hard for mpmath, so that nothing is known."""


def outcomes(case: Case) -> list[Outcome]:
    """What becomes of each derivative of a case, judged."""
    program = parse(case.text, given=tuple(case.at))
    try:
        report = findings(program, case)
    except GradcalcError as error:
        return [Outcome("", "refused", error.kind)]
    except Exception as error:  # whatever it is, it is a violation
        return [Outcome("", "crash", type(error).__name__, (f"crash: {error!r}",))]
    return [_judged(case, program, report, name) for name in program.variables]


def findings(program: Program, case: Case) -> Report:
    """The report of torch and Arb on a case."""
    at = {name: parse(repr(value)) for name, value in case.at.items()}
    return by_torch_and_arb(Problem(program, at, program.variables, Options(case.dtype, symbolic=False)))


def _judged(case: Case, program: Program, report: Report, name: str) -> Outcome:
    found = report.gradients[name]
    code = found.reason.code if found.reason else "-"
    digits = (FEW_DIGITS, *MANY_DIGITS) if found.verdict == "verified" else MANY_DIGITS
    violations: tuple[str, ...] = ()
    for each in digits:
        try:
            violations = tuple(Judge(case, program, report, name, each).violations())
        except Unsettled:
            violations = (UNSETTLED,)
        except TooHard:
            return Outcome(name, found.verdict, code, beyond=True)
        if not violations:
            break
    if violations == (UNSETTLED,):
        return Outcome(name, found.verdict, code, beyond=True)
    return Outcome(name, found.verdict, code, violations)


UNSETTLED = "unsettled"


class Judge:
    """Judges the finding on one derivative by mpmath at so many digits."""

    def __init__(self, case: Case, program: Program, report: Report, name: str, digits: int) -> None:
        self.case = case
        self.program = program
        self.report = report
        self.name = name
        self.found: Gradient = report.gradients[name]
        self.code = self.found.reason.code if self.found.reason else "-"
        self.dtype: Dtype = DTYPES[case.dtype]
        self.truth = Truth(program, case.at, digits)
        self.slope: Slope = self.truth.slope(name)
        self.digits = digits

    def violations(self) -> Iterator[str]:
        """All that is not true; raises TooHard of a derivative beside a term without a value.

        The report is undefined there, and the derivative that of the other terms: `test_undefined_components.py`.
        """
        if (
            self.report.verdict == "undefined"
            and self.found.verdict == "verified"
            and not mp.isfinite(self.truth.value)
        ):
            raise TooHard
        with mp.workdps(self.digits):
            yield from self._value()
            yield from self._gradient_ball()
            yield from CLAIMS[self.code](self)
            if self.case.family == "tame" and self.found.verdict != "verified":
                yield from self._tame()

    # ---- balls ---------------------------------------------------------------------------------------------------

    def _value(self) -> Iterator[str]:
        ball, value = self.report.exact_value, self.truth.value
        if ball is None:
            return
        if not mp.isfinite(value):
            yield f"value: {ball.value} is said to be the value, and there is none"
            return
        middle, radius = numbers(ball)
        doubt = mp.mpf(10) ** (40 - self.digits) * abs(value)
        if abs(middle - value) > radius + doubt:
            yield f"value: {ball} does not hold {mp.nstr(value, 45)}"
        if self.report.value_ulps is not None:
            yield from self._ulps(self.report.value_ulps, self.report.value, middle, radius, doubt)

    def _gradient_ball(self) -> Iterator[str]:
        ball = self.found.exact
        if ball is None:
            return
        if self.slope.kind != "smooth":
            yield f"gradient: {ball.value} is said to be the slope, and it is {self.slope.kind} there"
            return
        middle, radius = numbers(ball)
        if abs(middle - self.slope.value) > radius + self.slope.doubt:
            yield f"gradient: {ball} does not hold {mp.nstr(self.slope.value, 45)}"
        elif self.slope.doubt > self.allowed() / 1000 and self.slope.doubt > self.ulp() / 1000:
            raise Unsettled
        if self.found.ulps is not None:
            yield from self._ulps(self.found.ulps, self.found.autograd, middle, radius, self.slope.doubt)

    def _ulps(self, said: float, number: float, middle: Any, radius: Any, doubt: Any) -> Iterator[str]:
        if radius * 100 > abs(middle):  # nobody knows in which binade the truth lies, nor the middle in full
            return
        ulp = self.dtype.ulp(float(middle))
        distance = abs(mp.mpf(number) - middle) / ulp
        if math.isinf(said) and distance > LARGEST:
            return
        slack = 2 * (radius + doubt) / ulp + mp.mpf(10) ** -300
        if not 0.99 * distance - slack <= said <= 1.01 * distance + slack:
            yield f"ulps: {said} is said, {mp.nstr(distance, 10)} is true"

    # ---- claims of the reasons -----------------------------------------------------------------------------------

    def allowed(self) -> Any:
        """The default tolerance of the dtype."""
        value, x = abs(self.truth.value), abs(mp.mpf(self.case.at[self.name]))
        slope = self.slope.value if self.slope.value is not None else max(map(abs, self.slope.sides or (0,)))
        return self.dtype.rtol * max(abs(slope), value / x if x else value)

    def ulp(self) -> Any:
        """The unit in the last place of the true slope."""
        return mp.mpf(self.dtype.ulp(float(self.slope.value)))

    def error(self) -> Any:
        """How far autograd's number is from the truth."""
        return abs(mp.mpf(self.found.autograd) - self.slope.value)

    def within(self) -> Iterator[str]:
        """Autograd's number is within the tolerance, or within a unit in the last place."""
        if self.slope.kind != "smooth":
            yield f"smooth: it is {self.slope.kind} there"
        elif self.error() > self.allowed() * 1.001 and self.error() > self.ulp() * 1.001:
            yield f"size: an error of {mp.nstr(self.error(), 5)} is more than is allowed, {mp.nstr(self.allowed(), 5)}"

    def beyond(self) -> Iterator[str]:
        """It is beyond both."""
        if self.slope.kind != "smooth":
            yield f"smooth: it is {self.slope.kind} there"
        elif self.error() < self.allowed() * 0.999 or self.error() < self.ulp() * 0.999:
            yield f"size: an error of {mp.nstr(self.error(), 5)} is allowed, {mp.nstr(self.allowed(), 5)} is the limit"

    def unexplained(self) -> Iterator[str]:
        """Honest rounding cannot have done it."""
        if self.slope.kind == "smooth" and self.error() < self.rounding() and not self._bends():
            yield f"budget: rounding explains {mp.nstr(self.rounding(), 5)}, the error is {mp.nstr(self.error(), 5)}"

    def rounding(self) -> Any:
        """What honest rounding does, to first order."""
        return (
            ROUNDINGS * self.dtype.unit_roundoff * sensitivity(self.program, self.case.at, self.name, self.dtype.digits)
        )

    def loses(self) -> Iterator[str]:
        """GC301: within the tolerance, but not by rounding."""
        yield from self.within()
        yield from self.unexplained()

    def wrong(self) -> Iterator[str]:
        """GC303: beyond the tolerance, or larger than the derivative and the function are, and not by rounding."""
        if self.slope.kind != "smooth" or self.error() < 0.999 * max(abs(self.slope.value), abs(self.truth.value)):
            yield from self.beyond()
        yield from self.unexplained()

    def broken(self) -> Iterator[str]:
        """GC201, GC202, GC203: the truth is a number of the dtype, and autograd's is no number."""
        if self.slope.kind != "smooth" or math.isfinite(self.found.autograd):
            yield f"finite: autograd gives {self.found.autograd}; it is {self.slope.kind} there"

    def overflows(self) -> Iterator[str]:
        """GC202: no number, or a number that rounding does not explain, and some value of torch's is not finite."""
        if not math.isfinite(self.found.autograd):
            yield from self.broken()
            return
        yield from self.unexplained()
        if all(node.value is None or math.isfinite(node.value) for node in self.report.nodes):
            yield "overflow: every value is finite"

    def conventions(self) -> Iterator[str]:
        """GC102, GC104: autograd's number is outside the slopes on both sides."""
        if self.slope.sides is None or self.slope.kind not in ("kink", "smooth"):
            yield f"smooth: it is {self.slope.kind} there"
            return
        low, high = min(self.slope.sides), max(self.slope.sides)
        # Where the slopes are one, no constant beside the function excuses another.
        slack = 0.999 * (self.allowed() if self.slope.kind == "kink" else self.dtype.rtol * max(abs(low), abs(high)))
        if math.isfinite(self.found.autograd) and low - slack <= self.found.autograd <= high + slack:
            yield f"slopes: {self.found.autograd} lies between {mp.nstr(low, 10)} and {mp.nstr(high, 10)}"

    def too_large(self) -> Iterator[str]:
        """GC115: no number of the dtype."""
        size = abs(self.slope.value if self.slope.kind == "smooth" else self.truth.value)
        if mp.isfinite(size) and size <= self.dtype.largest:
            yield f"range: it is {self.slope.kind} there, {mp.nstr(size, 10)}"

    def _tame(self) -> Iterator[str]:
        """Tame cases away from cancellation, overflow and underflow must be verified."""
        if self.slope.kind != "smooth" or self._leaves_the_range() or self._turns():
            return
        moved = sensitivity(self.program, self.case.at, self.name, self.dtype.digits)
        size = abs(self.slope.value)
        unit = self.dtype.unit_roundoff
        if moved < WELL_CONDITIONED * size and ROUNDINGS * moved * unit < self.allowed():
            yield f"tame: not verified, though rounding is amplified no more than {mp.nstr(moved / size, 5)} times"

    def _turns(self) -> bool:
        """Whether rounding of the angle of a sine or cosine turns it so far that first order says nothing."""
        angles = [
            self.truth.values[entry.operands[0]]
            for entry in self.truth.tape.entries
            if isinstance(entry, Operation) and entry.function in ("sin", "cos")
        ]
        return any(abs(angle) * self.dtype.unit_roundoff > 0.001 for angle in angles)

    def _bends(self) -> bool:
        """Whether rounding moves an argument so far that the function is no straight line over it."""
        arguments = [
            self.truth.values[entry.operands[0]]
            for entry in self.truth.tape.entries
            if isinstance(entry, Operation) and entry.function in BENDING
        ]
        return any(abs(argument) * self.dtype.unit_roundoff > 0.01 for argument in arguments)

    def _leaves_the_range(self) -> bool:
        smallest = math.ldexp(1.0, self.dtype.smallest + self.dtype.digits)
        numbers = [each for node in self.report.nodes for each in (node.value, node.gradient, *node.flows)]
        return any(each is not None and not smallest <= abs(each) <= self.dtype.largest for each in numbers)


def kind(*expected: str) -> Callable[[Judge], Iterator[str]]:
    """The claim that differences find one of these kinds of points."""

    def claim(judge: Judge) -> Iterator[str]:
        if judge.slope.kind not in expected:
            yield f"kind: it is {judge.slope.kind} there"

    return claim


def nothing(_: Judge) -> Iterator[str]:
    """No claim."""
    return iter(())


CLAIMS: dict[str, Callable[[Judge], Iterator[str]]] = {
    "-": Judge.within,
    "GC101": kind("kink"),
    "GC102": Judge.conventions,
    "GC104": Judge.conventions,
    "GC111": kind("undefined"),
    "GC112": kind("vertical"),
    "GC113": kind("jump"),
    "GC114": kind("outside"),
    "GC115": Judge.too_large,
    "GC201": Judge.broken,
    "GC202": Judge.overflows,
    "GC203": Judge.broken,
    "GC204": Judge.unexplained,
    "GC301": Judge.loses,
    "GC302": Judge.beyond,
    "GC303": Judge.wrong,
    "GC501": nothing,
    "GC502": nothing,
    "GC506": nothing,
    "GC507": nothing,
    "GC511": nothing,
    "GC512": nothing,
}
"""What each reason code claims."""


def numbers(ball: Ball) -> tuple[Any, Any]:
    """Middle and radius of a ball."""
    for text in (ball.value, ball.radius):
        if len(text.partition("e")[2]) > LONGEST_EXPONENT:
            raise TooHard
    return mp.mpf(ball.value), mp.mpf(ball.radius)
