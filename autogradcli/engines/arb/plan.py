"""A program made ready for sweeps: its tape, and what is looked up once for each entry."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain

from flint import arb

from autogradcli.engines.arb.estimates import Estimates
from autogradcli.engines.arb.primitives import Kind, Rule, constant, primitive, rule, selects
from autogradcli.engines.results import Array, shape
from autogradcli.functions.table import row
from autogradcli.language.adjoint import derivative_along
from autogradcli.language.program import Call, Direction, Program
from autogradcli.language.shapes import Shape
from autogradcli.language.tape import (
    MAX_OPERATIONS,
    Entry,
    Literal,
    Operation,
    Tape,
    TapeOptions,
    components,
    scalarise,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A program made ready for sweeps."""

    program: Program
    tape: Tape
    rules: Sequence[Rule | None]
    """For each entry its rule; None for leaves."""
    constants: Mapping[int, Callable[[], arb]]
    """For each literal its ball, at the precision in force."""
    varies: Sequence[bool]
    """For each entry whether it depends on a variable of `wrt`."""
    inputs: Mapping[str, Sequence[int]]
    """The entries of each variable's components, row by row."""
    asked: Mapping[str, Sequence[int]]
    """The same for each name of `wrt`, variable or intermediate."""
    shapes: Mapping[str, Shape]
    """The shape of each variable."""
    chosen: Set[int]
    """The operands of operations that round nothing: of `where`, of comparisons, of `floor`."""
    choosing: Set[int]
    """The entries that choose by a condition of the text: not those inside the definition of a function."""
    order: int = 1
    """Of the derivatives that a sweep gives."""

    @property
    def outputs(self) -> list[int]:
        """The entries of the output's components, row by row."""
        return components(self.tape.results[self.program.output])


def plan(
    program: Program,
    wrt: Sequence[str],
    at: Mapping[str, Array],
    upstream: Sequence[float] | None = None,
    limit: int = MAX_OPERATIONS,
) -> Plan:
    """The program as a tape, with the rule of every entry looked up once; it holds at all points of these shapes.

    `at` is the point that it is best for: where a formula can begin with any component, it begins with the largest.
    `upstream` gives what each component of the output is multiplied by; raises TooLong beyond `limit` entries.
    Plans of the last programs are kept: one is often asked about at many points.
    """
    shapes = {name: shape(value) for name, value in at.items()}
    key = (id(program), *wrt, *shapes.items(), None if upstream is None else (*upstream,), limit)
    kept = _KEPT.get(key)
    if kept is not None and kept.program is program:
        return kept
    estimates = Estimates(at)
    made = _made(program, wrt, shapes, TapeOptions(upstream, limit=limit, estimate=estimates))
    if not estimates.asked and len(made.tape.entries) <= LARGEST_KEPT:
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = made
    return made


_KEPT: dict[object, Plan] = {}
MOST_KEPT, LARGEST_KEPT = 16, 2_000
"""Plans that are kept, and entries that one of them may have."""


def _made(program: Program, wrt: Sequence[str], shapes: Mapping[str, Shape], options: TapeOptions) -> Plan:
    indices = program.indices()
    steps = {name: indices[name] for name in wrt}
    apart = {index for name, index in steps.items() if name not in program.variables}
    tape = scalarise(program, primitive, shapes, replace(options, apart=apart))
    asked = {name: components(tape.results[index]) for name, index in steps.items()}
    return replace(_planned(program, tape, asked, shapes), order=1 + _derivatives_within(program))


def _derivatives_within(program: Program) -> int:
    """How many derivatives of each other the output is made of: 0 for a program that takes none."""
    found: list[int] = []
    for step in program.steps:
        below = max((found[operand] for operand in step.operands), default=0) if isinstance(step, Call) else 0
        found.append(below + (isinstance(step, Call) and row(step.function).differentiates))
    return found[program.output]


def differentiated(plan: Plan, along: Direction, limit: int = MAX_OPERATIONS) -> Plan:
    """The plan whose output is the derivative of the plan's output along a direction.

    Raises TooLong if that takes more than `limit` further entries.
    """
    tape, output = plan.tape, plan.program.output
    tape = derivative_along(tape, moved(plan, along), primitive, limit)
    tape = replace(tape, results=(*tape.results[:output], tape.output, *tape.results[output + 1 :]))
    return replace(_planned(plan.program, tape, plan.asked, plan.shapes), order=plan.order + 1)


def moved(plan: Plan, along: Direction) -> list[tuple[int, float]]:
    """The entries that a direction moves, and what each moves by."""
    results, program = plan.tape.results, plan.program
    parts = [(components(results[program.index(name)]), weights) for name, weights in along.parts]
    return [(entry, weight) for pair in parts for entry, weight in zip(*pair, strict=True) if weight]


def _planned(program: Program, tape: Tape, asked: Mapping[str, Sequence[int]], shapes: Mapping[str, Shape]) -> Plan:
    """What is looked up once for a tape."""
    rules: list[Rule | None] = [None] * len(tape.entries)
    constants: dict[int, Callable[[], arb]] = {}
    inputs: dict[str, list[int]] = defaultdict(list)
    chosen: set[int] = set()
    choosing: set[int] = set()
    choices = {
        place for place, each in enumerate(program.steps) if isinstance(each, Call) and row(each.function).chooses
    }
    for index, entry in enumerate(tape.entries):
        if isinstance(entry, Operation):
            rules[index] = each = rule(entry.function)
            if each.kind is not Kind.SMOOTH:
                chosen.update(entry.operands)
            if entry.step in choices and selects(entry):
                choosing.add(index)
        elif isinstance(entry, Literal):
            constants[index] = constant(entry.value)
        else:
            inputs[entry.name].append(index)
    varies = varying(tape.entries, chain.from_iterable(asked.values()))
    return Plan(program, tape, rules, constants, varies, inputs, asked, shapes, chosen, choosing)


def varying(entries: Sequence[Entry], asked: Iterable[int]) -> list[bool]:
    """For each entry whether it depends on one that is asked about."""
    varies = [False] * len(entries)
    for index in asked:
        varies[index] = True
    for index, entry in enumerate(entries):
        if isinstance(entry, Operation):
            varies[index] = varies[index] or any(varies[operand] for operand in entry.operands)
    return varies
