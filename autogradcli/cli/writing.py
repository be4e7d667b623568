"""How a result is written, and where: the options that every command has."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol, TypeVar

import typer

from autogradcli.cli.arguments import OUTPUT, choice, whole
from autogradcli.cli.output import Output, open_output
from autogradcli.errors import GradcalcError
from autogradcli.language.nearest import did_you_mean
from autogradcli.render.terminal import COLOURS

MOST_DIGITS = 30
"""Significant digits of the numbers of SymPy and Arb."""


Found = TypeVar("Found")
FOR_PEOPLE = frozenset({"text", "tree"})
"""Formats whose lines may be broken on a terminal."""
WRITTEN = frozenset({".txt", ".csv", ".json", ".jsonl", ".md", ".tex", ".html", ".xml", ".tap", ".py", ".c", ".h"})
"""Endings that mean something in other commands, and are no slips."""
PICTURES = frozenset({".gif", ".jpg", ".jpeg", ".bmp", ".webp", ".eps", ".ps", ".tif", ".tiff"})
"""Endings of pictures that nothing here writes."""
DRAWN = (".svg", ".png", ".pdf")
"""Endings of those that the graph is drawn in."""


class Choices(Protocol):
    """The formats that a command has, the first of which is its usual one."""

    @property
    def names(self) -> Sequence[str]:
        """Their names."""

    def suffixes(self) -> Mapping[str, str]:
        """The name of the format that each ending of a file's name means."""


@dataclass(frozen=True, slots=True)
class Endings:
    """The formats of a command that are told apart in it."""

    names: Sequence[str]
    by_suffix: Mapping[str, str]

    def suffixes(self) -> Mapping[str, str]:
        """The name of the format that each ending of a file's name means."""
        return self.by_suffix


@dataclass(frozen=True, slots=True)
class Writing:
    """How the result of a command is written."""

    title: ClassVar[str] = OUTPUT
    format: Annotated[str | None, typer.Option("--format", "-f")] = None
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the result to FILE, not to standard output; its ending tells the format.",
        ),
    ] = None
    digits: Annotated[
        int | None,
        typer.Option(
            "--digits",
            metavar="N",
            help="Show numbers in N significant digits; JSON has all of them.",
            parser=whole("--digits", MOST_DIGITS),
        ),
    ] = None
    color: Annotated[str, choice("--color", COLOURS, "When there are colours; else NO_COLOR and FORCE_COLOR tell.")] = (
        "auto"
    )
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no result: the exit status tells.")] = False

    def form(self, choices: Choices) -> str:
        """The format that is asked for, or that the file's name means; the usual one if nothing is said.

        Raises GradcalcError if the options contradict each other, or nothing can be written there.
        """
        self.check_place(choices)
        if self.json and self.format not in {None, "json"}:
            message = f"--json is short for --format json, and --format is {self.format}"
            raise GradcalcError("usage", message, hint="leave one of them out")
        if self.json or self.format:
            return "json" if self.json else self.format or ""
        ending = os.path.splitext(self.output or "")[1]
        return self._form_of(ending, choices) if ending else choices.names[0]

    def _form_of(self, ending: str, choices: Choices) -> str:
        """The format that an ending means."""
        # Only where a picture is asked for.
        from autogradcli.render import graph

        endings = choices.suffixes()
        if ending.lower() in endings:
            return endings[ending.lower()]
        assert self.output is not None
        meant = f"type -o {os.path.splitext(self.output)[0]}{next(iter(endings))}"
        drawn = ending.lower() in graph.FORMATS.suffixes()
        if ending.lower() in PICTURES:
            pictures = list(graph.FORMATS.suffixes())
            other = next((each for each in (".png", ".svg") if each in endings), None)
            written = f"type -o {os.path.splitext(self.output)[0]}{other}" if other else "gradcalc graph draws pictures"
            hint = f"{written}; a picture can be {', '.join(each for each in pictures if each in DRAWN)}"
            raise GradcalcError("usage", f"{ending} is no format of this command", hint=hint)
        near = None if drawn or ending.lower() in WRITTEN else did_you_mean(ending, endings)
        hint = near or f"{meant}, or another of {', '.join(endings)}; or say --format"
        if drawn and ending.lower() not in WRITTEN:
            hint = f"gradcalc graph writes {ending}; here {hint}"
        raise GradcalcError("usage", f"{ending} is no format of this command", hint=hint)

    def check_place(self, choices: Choices) -> None:
        """Raises GradcalcError, before anything is computed, if the result cannot go where it is to go."""
        path = self.output
        if path is None:
            return
        if self.quiet:
            raise GradcalcError("usage", "--quiet leaves nothing for --output to write", hint="leave one of them out")
        folder = os.path.dirname(path) or "."
        if os.path.isdir(path):
            endings = [ending for ending, form in choices.suffixes().items() if self.format in {None, form}] or [""]
            hint = f"type -o {os.path.join(path, f'result{endings[0]}')}"
            raise GradcalcError("file", f"{path} is a directory", hint=hint)
        if not os.path.isdir(folder):
            message = f"{path} cannot be written: there is no folder {folder}"
            raise GradcalcError("file", message, hint=f"type mkdir -p {folder}, or write to another place")
        if not os.access(path if os.path.exists(path) else folder, os.W_OK):
            raise unwritable(path, "Permission denied")

    def shown(self, found: Found, form: str) -> Found:
        """What is found, in as many digits as are asked for; JSON has all of them."""
        if self.digits is None or form == "json":
            return found
        # Only where digits are asked for.
        from autogradcli.render.digits import in_digits

        return in_digits(found, self.digits)

    def open(self, form: str) -> AbstractContextManager[Output]:
        """A context with the place that the result goes to, which is in this format."""
        return open_output(self.output, self.quiet, self.color, form in FOR_PEOPLE)


def unwritable(path: str, why: str) -> GradcalcError:
    """The error for a place where nothing may be written."""
    hint = f"write to a folder of your own: -o ~/{os.path.basename(path)}"
    return GradcalcError("file", f"{path} cannot be written: {why}", hint=hint)


def formats(
    choices: Choices, help: str = "How the result is written; else the ending of FILE tells."
) -> dict[str, Any]:
    """What `--format` is in a command, as `groups.expanded` takes it."""
    return {"format": Annotated[str | None, choice("--format", tuple(choices.names), help, "-f")]}
