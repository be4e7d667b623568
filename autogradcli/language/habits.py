"""How other tools write things, and what to type for it: MATLAB, Julia, Mathematica, Excel, JavaScript, TensorFlow.

A habit is a row. None of them makes sense in the language, so nothing that does is refused.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from autogradcli.errors import Span
from autogradcli.functions.table import is_function
from autogradcli.language.readings import Unclear

NAME, NUMBER, OPERAND = r"[^\W\d]\w*", r"[-+]?\d+", r"(?:(?<![\w.])[\w.]+|\([^()]*\))"
RANGE = rf"\s*({NAME})\s*,\s*({NUMBER})\s*,\s*({NUMBER})\s*"
"""`k, 1, 3`."""
ITEM = re.compile(r"[-+\w.]+")
"""What stands between the spaces of a list of MATLAB's."""


@dataclass(frozen=True, slots=True)
class Habit:
    """One way to write something."""

    signs: tuple[str, ...]
    """One of them is in every text that has it: the pattern is looked for, and made, in such texts alone."""
    pattern: str
    message: str
    written: Callable[[re.Match[str]], str | None]
    """What the place is in the language; None if it is something else."""
    hint: str = "type {}"


def check_habits(text: str, given: Collection[str]) -> None:
    """Raises Unclear for the first habit that is seen; `given` are names with values, which are no libraries."""
    for habit in HABITS:
        if not any(map(text.__contains__, habit.signs)):
            continue
        for found in re.finditer(habit.pattern, text):
            piece = habit.written(found)
            if piece is not None and found.groupdict().get("library") not in given:
                raise _unclear(text, found, piece, habit)


def _unclear(text: str, found: re.Match[str], piece: str, habit: Habit) -> Unclear:
    error = Unclear(habit.message, source=text, span=Span(*found.span()), pieces=[piece], hint=habit.hint)
    if not piece:  # where the rest does not make sense either
        error.hint = f"leave {found[0].strip()} out"
    return error


def _rows(found: re.Match[str]) -> str:
    """`[[1, 2], [3, 4]]` for `[1 2; 3 4]`, and `[1, 2]` for the column `[1; 2]`."""
    texts = [row.strip() for row in found[1].split(";") if row.strip()]
    rows = [re.split(r"\s*,\s*|\s+", text) for text in texts]
    if not all(ITEM.fullmatch(item) for row in rows for item in row):
        rows = [re.split(r"\s*,\s*", text) for text in texts]
    items = [", ".join(row) for row in rows]
    return f"[{', '.join(items if all(len(row) == 1 for row in rows) else map('[{}]'.format, items))}]"


def _loop(name: str, term: str, variable: str, first: str, last: str) -> str:
    """A sum or a product over whole numbers, the last one among them."""
    return f"{name}({term.strip()} for {variable} in range({int(first)}, {int(last) + 1}))"


def _of_range(found: re.Match[str]) -> str:
    return _loop("prod" if found[1].lower().startswith("prod") else "sum", *found.groups()[1:5])


def _of_sigma(found: re.Match[str]) -> str:
    sign, variable, first, last, term = found.groups()
    return _loop("prod" if sign.endswith(("prod", "∏")) else "sum", term, variable, first, last)


def _of_module(found: re.Match[str]) -> str | None:
    """`leaky_relu(x, 0.1)` for `nn.LeakyReLU(0.1)(x)`."""
    folded = found[1].lower()
    names = (re.sub(r"(?<!^)(?=[A-Z][a-z])", "_", found[1]).lower(), folded, folded.removesuffix("loss"))
    known = next((name for name in (*names, *map(_spaced, names)) if is_function(name)), None)
    return known and f"{known}({', '.join(filter(None, [found[3].strip(), found[2].strip()]))})"


def _spaced(folded: str) -> str:
    """`log_softmax` for `logsoftmax`."""
    return re.sub(r"^(leaky|log|hard|soft|cross|binary|huber|mse|l1|smooth)(?=.)|(?=loss$)", r"\1_", folded)


DIFFERENTIATES = "gradcalc itself differentiates"
LIBRARIES = ("tf", "tensorflow", "keras", "cupy", "mpmath", "jax", "Math", "scipy", "optax")
"""Whose functions have the same names here, and stand alone."""

HABITS = (
    Habit(
        ("lambda",),
        r"^\s*(?:jax\.)?(?:grad|value_and_grad|jacfwd|jacrev|jacobian|hessian)\(\s*lambda\s+[^:]*:\s*(.+)\)\s*\([^()]*\)$",
        DIFFERENTIATES,
        lambda found: found[1],
        "type the formula alone: {}",
    ),
    Habit(
        ("'",),
        rf"(?<![\w.'\"])({NAME})'+\s*\(",
        DIFFERENTIATES,
        lambda found: f"{found[1]}(" if is_function(found[1]) else None,
        "type the formula alone: {}",
    ),
    Habit(
        ("'",),
        rf"(?<![\w.'\"]){NAME}'+\s*\([^()'\"]*\)",
        DIFFERENTIATES,
        lambda found: found[0],
        "type the formula alone, in place of {}",
    ),
    Habit(
        ("'",),
        r"^(.*?[-+*/^][^\w'\"]*\d+)'+\s*$",
        DIFFERENTIATES,
        lambda found: found[1],
        "type the formula alone: {}",
    ),
    Habit(
        (".*", ".^", "./", ".+ ", ".- "),
        rf"(?:(?<=[)\]\s])|(?<![\w.])(?P<name>{NAME}))(?P<space>\s{{0,9}})\.(?P<sign>\*\*|[*^/]|[-+](?=\s))",
        "operators are componentwise without a point",
        lambda found: f"{found['name'] or ''}{found['space']}{found['sign']}",
    ),
    Habit(
        ("'",),
        r"^([^'\"]*[\w)\]])'(?!\w)",
        "a quotation mark is no transpose",
        lambda found: f"{found[1]}.T",
        "for a transpose type {}",
    ),
    Habit(
        ("@(", "->", "=>", "↦", ":"),
        rf"^\s*(?:@\([\w\s,]*\)|lambda\s+[^:]*:|\(?({NAME})(?:\s*,\s*{NAME})*\)?\s*(?:->|=>|↦)(?=.*\b\1\b)"
        rf"|{NAME}\s*:(?!=))\s*(?=\S)",
        "a formula does not say what it is a function of",
        lambda _: "",
        "type the formula itself: {}",
    ),
    Habit(("=",), r"^\s*=(?!=)\s*(?=[^\s=])", "a formula has no = before it", lambda _: ""),
    Habit((";",), r"\[([^\[\];]*;[^\[\]]*)\]", "a semicolon separates statements, not rows", _rows),
    Habit(
        ("Sum", "Product"),
        rf"\b(Sum|Product)[\[(]([^\[\]{{}};]{{1,200}}),\s*[{{(]{RANGE}[}})]\s*[\])]",
        "a sum has a loop in it",
        _of_range,
    ),
    Habit(
        ("sum_", "sum _", "prod_", "prod _", "∑", "Σ", "∏"),
        rf"(\\?\bsum|\\?\bprod|[∑Σ∏])\s?_\s?\{{?\s?({NAME})\s?=\s?({NUMBER})\s?\}}?\s?\^\s?\{{?({NUMBER})\}}?(.+)",
        "a sum has a loop in it",
        _of_sigma,
    ),
    Habit((" mod ",), rf"({OPERAND}) mod ({OPERAND})", "mod is no operator", lambda found: f"{found[1]} % {found[2]}"),
    Habit(
        (" choose ",),
        rf"({OPERAND}) choose ({OPERAND})",
        "choose is no operator",
        lambda found: f"binomial({found[1]}, {found[2]})",
    ),
    Habit(
        ("?",),
        r"^([^?;]+)\?([^?:;]+):([^?:;]+)$",
        "? is not an operator",
        lambda found: f"{found[2].strip()} if {found[1].strip()} else {found[3].strip()}",
    ),
    Habit(
        tuple(f"{name}." for name in LIBRARIES),
        rf"(?<![\w.])(?P<library>{'|'.join(LIBRARIES)})\.(?!numpy\.|special\.)(?:\w+\.)*(?=\w+\s?\([^)])",
        "functions are known by torch's, NumPy's and SymPy's names",
        lambda _: "",
    ),
    Habit(
        ("nn.",),
        r"(?<![\w.])(?:torch\.)?nn\.([A-Z]\w*)\(([^()]*)\)\(([^()]*)\)",
        "a module is written as the function that it computes",
        _of_module,
    ),
)
"""All that are known. Where several are in a text, the first is told, and what to type has none of them."""
