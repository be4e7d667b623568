"""The text of a case to a case: every key checked, every expression parsed."""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from autogradcli.checks.case import Case, CaseText, Expectation
from autogradcli.compute.verdict import WORST_FIRST
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.parser import parse, select_output
from autogradcli.language.program import Program
from autogradcli.sources.cases.keys import KEYS
from autogradcli.sources.cases.read import kind
from autogradcli.sources.cases.samples import DISTRIBUTIONS, MAX_COUNT, draw, parse_sample
from autogradcli.sources.files.source import MARK
from autogradcli.sources.formulas import parse_formula
from autogradcli.sources.point import Notation, check_names, check_wrt, parse_upstream, parse_value
from autogradcli.sources.settings import Settings
from autogradcli.sources.strict_json import json_number
from autogradcli.sources.tensors import scalar, tensor


class CaseError(GradcalcError):
    """What is wrong with a case, and the line on which that shows."""

    def __init__(self, error: GradcalcError, line: int) -> None:
        super().__init__(error.kind, error.message, source=error.source, span=error.span, hint=error.hint)
        self.line = line


def build_case(text: CaseText, settings: Settings) -> Case:
    """The case that a text means; what it does not say itself, `settings` say. CaseError if it makes no sense."""
    return _Builder(text).build(settings)


class _Builder:
    """The keys of one case, each asked for by name, so that an error knows its line."""

    def __init__(self, text: CaseText) -> None:
        self._text = text
        self._fields = text.fields

    def build(self, settings: Settings) -> Case:
        """The case."""
        for key in self._fields:
            with self._at(key):
                self._check_key(key)
        for key in ("name", "id"):
            self._check_name(key)
        program, points = self._program()
        asked = self._settings(program, settings)
        with self._at("wrt"):
            wrt = check_wrt(program, self._names("wrt"), "wrt")
        problems = tuple(asked.problem(program, at, wrt, self._text.place.name) for at in points)
        return Case(self._text.place, problems, self._expectation(program, wrt))

    def _check_name(self, key: str) -> None:
        with self._at(key):
            value = self._fields.get(key, "")
            if not isinstance(value, str | int) or isinstance(value, bool):
                raise GradcalcError("usage", f"{key} must be text, and is {kind(value)}")

    @contextmanager
    def _at(self, key: str) -> Iterator[None]:
        """Errors in here show on the line of a key."""
        try:
            yield
        except CaseError:
            raise
        except GradcalcError as error:
            raise CaseError(error, self._text.line(key)) from error

    def _program(self) -> tuple[Program, Sequence[Mapping[str, Program]]]:
        """The expression, and each point at which it is looked at."""
        places, samples = self._places(), self._table("sample")
        given = [*(places[0] if places else ()), *samples]
        with self._at("expression"):
            if "expression" not in self._fields:
                raise GradcalcError("usage", "the case has no expression", hint='type expression = "..."')
            program = parse(self._string("expression"), [*given, *self._names("wrt")])
        if "of" in self._fields:
            with self._at("of"):
                program = select_output(program, self._string("of"))
        return program, self._points(program, places, samples)

    def _places(self) -> list[dict[str, Any]]:
        """What `at` says: one table, or a list of tables, one for each point."""
        with self._at("at"):
            value = self._fields.get("at", {})
            places = value if isinstance(value, list) else [value]
            if not places or not all(isinstance(each, dict) for each in places):
                wrong = next((each for each in places if not isinstance(each, dict)), value)
                hint = "type at.x = 2, or at = [{x = 1}, {x = 2}] for several points"
                raise GradcalcError("usage", f"at must be a table or a list of tables, and is {kind(wrong)}", hint=hint)
        return [_normalised(each) for each in places]

    def _points(
        self, program: Program, places: Sequence[Mapping[str, Any]], samples: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Program]]:
        for place in places:
            self._check_point(program, place, samples)
        points = [{name: self._value(f"at.{name}", each) for name, each in place.items()} for place in places]
        if not samples:
            for key in ("count", "seed"):
                with self._at(key):
                    if key in self._text.lines and key in self._fields:
                        raise GradcalcError("usage", f"{key} is for samples, and the case has none")
            return points
        if len(points) > 1:
            with self._at("sample"):
                raise GradcalcError("usage", "a case has several points or a sample, not both")
        drawn = {name: self._sample(name, text) for name, text in samples.items()}
        count, seed = self._whole("count", 1, MAX_COUNT, 10), self._whole("seed", 0, 2**63, 0)
        return [points[0] | each for each in draw(drawn, count, seed)]

    def _check_point(self, program: Program, place: Mapping[str, Any], samples: Mapping[str, Any]) -> None:
        """Nothing; an error unless each variable has one value, and nothing else has."""
        keys = {name: f"at.{name}" for name in place} | {name: f"sample.{name}" for name in samples}
        twice = next((name for name in place if name in samples), None)
        superfluous = next((name for name in keys if name not in program.variables), None)
        wrong = keys.get(twice or superfluous or "", "at" if "at" in self._fields else "expression")
        with self._at(wrong):
            if twice is not None:
                raise GradcalcError("value", f"{twice} stands both in at and in sample", hint="leave one out")
            check_names(program, keys, replace(_NOTATION, label=lambda name: keys.get(name, f"at.{name}")))

    def _sample(self, name: str, text: Any) -> Any:
        label = f"sample.{name}"
        with self._at(label):
            if not isinstance(text, str):
                raise GradcalcError("value", f"{label} must be text, and is {kind(text)}", hint='type "uniform(-3, 3)"')
            return parse_sample(text, label)

    def _expectation(self, program: Program, wrt: Sequence[str]) -> Expectation:
        formula = partial(self._formula, program)
        return Expectation(
            value=formula("value", self._fields["value"]) if "value" in self._fields else None,
            grad={name: formula(f"grad.{name}", each) for name, each in self._asked("grad", wrt)},
            claims={name: formula(f"claim.{name}", each) for name, each in self._asked("claim", wrt)},
            verdicts=self._verdicts(),
            tolerance=self._tolerance("tolerance", None),
        )

    def _asked(self, key: str, wrt: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """What a table says of derivatives, by name; an error for a name that is not differentiated."""
        for name, value in self._table(key).items():
            label = f"{key}.{name}"
            with self._at(label):
                if name not in wrt:
                    hint = did_you_mean(name, wrt) or f"there are {', '.join(wrt)}"
                    raise GradcalcError("value", f"{label}: there is no derivative about {name}", hint=hint)
            yield name, value

    def _formula(self, program: Program, label: str, value: Any) -> Program:
        """A number, a tensor, or an expression in the variables of the case."""
        return self._value(label, value, partial(parse_formula, program))

    def _value(self, label: str, value: Any, read: Callable[[str, str], Program] = parse_value) -> Program:
        with self._at(label):
            if isinstance(value, str):
                if value.startswith(MARK):
                    raise GradcalcError("value", f"{label} names a file", hint="write the numbers themselves")
                return read(value, label)
            return tensor(value, label, _number) if isinstance(value, list) else scalar(_number(value, label))

    def _verdicts(self) -> tuple[str, ...]:
        with self._at("verdict"):
            value = self._fields.get("verdict", [])
            verdicts = value if isinstance(value, list) else [value]
            for verdict in verdicts:
                if verdict not in WORST_FIRST:
                    hint = did_you_mean(str(verdict), WORST_FIRST) or f"the verdicts are {', '.join(WORST_FIRST)}"
                    raise GradcalcError("usage", f"there is no verdict {verdict}", hint=hint)
            return tuple(verdicts)

    def _settings(self, program: Program, settings: Settings) -> Settings:
        changed: dict[str, Any] = {
            key: self._tolerance(key, getattr(settings, key)) for key in ("rtol", "atol", "max_ulps")
        }
        if "function" in self._fields:
            changed["function"] = self._string("function")
        if "dtype" in self._fields:
            changed["dtype"] = self._dtype()
        if "upstream" in self._fields:
            read = partial(parse_upstream, program)
            changed["upstream"] = self._value("upstream", self._fields["upstream"], read)
        return replace(settings, **changed)

    def _dtype(self) -> str:
        with self._at("dtype"):
            dtype = self._string("dtype")
            if dtype not in DTYPES:
                hint = did_you_mean(dtype, DTYPES) or f"the dtypes are {', '.join(DTYPES)}"
                raise GradcalcError("usage", f"there is no dtype {dtype}", hint=hint)
            return dtype

    def _string(self, key: str) -> str:
        value = self._fields[key]
        with self._at(key):
            if not isinstance(value, str):
                raise GradcalcError("usage", f"{key} must be text, and is {kind(value)}")
        return value

    def _table(self, key: str) -> dict[str, Any]:
        value = self._fields.get(key, {})
        with self._at(key):
            if not isinstance(value, dict):
                raise GradcalcError("usage", f"{key} must be a table, and is {kind(value)}", hint=f"type {key}.x = ...")
        return _normalised(value)

    def _names(self, key: str) -> tuple[str, ...]:
        value = self._fields.get(key, [])
        with self._at(key):
            names = [value] if isinstance(value, str) else value
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise GradcalcError("usage", f"{key} must be a list of names", hint=f'type {key} = ["x"]')
        return tuple(unicodedata.normalize("NFKC", name) for name in names)

    def _check_key(self, key: str) -> None:
        if key not in KEYS:
            hint = self._as_variable(key) or did_you_mean(key, KEYS) or f"the keys are {', '.join(KEYS)}"
            raise GradcalcError("usage", f"there is no key {key}", hint=hint)

    def _as_variable(self, key: str) -> str | None:
        """What to type if a key is a name of the formula, and so meant as the value of a variable."""
        if key not in re.findall(r"\w+", str(self._fields.get("expression"))):
            return None
        value = self._fields[key]
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else value
        drawn = isinstance(value, str) and value.partition("(")[0].strip() in DISTRIBUTIONS
        return f"type {'sample' if drawn else 'at'}.{key} = {text}"

    def _whole(self, key: str, least: int, most: int, default: int) -> int:
        value = self._fields.get(key, default)
        with self._at(key):
            if type(value) is not int or not least <= value <= most:
                raise GradcalcError("usage", f"{key} must be a whole number from {least} to {most:,}")
        return int(value)

    def _tolerance(self, key: str, default: float | None) -> float | None:
        if key not in self._fields:
            return default
        with self._at(key):
            number = _number(self._fields[key], key)
            if number < 0 or number == math.inf:
                raise GradcalcError("usage", f"{key} must be 0 or more, and is {number:g}")
        return number


def _normalised(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table by names as the parser has them."""
    return {unicodedata.normalize("NFKC", name): value for name, value in table.items()}


def _number(value: Any, label: str) -> float:
    """The double nearest to a number; TOML also has infinities, which are numbers of the language, and nan."""
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            raise GradcalcError("value", f"{label} is nan, at which nothing can be computed")
        return value
    if isinstance(value, bool) or not isinstance(value, float | int):
        raise GradcalcError("value", f"{label} must be a number, and is {kind(value)}")
    return json_number(value, label)


def _give(names: Sequence[str]) -> str:
    return ", ".join(f"at.{name} = NUMBER" for name in names)


_NOTATION = Notation(give=_give, label=lambda name: f"at.{name}", unknown="is not a variable")
