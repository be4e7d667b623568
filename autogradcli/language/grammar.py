"""The grammar of statements, checked token by token, so that errors can say what to type; implicit products are found here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from autogradcli.errors import GradcalcError, Span
from autogradcli.language.lexer import Token

MAX_DEPTH = 100
"""Levels of nesting: brackets, signs before signs, powers of powers, conditions within conditions."""

UNARY = frozenset({"+", "-", "~"})
BINARY = frozenset({"+", "-", "*", "/", "//", "%", "@", "**", "<", "<=", ">", ">=", "==", "!=", "&", "|"})
TIGHT = frozenset({"/", "//", "%", "**"})
"""Operators that make an implicit product at their right ambiguous."""

PARTNERS = {")": "(", "]": "[", "}": "{"}

REFUSED = {
    "===": ("=== is not an operator", "type =="),
    "%%": ("%% is not an operator", "type %"),
    "<>": ("<> is not an operator", "type !="),
    "=<": ("=< is not an operator", "type <="),
    "=>": ("=> is not an operator", "type >="),
    ":=": (":= is not an operator", "type = in a statement of its own"),
    "->": ("-> is not an operator", None),
    "&&": ("&& is not an operator", "type and"),
    "||": ("|| is not an operator", "type or; for an absolute value type abs(x)"),
    "<<": ("<< is not an operator", "type x * 2**n"),
    ">>": (">> is not an operator", "type floor(x / 2**n)"),
    ":": (": is not part of the language", None),
}
"""Operators that people know from elsewhere, and what to type instead."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: an expression, and the name it is assigned to."""

    name: Token | None
    tokens: tuple[Token, ...]
    """The tokens of the expression."""
    products: frozenset[int]
    """Indices of tokens before which a multiplication sign is meant."""


@dataclass(slots=True)
class _Level:
    """What is open between two brackets."""

    opening: Token | None
    call: bool
    waiting: int = 0
    """How many `if` wait for their `else`."""
    branches: int = 0
    """How many conditional expressions are nested in each other here."""
    chain: int = 0
    """The same, with signs and powers."""


def statements(tokens: Sequence[Token], source: str) -> tuple[Statement, ...]:
    """The statements of a text; an error if there is none."""
    parts = _split(tokens, source)
    if not parts:
        raise GradcalcError("parse", "there is no expression", source=source, span=Span(0, len(source)))
    return tuple(_statement(part, source) for part in parts)


def _split(tokens: Sequence[Token], source: str) -> list[list[Token]]:
    """The tokens of each statement; line breaks inside brackets are spaces."""
    parts: list[list[Token]] = [[]]
    opened: list[Token] = []
    for token in tokens:
        if token.kind == "separator":
            if not opened:
                parts.append([])
            elif token.text == ";":
                raise _never_closed(opened[-1], source)
            continue
        parts[-1].append(token)
        if token.kind == "open":
            opened.append(token)
            if len(opened) > MAX_DEPTH:
                raise _error("limit", f"brackets are nested more than {MAX_DEPTH} deep", token.span, source)
        elif token.kind == "close":
            if not opened:
                raise _error("parse", f"this {token.text} closes no bracket", token.span, source)
            if opened[-1].text != PARTNERS[token.text]:
                message = f"this {token.text} does not close the {opened[-1].text} before it"
                raise _error("parse", message, token.span, source)
            opened.pop()
    if opened:
        raise _never_closed(opened[-1], source)
    return [part for part in parts if part]


def _never_closed(opening: Token, source: str) -> GradcalcError:
    return _error("parse", f"this {opening.text} is never closed", opening.span, source)


def _error(kind: str, message: str, span: Span, source: str, hint: str | None = None) -> GradcalcError:
    return GradcalcError(kind, message, source=source, span=span, hint=hint)


def _statement(tokens: list[Token], source: str) -> Statement:
    name = None
    if len(tokens) > 1 and tokens[0].kind == "name" and tokens[1].text == "=":
        name, equals, tokens = tokens[0], tokens[1], tokens[2:]
        if not tokens:
            raise _error("parse", f"{name.text} is given no value", equals.span, source)
    checker = _Checker(tuple(tokens), source)
    checker.run()
    return Statement(name, checker.tokens, frozenset(checker.products))


@dataclass(slots=True)
class _Checker:
    """A walk over the tokens of one expression, which knows at each whether an operand or an operator must come."""

    tokens: tuple[Token, ...]
    source: str
    products: set[int] = field(default_factory=set)
    partners: dict[int, int] = field(default_factory=dict)
    """Index of each closing bracket -> index of its opening bracket, and the other way round."""
    calls: set[int] = field(default_factory=set)
    """Indices of brackets that open the arguments of a call."""
    signs: set[int] = field(default_factory=set)
    """Indices of unary operators."""
    levels: list[_Level] = field(default_factory=lambda: [_Level(None, False)])

    def run(self) -> None:
        """Check the expression."""
        self._find_partners()
        complete = False
        for index in range(len(self.tokens)):
            complete = self._after_operand(index) if complete else self._before_operand(index)
            self._check_depth(index)
        if not complete:
            raise self._dangling(len(self.tokens) - 1)
        self._check_conditions(len(self.tokens) - 1)

    def _find_partners(self) -> None:
        opened: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.kind == "open":
                opened.append(index)
            elif token.kind == "close":
                start = opened.pop()
                self.partners[index], self.partners[start] = start, index

    def _check_depth(self, index: int) -> None:
        if sum(1 + level.chain for level in self.levels) > MAX_DEPTH + 1:
            message = f"operations are nested more than {MAX_DEPTH} deep"
            raise self._refuse(index, message, kind="limit")

    # Where an operand must come: the result says whether it is complete.

    def _before_operand(self, index: int) -> bool:
        token = self.tokens[index]
        match token.kind:
            case "number" | "name" | "string":
                return True
            case "open":
                if token.text != "(":
                    raise self._refuse_bracket(index, after_operand=False)
                self.levels.append(_Level(token, False))
                return False
            case "close":
                return self._close_early(index)
            case "keyword":
                if token.text in {"True", "False", "None"}:
                    return True
        if token.text in UNARY or token.text == "not":
            return self._sign(index)
        raise self._operand_missing(index)

    def _sign(self, index: int) -> bool:
        token = self.tokens[index]
        if token.text == "not" and index and self.tokens[index - 1].text in BINARY | UNARY:
            raise self._refuse(index, "not must stand in brackets here", hint="type (not ...)")
        self.signs.add(index)
        self.levels[-1].chain += 1
        return False

    def _close_early(self, index: int) -> bool:
        """A bracket closes where an operand could come: fine for `f()` and `f(x,)`."""
        before = index - 1
        level = self.levels[-1]
        if level.call and (self.tokens[before].text == "," or before == self.partners[index]):
            self.levels.pop()
            return True
        if before == self.partners[index]:
            raise self._refuse(index, "there is nothing between these brackets", start=before)
        raise self._dangling(before)

    def _operand_missing(self, index: int) -> GradcalcError:
        token = self.tokens[index]
        before = self.tokens[index - 1].text if index else ""
        if token.text in {"*", "**"} and before in {"(", ","} and self.levels[-1].call:
            return self._refuse(index, "star arguments are not part of the language")
        if token.text in {"|", "||"}:
            return self._refuse(index, "| | is not an absolute value", hint="type abs(x)")
        if token.text == "!":
            return self._refuse(index, "! is not an operator", hint="type not")
        if token.text == "=" and before == "=":
            return self._refuse(index, "= stands here twice", hint="type = once, or == to compare", start=index - 1)
        if token.text == ",":
            return self._refuse(index, "an argument is missing before this comma")
        if index and before not in {"(", ","}:
            return self._refuse(index, f"something is missing between {before} and {token.text}", start=index - 1)
        return self._refuse(index, f"something is missing before {token.text}")

    def _dangling(self, index: int) -> GradcalcError:
        return self._refuse(index, f"something is missing after {self.tokens[index].text}")

    # After an operand: the result says whether the operand is still complete.

    def _after_operand(self, index: int) -> bool:
        token = self.tokens[index]
        match token.kind:
            case "number" | "name" | "string":
                return self._adjacent(index)
            case "open":
                return self._open(index)
            case "close":
                self._check_conditions(index)
                self.levels.pop()
                return True
            case "keyword":
                return self._keyword(index)
        return self._operator(index)

    def _operator(self, index: int) -> bool:
        token = self.tokens[index]
        before = self.tokens[index - 1]
        if before.text == ".":
            raise self._refuse(index, "a name is missing after the point", start=index - 1)
        match token.text:
            case ".":
                return self._attribute(index)
            case ",":
                return self._comma(index)
            case "=":
                return self._equals(index)
            case "!":
                operand = self._text(self._start(index - 1), index - 1)
                raise self._refuse(index, "! is not an operator", hint=f"type factorial({operand})")
        if token.text in BINARY:
            level = self.levels[-1]
            level.chain = level.chain + 1 if token.text == "**" else level.branches
            return False
        raise self._refuse_operator(index)

    def _refuse_operator(self, index: int) -> GradcalcError:
        text = self.tokens[index].text
        if text in REFUSED:
            message, hint = REFUSED[text]
            return self._refuse(index, message, hint=hint)
        if text.endswith("="):
            left = self._text(self._start(index - 1), index - 1)
            return self._refuse(index, f"{text} is not an operator", hint=f"type {left} = {left} {text[:-1]} ...")
        return self._refuse(index, f"an operator is missing before {text}")

    def _attribute(self, index: int) -> bool:
        following = self.tokens[index + 1] if index + 1 < len(self.tokens) else None
        if following is None or following.kind != "name":
            raise self._refuse(index, "a name is missing after the point")
        return True

    def _comma(self, index: int) -> bool:
        self._check_conditions(index)
        level = self.levels[-1]
        if level.call:
            level.chain = level.branches = 0
            return False
        before, after = index - 1, index + 1
        numbers = self.tokens[before].kind == "number" and after < len(self.tokens)
        if numbers and self.tokens[after].kind == "number":
            text = f"{self._text(before, before)}.{self._text(after, after)}"
            raise self._refuse(index, "a comma only separates arguments", hint=f"for a decimal number type {text}")
        raise self._refuse(index, "a comma only separates arguments", hint="separate statements by ;")

    def _equals(self, index: int) -> bool:
        before = self.tokens[index - 2].text if index > 1 else ""
        if self.levels[-1].call and self.tokens[index - 1].kind == "name" and before in {"(", ","}:
            return False
        if self.partners.get(index - 1, -1) in self.calls and len(self.levels) == 1:
            hint = "type y = ...; a function of your own cannot be defined"
            raise self._refuse(index, "only a name can be given a value", hint=hint)
        raise self._refuse(index, "only a name can be given a value", hint="to compare type ==")

    def _keyword(self, index: int) -> bool:
        token = self.tokens[index]
        level = self.levels[-1]
        match token.text:
            case "and" | "or":
                level.chain = level.branches
                return False
            case "if":
                level.waiting += 1
                level.branches += 1
                level.chain = level.branches
                return False
            case "else":
                if not level.waiting:
                    raise self._refuse(index, "this else has no if", hint="type a if condition else b")
                level.waiting -= 1
                return False
            case "for" | "in":
                message = f"{token.text} is not part of the language"
                raise self._refuse(index, message)
        raise self._refuse(index, f"an operator is missing before {token.text}")

    def _check_conditions(self, index: int) -> None:
        if self.levels[-1].waiting:
            raise self._refuse(index, "this if has no else", hint="type a if condition else b")

    def _open(self, index: int) -> bool:
        token = self.tokens[index]
        if token.text != "(":
            raise self._refuse_bracket(index, after_operand=True)
        call = self.tokens[index - 1].kind == "name"
        if call:
            self.calls.add(index)
        else:
            self._product(index)
        self.levels.append(_Level(token, call))
        return False

    def _refuse_bracket(self, index: int, after_operand: bool) -> GradcalcError:
        end = self.partners[index]
        if self.tokens[index].text == "{":
            message = "braces are not part of the language"
        elif after_operand:
            message = "indices are not part of the language"
        else:
            message = "lists are not part of the language"
        return self._refuse(end, message, start=index, hint="for grouping use ( and )")

    def _adjacent(self, index: int) -> bool:
        """Two operands side by side: a product, the name after a point, or an error."""
        token, before = self.tokens[index], self.tokens[index - 1]
        if before.text == ".":
            return True
        if token.kind == "name" and (before.kind == "number" or before.kind == "close"):
            self._product(index)
            return True
        raise self._missing_operator(index)

    def _missing_operator(self, index: int) -> GradcalcError:
        token, before = self.tokens[index], self.tokens[index - 1]
        left, right = self._text(index - 1, index - 1), self._text(index, index)
        if token.kind == "string":
            return self._refuse(index, "text is not part of the language")
        if before.kind == "close":
            left = self._text(self._start(index - 1), index - 1)
        hint = f"for a product type {left}*{right}"
        return self._refuse(index, f"an operator is missing between {left} and {right}", hint=hint, start=index - 1)

    # Implicit products.

    def _product(self, index: int) -> None:
        """Note the product whose right factor begins at `index`, unless it can be read in two ways."""
        start = self._start(index - 1)
        first = start
        while first - 1 in self.signs:
            first -= 1
        operator = first - 1
        if operator >= 0 and self.tokens[operator].text in TIGHT:
            left = self._text(self._start(operator - 1), operator - 1)
            middle, right = self._text(first, index - 1), self._text(index, self._end(index))
            sign = self.tokens[operator].text
            raise self._refuse(
                self._end(index),
                f"{self._text(self._start(operator - 1), self._end(index))} can be read in two ways",
                start=self._start(operator - 1),
                hint=f"type ({left}{sign}{middle})*{right} or {left}{sign}({middle}*{right})",
            )
        self.products.add(index)

    def _start(self, index: int) -> int:
        """Index of the first token of the operand whose last token is at `index`."""
        while True:
            if self.tokens[index].kind == "close":
                index = self.partners[index]
                if index in self.calls:
                    index -= 1
            if index < 2 or self.tokens[index - 1].text != ".":
                return index
            index -= 2

    def _end(self, index: int) -> int:
        """Index of the last token of the operand whose first token is at `index`."""
        if self.tokens[index].kind == "open":
            index = self.partners[index]
        while index + 1 < len(self.tokens):
            if self.tokens[index].kind == "name" and self.tokens[index + 1].text == "(":
                index = self.partners[index + 1]
            elif self.tokens[index + 1].text == "." and index + 2 < len(self.tokens):
                index += 2
            else:
                break
        return index

    def _text(self, first: int, last: int) -> str:
        """The source text of some tokens, on one line."""
        return " ".join(self.source[self.tokens[first].start : self.tokens[last].end].split())

    def _refuse(
        self, index: int, message: str, *, kind: str = "parse", hint: str | None = None, start: int | None = None
    ) -> GradcalcError:
        first = self.tokens[index if start is None else start]
        return _error(kind, message, Span(first.start, self.tokens[index].end), self.source, hint)
