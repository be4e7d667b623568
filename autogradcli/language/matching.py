"""Matches of the rows of `rewrites` in a program, and the edits of its text that follow from them.

A row is matched on the steps of the program, so intermediate statements, methods and other spellings make no
difference; what replaces it is text, since text is what a person changes.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import NamedTuple

from autogradcli.functions.function import Placeholder, parse_signature
from autogradcli.language.parser import parse_formula
from autogradcli.language.program import Call, Constant, Program, Tensor, Variable
from autogradcli.language.rewrites import LETTERS, REWRITES
from autogradcli.language.writing import Surroundings, fitted, option_text

COMMUTATIVE = frozenset({"add", "mul", "eq", "ne", "maximum", "minimum", "hypot", "logaddexp", "logical_and"})
SEEN_AS = {
    "square": ("pow",), "sqrt": ("pow",), "mul": ("pow", "div", "neg"), "pow": ("sqrt",), "reciprocal": ("div",),
    "add": ("sub",),
}  # fmt: skip
"""The functions that a call of another one may be seen as a call of."""
TWO, HALF = Fraction(2), Fraction(1, 2)

Operand = int | Fraction
"""A step of the program, or a number that its text does not hold: the 2 of `x*x`."""
Letters = Mapping[str, object]
"""What each letter stands for: an operand, or what the text fixes for an option."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of a program's text, and other text in its place."""

    start: int
    end: int
    text: str
    covered: frozenset[int]
    """The steps that are no longer computed as they were."""

    def applied(self, source: str) -> str:
        """The whole text with the new piece in it."""
        return source[: self.start] + self.text + source[self.end :]


class Match(NamedTuple):
    """One way in which a pattern matches a step."""

    bound: Letters
    covered: frozenset[int]


class Subject:
    """A program that patterns are matched against."""

    def __init__(self, program: Program, whole: Collection[int] = ()) -> None:
        self.program = program
        self._whole = frozenset(whole)
        """Steps that no pattern looks into: gradients are asked of them."""

    @cached_property
    def exact(self) -> Mapping[int, Fraction]:
        """The value of each step that is a number whose exact value is plain: 3, -1, 1/2."""
        found: dict[int, Fraction] = {}
        for index, step in enumerate(self.program.steps):
            if isinstance(step, Constant) and isinstance(step.value, Fraction):
                found[index] = step.value
            elif isinstance(step, Call) and step.operands and all(each in found for each in step.operands):
                value = _folded(step.function, [found[each] for each in step.operands])
                if value is not None:
                    found[index] = value
        return found

    @cached_property
    def keys(self) -> list[int]:
        """A number for each step: steps that compute the same expression, written twice, have the same."""
        known: dict[object, int] = {}
        keys: list[int] = []
        for index, step in enumerate(self.program.steps):
            what: object
            if index in self.exact:
                what = self.exact[index]
            elif isinstance(step, Call):
                operands = [keys[each] for each in step.operands]
                ordered = sorted(operands) if step.function in COMMUTATIVE else operands
                what = (step.function, tuple(ordered), repr(step.options))
            elif isinstance(step, Variable):
                what = step.name
            else:
                what = (step.components, step.shape) if isinstance(step, Tensor) else (step.value,)
            keys.append(known.setdefault(what, len(known)))
        return keys

    @cached_property
    def calls(self) -> Mapping[str, Sequence[int]]:
        """For each function the steps that may be seen as calls of it, in the order of the program."""
        found: dict[str, list[int]] = defaultdict(list)
        for index, step in enumerate(self.program.steps):
            if isinstance(step, Call):
                for name in (step.function, *SEEN_AS.get(step.function, ())):
                    found[name].append(index)
        return found

    def same(self, one: Operand, other: Operand) -> bool:
        """Whether two operands are the same expression."""
        if isinstance(one, int) and isinstance(other, int):
            return self.keys[one] == self.keys[other]
        return self.number(one) == self.number(other)

    def number(self, operand: object) -> Fraction | None:
        """The number that an operand is; None if it is none whose exact value is plain."""
        return (
            self.exact.get(operand) if isinstance(operand, int) else operand if isinstance(operand, Fraction) else None
        )

    def matches(self, pattern: Program, part: int, operand: Operand, bound: Letters) -> Iterator[Match]:
        """All ways in which part of a pattern matches, given what its letters stand for already."""
        wanted = pattern.steps[part]
        number = _numbers(pattern).get(part)
        if number is not None:
            if self.number(operand) == number:
                yield Match(bound, frozenset({operand} if isinstance(operand, int) else ()))
        elif isinstance(wanted, Variable):
            if wanted.name not in bound or self.same(bound[wanted.name], operand):  # type: ignore[arg-type]
                yield Match({wanted.name: operand, **bound}, frozenset())
        elif isinstance(wanted, Call) and isinstance(operand, int) and operand not in self._whole:
            for operands, options in self._views(operand, wanted.function):
                chosen = _options(dict(wanted.options), options, bound)
                if chosen is not None and len(operands) == len(wanted.operands):
                    yield from self._all(pattern, wanted, operands, Match(chosen, frozenset({operand})))

    def _all(self, pattern: Program, wanted: Call, operands: tuple[Operand, ...], start: Match) -> list[Match]:
        found = [start]
        for part, operand in zip(wanted.operands, operands, strict=True):
            found = [
                Match(now.bound, before.covered | now.covered)
                for before in found
                for now in self.matches(pattern, part, operand, before.bound)
            ]
        return found

    def _views(self, index: int, function: str) -> Iterator[tuple[tuple[Operand, ...], Mapping[str, object]]]:
        """The operands and options of a step, for each way to see it as a call of a function."""
        step = self.program.steps[index]
        if not isinstance(step, Call):
            return
        if step.function == function:
            yield step.operands, dict(step.options)
            if function in COMMUTATIVE:
                yield step.operands[::-1], {}
        elif function in SEEN_AS.get(step.function, ()):
            for operands in self._as(function, step.function, step.operands):
                yield operands, {}

    def _as(self, function: str, name: str, operands: tuple[int, ...]) -> Iterator[tuple[Operand, ...]]:
        """The operands of a call of another function, as those of one that means the same."""
        match function, name, operands:
            case "pow", "square", (a,):
                yield a, TWO
            case "pow", "mul", (a, b) if self.same(a, b):
                yield a, TWO
            case "pow", "sqrt", (a,):
                yield a, HALF
            case "sqrt", "pow", (a, b) if self.number(b) == HALF:
                yield (a,)
            case "div", "reciprocal", (a,):
                yield Fraction(1), a
            case "div", "mul", (a, b):
                yield from self._quotients(a, b)
            case "sub", "add", (a, b):
                yield from ((one, inner) for one, other in ((a, b), (b, a)) for inner in self._negated(other))
            case "neg", "mul", (a, b):
                yield from ((other,) for one, other in ((a, b), (b, a)) if self.number(one) == -1)

    def _quotients(self, a: int, b: int) -> Iterator[tuple[Operand, ...]]:
        for one, other in ((a, b), (b, a)):
            step = self.program.steps[other]
            if isinstance(step, Call) and step.function == "reciprocal":
                yield one, step.operands[0]
            elif isinstance(step, Call) and step.function == "div" and self.number(step.operands[0]) == 1:
                yield one, step.operands[1]

    def _negated(self, index: int) -> Iterator[Operand]:
        """What a step is the negative of."""
        step, number = self.program.steps[index], self.number(index)
        if number is not None and number < 0:
            yield -number
        elif isinstance(step, Call) and step.function == "neg":
            yield step.operands[0]

    def text(self, operand: object, start: int) -> str:
        """What a letter stands for, as it can be written at a place of the source: by its name if it has one there."""
        if not isinstance(operand, int):
            return str(operand)
        span = self.program.steps[operand].span
        if span.end <= start:
            for name, step in self.program.assigned.items():
                if step == operand:
                    return name
        return self.program.text(operand)


def edits(subject: Subject) -> Iterator[Edit]:
    """An edit for every match of a row, in the order of the table."""
    for pattern, texts in parsed_rows():
        whole = pattern.steps[pattern.output]
        assert isinstance(whole, Call)
        for index in subject.calls.get(whole.function, ()):
            for match in subject.matches(pattern, pattern.output, index, {}):
                for text in texts:
                    if "a == 0" in text and subject.number(match.bound["a"]) is not None:
                        continue
                    yield _edit(subject, index, text, match)


def _edit(subject: Subject, index: int, template: str, match: Match) -> Edit:
    span = subject.program.steps[index].span
    letters = {
        name: subject.text(value, span.start) if name in OPERANDS else option_text(value)
        for name, value in match.bound.items()
    }
    source = subject.program.source
    text = fitted(_fill(template, letters), Surroundings(source[: span.start], source[span.end :]))
    return Edit(span.start, span.end, text, match.covered)


OPERANDS = frozenset(each.name for each in parse_signature(LETTERS) if each.operand)
_OMITTED = re.compile(r", (?:(?:dim|keepdim)=)?([dk])\b")
_LETTER = re.compile(r"\b[abcdik]\b")
_CANCELLED = "\0"
"""Stands for a second minus sign, which takes the first one with it; no source holds it."""


def _fill(template: str, letters: Mapping[str, str | None]) -> str:
    """The template's text with its letters replaced, in brackets where they must be; None leaves an argument out."""
    given = _OMITTED.sub(lambda each: "" if letters[each[1]] is None else each[0], template)

    def piece(letter: re.Match[str]) -> str:
        text = fitted(str(letters[letter[0]]), Surroundings(given[: letter.start()], given[letter.end() :]))
        twice = text.startswith("-") and given[: letter.start()].endswith("-")
        return _CANCELLED + text[1:] if twice else text

    return _LETTER.sub(piece, given).replace(f"-{_CANCELLED}", "")


@cache
def parsed_rows() -> tuple[tuple[Program, tuple[str, ...]], ...]:
    """The rows of the table: the left side as a program, and the texts of the right one."""
    letters = parse_signature(LETTERS)
    return tuple((parse_formula(each.pattern, letters), each.instead) for each in REWRITES)


@cache
def _numbers_of(source: str) -> Mapping[int, Fraction]:
    return Subject(parse_formula(source, parse_signature(LETTERS))).exact


def _numbers(pattern: Program) -> Mapping[int, Fraction]:
    """The steps of a pattern that are plain numbers."""
    return _numbers_of(pattern.source)


def _options(wanted: Mapping[str, object], given: Mapping[str, object], bound: Letters) -> Letters | None:
    """The letters with those that stand for options; None if the options differ."""
    chosen = dict(bound)
    for name in wanted.keys() | given.keys():
        value, letter = given.get(name), wanted.get(name)
        if isinstance(letter, tuple) and len(letter) == 1 and isinstance(letter[0], Placeholder):
            letter = letter[0]
        if isinstance(letter, Placeholder):
            if chosen.setdefault(letter.name, value) != value:
                return None
        elif letter != value:
            return None
    return chosen


def _folded(function: str, values: list[Fraction]) -> Fraction | None:
    """What four operations give of plain numbers."""
    match function, values:
        case "neg", [a]:
            return -a
        case "add", [a, b]:
            return a + b
        case "sub", [a, b]:
            return a - b
        case "mul", [a, b]:
            return a * b
        case "div", [a, b] if b != 0:
            return a / b
    return None
