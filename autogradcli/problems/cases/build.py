"""The text of a case to a case: every key checked, every expression parsed."""

import json
import math
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from autogradcli.checks.case import Case, CaseText, Expectation
from autogradcli.compute.problem import NONE, Options
from autogradcli.compute.verdict import WORST_FIRST
from autogradcli.engines.backward import ONCE
from autogradcli.errors import GradcalcError
from autogradcli.language.doubtful import doubtful_powers
from autogradcli.language.lexer import normal
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.program import Program
from autogradcli.problems.build import MOST_ORDERS, ProblemBuilder
from autogradcli.problems.cases.keys import KEYS, MEANT
from autogradcli.problems.cases.read import kind
from autogradcli.problems.cases.samples import DISTRIBUTIONS, MAX_COUNT, draw, parse_sample
from autogradcli.problems.point import Notation, check_names, parse_expected, the_variables
from autogradcli.problems.strict_json import json_number


class CaseError(GradcalcError):
    """An error of a case, and its line."""

    def __init__(self, error: GradcalcError, line: int) -> None:
        super().__init__(error.kind, error.message, source=error.source, span=error.span, hint=error.hint)
        self.line = line


def build_case(text: CaseText, options: Options) -> Case:
    """The case that a text means; what it does not say itself, `options` say. CaseError if it makes no sense."""
    return _CaseBuilder(text).case(replace(options, remedies=NONE))


class _CaseBuilder(ProblemBuilder):
    """Reads the keys of one case: those of every notation, several points, and what is to hold there."""

    def __init__(self, text: CaseText) -> None:
        super().__init__(text.fields, NOTATION)
        self._text = text
        self._remarks: dict[str, None] = {}
        """Notes on the points, each once."""

    @contextmanager
    def showing(self, key: str) -> Iterator[None]:
        """Errors in here show on the line of a key."""
        try:
            yield
        except CaseError:
            raise
        except GradcalcError as error:
            raise CaseError(error, self._text.line(key)) from error

    def case(self, options: Options) -> Case:
        """The case."""
        for key in self.fields:
            with self.showing(key):
                self._check_key(key)
        for key in ("name", "id"):
            self._check_name(key)
        with self.showing("expression"):
            if "expression" not in self.fields:
                raise GradcalcError("usage", "the case has no expression", hint='type expression = "..."')
        places, samples = self._places(), self.table("sample")
        program = self.program([*(places[0] if places else ()), *samples])
        first, *others = self._points(program, places, samples)
        problem = self.at_point(program, first, options, ONCE, self._text.place.name)
        folder = os.path.dirname(os.path.abspath(self._text.place.file)) if self._text.place.file else None
        remarks = (*doubtful_powers(program.source), *self._remarks)
        problem = replace(problem, remarks=remarks, folder=folder)
        problems = (problem, *(replace(problem, at=point) for point in others))
        return Case(self._text.place, problems, self._expectation(program, problem.wrt))

    def _check_name(self, key: str) -> None:
        with self.showing(key):
            value = self.fields.get(key, "")
            if not isinstance(value, str | int) or isinstance(value, bool):
                raise GradcalcError("usage", f"{key} must be text, and is {kind(value)}")

    def _places(self) -> list[dict[str, Any]]:
        """What `at` says: one table, or a list of tables, one for each point."""
        with self.showing("at"):
            value = self.fields.get("at", {})
            places = value if isinstance(value, list) else [value]
            if not places or not all(isinstance(each, dict) for each in places):
                wrong = next((each for each in places if not isinstance(each, dict)), value)
                hint = "type at.x = 2, or at = [{x = 1}, {x = 2}] for several points"
                raise GradcalcError("usage", f"at must be a table or a list of tables, and is {kind(wrong)}", hint=hint)
        return [{normal(name): value for name, value in each.items()} for each in places]

    def _points(
        self, program: Program, places: Sequence[Mapping[str, Any]], samples: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Program]]:
        for place in places:
            self._check_point(program, place, samples)
        points = [
            {name: self.value(f"at.{name}", each) for name, each in place.items() if name in program.variables}
            for place in places
        ]
        if not samples:
            for key in ("count", "seed"):
                with self.showing(key):
                    if key in self._text.lines and key in self.fields:
                        raise GradcalcError("usage", f"{key} is for samples, and the case has none")
            return points
        if len(points) > 1:
            with self.showing("sample"):
                raise GradcalcError("usage", "a case has several points or a sample, not both")
        drawn = {name: self._sample(name, text) for name, text in samples.items() if name in program.variables}
        count, seed = self._whole("count", 1, MAX_COUNT, 10), self._whole("seed", 0, 2**63, 0)
        return [points[0] | each for each in draw(drawn, count, seed)]

    def _check_point(self, program: Program, place: Mapping[str, Any], samples: Mapping[str, Any]) -> None:
        """Raises GradcalcError unless each variable has one value, and nothing else has."""
        keys = {name: f"at.{name}" for name in place} | {name: f"sample.{name}" for name in samples}
        twice = next((name for name in place if name in samples), None)
        superfluous = next((name for name in keys if name not in program.variables), None)
        wrong = keys.get(twice or superfluous or "", "at" if "at" in self.fields else "expression")
        with self.showing(wrong):
            if twice is not None:
                raise GradcalcError("value", f"{twice} stands both in at and in sample", hint="leave one out")
            notation = replace(NOTATION, label=lambda path: keys.get(path.partition(".")[2], path), lenient=True)
            self._remarks |= dict.fromkeys(check_names(program, keys, notation))

    def _sample(self, name: str, text: Any) -> Any:
        label = f"sample.{name}"
        with self.showing(label):
            if not isinstance(text, str):
                raise GradcalcError("value", f"{label} must be text, and is {kind(text)}", hint='type "uniform(-3, 3)"')
            return parse_sample(text, label)

    def _expectation(self, program: Program, wrt: Collection[str]) -> Expectation:
        read = partial(parse_expected, program)
        return Expectation(
            value=self.value("value", self.fields["value"], read) if "value" in self.fields else None,
            grad=dict(self.expected("grad", program, wrt)),
            further=dict(self._further(program, wrt)),
            verdicts=self._verdicts(),
            tolerance=self.tolerance("tolerance") if "tolerance" in self.fields else None,
        )

    def _flag(self, key: str) -> bool:
        """Whether something is asked for: what is expected of it asks for it, too."""
        return isinstance(self.fields.get(key), dict) or super()._flag(key)

    def _further(self, program: Program, wrt: Collection[str]) -> Iterator[tuple[tuple[str, ...], Program]]:
        """What derivatives beyond the gradient are, by their path in the report."""
        read = partial(parse_expected, program)
        for name, orders in self._orders(wrt):
            for order, value in orders.items():
                path = ("derivatives", name, order)
                yield path, self.value(".".join(path), value, read)
        if isinstance(self.fields.get("jacobian"), dict):
            yield from ((("jacobian", name), each) for name, each in self.expected("jacobian", program, wrt))
        if isinstance(self.fields.get("hessian"), dict):
            for name, others in self.table("hessian").items():
                with self.showing(f"hessian.{name}"):
                    self._check_pair(name, others, wrt)
                for other, value in others.items():
                    path = ("hessian", name, normal(other))
                    yield path, self.value(".".join(path), value, read)

    def _orders(self, wrt: Collection[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What derivatives with respect to one number are, by their order; or one mixed partial, by its names."""
        mixed = ",".join(self.names("wrt"))
        for name, orders in self.table("derivatives").items():
            label = f"derivatives.{name}"
            with self.showing(label):
                if name not in {",".join(wrt), mixed}:
                    hint = "type hessian.x.y for second derivatives of several variables"
                    raise GradcalcError("value", f"{label} is for the one variable, or for what wrt names", hint=hint)
                known = map(str, range(2, MOST_ORDERS + 1))
                if not isinstance(orders, dict) or not orders or not {*orders} <= {*known}:
                    message = f"{label} must be a table by orders, 2 to {MOST_ORDERS}"
                    raise GradcalcError("usage", message, hint=f'type {label}.2 = "..."')
            yield name, orders

    def _order(self) -> int:
        """The order of the derivatives: if nothing is said, the highest that something is expected of."""
        if "order" in self.fields:
            return super()._order()
        tables = [each for each in self.table("derivatives").values() if isinstance(each, dict)]
        stated = [int(order) for each in tables for order in each if order.isdigit()]
        return max([1, *(each for each in stated if each <= MOST_ORDERS)])

    def _check_pair(self, name: str, others: Any, wrt: Collection[str]) -> None:
        if not isinstance(others, dict):
            raise GradcalcError("usage", f"hessian.{name} must be a table", hint=f'type hessian.{name}.{name} = "..."')
        for each in (name, *map(normal, others)):
            if each not in wrt:
                hint = did_you_mean(each, wrt) or the_variables(tuple(wrt))
                message = f"hessian.{name}: there is no derivative with respect to {each}"
                raise GradcalcError("value", message, hint=hint)

    def _verdicts(self) -> tuple[str, ...]:
        with self.showing("verdict"):
            value = self.fields.get("verdict", [])
            verdicts = value if isinstance(value, list) else [value]
            for verdict in verdicts:
                if verdict not in WORST_FIRST:
                    hint = did_you_mean(str(verdict), WORST_FIRST) or f"the verdicts are {', '.join(WORST_FIRST)}"
                    raise GradcalcError("usage", f"there is no verdict {verdict}", hint=hint)
            return tuple(verdicts)

    def _check_key(self, key: str) -> None:
        if key not in KEYS:
            meant = f"did you mean {MEANT[key]}?" if key in MEANT else did_you_mean(key, KEYS)
            hint = self._as_variable(key) or meant or f"the keys are {', '.join(KEYS)}"
            raise GradcalcError("usage", f"there is no key {key}", hint=hint)

    def _as_variable(self, key: str) -> str | None:
        """What to type if a key is a name of the formula, and so meant as the value of a variable."""
        if key not in re.findall(r"\w+", str(self.fields.get("expression"))):
            return None
        value = self.fields[key]
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else value
        drawn = isinstance(value, str) and value.partition("(")[0].strip() in DISTRIBUTIONS
        return f"type {'sample' if drawn else 'at'}.{key} = {text}"

    def _whole(self, key: str, least: int, most: int, default: int) -> int:
        value = self.fields.get(key, default)
        with self.showing(key):
            if type(value) is not int or not least <= value <= most:
                raise GradcalcError("usage", f"{key} must be a whole number from {least} to {most:,}")
        return int(value)


def _number(value: Any, label: str) -> float:
    """The double nearest to a number; TOML has infinities and nan as well, as the language has."""
    if isinstance(value, float) and not math.isfinite(value):
        return value
    if isinstance(value, bool) or not isinstance(value, float | int):
        raise GradcalcError("value", f"{label} must be a number, and is {kind(value)}")
    return json_number(value, label)


def _give(names: Sequence[str]) -> str:
    return ", ".join(f"at.{name} = NUMBER" for name in names)


def _no_file(_: str, label: str) -> Program:
    raise GradcalcError("value", f"{label} names a file", hint="write the numbers themselves")


NOTATION = Notation(label=str, give=_give, unknown="is not a variable", number=_number, file=_no_file, kind=kind)
"""That of case files, and of Python."""
