"""The report: everything that was found about one problem, as plain data that pickles and serialises.

A tensor is a nested list, row by row; a scalar is a float. Fields that the rigorous engine fills are None where it had
no say.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from autogradcli.engines.results import Accumulation, Array, Ball, Json, Node, flat, nested, shape

__all__ = [
    "SCHEMA_VERSION",
    "Ball",
    "Gradient",
    "Node",
    "Reason",
    "ReceivedInput",
    "Report",
    "Symbolic",
    "failure",
    "plain",
]

SCHEMA_VERSION = 1


NOT_ASKED = "SymPy was not asked"
"""Why SymPy has nothing to say where it was left out."""


@dataclass(frozen=True, slots=True)
class Symbolic:
    """What SymPy says of one gradient."""

    formula: Array
    """The derivative in the user's names, of a tensor each component's; None where there is none."""
    value: Array
    """The formula's value at the point, as the nearest float; None if it is not a number."""
    digits: Array
    """The same to 30 significant digits, as text."""
    status: str
    """`agrees`, `disagrees` (with the proven enclosure) or `unavailable`; of a tensor the worst of its components'."""
    reason: str | None
    """Why it is unavailable, or how it disagrees."""
    pattern: str | None = None
    """One formula for all components of a tensor, with letters for their indices: `2*x[i]`; None if there is none."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is not `verified`."""

    code: str
    """Stable, as a linter's: see `gradcalc explain`."""
    message: str
    """One sentence with the numbers of this case."""
    step: int | None = None
    """Index of the program step that is to blame, if one is."""
    expression: str | None = None
    """The source text of that step; with a remedy, the text that is replaced."""
    remedy: str | None = None
    """What to write in its place: run at this point and in this dtype, and better. None if nothing was found."""
    rewritten: str | None = None
    """The whole text with the remedy in its place."""
    others: tuple[str, ...] = ()
    """The source texts of the other steps that are to blame, where several corners meet."""


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a gradient."""

    index: tuple[int, ...]
    """Its place; empty for a number."""
    autograd: float | None
    exact: Ball | None
    ulps: float | None
    verdict: str


SEEN = 0.001
"""The part of a gradient from which on rounding is told of in so many words."""
LONGEST_REPR = 200
"""Characters of a `repr`."""


@dataclass(frozen=True, slots=True)
class RoundedOff:
    """An error that rounding explains and that does not matter, although digits of the gradient differ."""

    index: tuple[int, ...]
    """The component where it is largest beside what it is small beside; empty for a number."""
    error: float
    """How far autograd's number is from the truth."""
    share: float
    """What part that is of `of`."""
    of: str
    """What the error is small beside: `f/x`, the value beside the size of the variable, as a rule."""
    of_gradient: float | None = None
    """What part of the true gradient the error is; None where that is 0."""

    @property
    def part(self) -> str | None:
        """How much of the gradient is rounding, in a few words; None if a person would not see it."""
        if self.of_gradient is None:
            return "all"
        if self.of_gradient < SEEN:
            return None
        times, percent = round(self.of_gradient, 2), 100 * self.of_gradient
        return f"{times:.2g} times" if times > 1 else f"{min(percent, 100):.3g} %"

    @property
    def small(self) -> str:
        """How small it is, in a few words."""
        return f"{self.share:.2g} of {self.of}"

    @property
    def sentence(self) -> str:
        """What is said of it."""
        part = self.part
        of = "" if part is None else f"{part if part.endswith('times') else f'{part} of'} the gradient, and "
        return f"off by {self.error:.2g}, which is rounding: {of}{self.small}"


@dataclass(frozen=True, slots=True)
class Gradient:
    """The gradient with respect to one variable: three opinions and the verdict on autograd's."""

    autograd: Array
    """What one call of `backward` gave; 0, with a note in the report, where the output does not depend on it.

    None where torch gives nothing: it has no such function, or no such derivative.
    """
    symbolic: Symbolic
    exact: Array
    """The true gradient as a `Ball` (nested lists of them for a tensor), or None."""
    ulps: Array
    """Distance of autograd's number from the truth in units in the last place of the dtype, or None."""
    verdict: str
    """The worst of its components'."""
    reason: Reason | None
    """Why that component has it."""
    counts: dict[str, int] = field(default_factory=dict)
    """How many components have each verdict, the worst verdict first."""
    worst: "Component | None" = None
    """The component with the worst verdict, and among those the one farthest off in units in the last place."""
    passes: tuple[Accumulation, ...] = ()
    """What each `backward` did to `.grad`, where it was called more than once."""
    rounded_off: RoundedOff | None = None
    """Of components that are verified although their digits differ from the truth's, the one that is farthest off."""
    verdicts: Array = None
    """The verdict of each component where they are not all the same; else None."""

    def __repr__(self) -> str:
        symbolic = self.symbolic.pattern or self.symbolic.formula
        text = f"Gradient(verdict={self.verdict!r}, autograd={self.autograd!r}, symbolic={symbolic!r})"
        return text if len(text) <= LONGEST_REPR else f"{text[:LONGEST_REPR]}...)"

    @property
    def number(self) -> Array:
        """Autograd's number; where torch has none, the true one to the nearest double."""
        if None not in flat(self.autograd):
            return self.autograd
        balls = [math.nan if each is None else float(each.value) for each in flat(self.exact)]
        return nested(balls, shape(self.autograd))


@dataclass(frozen=True, slots=True)
class ReceivedInput:
    """An input as torch received it."""

    value: Array
    shape: tuple[int, ...]
    dtype: str
    requires_grad: bool


@dataclass(frozen=True, slots=True)
class Factor:
    """One step of a path: the derivative of an expression with respect to one of its operands."""

    expression: str
    operand: str
    formula: str | None
    """The derivative in symbols; None where there is no formula of one line."""
    derivative: Ball | None
    """Its true value; None if one of the two is a tensor, or there is none."""
    product: Array
    """What the path has come to so far, as Balls in the shape of the operand; None where there is nothing finite."""


@dataclass(frozen=True, slots=True)
class TracePath:
    """One path."""

    factors: tuple[Factor, ...]
    product: Array
    """What it adds to the gradient."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The chain rule for one gradient."""

    start: Array
    """What `backward` was given, if it was given anything."""
    paths: tuple[TracePath, ...]
    """Some of the paths, or all of them."""
    count: int
    """How many there are."""
    total: Array
    """What all of them add up to, as Balls: the true gradient."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found about one problem."""

    id: object
    """What the caller gave to know it by."""
    expression: str
    output: str | None
    """The name of the differentiated output, if it has one."""
    variables: dict[str, ReceivedInput]
    value: Array
    exact_value: Array
    value_ulps: Array
    gradients: dict[str, Gradient]
    verdict: str
    """The worst over all gradients."""
    nodes: tuple[Node, ...]
    notes: tuple[str, ...] = ()
    """What a reader should know beside the numbers, a sentence each."""
    upstream: Array = None
    """What `backward` was given, in the shape of the output; None for an output that is a number if it was nothing."""
    intermediates: dict[str, ReceivedInput] = field(default_factory=dict)
    """What gradients were asked of beside the variables, as torch computed it."""
    derivatives: dict[str, dict[str, Gradient]] = field(default_factory=dict)
    """Derivatives of higher order: by the variable, or the names of a mixed partial as `x,x,y`, and by their order."""
    hessian: dict[str, dict[str, Gradient]] = field(default_factory=dict)
    """Second derivatives, by both names; of tensors the components of the first come first."""
    jacobian: dict[str, Gradient] = field(default_factory=dict)
    """The derivatives of every component of the output; the output's components come first."""
    hvp: dict[str, Gradient] = field(default_factory=dict)
    """The Hessian times a direction, for each variable."""
    jvp: dict[str, Gradient] = field(default_factory=dict)
    """The derivative of the output along a direction by torch's forward mode, by the names that move."""
    traces: dict[str, Trace] = field(default_factory=dict)
    """For each gradient the chain rule written out, if that was asked for and something can be proven."""
    versions: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    not_in_torch: str | None = None
    """A function of the text that torch does not have: then `autograd` is null everywhere, the value is the true one to
    the nearest double, and verdicts are about SymPy's numbers."""

    def at(self, path: Sequence[str]) -> Gradient:
        """The finding at a path of the report, as `hessian`, `x`, `y`; raises KeyError if there is none."""
        found: Json = getattr(self, path[0])
        for name in path[1:]:
            found = found[name]
        return found  # type: ignore[no-any-return]

    def findings(self) -> dict[str, Gradient]:
        """Every result with a verdict, by its name: `x` for a gradient, `x,y` for a second derivative."""
        return findings_of(fields_of(self))

    def to_dict(self) -> dict[str, Json]:
        """The report as JSON values, schema version 1; numbers that are not finite become text."""
        return plain(self.to_object())  # type: ignore[no-any-return]

    def to_object(self) -> dict[str, Json]:
        """The same with the report's fields as they are."""
        return {"schema_version": SCHEMA_VERSION, **fields_of(self)}


def findings_of(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The same of a report's fields, be they those of the report or of the JSON object that stands for it."""
    return {
        **fields["gradients"],
        **{
            name if "," in name else ",".join([name] * int(order)): found
            for name, of in fields["derivatives"].items()
            for order, found in of.items()
        },
        **{f"{name},{other}": found for name, of in fields["hessian"].items() for other, found in of.items()},
        **fields["jacobian"],
        **{f"{kind}.{name}": found for kind in ("hvp", "jvp") for name, found in fields[kind].items()},
    }


def failure(identifier: object, expression: object, error: dict[str, object]) -> dict[str, Json]:
    """The JSON object for a problem that could not be computed; `error` as from `GradcalcError.to_dict`."""
    return {"schema_version": SCHEMA_VERSION, "id": identifier, "expression": expression, "error": error}


_AS_THEY_ARE = frozenset({str, int, bool, type(None)})
_FLOATS = frozenset({float})


def plain(value: Json) -> Json:
    """`value` as strict JSON values: dataclasses as objects, tuples as arrays, `nan` and infinities as text."""
    kind: Json = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is float:
        return value if math.isfinite(value) else str(value)
    keep = _AS_THEY_ARE  # most values are; a call for each of them would take half of the time
    if kind is dict:
        return {key: item if type(item) in keep else plain(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        if _FLOATS.issuperset(map(type, value)) and all(map(math.isfinite, value)):
            return list(value)
        return [item if type(item) in keep else plain(item) for item in value]
    fields = _fields(kind)
    if fields is None:
        return value
    return {name: item if type(item := getattr(value, name)) in keep else plain(item) for name in fields}


def fields_of(value: object) -> dict[str, Json]:
    """The fields of a dataclass by name, as they are; raises TypeError for anything else."""
    kind: Json = type(value)
    fields = _fields(kind)
    if fields is None:
        raise TypeError(f"{kind.__name__} is no dataclass")
    return {name: getattr(value, name) for name in fields}


@cache
def _fields(kind: Json) -> tuple[str, ...] | None:
    """The names of a dataclass's fields; None for another type."""
    return tuple(getattr(kind, "__dataclass_fields__", ())) or None
