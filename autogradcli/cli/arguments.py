"""Options that several commands share, each with its check, its completion and its line of help.

Those that go together are the fields of a group (see `groups`).
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from autogradcli.compute.problem import LARGEST_SEED, Options
from autogradcli.errors import GradcalcError
from autogradcli.language.dtypes import DTYPES, dtype_meant
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.tape import MAX_OPERATIONS
from autogradcli.problems.build import MOST_ORDERS
from autogradcli.processes.limits import MAX_MEMORY, TIMEOUT, Limits

MOST_REPEATS = 1000
"""Times that `backward` may be called."""
MOST_OPERATIONS = 10**9
"""Scalar operations that fit into no memory."""
LONGEST = 1e6
"""Seconds that anybody may wait for one problem."""


FORMATS: Mapping[str, str | None] = {
    **dict.fromkeys(("text", "plain", "html", "csv", "tree", "svg", "dot", "tap")),
    "tex": "latex",
    "md": "markdown",
    "txt": "text",
    "xml": "junit",
    "py": "python",
    "ascii": "tree",
    "bare": "plain",
}
"""What other formats are called: of those that some command has under that name, no other is meant."""


def _meant(text: str, choices: Collection[str]) -> str | None:
    """The question to ask about a choice that there is not."""
    meant = FORMATS.get(text)
    if meant in choices:
        return f"did you mean {meant}?"
    return None if text in FORMATS else did_you_mean(text, choices)


def one_of(option: str, choices: Collection[str]) -> Callable[[str], str]:
    """A parser that gives back one of the choices; for anything else it raises GradcalcError that names the nearest."""

    def parse(text: str) -> str:
        if text in choices:
            return text
        *others, last = choices
        listed = ", ".join(others)
        near = dtype_meant(text) if choices is DTYPES else _meant(text, choices)
        hint = near or f"it can be {' or '.join([listed, last] if others else [last])}"
        raise GradcalcError("usage", f"{option} cannot be {text}", hint=hint)

    return parse


def tolerance(option: str) -> Callable[[str], float]:
    """A parser of a finite number that is not negative."""

    def parse(text: str) -> float:
        number = _number(text)
        if not 0 <= number < math.inf:
            raise GradcalcError("usage", f"{option} cannot be {text}", hint="it can be 0 or a number above 0")
        return number

    return parse


def seconds(text: str) -> float:
    """A positive number of seconds."""
    number = _number(text)
    if not 0 < number <= LONGEST:
        hint = f"it can be a number of seconds above 0, up to {LONGEST:,.0f}"
        raise GradcalcError("usage", f"--timeout cannot be {text}", hint=hint)
    return number


def size(text: str | int) -> int:
    """A number of bytes: `500MB`, `2 GB`, `2GiB`, or bare; Typer gives it the default as well."""
    found = _SIZE.fullmatch(str(text).strip())
    number = 0 if found is None else float(found[1]) * UNITS[found[2].lower()]
    if not LEAST_MEMORY <= number <= MOST_MEMORY:
        hint = "type --max-memory 2GB; it can be 500MB or more"
        raise GradcalcError("usage", f"--max-memory cannot be {text}", hint=hint)
    return int(number)


def memory(help: str) -> Any:
    """What Typer needs for the option --max-memory."""
    return typer.Option(
        "--max-memory", metavar="SIZE", help=f"{help}  [default: 2GiB]", parser=size, show_default=False
    )


UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]i?|)b?", re.ASCII | re.IGNORECASE)
LEAST_MEMORY, MOST_MEMORY = 500 * 10**6, 2**60
"""torch alone takes almost half of the least."""


def whole(option: str, most: int, least: int = 1) -> Callable[[str | int], int]:
    """A parser of a whole number between two limits; Typer gives it the default as well."""

    def parse(given: str | int) -> int:
        number = _number(str(given).replace(",", ""))
        if not (least <= number <= most and number.is_integer()):
            hint = f"it can be a whole number, {least} to {most:,}"
            raise GradcalcError("usage", f"{option} cannot be {given}", hint=hint)
        return int(number)

    return parse


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def completion(choices: Collection[str]) -> Callable[[str], list[str]]:
    """What a shell offers for an option with choices."""
    return lambda incomplete: [choice for choice in choices if choice.startswith(incomplete)]


def choice(option: str, choices: Collection[str], help: str, *others: str) -> Any:
    """What Typer needs for an option with choices: its metavar, its check and its completion."""
    return typer.Option(
        option,
        *others,
        metavar="|".join(choices),
        help=help,
        parser=one_of(option, choices),
        autocompletion=completion(choices),
    )


ASKED = "What is asked"
VALUES = "Values"
OUTPUT = "Output"
"""Sections of the help, beside those of the groups."""

Expression = Annotated[
    str, typer.Argument(metavar="EXPR", help="The expression, in quotes; - reads it from standard input.")
]
Assignments = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Give a variable a value whose name is also an option's; repeatable.",
        rich_help_panel=VALUES,
    ),
]
Wrt = Annotated[
    str | None,
    typer.Option(
        "--wrt",
        metavar="NAMES",
        help="Differentiate with respect to these only, variables or names of the text: x,y. With x,x,y: one mixed"
        " partial derivative.",
        rich_help_panel=ASKED,
    ),
]
Order = Annotated[
    int,
    typer.Option(
        "--order",
        metavar="N",
        parser=whole("--order", MOST_ORDERS),
        help="All derivatives up to this order; of several variables 2, all second partial derivatives.",
        rich_help_panel=ASKED,
    ),
]
Hessian = Annotated[
    bool,
    typer.Option(
        "--hessian",
        help="All second partial derivatives.",
        rich_help_panel=ASKED,
    ),
]
Jacobian = Annotated[
    bool,
    typer.Option(
        "--jacobian",
        help="The derivative of every component of the output, in place of --upstream.",
        rich_help_panel=ASKED,
    ),
]
Hvp = Annotated[
    list[str],
    typer.Option(
        "--hvp",
        metavar="NAME=VALUE",
        help="The Hessian times this direction; repeatable, for each name.",
        rich_help_panel=ASKED,
    ),
]
Jvp = Annotated[
    list[str],
    typer.Option(
        "--jvp",
        metavar="NAME=VALUE",
        help="The derivative along this direction, by torch's forward mode; repeatable.",
        rich_help_panel=ASKED,
    ),
]
Of = Annotated[
    str | None,
    typer.Option(
        "--of", metavar="NAME", help="Differentiate this name of the text, not the last one.", rich_help_panel=ASKED
    ),
]
Upstream = Annotated[
    str | None,
    typer.Option(
        "--upstream",
        metavar="EXPR",
        help="What backward is given where the output is a tensor; out is the output: ones_like(out).",
        rich_help_panel=ASKED,
    ),
]
Repeat = Annotated[
    int,
    typer.Option(
        "--repeat",
        metavar="N",
        help="Call backward N times and show what each call adds to .grad.",
        parser=whole("--repeat", MOST_REPEATS),
        rich_help_panel=ASKED,
    ),
]
ZeroGrad = Annotated[
    bool,
    typer.Option(
        "--zero-grad",
        help="Set .grad to zero before each call of backward.",
        rich_help_panel=ASKED,
    ),
]
Trace = Annotated[
    bool,
    typer.Option(
        "--trace",
        help="Write the chain rule out, from the output to each variable, step by step.",
        rich_help_panel=OUTPUT,
    ),
]
Chain = Annotated[
    bool,
    typer.Option(
        "--chain",
        help="Show the whole grad_fn chain, however long it is.",
        rich_help_panel=OUTPUT,
    ),
]
Full = Annotated[
    bool,
    typer.Option(
        "--full", help="Show all digits, components and rows, however wide and long they are.", rich_help_panel=OUTPUT
    ),
]
Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="FILE", help="Go on where FILE ends, and write to it: an interrupted run."),
]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What is demanded of a gradient."""

    title: ClassVar[str] = "Accuracy"
    rtol: Annotated[
        float | None,
        typer.Option(
            "--rtol",
            metavar="NUMBER",
            help="Demand this relative accuracy of the gradient, at the scale of f/x where that is larger.",
            parser=tolerance("--rtol"),
        ),
    ] = None
    atol: Annotated[
        float | None,
        typer.Option(
            "--atol",
            metavar="NUMBER",
            help="Demand this absolute accuracy of the gradient.",
            parser=tolerance("--atol"),
        ),
    ] = None
    max_ulps: Annotated[
        float | None,
        typer.Option(
            "--max-ulps",
            metavar="NUMBER",
            help="Demand this accuracy of the gradient in units in the last place.",
            parser=tolerance("--max-ulps"),
        ),
    ] = None
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 3 on anything but verified, and 1 on a mismatch.")
    ] = False


ANY = Accuracy()
"""Nothing is demanded."""


@dataclass(frozen=True, slots=True)
class Computation:
    """How a problem is computed, and what it may take."""

    title: ClassVar[str] = "Computation"
    dtype: Annotated[str, choice("--dtype", DTYPES, "The format torch computes in.")] = "float64"
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="N",
            help="What the random numbers of values start from, as torch.manual_seed does.",
            parser=whole("--seed", LARGEST_SEED, least=0),
        ),
    ] = 0
    no_symbolic: Annotated[bool, typer.Option("--no-symbolic", help="Leave SymPy out.")] = False
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="How long a problem may take.", parser=seconds)
    ] = TIMEOUT
    max_memory: Annotated[int, memory("How much memory a problem may take: 2GB, 500MB.")] = MAX_MEMORY
    max_operations: Annotated[
        int,
        typer.Option(
            "--max-operations",
            metavar="N",
            help="Prove nothing about more scalar operations than this.",
            parser=whole("--max-operations", MOST_OPERATIONS),
        ),
    ] = MAX_OPERATIONS

    def options(self, accuracy: Accuracy = ANY) -> Options:
        """The options of a problem."""
        return Options(
            self.dtype,
            accuracy.rtol,
            accuracy.atol,
            accuracy.max_ulps,
            symbolic=not self.no_symbolic,
            timeout=self.timeout,
            seed=self.seed,
            max_operations=self.max_operations,
        )

    @property
    def limits(self) -> Limits:
        """What bounds the process that works on a problem."""
        return Limits(self.timeout, self.max_memory)
