"""What the grammar says when an expression is not one: the form that the user meant, and what to type for it."""

from autogradcli.errors import GradcalcError
from autogradcli.language.expression import Expression

OPERATORS = {
    "===": ("=== is not an operator", "type =="),
    "%%": ("%% is not an operator", "type %"),
    "<>": ("<> is not an operator", "type !="),
    "=<": ("=< is not an operator", "type <="),
    "=>": ("=> is not an operator", "type >="),
    "&&": ("&& is not an operator", "type and"),
    "||": ("|| is not an operator", "type or; the absolute value is abs(x)"),
    "<<": ("<< is not an operator", "type x*2**n"),
    ">>": (">> is not an operator", "type floor(x/2**n)"),
    "->": ("-> is not an operator", None),
    ":=": (":= is not an operator", "give a name its value in a statement of its own: y = ...; ..."),
    ":": (": is not part of the language", None),
    "~": ("~ stands before a condition, not after it", None),
}
"""Operators that people know from elsewhere, and what to type instead."""

STATEMENTS = {
    "import": "functions need no import",
    "from": "functions need no import",
    "def": "type the formula itself",
    "return": "type the formula itself",
    "lambda": "type the formula itself",
    "print": "type the formula itself",
    "for": "type the terms one by one",
    "while": "type the formula itself",
    "if": "type a if condition else b",
}
"""Words that begin a statement of Python, and what to do instead."""


def operand_missing(expression: Expression, index: int) -> GradcalcError:
    """The error where an operand should be and something else is."""
    word, before = expression.word(index), expression.word(index - 1)
    if word in {"*", "**"} and (before in {",", "["} or index - 1 in expression.calls):
        return expression.error(index, index, "star arguments are not part of the language")
    if index == 0 and word in STATEMENTS:
        return _statement(expression, index)
    if word in {"|", "||"}:
        return _bars(expression, index)
    if word == "!":
        return expression.error(index, index, "! is not an operator", "type not")
    if word == "=" and before in {"", "="}:
        return expression.error(index, index, "this = is one too many", "to give a value type =, to compare ==")
    if word == ",":
        return expression.error(index, index, "something is missing before this comma")
    if before and before not in {"(", "[", ","}:
        return expression.error(index - 1, index, f"something is missing between {before} and {word}")
    return expression.error(index, index, f"something is missing before {word}")


def _bars(expression: Expression, index: int) -> GradcalcError:
    """The error for `|x|`."""
    bar = expression.word(index)
    end = next((i for i in range(index + 2, len(expression.tokens)) if expression.word(i) == bar), None)
    operand = "x" if end is None else expression.text(index + 1, end - 1)
    last = index if end is None else end
    return expression.error(index, last, "bars are not part of the language", f"type abs({operand})")


def dangling(expression: Expression, index: int) -> GradcalcError:
    """The error for an operator that nothing follows."""
    token = expression.tokens[index]
    rest = expression.source[token.end :].lstrip(" \t")
    hint = "to go on in the next line, open a bracket" if rest.startswith(("\n", "\r")) and rest.strip() else None
    return expression.error(index, index, f"something is missing after {token.text}", hint)


def operator(expression: Expression, index: int) -> GradcalcError:
    """The error for an operator, after an operand, that the language does not have."""
    word = expression.word(index)
    if word == "!":
        return factorial(expression, index)
    if word in OPERATORS:
        return expression.error(index, index, *OPERATORS[word])
    left = expression.operand_before(index)
    return expression.error(index, index, f"{word} is not an operator", f"type {left} = {left} {word[:-1]} ...")


def factorial(expression: Expression, index: int) -> GradcalcError:
    """The error for `x!`."""
    operand = expression.operand_before(index).removeprefix("(").removesuffix(")")
    return expression.error(index, index, "! is not an operator", f"type factorial({operand})")


def comma(expression: Expression, index: int) -> GradcalcError:
    """The error for a comma outside the arguments of a call and the items of a list."""
    message = "a comma separates arguments and the items of lists, and nothing else"
    opening = expression.opening(index)
    if opening is not None:
        items = expression.text(opening + 1, expression.partners[opening] - 1)
        return expression.error(index, index, message, f"for a list type [{items}]")
    whole = expression.text(0, len(expression.tokens) - 1)
    hint = f"for a list type [{whole}]"
    if [token.kind for token in expression.tokens] == ["number", "operator", "number"]:
        hint += f", for a decimal number {whole.replace(',', '.').replace(' ', '')}"
    return expression.error(index, index, message, f"{hint}; statements are separated by ;")


def equals(expression: Expression, index: int) -> GradcalcError:
    """The error for `=` where nothing can be given a value."""
    inside = any(first < index < last for first, last in expression.partners.items())
    start = expression.start(index - 1) if inside else 0
    if expression.partners.get(index - 1) in expression.calls and start == expression.start(index - 1):
        message, hint = "a function cannot be defined", "type the formula alone, or y = ... to give it a name"
    elif expression.kind(index - 1) == "name" and start == index - 1:
        message, hint = "this name cannot be given a value here", "to compare type ==; statements are separated by ;"
    else:
        message, hint = "only a name can be given a value", "to compare type =="
    return expression.error(start, index, message, hint)


def braces(expression: Expression, index: int) -> GradcalcError:
    """The error for `{x}`."""
    end = expression.partners[index]
    return expression.error(index, end, "braces are not part of the language", "for grouping type ( and )")


def bracket(expression: Expression, index: int) -> GradcalcError:
    """The error for brackets, other than round ones, after an operand."""
    if expression.word(index) == "{":
        return braces(expression, index)
    before = expression.word(index - 1)
    alone = expression.kind(index - 1) == "number" or expression.is_function(before)
    if alone or (before == "]" and expression.in_list(index)):
        return adjacent(expression, index)
    end = expression.partners[index]
    hint = f"type y = {expression.operand_before(index)}; y{expression.text(index, end)}"
    return expression.error(index, end, "a list that is written out takes no subscript", hint)


def adjacent(expression: Expression, index: int) -> GradcalcError:
    """The error for two operands side by side that are not a product."""
    first = expression.start(index - 1)
    word, before = expression.word(index), expression.word(index - 1)
    if expression.kind(index) == "string":
        return expression.error(index, index, "text is not part of the language")
    if index == 1 and before in STATEMENTS:
        return _statement(expression, 0)
    left, right = expression.text(first, index - 1), expression.text(index, expression.end(index))
    message = f"an operator is missing between {left} and {right}"
    if expression.kind(index) == "keyword":
        return expression.error(first, index, f"an operator is missing between {left} and {word}")
    if expression.kind(index - 1) == "name" and expression.is_function(before):
        argument = expression.text(index, _end_of_product(expression, index))
        message = f"{left} has its argument in brackets"
        return expression.error(first, expression.end(index), message, f"type {left}({argument})")
    hint = _transposed(expression, index) or f"for a product type {left}*{right}"
    numbers = expression.kind(index - 1) == "number" == expression.kind(index)
    if numbers and expression.tokens[index - 1].end == expression.tokens[index].start:
        return expression.error(first, index, f"{left}{right} is not a number")
    if expression.in_list(index):
        hint = f"for two items of the list type {left}, {right}"
    elif word.isdigit() and not numbers:
        hint += f", for a power {left}**{right}"
    return expression.error(first, expression.end(index), message, hint)


def _transposed(expression: Expression, index: int) -> str | None:
    """What to type for `x^T A x`, before the second operand of which nothing stands; None for something else."""
    before = [expression.word(each) for each in range(index - 2, index)]
    if index < 3 or before not in (["^", "T"], ["**", "T"]):
        return None
    last = index
    while expression.kind(last + 1) == "name":
        last += 1
    transposed = f"{expression.operand_before(index - 2)}.T"
    return f"for a transpose type {' @ '.join([transposed, *map(expression.word, range(index, last + 1))])}"


def _end_of_product(expression: Expression, index: int) -> int:
    """The last token of `2x` or `2(x+1)`, or of the operand alone."""
    end = expression.end(index)
    factor = expression.kind(end) == "number" and expression.kind(end + 1) in {"name", "open"}
    return expression.end(end + 1) if factor else end


def _statement(expression: Expression, index: int) -> GradcalcError:
    word = expression.word(index)
    return expression.error(index, index, f"{word} is not part of the language", STATEMENTS[word])


def ambiguous(expression: Expression, sign: int, index: int) -> GradcalcError:
    """The error for a product without a sign, from `index`, whose left factor follows the operator `sign`."""
    base = expression.start(sign - 1)
    last = expression.end(index)
    left, operator = expression.text(base, sign - 1), expression.word(sign)
    middle, right = expression.text(sign + 1, index - 1), expression.text(index, last)
    whole = expression.text(base, last)
    if operator == "**" and expression.is_function(left):
        argument = right if expression.kind(index) == "open" else f"({right})"
        hint = f"type {left}{argument}**{middle}"
        if middle in {"-1", "(-1)"} and expression.is_function(f"a{left}"):
            hint = f"type a{left}{argument} for the inverse function, 1/{left}{argument} for the reciprocal"
        return expression.error(base, last, f"a power of {left} is written after its argument", hint)
    hint = f"type ({left}{operator}{middle})*{right} or {left}{operator}({middle}*{right})"
    return expression.error(base, last, f"{whole} can be read in two ways", hint)
