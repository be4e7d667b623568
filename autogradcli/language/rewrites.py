"""Better spellings: expressions that lose digits or overflow, and the function that does not.

Both sides are in gradcalc's own language; a letter stands for any expression.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from autogradcli.language.parser import parse
from autogradcli.language.program import Call, Constant, Program, Variable

REWRITES = (
    ("log(1 + exp(a))", "softplus(a)"),
    ("log(exp(a) + exp(b))", "logaddexp(a, b)"),
    ("log(sigmoid(a))", "logsigmoid(a)"),
    ("log(1/(1 + exp(-a)))", "logsigmoid(a)"),
    ("log(ndtr(a))", "log_ndtr(a)"),
    ("log(gamma(a))", "lgamma(a)"),
    ("log(a/(1 - a))", "logit(a)"),
    ("log(1 + a)", "log1p(a)"),
    ("log(1 - a)", "log1p(-a)"),
    ("exp(a) - 1", "expm1(a)"),
    ("1/(1 + exp(-a))", "sigmoid(a)"),
    ("exp(a)/(1 + exp(a))", "sigmoid(a)"),
    ("1 - erf(a)", "erfc(a)"),
    ("exp(a**2)*erfc(a)", "erfcx(a)"),
    ("sin(a)/a", "sinc(a/pi)"),
    ("-a*log(a)", "entr(a)"),
    ("a*log(1 + b)", "xlog1py(a, b)"),
    ("a*log(b)", "xlogy(a, b)"),
    ("sqrt(a**2 + b**2)", "hypot(a, b)"),
    ("(a**2 + b**2)**0.5", "hypot(a, b)"),
    ("1 - cos(a)", "2*sin(a/2)**2"),
    ("a**2 - b**2", "(a - b)*(a + b)"),
)

COMMUTATIVE = frozenset({"add", "mul"})


def better_spelling(program: Program, step: int) -> str | None:
    """What to write instead of the largest expression around `step` that can be written better, if there is one."""
    found = [
        (len(covered), replacement, bound)
        for index in range(step, len(program.steps))
        for pattern, replacement in _parsed()
        for bound, covered in _matches(pattern, pattern.output, program, index, {})
        if step in covered
    ]
    if not found:
        return None
    _, replacement, bound = max(found, key=lambda match: match[0])
    return _fill(replacement, {name: program.text(index) for name, index in bound.items()})


@lru_cache(maxsize=1)
def _parsed() -> tuple[tuple[Program, Program], ...]:
    return tuple((parse(pattern), parse(replacement)) for pattern, replacement in REWRITES)


Bound = dict[str, int]
"""The step that each letter stands for."""
Match = tuple[Bound, frozenset[int]]
"""And the steps that the pattern covers."""


def _matches(pattern: Program, part: int, program: Program, index: int, bound: Bound) -> Iterator[Match]:
    """All ways in which part of a pattern matches a step, given what its letters stand for already."""
    wanted, step = pattern.steps[part], program.steps[index]
    if isinstance(wanted, Variable):
        if wanted.name not in bound or same(program, bound[wanted.name], index):
            yield {wanted.name: index} | bound, frozenset()
    elif isinstance(wanted, Constant):
        if isinstance(step, Constant) and step.value == wanted.value:
            yield bound, frozenset({index})
    elif isinstance(wanted, Call) and isinstance(step, Call) and step.function == wanted.function:
        for operands in _orders(step):
            matches = [(bound, frozenset({index}))]
            for inner, operand in zip(wanted.operands, operands, strict=True):
                matches = [
                    (now, covered | more)
                    for before, covered in matches
                    for now, more in _matches(pattern, inner, program, operand, before)
                ]
            yield from matches


def _orders(step: Call) -> Iterator[tuple[int, ...]]:
    yield step.operands
    if step.function in COMMUTATIVE:
        yield step.operands[::-1]


def same(program: Program, one: int, other: int) -> bool:
    """Whether two steps compute the same expression, written twice."""
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if left == right:
            continue
        a, b = program.steps[left], program.steps[right]
        if isinstance(a, Call) and isinstance(b, Call) and (a.function, a.options) == (b.function, b.options):
            pairs.extend(zip(a.operands, b.operands, strict=True))
        elif not (isinstance(a, Constant) and isinstance(b, Constant) and a.value == b.value):
            return False
    return True


def _fill(template: Program, texts: dict[str, str]) -> str:
    """The template's text with its letters replaced by expressions, in brackets where they stand beside an operator."""

    def expression(letter: re.Match[str]) -> str:
        text = texts[letter[0]]
        around = template.source[letter.start() - 1 : letter.start()], template.source[letter.end() : letter.end() + 1]
        alone = around[0] in {"(", " ", ""} and around[1] in {")", ",", ""}
        return text if alone or text.isalnum() else f"({text})"

    return re.sub(r"\b[ab]\b", expression, template.source)


def two_wheres(program: Program, step: int, operand: int) -> str | None:
    """The `where` around a step in one of its branches, with the step's operand made harmless where it is not taken."""
    guarded = program.steps[step].span
    for outer in program.steps[step:]:
        if not (isinstance(outer, Call) and outer.function == "where"):
            continue
        condition, yes, no = outer.operands
        given, text = program.text(condition), program.text(operand)
        for branch, safe in ((yes, f"where({given}, {text}, 1)"), (no, f"where({given}, 1, {text})")):
            if program.steps[branch].span.join(guarded) == program.steps[branch].span:
                inner = _replace_word(program.text(step), text, safe)
                start, end = outer.span.start, outer.span.end
                return program.source[start : guarded.start] + inner + program.source[guarded.end : end]
    return None


def _replace_word(text: str, word: str, new: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: new, text, count=1)
