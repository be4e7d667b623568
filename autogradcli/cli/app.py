"""The whole command line: which command is meant, its options, and one place where every failure ends."""

import errno
import os
import re
import shlex
import sys
from collections.abc import Sequence
from functools import cache, partial
from importlib import import_module
from typing import Annotated, Any

import typer

from autogradcli.cli.output import abandon_standard_output, file_error, say
from autogradcli.errors import ExitCode, GradcalcError
from autogradcli.language.nearest import nearest
from autogradcli.problems.commandline import Option, Syntax, canonical, split_program

COMPLETING = "_GRADCALC_COMPLETE"
"""The environment variable by which a shell asks for completions."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Why help, which Click prints by itself, cannot be written; results are written by `Output`, which knows better."""

SERVER = "--server"
"""Where a call is worked on: said anywhere on the command line, and obeyed before it is read (`server.client`)."""

VALUES = {
    "diff": "; values of variables are for gradcalc eval",
    "run": "; what is the program's own stands after it: gradcalc run train.py --epochs 3",
    "check": "; values of variables stand in the files: at.x = 2",
    "batch": '; values of variables stand in the lines: "at": {"x": 2}',
}
"""What to do with the value of a variable, for commands that take none."""

SUMMARIES = {
    "eval": "Value and gradient at a point, and a verdict on the gradient.",
    "diff": "The derivative as a formula, found by SymPy.",
    "run": "Any PyTorch program, run by Python, every backward verified.",
    "check": "Case files, for CI: pass or fail, and where.",
    "batch": "JSON Lines in, JSON Lines out: a report for each line.",
    "graph": "The graph that autograd built, with numbers on it.",
    "functions": "The functions that gradcalc knows, or one of them in full.",
    "explain": "The page behind a reason code or a word.",
    "server": "A warm process that makes every later call fast.",
}
"""The first line of each command's help, for the list of all, which imports none of them."""
COMMANDS = {name: name for name in SUMMARIES} | {"eval": "evaluate"}
"""Each command's module, and the function in it; only the module of the command that runs is imported."""

MEANT = {
    **dict.fromkeys(("derive", "derivative", "differentiate"), "diff"),
    **dict.fromkeys(("grad", "gradient", "calc", "compute", "evaluate", "verify", "hessian", "jacobian"), "eval"),
    **dict.fromkeys(("plot", "sweep", "table"), "eval EXPR --at points.csv"),
    **dict.fromkeys(("draw", "tree", "picture"), "graph"),
    **dict.fromkeys(("test", "lint"), "check"),
    **dict.fromkeys(("list", "ls"), "functions"),
}
"""Words that people take for commands."""
POINTS = ("eval", "graph")
"""The commands that give variables values."""


def _application() -> typer.Typer:
    """The command line without commands."""
    return typer.Typer(
        name="gradcalc",
        help="The gradient of an expression, and whether that gradient is right.",
        epilog="gradcalc COMMAND --help shows the options of a command, with examples.",
        callback=_global_options,
        rich_markup_mode=None,  # plain help: 80 columns anywhere, and no import of rich
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )


@cache
def _root(*commands: str) -> Any:
    """The command line with some of the commands, made once."""
    # Only where a command runs: the options of all come with it.
    from autogradcli.cli.groups import Grouped, expanded
    from autogradcli.cli.writing import formats

    app = _application()
    for name in commands:
        module = import_module(f"autogradcli.cli.{COMMANDS[name]}")
        command = expanded(getattr(module, COMMANDS[name]), formats(module.FORMATS))
        app.command(name, cls=Grouped, epilog=module.EXAMPLES)(command)
    return typer.main.get_command(app)


@cache
def _overview() -> Any:
    """The command line with the names and the summaries of all commands, none of which it can run."""
    app = _application()
    for name, summary in SUMMARIES.items():
        app.command(name, help=summary)(lambda: None)
    return typer.main.get_command(app)


def prepare() -> None:
    """Make all commands beforehand, for many command lines."""
    for names in (*((name,) for name in COMMANDS), tuple(COMMANDS)):
        _root(*names)
    _overview()


def _print_versions(wanted: bool) -> None:
    if wanted:
        # Only for this option.
        from autogradcli.compute.versions import versions

        typer.echo("\n".join(f"{name} {version}" for name, version in versions().items()))
        raise typer.Exit


def _global_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the versions of gradcalc and its engines.", callback=_print_versions, is_eager=True
        ),
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(SERVER, metavar="auto|never|require", help="Whether a warm server is used; see server."),
    ] = None,
) -> None:
    """The options that stand before the command."""


def run(arguments: Sequence[str]) -> int:
    """The exit status of one command line. Its result goes to standard output, everything else to standard error."""
    try:
        if tuple(arguments[:1]) != ("run",):  # a program's streams are Python's own
            _prepare_streams()
        return int(_invoke(list(arguments)) or ExitCode.OK)
    except GradcalcError as error:
        say(error.draw())
        return ExitCode.USAGE
    except typer.Exit as finished:
        return finished.exit_code if sys.stdout is not None else ExitCode.USAGE  # help that nobody can read
    except KeyboardInterrupt:
        say("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        abandon_standard_output()
        return ExitCode.CLOSED_PIPE
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            say(file_error("standard output", error, "written").draw())
            return ExitCode.USAGE
        _report_defect(error)
        return ExitCode.INTERNAL


def _prepare_streams() -> None:
    """Let any text be printed: what the terminal's encoding has no character for is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _report_defect(error: Exception) -> None:
    if os.environ.get("GRADCALC_DEBUG"):
        # Only to report a defect.
        import traceback

        traceback.print_exception(error)
    say(f"internal error: {type(error).__name__}: {error}")
    say("This is a defect of gradcalc. Please report it, with the traceback that GRADCALC_DEBUG=1 adds.")


def _invoke(arguments: list[str]) -> Any:
    """What the command returns that the arguments name."""
    if any(each.partition("=")[0] == SERVER for each in arguments) and arguments[0] != "run":
        raise GradcalcError("usage", "--server is auto, never or require", hint=f"type {SERVER} never")
    if arguments[:1] == ["help"] and arguments[1:2] and arguments[1] not in COMMANDS:
        return _invoke(arguments[1:2])
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:2], "--help"]
    if len(arguments) == 2 and arguments[0] in POINTS and arguments[1] == "help":
        arguments = [arguments[0], "--help"]
    name = arguments[0] if arguments else ""
    if os.environ.get(COMPLETING):
        return _root(*COMMANDS).main(arguments, prog_name="gradcalc")
    root = _root(name) if name in COMMANDS else _overview()
    if name in COMMANDS:
        syntax = _syntax(root.commands[name])
        own, others = split_program(arguments[1:], syntax) if name == "run" else (arguments[1:], [])
        arguments = [name, *canonical(own, syntax), *others]
    elif not arguments:
        say(root.get_help(root.make_context("gradcalc", [], resilient_parsing=True)))
        return ExitCode.USAGE
    elif name not in _syntax(root).names:
        raise _no_command(arguments, _syntax(root))
    else:
        arguments = [name]  # --help and --version are all there is to it
    with root.make_context("gradcalc", arguments) as context:
        return root.invoke(context)


def _syntax(command: Any) -> Syntax:
    """What a command takes, read off its own declaration."""
    options = [Option(("--help", "-h"), takes_value=False)]
    arguments = []
    for parameter in command.params:
        if parameter.param_type_name == "option":
            names = tuple(sorted(parameter.opts, key=len, reverse=True))
            options.append(Option(names, not parameter.is_flag, parameter.metavar, parameter.multiple))
        else:
            arguments.append(parameter)
    return Syntax(
        command=command.name,
        options=tuple(options),
        arguments=tuple(parameter.metavar for parameter in arguments),
        required=sum(parameter.required for parameter in arguments),
        repeats=any(parameter.nargs < 0 for parameter in arguments),
        advice=f"see gradcalc {command.name} --help{VALUES.get(command.name, '')}",
        formats=_formats(command.name),
        elsewhere=partial(_commands_with, command.name),
    )


def _formats(command: str) -> Sequence[str]:
    """The names of a command's formats."""
    return import_module(f"autogradcli.cli.{COMMANDS[command]}").FORMATS.names if command in COMMANDS else ()


def _commands_with(command: str, option: str) -> Sequence[str]:
    """The other commands that have an option."""
    commands = _root(*COMMANDS).commands
    return [name for name in COMMANDS if name != command and any(option in each.opts for each in commands[name].params)]


def _no_command(arguments: Sequence[str], syntax: Syntax) -> GradcalcError:
    """The error for a first word that is no command."""
    word = arguments[0]
    if word.startswith("-") and (option := "--version" if word in {"-v", "-V"} else nearest(word, syntax.names)):
        return GradcalcError("usage", f"there is no option {word}", hint=f"did you mean {option}?")
    command = next((each for each in arguments if each in COMMANDS), None)
    if command is not None:
        names = _syntax(_root(command).commands[command]).names if command in POINTS else ()
        dash = re.compile(r"-[^\W\d]")  # of a variable, one dash too few
        rest = [
            f"-{each}" if names and each not in names and dash.fullmatch(each) else each
            for each in arguments
            if each != command
        ]
        return _misplaced(f"the command comes before {word}", [command, *rest])
    alone = word.isidentifier() and not (len(arguments) > 1 and arguments[1].startswith("-"))
    if f"--{word}" in syntax.names:
        return GradcalcError("usage", f"there is no command {word}", hint=f"did you mean --{word}?")
    meant = MEANT.get(word) or nearest(word, COMMANDS)
    if alone or (meant and word.isidentifier()):
        hint = f"did you mean {meant}?" if meant else f"the commands are {', '.join(COMMANDS)}"
        return GradcalcError("usage", f"there is no command {word}", hint=hint)
    return _misplaced(f"a command comes before {word}", ["eval", *arguments])


def _misplaced(message: str, arguments: Sequence[str]) -> GradcalcError:
    return GradcalcError("usage", message, hint=f"type {shlex.join(['gradcalc', *arguments])}")
