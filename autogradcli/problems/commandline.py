"""The words of a command line, sorted into options, values of variables and arguments.

An option parser cannot do this: `--x -2` gives a variable a value, `-x**2` is an expression, and any name in any
alphabet may be a variable. So the words are sorted here, by a description of the command's own options, and come out
as a command line that an option parser cannot misread: `--rtol=1e-3 --set=x=-2 -- -x**2`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from shlex import quote

from autogradcli.errors import GradcalcError
from autogradcli.language.nearest import did_you_mean, nearest

SET = "--set"
"""The option that gives a variable its value; commands without it take no values."""

_OPTION = re.compile(r"(--[^\W\d][\w-]*)(?:=(.*))?", re.DOTALL)
"""A word that is an option or gives a value to a variable. `--5` and `--(x)` are expressions."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a command."""

    names: tuple[str, ...]
    """How it is written, the long name first."""
    takes_value: bool
    metavar: str | None = None
    """What its value is called."""
    repeats: bool = False
    """Whether it may be given any number of times."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """What a command takes."""

    command: str
    options: tuple[Option, ...]
    arguments: tuple[str, ...]
    """The names of its arguments, such as `EXPR`."""
    required: int
    """How many of them must be there."""
    repeats: bool
    """Whether the last one may be given any number of times."""
    advice: str
    """Where to look when an option is not known."""
    formats: Sequence[str] = ()
    """The names of its formats, which people take for options."""
    elsewhere: Callable[[str], Sequence[str]] = lambda _: ()
    """The other commands that have an option of a name."""

    def option(self, name: str) -> Option | None:
        """The option that is written so, if there is one."""
        return next((option for option in self.options if name in option.names), None)

    @property
    def names(self) -> tuple[str, ...]:
        """All ways to write its options."""
        return tuple(name for option in self.options for name in option.names)


@dataclass(frozen=True, slots=True)
class Word:
    """An option or a variable, as it stands on the command line."""

    name: str
    value: str | None


WHOLE = frozenset({"-m", "-c", "--module", "--code"})
"""Options after whose value all words are the program's, as Python has it."""


def split_program(words: Sequence[str], syntax: Syntax) -> tuple[list[str], list[str]]:
    """The words up to a program, itself included, and the words after it, which are its own."""
    place = 0
    while place < len(words):
        word = words[place]
        option = syntax.option(word) or syntax.option(word.partition("=")[0])
        if word == "--":
            return [*words[: place + 2]], list(words[place + 2 :])
        if option is None and (word == "-" or not word.startswith("-")):
            return list(words[: place + 1]), list(words[place + 1 :])
        takes = option is not None and option.takes_value and "=" not in word
        place += 2 if takes else 1
        if word.partition("=")[0] in WHOLE:
            return list(words[:place]), list(words[place:])
    return list(words), []


def canonical(words: Sequence[str], syntax: Syntax) -> list[str]:
    """The same command line in the one form that cannot be misread. Raises GradcalcError if it makes no sense."""
    given: list[Word] = []
    arguments: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            arguments += rest
        elif (option := _split(word, syntax)) is not None:
            given.append(_complete(option, rest, syntax))
        else:
            arguments.append(word)
    if not _asks_for_help(given):
        _check_arguments(arguments, given, syntax)
        _check_repetitions(given, syntax)
    return [*(_written(each, syntax) for each in given), "--", *arguments]


def _split(word: str, syntax: Syntax) -> Word | None:
    """The option in a word and what follows its `=`; None for an argument."""
    if syntax.option(word):
        return Word(word, None)
    match = _OPTION.fullmatch(word)
    return Word(match[1], match[2]) if match else None


def _complete(given: Word, rest: Iterator[str], syntax: Syntax) -> Word:
    """The option with its value, which is the next word whatever it starts with, unless that is another option."""
    option = syntax.option(given.name)
    if option is None and not syntax.option(SET):
        raise _unknown(given.name, syntax)
    if option is not None and not option.takes_value:
        if given.value is not None:
            raise GradcalcError("usage", f"{given.name} takes no value", hint=f"type {given.name} alone")
        return given
    if given.value is not None:
        return given
    value = next(rest, None)
    if value is None:
        raise _no_value(given.name, None, syntax)
    if _OPTION.fullmatch(value) or (option is None and syntax.option(value)):
        raise _no_value(given.name, value, syntax)
    return Word(given.name, value)


def _written(given: Word, syntax: Syntax) -> str:
    option = syntax.option(given.name)
    if option is None:
        return f"{SET}={given.name[2:]}={given.value}"
    return option.names[0] if given.value is None else f"{option.names[0]}={given.value}"


def _asks_for_help(given: Sequence[Word]) -> bool:
    return any(each.name in {"--help", "-h"} for each in given)


def _meant(name: str, syntax: Syntax) -> str | None:
    """What may be meant by an option that a command has not."""
    if name in SLIPS and syntax.option(SLIPS[name].split()[0]):
        return f"type {SLIPS[name]}"
    if name.lstrip("-") in syntax.formats:
        return f"type --format {name.lstrip('-')}"
    if others := syntax.elsewhere(name):
        *more, last = others
        where = " and ".join([", ".join(more), last] if more else [last])
        return f"{name} is an option of gradcalc {where}{POINTED.get(name, '')}"
    if near := did_you_mean(name, syntax.names):
        return near
    form = nearest(name, syntax.formats)
    return form and f"type --format {form}"


POINTED = {"--claim": ", at a point: gradcalc eval EXPR --x 2 --claim EXPR"}
"""What an option of another command needs there."""

SLIPS = {
    "--silent": "--quiet",
    "--out": "--output FILE",
    "--file": "--output FILE",
    "--var": "--wrt x",
    "--variable": "--wrt x",
    "--variables": "--wrt x,y",
    "--with-respect-to": "--wrt x",
    "--respect-to": "--wrt x",
    "--point": "--at points.csv",
    "--points": "--at points.csv",
    "--precision": "--digits 6",
    "--prec": "--digits 6",
    "--decimals": "--digits 6",
    "--places": "--digits 6",
    "--dps": "--digits 6",
    "--float32": "--dtype float32",
    "--float64": "--dtype float64",
    "--tolerance": "--rtol 1e-6",
    "--tol": "--rtol 1e-6",
    "--raw": "--format plain",
    "--short": "--format plain",
    "--csv": "--format csv",
    "--junit": "--report junit=gradcalc.xml",
    "--junitxml": "--report junit=gradcalc.xml",
    "--junit-xml": "--report junit=gradcalc.xml",
    "-k": "--select NAME",
    "--nth": "--order 2",
    "--second": "--order 2",
    "--hessian": "--order 2",
    "--no-color": "--color never",
    "--colour": "--color always",
    "--verbose": "--full",
    "--steps": "--trace",
    "--graph": "--chain",
    "-n": "--order 2",
    "-w": "--wrt x",
    "-v": "--full",
}
"""Options of other tools, and what to type instead."""


ELSEWHERE = {
    **{name.removeprefix("--"): f"type {right}" for name, right in SLIPS.items() if name.startswith("--")},
    **dict.fromkeys(
        ("value", "values", "var", "vars", "point"),
        "the value of a variable is an option of its own name: --x 2; many points: --at points.csv",
    ),
    **{form: f"type -o FILE.{form}" for form in ("png", "svg", "pdf", "html", "dot")},
    **dict.fromkeys(("device", "cuda", "gpu"), "gradcalc computes on the CPU: leave it out"),
    **dict.fromkeys(("eps", "epsilon", "step", "h"), "gradcalc takes no steps; a tolerance is --rtol 1e-6"),
}
"""What to type for options of other tools where every name may be a variable."""
EXPRESSIONS = frozenset({"--expr", "--expression", "--formula", "--eval", "-e"})
"""What people write before the expression."""


def _unknown(name: str, syntax: Syntax) -> GradcalcError:
    hint = _meant(name, syntax) or syntax.advice
    return GradcalcError("usage", f"{syntax.command} has no option {name}", hint=hint)


def _no_value(name: str, following: str | None, syntax: Syntax) -> GradcalcError:
    option = syntax.option(name)
    hint = f"type {name} {option.metavar}" if option and option.metavar else None
    if option is None:
        hint = _meant(name, syntax)
        if hint is None and (found := re.fullmatch(r"(--[^\W\d][^\W\d]*)(\d[\d.]*)", name)):
            hint = f"for {found[1][2:]} = {found[2]} type {found[1]} {found[2]}"
    then = "" if following is None else f"; after it comes {following}"
    return GradcalcError("usage", f"{name} needs a value{then}", hint=hint)


def _check_arguments(arguments: Sequence[str], given: Sequence[Word], syntax: Syntax) -> None:
    if len(arguments) < syntax.required:
        missing = syntax.arguments[len(arguments)]
        raise GradcalcError("usage", f"{missing} is missing", hint=_where_it_went(given, syntax))
    if len(arguments) > len(syntax.arguments) and not syntax.repeats:
        raise _too_many(arguments, given, syntax)
    if syntax.option(SET) and arguments and (inside := _INSIDE.fullmatch(arguments[0])):
        message = f"{inside[2]} stands in the quotes of the expression"
        raise GradcalcError("usage", message, hint=f"type {quote(inside[1])} {inside[2]} {inside[3]}")
    if not syntax.option(SET):
        for word in arguments:
            if word in SLIPS and _meant(word, syntax):
                raise _unknown(word, syntax)


def _check_repetitions(given: Sequence[Word], syntax: Syntax) -> None:
    """Raises GradcalcError if an option is given two values and takes one."""
    first: dict[str, Word] = {}
    for each in given:
        option = syntax.option(each.name)
        if option is None or option.repeats or not option.takes_value:
            continue
        before = first.setdefault(option.names[0], each)
        if before is not each:
            message = f"{option.names[0]} is given twice: {before.value} and {each.value}"
            both = f"type {option.names[0]} {before.value},{each.value}"
            raise GradcalcError("usage", message, hint=both if "--wrt" in option.names else "leave one of them out")


def _where_it_went(given: Sequence[Word], syntax: Syntax) -> str:
    """What to type where the argument is missing: perhaps an option took it for its own value, or for itself."""
    for each in reversed(given):
        if not each.name.startswith("--"):
            return f"{each.name} is an option; for the expression {each.name} type -- {each.name}"
        if each.value is not None and not _is_number(each.value):
            near = None if syntax.option(each.name) else _meant(each.name, syntax)
            if each.name in EXPRESSIONS and not syntax.option(each.name):
                near = f"the expression stands alone: type {quote(each.value)}"
            return f"{each.name} took {each.value} for its value" + (f"; {near}" if near else "")
    return f"gradcalc {syntax.command} --help shows examples"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _assigned(arguments: Sequence[str]) -> str:
    """The options that `x=2 y=3` are meant as; nothing if they are none."""
    found = [re.fullmatch(r"([^\W\d]\w*)=([^=].*)", each) for each in arguments[1:]]
    return " ".join(f"--{each[1]} {quote(each[2])}" for each in found if each) if all(found) else ""


def _of_value(arguments: Sequence[str], given: Sequence[Word], syntax: Syntax) -> str | None:
    """What to type for `x=2`, `-x=2`, and for the list that `--x 1 2 3` is; None for something else."""
    if not syntax.option(SET):
        return None
    if values := _assigned(arguments):
        return f"a value is given by an option: type {values}"
    if found := re.fullmatch(r"-([^\W\d]\w*)=(.+)", arguments[1]):
        return f"a value is given by two dashes: --{found[1]} {quote(found[2])}"
    if found := re.fullmatch(r"--([^\W\d]\w*)\s+(.+)", arguments[1]):
        return f"an option and its value are two words: type --{found[1]} {quote(found[2])}"
    if (
        len(arguments) > 2
        and (found := re.fullmatch(r"[-–—―−]+([^\W\d]\w*)", arguments[1]))
        and not arguments[1].isascii()
    ):
        return f"a value is given by two minus signs: type --{found[1]} {quote(arguments[2])}"
    if bare := next((each.value for each in given if each.name == SET and "=" not in (each.value or "")), None):
        return f"type {SET} {bare}={quote(arguments[1])}"
    numbers = [each for each in given if not syntax.option(each.name) and each.value and _is_number(each.value)]
    if numbers and all(map(_is_number, arguments[1:])):
        return f"for a list type {numbers[-1].name} [{','.join([str(numbers[-1].value), *arguments[1:]])}]"
    return None


def _too_many(arguments: Sequence[str], given: Sequence[Word], syntax: Syntax) -> GradcalcError:
    if not syntax.arguments:
        message = f"{syntax.command} takes options alone, and there is {arguments[0]}"
        return GradcalcError("usage", message, hint="leave it out")
    name, count = syntax.arguments[-1], len(arguments)
    message = f"one {name} is expected, and there are {count}: {', '.join(arguments)}"
    hint = _of_value(arguments, given, syntax) or _of_names(arguments, syntax) or _of_option(arguments, syntax)
    if hint is None:
        quoted = f'put it in quotes: "{" ".join(arguments)}"'
        hint = quoted if name == "EXPR" else f"ask for one {name} at a time"
    return GradcalcError("usage", message, hint=hint)


def _of_names(arguments: Sequence[str], syntax: Syntax) -> str | None:
    """What to type for `-e EXPR`, `EXPR x` and `EXPR x 2`; None for something else."""
    count = len(arguments)
    if count == 2 and arguments[0] in EXPRESSIONS:
        return f"the expression stands alone: type {quote(arguments[1])}"
    if count == 2 and arguments[1].isidentifier() and syntax.option("--wrt"):
        return f"for the derivative with respect to it type --wrt {arguments[1]}"
    if count == 3 and arguments[1].isidentifier() and arguments[2].isdigit() and syntax.option("--order"):
        return f"type --wrt {arguments[1]} --order {arguments[2]}"
    return None


_INSIDE = re.compile(r"(.*\S)\s+(--[^\W\d]\w*)(?:\s+|=)([-+\w./\[\],]+)\s*", re.DOTALL)
"""An expression with an option in its quotes: an operator is missing in it, or `=` has no place."""


def _of_option(arguments: Sequence[str], syntax: Syntax) -> str | None:
    """What to type for an option of other tools, or for a value with one dash too few; None for something else."""
    for word, value in pairwise(arguments[1:]):
        if word in SLIPS and syntax.option(SLIPS[word].split()[0]) and word[1:] not in re.findall(r"\w+", arguments[0]):
            return f"type {SLIPS[word].split()[0]} {value}"
        if not syntax.option(SET) and word.startswith("-"):
            return syntax.advice
        if re.fullmatch(r"-[^\W\d]\w*", word):
            return f"a value is given by two dashes: -{word} {value}"
    return None
