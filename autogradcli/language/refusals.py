"""What the grammar says when an expression is not one: the form that the user meant, and what to type for it."""

from itertools import count

from autogradcli.errors import GradcalcError
from autogradcli.language.expression import Expression

SPELT = {"===": "==", "%%": "%", "<>": "!=", "=<": "<=", "=>": ">=", "&&": "and"}
"""Operators that people know from elsewhere, and those of the language that mean the same."""

OPERATORS = {
    "||": ("|| is not an operator", "type or; the absolute value is abs(x)"),
    "<<": ("<< is not an operator", "type x*2**n"),
    ">>": (">> is not an operator", "type floor(x/2**n)"),
    "->": ("-> is not an operator", None),
    ":=": (":= is not an operator", "give a name its value in a statement of its own: y = ...; ..."),
    ":": (": is not part of the language", None),
    "~": ("~ stands before a condition, not after it", None),
}
"""Operators that people know from elsewhere, and what to do instead."""

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
        between = f"{expression.text(index - 1, index - 1)} and {expression.text(index, index)}"
        hint = "a power is **, a product *" if {before, word} <= {"^", "**", "*"} else None
        return expression.error(index - 1, index, f"something is missing between {between}", hint)
    return expression.error(index, index, f"something is missing before {word}")


def _bars(expression: Expression, index: int) -> GradcalcError:
    """The error for `|x|`."""
    bar = expression.word(index)
    end = next((i for i in range(index + 2, len(expression.tokens)) if expression.word(i) == bar), None)
    message = "bars are not part of the language"
    if end is None:
        return expression.error(index, index, message, "type abs(x)")
    return expression.unclear(index, end, message, f"abs({expression.text(index + 1, end - 1)})")


def dangling(expression: Expression, index: int) -> GradcalcError:
    """The error for an operator that nothing follows."""
    token = expression.tokens[index]
    rest = expression.source[token.end :].lstrip(" \t")
    hint = "to go on in the next line, open a bracket" if rest.startswith(("\n", "\r")) and rest.strip() else None
    if token.text == "%" and index:
        hint = f"for a percentage type {expression.operand_before(index)}/100"
    return expression.error(index, index, f"something is missing after {expression.text(index, index)}", hint)


def operator(expression: Expression, index: int) -> GradcalcError:
    """The error for an operator, after an operand, that the language does not have."""
    word = expression.word(index)
    if word == "!":
        return factorial(expression, index)
    if word in SPELT:
        return expression.unclear(index, index, f"{word} is not an operator", _spelt(expression, index))
    if word in OPERATORS:
        return expression.error(index, index, *OPERATORS[word])
    left = expression.operand_before(index)
    return expression.error(index, index, f"{word} is not an operator", f"type {left} = {left} {word[:-1]} ...")


def _spelt(expression: Expression, index: int) -> str:
    """What the language has for an operator; a word does not touch its neighbours."""
    token, spelt = expression.tokens[index], SPELT[expression.word(index)]
    beside = expression.source[token.start - 1 : token.start] + expression.source[token.end : token.end + 1]
    return spelt if beside.isspace() or not spelt.isalpha() else f" {spelt} "


def factorial(expression: Expression, index: int) -> GradcalcError:
    """The error for `x!`."""
    operand = expression.operand_before(index).removeprefix("(").removesuffix(")")
    return expression.unclear(expression.start(index - 1), index, "! is not an operator", f"factorial({operand})")


def comma(expression: Expression, index: int) -> GradcalcError:
    """The error for a comma outside the arguments of a call and the items of a list."""
    message = "a comma separates arguments and the items of lists, and nothing else"
    opening = expression.opening(index)
    if opening is not None:
        items = expression.text(opening + 1, expression.partners[opening] - 1)
        return expression.error(index, index, message, f"for a list type [{items}]")
    whole = expression.text(0, len(expression.tokens) - 1)
    hint = f"for a list type [{whole}]; statements are separated by ;"
    return expression.error(index, index, message, f"{_decimal(expression, index)}{hint}")


def _decimal(expression: Expression, index: int) -> str:
    """What to type for a comma between the digits of a number, as in `2,5x`; nothing for another comma."""
    digits = expression.text(index - 1, index + 1) if expression.kind(index + 1) == "number" else ""
    whole, _, decimals = digits.partition(",")
    if not (whole.isdigit() and decimals.isdigit()):
        return ""
    thousands = f", without the comma {whole}{decimals}" if len(decimals) == len("000") else ""
    return f"for a decimal number type {whole}.{decimals}{thousands}; "


def equals(expression: Expression, index: int) -> GradcalcError:
    """The error for `=` where nothing can be given a value."""
    inside = any(first < index < last for first, last in expression.partners.items())
    start = expression.start(index - 1) if inside else 0
    if expression.partners.get(index - 1) in expression.calls and start == expression.start(index - 1):
        message, hint = "a function cannot be defined", "type the formula alone, or y = ... to give it a name"
    elif expression.kind(index - 1) == "name" and start == index - 1:
        message, hint = "this name cannot be given a value here", "to compare type ==; statements are separated by ;"
    elif not inside and 1 < index < len(expression.tokens) - 1:
        return _equation(expression, index)
    else:
        message, hint = "only a name can be given a value", "to compare type =="
    return expression.error(start, index, message, hint)


def _equation(expression: Expression, index: int) -> GradcalcError:
    """The error for `x^2 + y = 3`, at its `=`."""
    last = len(expression.tokens) - 1
    left, right = expression.text(0, index - 1), expression.text(index + 1, last)
    piece = left if right == "0" else f"{left} - {right if index + 1 == last else f'({right})'}"
    message = "an equation is not differentiated, and not solved"
    error = expression.unclear(0, last, message, piece, hint="type the formula alone: {}")
    error.hint = "type the formula alone"
    return error


def braces(expression: Expression, index: int) -> GradcalcError:
    """The error for `{x}`."""
    end = expression.partners[index]
    inner = expression.source[expression.tokens[index].end : expression.tokens[end].start]
    piece = f"[{inner}]" if "," in inner else f"({inner})"
    return expression.unclear(index, end, "braces are not part of the language", piece)


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
    left = expression.text(first, index - 1)
    if expression.kind(index) == "keyword":
        return expression.error(first, index, f"an operator is missing between {left} and {word}")
    if expression.kind(index - 1) == "name" and expression.is_function(before):
        return _without_brackets(expression, index)
    numbers = expression.kind(index - 1) == "number" == expression.kind(index)
    if numbers and expression.tokens[index - 1].end == expression.tokens[index].start:
        return expression.error(first, index, f"{left}{word} is not a number")
    return _transposed(expression, index) or _two_operands(expression, index)


def _two_operands(expression: Expression, index: int) -> GradcalcError:
    """The error for `x y`, at the second operand."""
    first, end, word = expression.start(index - 1), expression.end(index), expression.word(index)
    sign = first - 1
    while sign in expression.signs:
        sign -= 1
    if expression.word(sign) in {"/", "//", "%", "**"}:
        return ambiguous(expression, sign, index)
    left, right = expression.text(first, index - 1), expression.text(index, end)
    pieces, hint = [f"{left}*{right}"], "for a product type {}"
    if expression.in_list(index):
        pieces, hint = [f"{left}, {right}"], "for two items of the list type {}"
    elif word.isdigit() and expression.kind(index - 1) != "number":
        pieces, hint = [*pieces, f"{left}**{right}"], "for a product type {}, for a power {}"
    elif expression.kind(index - 1) == "number" == expression.kind(index):
        end = next(last for last in count(index) if expression.kind(last + 1) != "number")
        numbers = [expression.word(each) for each in range(index - 1, end + 1)]
        pieces, hint = ["*".join(numbers), f"[{', '.join(numbers)}]"], "for a product type {}, for a list {}"
    message = f"an operator is missing between {left} and {expression.text(index, _end_of_call(expression, index))}"
    return expression.unclear(first, _end_of_run(expression, index), message, *pieces, hint=hint, until=end)


def _without_brackets(expression: Expression, index: int) -> GradcalcError:
    """The error for `sin x`, whose argument begins at a token."""
    name, first, end = expression.operand_before(index), expression.start(index - 1), _end_of_product(expression, index)
    argument, sign = expression.text(index, end), expression.word(end + 1)
    message = f"{name} has its argument in brackets"
    if expression.word(index) == "[" and expression.partners[index] == end and "," not in argument:
        hint = f"for the function type {{}}; a variable {name} has a value"
        message = f"{name} has its argument in round brackets"
        return expression.unclear(first, end, message, f"{name}({argument[1:-1]})", hint=hint)
    call = f"{name}({argument})"
    further = end + 2 if sign in {"/", "**"} else end + 1
    if expression.kind(further) not in OPERANDS:
        return expression.unclear(first, end, message, call)
    if further == end + 1 and _is_function(expression, further):
        factor, last = expression.word(further), _end_of_run(expression, further)
        return expression.unclear(first, last, message, f"{call}*{factor}", until=further)
    last = _end_of_product(expression, further)
    rest = f"{expression.text(end + 1, end + 1) if further > end + 1 else '*'}{expression.text(further, last)}"
    return expression.unclear(first, last, message, f"{call}{rest}", f"{name}({argument}{rest})")


OPERANDS = frozenset({"number", "name", "open"})
"""Kinds of tokens that begin an operand."""


def _is_function(expression: Expression, index: int) -> bool:
    word = expression.word(index)
    return expression.kind(index) == "name" and expression.is_function(word) and len(word) > 1


def _end_of_run(expression: Expression, first: int) -> int:
    """The last token of the operands that stand side by side from a token on, with their powers."""
    last = expression.end(first)
    while True:
        if expression.word(last + 1) == "**" and expression.kind(last + 2) in OPERANDS:
            last = expression.end(last + 2)
        elif expression.kind(last + 1) in OPERANDS and expression.word(last + 1) not in {"[", "{"}:
            last = expression.end(last + 1)
        else:
            return last


def _end_of_call(expression: Expression, first: int) -> int:
    """The last token of an operand, which may be a function whose argument has no brackets."""
    end = expression.end(first)
    if end == first and _is_function(expression, first) and expression.kind(end + 1) in OPERANDS:
        return _end_of_product(expression, end + 1)
    return end


def _transposed(expression: Expression, index: int) -> GradcalcError | None:
    """The error for `x^T A x`, at the second operand, before which nothing stands; None for something else."""
    if index < 3 or [expression.word(each) for each in (index - 2, index - 1)] != ["**", "T"]:
        return None
    last = index
    while expression.kind(last + 1) == "name":
        last += 1
    first = expression.start(index - 3)
    factors = [f"{expression.operand_before(index - 2)}.T", *map(expression.word, range(index, last + 1))]
    message = f"an operator is missing between {expression.text(first, index - 1)} and {expression.word(index)}"
    return expression.unclear(first, last, message, " @ ".join(factors), hint="for a transpose type {}")


def _end_of_product(expression: Expression, index: int) -> int:
    """The last token of `2x`, `2(x+1)` or `2π x`, or of the operand alone."""
    end = expression.end(index)
    while expression.takes_factor(end) and expression.kind(end + 1) in {"name", "open"}:
        end = expression.end(end + 1)
    return end


def _statement(expression: Expression, index: int) -> GradcalcError:
    word = expression.word(index)
    return expression.error(index, index, f"{word} is not part of the language", STATEMENTS[word])


def ambiguous(expression: Expression, sign: int, index: int) -> GradcalcError:
    """The error for a product without a sign, from `index`, whose left factor follows the operator `sign`."""
    base, last = expression.start(sign - 1), _end_of_run(expression, index)
    left, operator = expression.text(base, sign - 1), expression.text(sign, sign)
    middle, right = expression.text(sign + 1, index - 1), expression.text(index, last)
    if expression.word(sign) == "**" and expression.is_function(left):
        return _power_of_function(expression, sign, index)
    first = f"{left}{operator}{middle}"
    if expression.word(sign) != "**":
        first = f"({first})"
    message = f"{expression.text(base, last)} can be read in two ways"
    readings = f"{first}*{right}", f"{left}{operator}({middle}*{right})"
    if CUT in readings[1]:
        return expression.error(base, last, message, f"put brackets as in (a{operator}b)*c or in a{operator}(b*c)")
    return expression.unclear(base, last, message, *readings)


CUT = "\N{HORIZONTAL ELLIPSIS}"
"""What an excerpt ends with that is too long to be quoted."""


def _power_of_function(expression: Expression, sign: int, index: int) -> GradcalcError:
    """The error for `sin^n (x)` and `sin^-1 x`."""
    base, last = expression.start(sign - 1), expression.end(index)
    name, power, right = (
        expression.text(*tokens) for tokens in ((base, sign - 1), (sign + 1, index - 1), (index, last))
    )
    argument = right if expression.kind(index) == "open" else f"({right})"
    message = f"a power of {name} is written after its argument"
    if power in {"-1", "(-1)"} and expression.is_function(f"a{name}"):
        hint = "type {} for the inverse function, {} for the reciprocal"
        return expression.unclear(base, last, message, f"a{name}{argument}", f"1/{name}{argument}", hint=hint)
    return expression.unclear(base, last, message, f"{name}{argument}**{power}")
