"""The builder: what somebody says of a problem, by keys, becomes a problem.

Argv, JSON Lines, case files and the library feed it, each in its own notation.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

from autogradcli.compute.problem import GRADIENT, Beyond, Options, Problem
from autogradcli.engines.backward import ONCE, Backward
from autogradcli.errors import GradcalcError
from autogradcli.functions.table import row
from autogradcli.language.doubtful import doubtful_powers
from autogradcli.language.dtypes import DTYPES, dtype_meant
from autogradcli.language.lexer import normal
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.notation import typed_again
from autogradcli.language.parser import parse, select_output
from autogradcli.language.program import Call, Program, Variable
from autogradcli.problems.data import scalar, tensor
from autogradcli.problems.point import (
    MARK,
    Notation,
    bound_values,
    check_names,
    check_wrt,
    parse_expected,
    parse_upstream,
    parse_value,
    the_variables,
)

MOST_ORDERS = 10
"""Of derivatives: each engine stops earlier where its time ends."""
BOOLS = frozenset({"True", "False"})
"""How a value is written that is a mask's."""
FURTHER = frozenset({"wrt", "order", "derivatives", "hessian", "jacobian", "hvp", "jvp"})
"""Keys by which more than the gradient may be asked for."""
THE_VARIABLE = ""
"""The name of a claim that names none: it is about the only variable."""
TOLERANCES = ("rtol", "atol", "max_ulps")


class ProblemBuilder:
    """Reads the fields of one problem, each by its key, so that an error is told in the words of its notation.

    The keys: `expression`, `at`, `wrt`, `of`, `upstream`, `claim`, `function`, `dtype`, `rtol`, `atol`, `max_ulps`,
    `order`, `hessian`, `jacobian`, `hvp`, `jvp`.
    """

    def __init__(self, fields: Mapping[str, Any], notation: Notation) -> None:
        self.fields = fields
        self.notation = notation

    def showing(self, key: str) -> AbstractContextManager[None]:  # noqa: ARG002
        """A context in which errors are about a key; what has lines says on which."""
        return nullcontext()

    def problem(self, options: Options, backward: Backward = ONCE, identifier: Any = None) -> Problem:
        """The problem; what the fields do not say, the arguments say. Raises GradcalcError if it makes no sense."""
        values = self.table("at")
        program = self.program(values)
        program, bound = (program, {}) if values or program.variables else bound_values(program)
        with self._as_typed(program):
            remarks = (*doubtful_powers(program.source), *check_names(program, {**values, **bound}, self.notation))
        at = {name: self.value(f"at.{name}", value) for name, value in values.items() if name in program.variables}
        return replace(self.at_point(program, at | bound, options, backward, identifier), remarks=remarks)

    @contextmanager
    def _as_typed(self, program: Program) -> Iterator[None]:
        """A context in which errors about the program's text show the text that was typed."""
        try:
            yield
        except GradcalcError as error:
            if error.source != program.source:
                raise
            raise typed_again(error, self.text("expression")) from error

    def program(self, given: Collection[str]) -> Program:
        """The program that the expression means, with the output that `of` names; `given` are names with values."""
        with self.showing("expression"):
            program = parse(self.text("expression"), [*given, *self.names("wrt")])
            self._check_not_random(program)
        if "of" not in self.fields:
            return program
        with self.showing("of"):
            return select_output(program, self.text("of"))

    def at_point(
        self, program: Program, at: Mapping[str, Program], options: Options, backward: Backward, identifier: Any
    ) -> Problem:
        """The problem of a program at a point, with all that the other keys say."""
        _check_masks(program, at)
        options = self.options(options)
        if "upstream" in self.fields:
            upstream = self.value("upstream", self.fields["upstream"], partial(parse_upstream, program))
            backward = replace(backward, upstream=upstream)
        wrt = self.wrt(program)
        beyond = self.beyond(wrt)
        if beyond.jacobian or beyond.jvp:
            backward = replace(backward, upstream=self._ones(program))
        return Problem(
            program,
            at,
            wrt,
            options,
            backward,
            beyond,
            function=self._function(),
            claims=dict(self.expected("claim", program, wrt)),
            id=identifier,
        )

    def _check_not_random(self, program: Program) -> None:
        for index, step in enumerate(program.steps):
            if isinstance(step, Call) and row(step.function).random:
                drawn = row(step.function)
                message = f"{drawn.torch} draws random numbers, and an expression has none"
                given = self.notation.give(["w"]).replace("NUMBER", f'"{program.text(index)}"')
                hint = "; ".join(filter(None, [f"give them to a variable: {given}", drawn.note]))
                raise GradcalcError("value", message, source=program.source, span=step.span, hint=hint)

    def wrt(self, program: Program) -> tuple[str, ...]:
        """What to differentiate with respect to, each name once: all variables if nothing is named."""
        with self.showing("wrt"):
            return check_wrt(program, tuple(dict.fromkeys(self.names("wrt"))), self.notation.label("wrt"))

    def beyond(self, wrt: tuple[str, ...]) -> Beyond:
        """What is wanted besides the gradient. Raises GradcalcError for two things that exclude each other."""
        if self.fields.keys().isdisjoint(FURTHER):
            return GRADIENT
        names = self.names("wrt")
        beyond = Beyond(
            order=self._order(),
            hessian=self._flag("hessian"),
            mixed=names if len(set(names)) < len(names) else (),
            jacobian=self._flag("jacobian"),
            hvp=self._direction("hvp", wrt),
            jvp=self._direction("jvp", wrt),
        )
        if beyond.mixed:
            order = len(beyond.mixed)
            if beyond.order not in {1, order}:
                message = f"{self.notation.label('wrt')} {','.join(names)} asks for order {order}"
                raise GradcalcError(
                    "usage",
                    f"{message}, and {self.notation.label('order')} for {beyond.order}",
                    hint=f"leave {self.notation.label('order')} out",
                )
            beyond = replace(beyond, order=1)
        self._check_alone(beyond)
        return beyond

    def _check_alone(self, beyond: Beyond) -> None:
        """Raises GradcalcError where more than one thing is asked for, or what is asked excludes an upstream."""
        asked = {
            "wrt": bool(beyond.mixed),
            "order": beyond.order > 1 and not beyond.hessian,
            "hessian": beyond.hessian,
            "jacobian": beyond.jacobian,
            "hvp": bool(beyond.hvp),
            "jvp": bool(beyond.jvp),
        }
        if "upstream" in self.fields and (beyond.jacobian or beyond.jvp):
            asked["upstream"] = True
        first, *others = [self.notation.label(key) for key, each in asked.items() if each] or [""]
        if others:
            raise GradcalcError("usage", f"{first} and {others[0]} exclude each other", hint="leave one of them out")

    def _ones(self, program: Program) -> Program:
        """What `backward` is given while the output's components are looked at one by one."""
        return parse_upstream(program, f"ones_like({program.output_name or 'out'})", self.notation.label("upstream"))

    def _order(self) -> int:
        """The order of the derivatives, 1 to 10."""
        order = self.fields.get("order", 1)
        with self.showing("order"):
            if type(order) is not int or not 1 <= order <= MOST_ORDERS:
                message = f"{self.notation.label('order')} must be a whole number, 1 to {MOST_ORDERS}"
                raise GradcalcError("usage", message)
        return order

    def _flag(self, key: str) -> bool:
        value = self.fields.get(key, False)
        with self.showing(key):
            if type(value) is not bool:
                raise GradcalcError("usage", f"{self.notation.label(key)} must be true or false")
        return value

    def _direction(self, key: str, wrt: Collection[str]) -> tuple[tuple[str, Program], ...]:
        """The parts of a direction, by the names that move."""
        return tuple(self.expected(key, None, wrt))

    def options(self, options: Options) -> Options:
        """The options, with what the fields say instead."""
        changed: dict[str, Any] = {key: self.tolerance(key) for key in TOLERANCES if key in self.fields}
        return replace(options, **changed, dtype=self._dtype() if "dtype" in self.fields else options.dtype)

    def expected(self, key: str, program: Program | None, wrt: Collection[str]) -> Iterator[tuple[str, Program]]:
        """What a table says of derivatives, by name; raises GradcalcError for a name that is not differentiated.

        With a program it may use the program's variables.
        """
        for said, value in self.table(key).items():
            name = next(iter(wrt)) if said == THE_VARIABLE and len(wrt) == 1 else said
            path = f"{key}.{name}"
            with self.showing(path):
                if name == THE_VARIABLE:
                    hint = f"type {' or '.join(f'{self.notation.label(key)} {each}=EXPR' for each in wrt)}"
                    raise GradcalcError("usage", f"{value} is claimed of no variable", hint=hint)
                if not set(name.split(",") if key == "claim" else [name]) <= set(wrt):
                    hint = did_you_mean(name, wrt) or the_variables(tuple(wrt))
                    message = f"{self.notation.label(path)}: there is no derivative with respect to {name}"
                    raise GradcalcError("value", message, hint=hint)
            yield name, self.value(path, value, partial(parse_expected, program) if program else parse_value)

    def value(self, path: str, value: Any, read: Callable[[str, str], Program] = parse_value) -> Program:
        """What a value means: text is a file or an expression, a list is a tensor, a number the nearest double."""
        label = self.notation.label(path)
        with self.showing(path):
            if isinstance(value, str):
                return self.notation.file(value, label) if value.startswith(MARK) else read(value, label)
            number = self.notation.number
            return tensor(value, label, number) if isinstance(value, list) else scalar(number(value, label))

    def text(self, key: str) -> str:
        """A text."""
        value = self.fields[key]
        with self.showing(key):
            if not isinstance(value, str):
                raise self._wrong(key, "text", value)
        return value

    def table(self, key: str) -> dict[str, Any]:
        """Values by name, as the parser has names."""
        value = self.fields.get(key, {})
        if key == "claim" and isinstance(value, str):
            value = {THE_VARIABLE: value}
        with self.showing(key):
            if not isinstance(value, dict):
                raise self._wrong(key, self.notation.table, value)
        return {normal(name): each for name, each in value.items()}

    def names(self, key: str) -> tuple[str, ...]:
        """Names, as the parser has them: a list, or a text with commas between them."""
        value = self.fields.get(key, [])
        if isinstance(value, str):
            value = [name.strip() for name in value.split(",")]
        with self.showing(key):
            if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
                hint = f"type {self.notation.names_example.format(key)}"
                raise GradcalcError("usage", f"{self.notation.label(key)} must be a list of names", hint=hint)
        return tuple(map(normal, value))

    def tolerance(self, key: str) -> float:
        """A number that is finite and not negative."""
        value = self.fields[key]
        with self.showing(key):
            number = self.notation.number(value, self.notation.label(key))
            if not 0 <= number < math.inf:
                raise GradcalcError("usage", f"{self.notation.label(key)} must be 0 or more, and is {value}")
        return number

    def _dtype(self) -> str:
        dtype = self.text("dtype")
        with self.showing("dtype"):
            if dtype not in DTYPES:
                hint = dtype_meant(dtype) or f"the dtypes are {', '.join(DTYPES)}"
                raise GradcalcError("usage", f"there is no dtype {dtype}", hint=hint)
        return dtype

    def _function(self) -> Any:
        """The user's own code: its name, or itself from Python."""
        function = self.fields.get("function")
        return function if function is None or callable(function) else self.text("function")

    def _wrong(self, key: str, wanted: str, value: Any) -> GradcalcError:
        message = f"{self.notation.label(key)} must be {wanted}, and is {self.notation.kind(value)}"
        hint = None if wanted == "text" else f"type {self.notation.table_example.format(key)}"
        return GradcalcError("usage", message, hint=hint)


def _check_masks(program: Program, at: Mapping[str, Program]) -> None:
    """Raises GradcalcError for True and False where torch takes them for a condition, and numbers for something else.

    Values are numbers, True being 1: an attention mask of True and False chooses, and one of numbers is added.
    """
    masks = {name for name, value in at.items() if any(value.text(i) in BOOLS for i in range(len(value.steps)))}
    for step in program.steps if masks else ():
        if not isinstance(step, Call):
            continue
        parameters = row(step.function).parameters_of(step.operands, dict(step.options))
        for operand, parameter in zip(step.operands, parameters, strict=True):
            variable = program.steps[operand]
            if isinstance(variable, Variable) and variable.name in masks and parameter.kind in {"mask", "indices"}:
                message = f"{variable.name} is of True and False, and {parameter.name} of {step.function} takes numbers"
                hint = f"type {variable.name} != 0 for a condition" if parameter.kind == "mask" else None
                raise GradcalcError("value", message, source=program.source, span=step.span, hint=hint)
