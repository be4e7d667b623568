"""Groups of options: a parameter of a command whose type is a group stands for an option for each of its fields.

A group is a dataclass with a `title`, its section in the help. What a field is called and does is declared once, there.
"""

import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_args

from typer.core import TyperCommand


def expanded(command: Callable[..., Any], changed: Mapping[str, Any]) -> Callable[..., Any]:
    """The command with an option in place of each field of its parameters that are groups.

    `changed` has what is declared otherwise in this command than in the group: the choices of --format, say.
    """
    parameters: list[Parameter] = []
    groups: dict[str, type] = {}
    for parameter in signature(command, eval_str=True).parameters.values():
        if is_dataclass(parameter.annotation):
            groups[parameter.name] = parameter.annotation  # type: ignore[assignment]
            parameters += _options_of(parameter.annotation, changed)
        else:
            parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))

    @wraps(command)
    def called(**given: Any) -> Any:
        gathered = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return command(**given, **gathered)

    called.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called


def _options_of(group: Any, changed: Mapping[str, Any]) -> list[Parameter]:
    """The parameters that the fields of a group stand for, each in the section of the group in the help."""
    found = []
    for field in fields(group):
        annotation = changed.get(field.name, field.type)
        type_, option = get_args(annotation)
        option = copy(option)
        option.rich_help_panel = group.title
        default = field.default
        found.append(
            Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[type_, option])
        )
    return found


_DEFAULT = re.compile(r"\[default: [^\]]*\]")
_UNBROKEN = "\N{NO-BREAK SPACE}"


def _in_one_piece(default: re.Match[str]) -> str:
    """A default, at no place of which a line ends."""
    return default[0].replace(" ", _UNBROKEN)


WIDEST_NAME = 22
"""Columns of an option, with its value, that the text of all options stands beside; of a longer one it stands below."""


class Grouped(TyperCommand):
    """A command whose help shows its options in sections, and in its first line what may be repeated or left out."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands after the command's name."""
        return ["[OPTIONS]", *(_usage(each) for each in self.get_params(ctx) if each.param_type_name == "argument")]

    def get_help(self, ctx: Any) -> str:
        """The text of the help."""
        return str(super().get_help(ctx)).replace(_UNBROKEN, " ")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, and the options by section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                kind = "Arguments" if parameter.param_type_name == "argument" else "Options"
                title = getattr(parameter, "rich_help_panel", None) or kind
                name, text = record
                sections.setdefault(title, []).append((name, _DEFAULT.sub(_in_one_piece, text)))
        for title, records in sections.items():
            narrow = [len(name) for name, _ in records if len(name) <= WIDEST_NAME]
            with formatter.section(title):
                formatter.write_dl(records, col_max=max(narrow, default=WIDEST_NAME))


def _usage(argument: Any) -> str:
    """An argument in the first line of the help: `EXPR`, `[NAME]`, `FILE...`, `{start|stop}`."""
    name = f"{argument.metavar}..." if argument.nargs < 0 else str(argument.metavar)
    choices = "|" in name
    return f"[{name}]" if not argument.required else f"{{{name}}}" if choices else name
