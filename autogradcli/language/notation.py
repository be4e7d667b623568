"""What people type into a calculator, written as the language has it: `√x`, `x²`, `|x|`, `sin^2 x`, `f(x) = x^2`.

The text that comes out is the one that is parsed, and that reports and errors show.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher

from autogradcli.errors import GradcalcError, Span
from autogradcli.functions.table import is_function
from autogradcli.language.characters import MAX_LENGTH, excerpt
from autogradcli.language.habits import DIFFERENTIATES, check_habits
from autogradcli.language.names import FOREIGN, FUNCTIONS
from autogradcli.language.readings import Unclear

SIGNS = str.maketrans(
    {
        "\N{MULTIPLICATION SIGN}": "*",
        "\N{MIDDLE DOT}": "*",
        "\N{DOT OPERATOR}": "*",
        "\N{DIVISION SIGN}": "/",
        "\N{MINUS SIGN}": "-",
        "\N{LESS-THAN OR EQUAL TO}": "<=",
        "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{NOT EQUAL TO}": "!=",
    }
)
"""Signs of one meaning."""
ROOTS = {"\N{SQUARE ROOT}": "sqrt", "\N{CUBE ROOT}": "cbrt"}
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
LOWERED = "₀₁₂₃₄₅₆₇₈₉"
POWERED = frozenset(
    {
        *("sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "sech", "csch", "coth"),
        *("log", "ln", "lg", "log10", "log2", "exp"),
    }
)
"""Functions whose power is also written before their argument."""

_ANY = re.compile(
    rf"[#|√∛⁻×÷·⋅−≤≥≠{RAISED}{LOWERED}]|\)\s*=(?!=)|Piecewise|[a-z0-9]\s*(?:\^|\*\*)\s*\d+\s*[\w(]"
    r"|/\s*d[a-z]\b|[a-z]'|diff\s*\(|\bd\s*[(\[]|deri|differentiate|(?-i:[A-Z][A-Za-z]+\[)|"
    r"\blim|\b(?:gradient|slope)\s|\b(?:find|solve)\s",
    re.ASCII | re.IGNORECASE,
)
"""What a text has in it that may have to be rewritten."""
_COMMENT = re.compile(r"""("[^"\n]*"|'[^'\n]*')|#[^\n]*""")
_DEFINITION = re.compile(
    r"(?:^|(?<=[;\n]))(\s*)([^\W\d]\w*)\s*\(\s*[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*\s*\)\s*=(?!=)[^\S\n]*"
)
_DERIVATIVE = re.compile(
    r"\s*(?:[d∂](?P<n>(?:\^|\*\*)\d|[²³]|)\s*/\s*[d∂][^\W\d_](?P=n)(?:\s+(?!(?:if|and|or|else)\b)|(?=[(\[√|∛]))(?=[\w(\[√|∛])"
    r"|(?P<d>[d∂]?)(?P<of>[^\W\d])(?:\s*/\s*(?P=d)[^\W\d]|['′]+(?:\s*\(\w+\))?)\s*=(?!=))"
)
"""`d/dx`, `dy/dx =`, `y' =`, `f'(x) =`, at the beginning of a text."""
_CALLED = re.compile(r"(?<![\w.])(?:(?:sympy|sp)\.)?(?:diff|Derivative|derivative|differentiate|derive|D)\s*[(\[]")
"""`diff(x^2, x)`, `D[x^2, x]`, as other tools write a derivative."""
_PROSE = re.compile(
    r"\s*(?:(?P<limit>lim(?:it)?[\s_({]+\w+\s*(?:->|→|to\b)\s*[^\s;)}]+[)}]*)|(?:the\s+)?(?:derivative|gradient|slope)\s+of\b|"
    r"(?:differentiate|derive|find|solve)\s+(?:d/d\w\s+)?(?=\w))\s*"
)
"""`derivative of x^2`, `lim x->0 sin(x)/x`, at the beginning of a text."""
_BRACKETED = re.compile(r"(?<![\w.])([A-Z][A-Za-z]*)\[")
"""`Sin[x]`, as Mathematica writes a call."""
_COUNTS = re.compile(r"[\d\s:,-]*|.*\bfor\b.*|[ijk]")
"""What stands in the brackets of a tensor."""
_PI = re.compile(r"(?<![\w.])((?:\d[\d_]*\.?\d*|\.\d+)?)π([A-Za-z][A-Za-z0-9]*)(?![\w.(])")
_NAMED_PI = re.compile(r"(?<!\w)(π\w+)\s*=(?!=)")
_PIECEWISE = re.compile(r"(?<![\w.])(?:(?:sympy|sp)\.)?Piecewise\s*\(")
_ROOT = re.compile(f"(?P<index>[{RAISED}]+)?√|∛")
_LOWERED = re.compile(rf"(?<=[^\W\d{RAISED}{LOWERED}])[{LOWERED}]+")
_RAISED = re.compile(rf"([⁺⁻]?)([{RAISED}]+)(\s*[^\W{RAISED}]|\s*[(√∛])?")
_POWERED = re.compile(
    rf"(?<![^\W\d])(?<!\.)({'|'.join(sorted(POWERED, key=len, reverse=True))})\s*(?:\^|\*\*)\s*(\d+)(?![\d.])"
)
_FURTHER = re.compile(r"\s*(?:\^|\*\*)\s*(\w+|\([^()]*\))")
_ATOM = re.compile(rf"\s*(?:(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?|[^\W\d{RAISED}][^\W{RAISED}]*)", re.IGNORECASE)
_FACTOR = re.compile(r"[^\S\n\r]*(\(|[^\W\d]\w*)")
_ENDS = re.compile(r"\s*(?:[-+*/^%@)\],;<>=!]|$)")
_LAST = re.compile(r"[\w.]+$|.$", re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*$")
WINDOW = 200
"""Characters that are looked at before a sign."""
LONGEST = 2_000
"""Characters of a text in which places are looked for again."""
WORDS = frozenset({"and", "or", "not", "if", "else", "in", "for"})
"""Words after which an operand comes."""


def in_the_language(source: str, given: Collection[str] = ()) -> str:
    """The text without a calculator's notation; `given` are names with values, which are no functions.

    Raises GradcalcError where it can be read in two ways.
    """
    if len(source) > MAX_LENGTH:
        return source
    if source.isascii() and not _ANY.search(source):
        check_habits(source, given)
        return source
    text = _COMMENT.sub(lambda found: found[1] or "", source).translate(SIGNS)
    text = _LOWERED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    _check_derivative(text)
    check_habits(text, given)
    _check_brackets(text, given)
    text = _pieces(_defined(text))
    text = _roots(text)
    text = _RAISED.sub(lambda found: _power(text, found), text)
    text = _powered(text, given)
    return _factors_of_pi(_bars(text), given)


def _check_derivative(text: str) -> None:
    """Raises GradcalcError for `d/dx x^2`, `dy/dx = 2x` and `f'(x) = 2x`."""
    found = _DERIVATIVE.match(text)
    if found is not None:
        alone = excerpt(text, Span(found.end(), len(text))).removeprefix("[").removesuffix("]")
        hint = f"type the formula of {found['of']} itself" if found["of"] else f"type the formula alone: {alone}"
        span = Span(0, found.end())
        raise GradcalcError("parse", DIFFERENTIATES, source=text, span=span, hint=hint)
    for found in _CALLED.finditer(text):
        _check_call(text, found)
    prose = _PROSE.match(text)
    if prose is not None and text[prose.end() :].strip():
        message = "gradcalc takes no limits" if prose["limit"] else DIFFERENTIATES
        hint = "type the formula alone: {}"
        error = Unclear(message, source=text, span=Span(0, prose.end()), pieces=[""], hint=hint)
        error.hint = "type the formula alone"
        raise error


def _check_brackets(text: str, given: Collection[str]) -> None:
    """Raises GradcalcError for `Sin[x]`."""
    for found in _BRACKETED.finditer(text):
        end = _closing(text, found.end() - 1)
        name = FOREIGN.get(found[1], found[1].lower().replace("arc", "a", 1))
        counts = end is None or _COUNTS.fullmatch(text, found.end(), end - 1)
        if end is not None and not counts and found[1] not in given and name in FUNCTIONS:
            message, hint = FUNCTIONS[name]
            raise GradcalcError("name", message, source=text, span=Span(found.start(), end), hint=hint)
        if end is not None and not counts and found[1] not in given and is_function(name):
            span, piece = Span(found.start(), end), f"{name}({text[found.end() : end - 1]})"
            raise Unclear("a function has round brackets", source=text, span=span, pieces=[piece])


def _check_call(text: str, found: re.Match[str]) -> None:
    """Raises GradcalcError for `diff(x^2, x)`; where more stands around it, `grad` is its name here."""
    end = _closing(text, found.end() - 1)
    parts = [] if end is None else _split(text[found.end() : end - 1])
    if end is None or len(parts) != 2 or not parts[1].isidentifier():
        return
    alone = text[: found.start()].strip() == text[end:].strip() == ""
    piece, hint = (parts[0], "type the formula alone: {}") if alone else (f"grad({parts[0]}, {parts[1]})", "type {}")
    raise Unclear(DIFFERENTIATES, source=text, span=Span(found.start(), end), pieces=[piece], hint=hint)


def _factors_of_pi(text: str, given: Collection[str]) -> str:
    """`2π r` for `2πr`, unless πr is a name that is given a value."""
    names = {*given, *_NAMED_PI.findall(text)}
    return _PI.sub(lambda each: each[0] if f"π{each[2]}" in names else f"{each[1]}π {each[2]}", text)


def _defined(text: str) -> str:
    """`f = x^2` for `f(x) = x^2`, unless the function is called elsewhere."""
    for found in _DEFINITION.finditer(text):
        if len(re.findall(rf"(?<![\w.]){re.escape(found[2])}\s*\(", text)) == 1:
            return _DEFINITION.sub(lambda each: f"{each[1]}{each[2]} = ", text, count=1)
    return text


def _pieces(text: str) -> str:
    """`(a if c else b)` for `Piecewise((a, c), (b, True))`, as SymPy writes it."""
    place = 0
    while found := _PIECEWISE.search(text, place):
        end = _closing(text, found.end() - 1)
        pairs = [] if end is None else [_split(part[1:-1]) for part in _split(text[found.end() : end - 1])]
        if not pairs or any(len(pair) != 2 for pair in pairs):
            place = found.end()
            continue
        *others, (value, condition) = pairs
        last = value if condition == "True" else f"({value}) if {condition} else nan"
        branches = "".join(f"({value}) if {condition} else " for value, condition in others)
        text, place = f"{text[: found.start()]}({branches}({last})){text[end:]}", found.start() + 1
    return text


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    depth, parts = 0, [""]
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _roots(text: str) -> str:
    """`sqrt(x)` for the radical sign and the operand after it."""
    place = 0
    while found := _ROOT.search(text, place):
        end = _operand_end(text, found.end())
        if end is None:
            return text  # the lexer says what to type for it
        operand, name = text[found.end() : end].strip(), ROOTS[found[0][-1]]
        complete = found["index"] and _is_complete(text[: found.start()])
        place = found.end() - 1 if complete else found.start()
        _check_root(text, Span(place, end), operand, name)
        if complete and found["index"] != "²":
            base, root = _LAST.findall(text[: found.start()])[0], text[found.end() - 1 : end]
            readings = f"{base}{found['index']}*{root}", f"{base}*{found['index']}{root}"
            raise _two_readings(text, Span(found.start() - len(base), end), readings)
        inner = operand[1:-1] if operand.startswith("(") else operand
        if text[place] in RAISED:  # ³√x
            name, inner = "root", f"{inner}, {unicodedata.normalize('NFKC', found['index'])}"
        before = text[:place]
        text = f"{before}{_product(before)}{name}({inner}){text[end:]}"
    return text


def _check_root(text: str, span: Span, operand: str, name: str) -> None:
    """Raises GradcalcError for `√x²` and `√2x`, which can be read in two ways."""
    number = re.match(r"[\d.]+", operand)
    readings = None
    if power := re.match(rf"\s*(?:(?:\^|\*\*)\s*[\w.]+|[⁺⁻]?[{RAISED}]+)", text[span.end :]):
        span = Span(span.start, span.end + power.end())
        inner = operand.removeprefix("(").removesuffix(")")
        readings = f"{name}({inner}){power[0].strip()}", f"{name}({operand}{power[0].strip()})"
    elif number and number.end() < len(operand):
        rest = operand[number.end() :]
        readings = f"{name}({number[0]})*{rest}", f"{name}({number[0]}*{rest})"
    if readings is not None:
        raise _two_readings(text, span, readings)


def _two_readings(text: str, span: Span, readings: Sequence[str], hint: str | None = None) -> Unclear:
    message = f"{excerpt(text, span)} can be read in two ways"
    return Unclear(message, source=text, span=span, pieces=readings, hint=hint)


def _power(text: str, found: re.Match[str]) -> str:
    """The power that raised digits mean, with the sign of a product where one is meant after it.

    After the power of a function's name its argument comes: a space keeps the digits of the two apart.
    """
    digits = "".join(str(RAISED.index(each)) for each in found[2])
    exponent = f"(-{digits})" if found[1] == "⁻" else digits
    between = "" if not found[3] else " " if _ends_in_function(text[: found.start()]) else "*"
    return f"**{exponent}{between}{found[3] or ''}"


def _powered(text: str, given: Collection[str]) -> str:
    """`sin(x)**2` for `sin^2 x` and `sin^2(x)`. Raises GradcalcError for `sin^2 x^2`, which can be read in two ways."""
    for found in reversed(list(_POWERED.finditer(text))):
        end = _operand_end(text, found.end())
        if end is None or found[1] in given or _WORD.search(text[: found.start()][-WINDOW:]):
            continue
        operand = text[found.end() : end].strip()
        inner = operand[1:-1] if operand.startswith("(") else operand
        written = f"{found[1]}({inner})**{found[2]}"
        if power := _FURTHER.match(text, end):
            readings = f"{found[1]}({operand}**{power[1]})**{found[2]}", f"({written})**{power[1]}"
            raise _two_readings(text, Span(found.start(), power.end()), readings)
        rest = text[end:]
        if _is_product(text, found, operand, end):
            rest = f"*{rest.lstrip()}"
        text = f"{text[: found.start()]}{written}{rest}"
    return text


def _is_product(text: str, found: re.Match[str], operand: str, end: int) -> bool:
    """Whether a factor follows `sin^2 x`; raises GradcalcError for `sin^2 x y`, which can be read in two ways."""
    after = _FACTOR.match(text, end)
    if after is None or after[1] in WORDS:
        return False
    if not operand.startswith("(") and not is_function(after[1]):
        last = _operand_end(text, end) or after.end()
        rest, power = text[end:last].strip(), found[2]
        readings = f"{found[1]}({operand})**{power}*{rest}", f"{found[1]}({operand}*{rest})**{power}"
        raise _two_readings(text, Span(found.start(), last), readings)
    return True


def _operand_end(text: str, start: int) -> int | None:
    """Where an operand ends that begins at a place: brackets, or a number, a name or both, with what is called."""
    found = _ATOM.match(text, start)
    end = found.end() if found else start
    if found and text[end - 1].isdigit() and (name := _ATOM.match(text, end)) and not text[end].isspace():
        end = name.end()
    bracket = re.compile(r"\s*\(" if not found else r"\(").match(text, end)
    if bracket is None:
        return end if found else None
    return _closing(text, bracket.end() - 1)


def _closing(text: str, opening: int) -> int | None:
    """Just behind the bracket that closes another; None if there is none."""
    depth = 0
    for place in range(opening, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if not depth:
            return place + 1
    return None


def _product(before: str) -> str:
    """The sign of a product, where an operand stands directly before what comes now."""
    return "*" if _is_complete(before) and not before[-1:].isspace() else ""


def _is_complete(before: str) -> bool:
    """Whether a text ends with an operand."""
    text = before[-WINDOW:].rstrip()
    word = _WORD.search(text)
    return bool(text) and (text[-1].isalnum() or text[-1] in "_)]}") and not (word and word[0] in WORDS)


def _bars(text: str) -> str:
    """`abs(x)` for `|x|`, `ln(abs(x))` for `ln|x|`; bars between conditions stay."""
    pieces = list(text)
    pairs = set(_pairs(text))
    for opening, closing in sorted(pairs):
        if (opening + 1, closing - 1) in pairs:  # ||x||
            inner, span = text[opening + 2 : closing - 1], Span(opening, closing + 1)
            hint = "type {} for the norm, {} for the absolute value"
            raise _two_readings(text, span, (f"norm({inner})", f"abs({inner})"), hint)
        if _ends_in_function(text[:opening]):
            pieces[opening], pieces[closing] = "(abs(", "))"
            continue
        product = "*" if _is_complete(text[:opening]) else ""
        pieces[opening], pieces[closing] = f"{product}abs(", ")"
    return "".join(pieces)


def _ends_in_function(before: str) -> bool:
    """Whether a function's name ends a text, so that its argument comes."""
    word = _WORD.search(before[-WINDOW:])
    return word is not None and word[0] in POWERED


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    """The places of bars that belong together."""
    depth = 0
    opened: list[tuple[int, int]] = []
    between: list[tuple[int, int]] = []
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character != "|":
            continue
        before = text[max(0, place - WINDOW) : place]
        complete = _is_complete(before.replace("|", " ") if opened else before) and not _ends_in_function(before)
        if opened and opened[-1][1] == depth and complete:
            yield opened.pop()[0], place
        elif not complete or text[place - 1 : place].isdigit():
            opened.append((place, depth))
        elif between and between[-1][1] == depth and _ENDS.match(text, place + 1):  # x|x|
            yield between.pop()[0], place
        else:
            between.append((place, depth))


def typed_again(error: GradcalcError, source: str) -> GradcalcError:
    """The error about a text that was rewritten, as one about the text that was typed."""
    if error.source is None or error.span is None or error.source == source:
        return error
    if len(source) > LONGEST:
        return GradcalcError(error.kind, error.message, source=source, span=Span(0, len(source)), hint=error.hint)
    pieces = SequenceMatcher(None, error.source, source, autojunk=False).get_opcodes()
    start, end = (_typed_place(pieces, place) for place in error.span)
    start = max(min(start, len(source) - 1), 0)
    span = Span(start, min(max(end, start + 1), len(source)))
    quoted = excerpt(error.source, error.span)
    message = error.message.replace(quoted, excerpt(source, span)) if len(quoted) > 1 else error.message
    return GradcalcError(error.kind, message, source=source, span=span, hint=error.hint)


def _typed_place(pieces: Sequence[tuple[str, int, int, int, int]], place: int) -> int:
    """The place in the typed text of a place in the rewritten one."""
    for _, start, end, typed, typed_end in pieces:
        if start <= place < end:
            return min(typed + place - start, typed_end)
    return pieces[-1][4] if pieces else 0
