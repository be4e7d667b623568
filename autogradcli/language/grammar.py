"""The grammar: tokens -> statements that are well formed.

Python's own parser only says that a syntax is invalid. Here each token is met by the question whether an operand or
an operator must come, so every error can say what is missing; what passes is well formed for Python too. Products
without a sign are found on the way.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from autogradcli.errors import GradcalcError, Span
from autogradcli.language import refusals
from autogradcli.language.expression import Expression
from autogradcli.language.lexer import Token
from autogradcli.language.readings import Unclear
from autogradcli.language.shapes import MAX_DIMENSIONS

MAX_BRACKETS = 100
"""Brackets within brackets."""
MAX_NESTING = 200
"""Operations within operations: brackets, signs before signs, powers of powers, conditions within conditions."""

SIGNS = frozenset({"+", "-", "~"})
BINARY = frozenset({"+", "-", "*", "/", "//", "%", "@", "**", "<", "<=", ">", ">=", "==", "!=", "&", "|"})
TIGHT = frozenset({"/", "//", "%", "**"})
"""Operators after whose right operand a product without a sign can be read in two ways."""

PARTNERS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: an expression, and the name that it gives a value to."""

    name: Token | None
    expression: Expression

    @property
    def span(self) -> Span:
        """Where the expression stands in the source."""
        return Span(self.expression.tokens[0].start, self.expression.tokens[-1].end)


def statements(tokens: Sequence[Token], source: str, given: Collection[str] = ()) -> tuple[Statement, ...]:
    """The statements of a text; raises GradcalcError if there is none.

    `given` are the names that have values. They, and names that a statement has given a value to, are no functions.
    """
    check_brackets(tokens, source)
    parts = _split(tokens)
    if not parts:
        raise GradcalcError("parse", "there is no expression", source=source, span=Span(0, len(source)))
    return tuple(_statements(parts, source, set(given)))


def check_brackets(tokens: Sequence[Token], source: str) -> None:
    """Raises GradcalcError at the first bracket that has no partner."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind == "open":
            opened.append(token)
            if len(opened) > MAX_BRACKETS:
                raise _error("limit", f"brackets are nested more than {MAX_BRACKETS} deep", token, source)
        elif token.kind == "close":
            if not opened:
                message = f"this {token.text} closes no bracket"
                error = Unclear(message, source=source, span=token.span, pieces=[""], hint="without it type {}")
                error.hint = None
                raise error
            opening = opened.pop()
            if opening.text != PARTNERS[token.text]:
                raise _error("parse", f"this {token.text} does not close a {opening.text}", token, source)
        elif token.text == ";" and opened:
            break
    if opened:
        raise _never_closed(opened, source)


def _never_closed(opened: Sequence[Token], source: str) -> Unclear:
    """The error for brackets that the text ends within: all of them closed there, if that makes sense."""
    closing = "".join(next(end for end, start in PARTNERS.items() if start == each.text) for each in reversed(opened))
    message = f"this {opened[-1].text} is never closed"
    error = Unclear(message, source=source, span=opened[-1].span, pieces=[f"{source.rstrip()}{closing}"])
    error.edit, error.hint = Span(0, len(source)), None
    return error


def _error(kind: str, message: str, token: Token, source: str) -> GradcalcError:
    return GradcalcError(kind, message, source=source, span=token.span)


def _split(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens of each statement; line breaks inside brackets are spaces."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        if token.kind != "separator":
            parts[-1].append(token)
        elif depth == 0:
            parts.append([])
    return [part for part in parts if part]


def _statements(parts: Sequence[list[Token]], source: str, values: set[str]) -> Iterator[Statement]:
    for part in parts:
        statement = _statement(part, source, values)
        yield statement
        if statement.name is not None:
            values.add(statement.name.text)


def _statement(tokens: list[Token], source: str, values: Collection[str]) -> Statement:
    name = None
    if len(tokens) > 1 and tokens[0].kind == "name" and tokens[1].text == "=":
        name, equals, *tokens = tokens
        if not tokens:
            raise _error("parse", f"{name.text} is given no value", equals, source)
    expression = Expression(tuple(tokens), source, values)
    _TokenCheck(expression).run()
    return Statement(name, expression)


@dataclass(slots=True)
class _Level:
    """What is known between two brackets."""

    kind: str
    """`group`, `call`, `list`, `subscript`, or `text` outside of all brackets."""
    loops: int = 0
    """How many `for` have no `in` yet."""
    looping: bool = False
    """Whether there is a `for`."""
    colons: int = 0
    """Of the slice so far."""
    waiting: list[int] = field(default_factory=list)
    """The `if` that wait for their `else`."""
    branches: int = 0
    """How many conditional expressions are nested in each other."""
    chain: int = 0
    """The same, with the signs and powers that are nested."""
    named: bool = False
    """Whether the argument has a name."""
    names: bool = False
    """Whether an earlier argument has a name."""


@dataclass(slots=True)
class _TokenCheck:
    """A walk over an expression that checks each token by what came before it."""

    expression: Expression
    levels: list[_Level] = field(default_factory=lambda: [_Level("text")])

    def run(self) -> None:
        """Check all tokens."""
        complete = False
        for index in range(len(self.expression.tokens)):
            complete = self._after_operand(index) if complete else self._before_operand(index)
        last = len(self.expression.tokens) - 1
        if not complete:
            raise refusals.dangling(self.expression, last)
        self._end_argument(last)

    def _nest(self, index: int, chain: int) -> None:
        """Note how deep the operations nest at this level."""
        self.levels[-1].chain = chain
        if sum(level.chain for level in self.levels) + len(self.levels) > MAX_NESTING + 1:
            message = f"operations are nested more than {MAX_NESTING} deep"
            raise _error("limit", message, self.expression.tokens[index], self.expression.source)

    # Where an operand must come. The result says whether it is complete.

    def _before_operand(self, index: int) -> bool:
        word, before = self.expression.word(index), self.expression.word(index - 1)
        match self.expression.kind(index):
            case "number" | "name" | "string":
                return True
            case "open":
                if word == "{":
                    raise refusals.braces(self.expression, index)
                return self._enter(index, "list" if word == "[" else "group")
            case "close":
                return self._leave_early(index)
            case "keyword" if word in {"True", "False", "None"}:
                return True
        if self.levels[-1].kind == "subscript":
            if word == "...":
                return True
            if word == ":" or (word == "," and before == ":"):
                return self._in_subscript(index)
        if word in SIGNS or word == "not":
            return self._sign(index)
        raise refusals.operand_missing(self.expression, index)

    def _sign(self, index: int) -> bool:
        before = self.expression.word(index - 1)
        if self.expression.word(index) == "not" and before in BINARY | SIGNS:
            raise self.expression.error(index, index, f"not cannot follow {before}", "type (not ...)")
        self.expression.signs.add(index)
        self._nest(index, self.levels[-1].chain + 1)
        return False

    def _enter(self, index: int, kind: str) -> bool:
        self.levels.append(_Level(kind))
        self._nest(index, 0)
        inner = takewhile(lambda level: level.kind != "call", reversed(self.levels))
        if sum(level.kind == "list" for level in inner) > MAX_DIMENSIONS:
            message = f"lists are nested more than {MAX_DIMENSIONS} deep"
            raise _error("limit", message, self.expression.tokens[index], self.expression.source)
        return False

    def _leave_early(self, index: int) -> bool:
        """A bracket closes where an operand could come, as in `f()`, `f(x,)` and `[1,]`."""
        empty = self.expression.partners[index] == index - 1
        kind, before = self.levels[-1].kind, self.expression.word(index - 1)
        if (empty and kind == "call") or before == "," or (before == ":" and kind == "subscript"):
            self.levels.pop()
            return True
        if empty and self.levels[-2].kind == "call":
            self.levels.pop()
            return True
        if empty:
            message = "a list has at least one item" if kind == "list" else "there is nothing between these brackets"
            raise self.expression.error(index - 1, index, message)
        raise refusals.dangling(self.expression, index - 1)

    # After an operand. The result says whether the operand is still complete.

    def _after_operand(self, index: int) -> bool:
        match self.expression.kind(index):
            case "number" | "name" | "string":
                return self._side_by_side(index)
            case "open":
                return self._open(index)
            case "close":
                self._end_argument(index - 1)
                self.levels.pop()
                return True
            case "keyword":
                return self._keyword(index)
        return self._operator(index)

    def _side_by_side(self, index: int) -> bool:
        """Two operands: a product, or the name after a point."""
        if self.expression.word(index - 1) == ".":
            return True
        left = self.expression.kind(index - 1) == "close" or self.expression.takes_factor(index - 1)
        if self.expression.kind(index) == "name" and left:
            self._product(index)
            return True
        raise refusals.adjacent(self.expression, index)

    def _open(self, index: int) -> bool:
        if self.expression.word(index) == "[" and self._takes_subscript(index - 1):
            self.expression.calls.add(index)
            return self._enter(index, "subscript")
        if self.expression.word(index) != "(":
            raise refusals.bracket(self.expression, index)
        if self.expression.kind(index - 1) == "name" and not self.expression.takes_factor(index - 1):
            self.expression.calls.add(index)
            return self._enter(index, "call")
        self._product(index)
        return self._enter(index, "group")

    def _takes_subscript(self, last: int) -> bool:
        """Whether the operand that ends with a token may have a subscript: no number, no function, no list."""
        if self.expression.kind(last) == "close":
            opening = self.expression.partners[last]
            return self.expression.word(opening) == "(" or opening in self.expression.calls
        return self.expression.kind(last) == "name" and not self._is_function(last)

    def _is_function(self, index: int) -> bool:
        word = self.expression.word(index)
        return self.expression.word(index - 1) != "." and self.expression.is_function(word) and len(word) > 1

    def _product(self, index: int) -> None:
        """Note a product without a sign, whose right factor begins at `index`."""
        if self.expression.word(index - 1) == "]" and self.expression.partners[index - 1] not in self.expression.calls:
            raise refusals.adjacent(self.expression, index)
        first = self.expression.start(index - 1)
        while first - 1 in self.expression.signs:
            first -= 1
        if self.expression.word(first - 1) in TIGHT:
            raise refusals.ambiguous(self.expression, first - 1, index)
        self.expression.products.add(index)

    def _operator(self, index: int) -> bool:
        word, level = self.expression.word(index), self.levels[-1]
        match word:
            case ".":
                if self.expression.kind(index + 1) != "name":
                    raise self.expression.error(index, index, "a name is missing after this point")
                return True
            case ",":
                return self._comma(index)
            case "=":
                return self._equals(index)
            case "**":
                self._nest(index, level.chain + 1)
                return False
            case ":" if level.kind == "subscript":
                return self._in_subscript(index)
        if word not in BINARY:
            raise refusals.operator(self.expression, index)
        level.chain = level.branches
        return False

    def _comma(self, index: int) -> bool:
        if self.levels[-1].kind == "text":
            raise refusals.comma(self.expression, index)
        self.levels[-1].colons = 0
        self._end_argument(index - 1)
        return False

    def _in_subscript(self, index: int) -> bool:
        """A colon, or a comma after one."""
        self._end_argument(index - 1)
        level = self.levels[-1]
        level.colons = level.colons + 1 if self.expression.word(index) == ":" else 0
        if level.colons > 2:
            raise self.expression.error(index, index, "a slice has at most two colons", "type x[start:stop:step]")
        return False

    def _end_argument(self, last: int) -> None:
        """Check what can only be known at the end of an argument, or of the expression."""
        level = self.levels[-1]
        if level.waiting:
            start = level.waiting[-1]
            raise self.expression.error(start, start, "this if has no else", "type a if condition else b")
        if level.names and not level.named:
            start = self.expression.start(last)
            raise self.expression.error(start, last, "an argument without a name follows one that has a name")
        level.names, level.named = level.named, False
        level.chain = level.branches = 0

    def _equals(self, index: int) -> bool:
        """The name of an argument."""
        level = self.levels[-1]
        named = self.expression.kind(index - 1) == "name" and self.expression.word(index - 2) in {"(", ","}
        if level.kind != "call" or not named:
            raise refusals.equals(self.expression, index)
        level.named = True
        return False

    def _keyword(self, index: int) -> bool:
        level = self.levels[-1]
        match self.expression.word(index):
            case "and" | "or":
                level.chain = level.branches
            case "if" if level.looping:
                level.chain = level.branches
            case "if":
                level.waiting.append(index)
                level.branches += 1
                self._nest(index, level.branches)
            case "else" if level.waiting:
                level.waiting.pop()
            case "else":
                raise self.expression.error(index, index, "this else has no if", "type a if condition else b")
            case "for":
                self._loop(index)
            case "in" if level.loops:
                level.loops -= 1
            case "in":
                raise self.expression.error(index, index, "in is not part of the language", "type a < x and x < b")
            case _:
                raise refusals.adjacent(self.expression, index)
        return False

    def _loop(self, index: int) -> None:
        """`for` inside the brackets of a call or of a list."""
        level = self.levels[-1]
        if level.kind not in {"call", "list", "group"}:
            raise self.expression.error(index, index, "for stands inside brackets", "type sum(x[i] for i in range(3))")
        if self.expression.kind(index + 1) != "name" or self.expression.word(index + 2) != "in":
            raise self.expression.error(index, index, "this for is not complete", "type for i in range(3)")
        self._end_argument(index - 1)
        level.looping, level.loops = True, 1
