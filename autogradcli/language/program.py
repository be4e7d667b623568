"""The program: straight-line code, one step per operation, each with its span in the source.

A step refers to its operands by their index, which is always smaller than its own; so an engine is one loop over the
steps with a rule for leaves and a rule for calls, and needs no recursion.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from autogradcli.errors import Span

MAX_STEPS = 20_000
"""Steps of a program."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A leaf whose value the user gives."""

    name: str
    """As the user wrote it."""
    span: Span
    """Where it first stands in the source."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A leaf whose value stands in the text: exact, never yet rounded to a float."""

    value: Fraction | str
    """The number as it was written (0.1 is one tenth), or one of the names `pi`, `e`, `inf`, `nan`."""
    span: Span


@dataclass(frozen=True, slots=True)
class Tensor:
    """A leaf that was given as data and not as text: a whole tensor of doubles."""

    components: tuple[float, ...]
    """Row by row."""
    shape: tuple[int, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the table applied to earlier steps."""

    function: str
    """The name of the table's row."""
    operands: tuple[int, ...]
    """Indices of earlier steps: one for each tensor, number and boolean parameter, defaults included."""
    options: tuple[tuple[str, object], ...]
    """Parameters that are fixed by the text and never differentiated, such as `approximate="tanh"`."""
    span: Span


Step = Variable | Constant | Tensor | Call


@dataclass(frozen=True, slots=True)
class Program:
    """A parsed text. Its steps are in the order of evaluation."""

    source: str
    steps: tuple[Step, ...]
    output: int
    """Index of the step that is differentiated."""
    output_name: str | None
    """The name that the text gives to the output, if any."""
    assigned: Mapping[str, int]
    """Index of the step that each assigned name means at the end of the text."""
    variables: tuple[str, ...]
    """The free names, in the order of their first appearance."""

    def text(self, index: int) -> str:
        """The source text of one step, on one line."""
        span = self.steps[index].span
        return " ".join(self.source[span.start : span.end].split())

    def label(self, index: int) -> str:
        """What a step is called: the name that the text gives it in the end, else its source text."""
        return next((name for name, step in self.assigned.items() if step == index), None) or self.text(index)

    def depends_on(self, index: int) -> bool:
        """Whether the output is computed from a step, or chosen by it."""
        pending, seen = [self.output], set[int]()
        while pending:
            each = pending.pop()
            if each not in seen:
                seen.add(each)
                step = self.steps[each]
                pending.extend(step.operands if isinstance(step, Call) else ())
        return index in seen

    def index(self, name: str) -> int:
        """Index of the step that a name means: a variable, or what the text gives that name in the end."""
        return self.variable_index(name) if name in self.variables else self.assigned[name]

    def indices(self) -> dict[str, int]:
        """`index` of every name, for who asks about many."""
        steps = [(step.name, index) for index, step in enumerate(self.steps) if isinstance(step, Variable)]
        return {**self.assigned, **dict(reversed(steps))}

    def variable_index(self, name: str) -> int:
        """Index of the step that is the variable `name`."""
        return next(i for i, step in enumerate(self.steps) if isinstance(step, Variable) and step.name == name)


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction in which a function is differentiated: one component of a variable, or a sum of several."""

    parts: tuple[tuple[str, tuple[float, ...]], ...]
    """Names of variables, or of intermediates that the text names, and what their components, row by row, move by."""


def component(name: str, place: int, size: int) -> Direction:
    """The direction of one component, number `place` of `size`."""
    return Direction(((name, tuple(float(each == place) for each in range(size))),))
