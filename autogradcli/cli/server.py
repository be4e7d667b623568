"""`gradcalc server`: a warm process that makes every later call fast."""

import json as json_module
import os
from datetime import timedelta
from typing import Annotated

import typer

from autogradcli.cli.arguments import Json, one_of
from autogradcli.errors import ExitCode
from autogradcli.server import control

EXAMPLES = """\b
Examples:
  gradcalc server start
  gradcalc eval "x**2" --x 3        takes a twentieth of the time
  gradcalc server status --json
  gradcalc server stop

\b
A call takes the server if one runs: --server never, or GRADCALC_SERVER=never,
leaves it alone; --server require fails without one; GRADCALC_SERVER=start
starts one for the calls to come. gradcalc run, and what imports code of
yours, never take it. Nobody has called for 15 minutes: it ends by itself.

\b
Exit status: 0; 3 if status finds no server.
"""

Action = Annotated[
    str, typer.Argument(metavar="start|stop|status", parser=one_of("ACTION", ("start", "stop", "status")))
]
Foreground = Annotated[bool, typer.Option("--foreground", help="With start: be the server, for a service manager.")]


def server(action: Action, foreground: Foreground = False, json: Json = False) -> ExitCode:
    """Start, stop or look at the warm server: with it, a call takes milliseconds."""
    if action == "start" and foreground:
        from autogradcli.server.main import COMMAND_LINE, COMMAND

        os.execv(COMMAND_LINE[0], [*COMMAND_LINE, COMMAND, control.home()])
    if action == "start":
        found, before = control.start()
        typer.echo(f"{'it runs already' if before else 'started'}: process {found['process']}")
        return ExitCode.OK
    if action == "stop":
        typer.echo("stopped" if control.stop() else "no server is running")
        return ExitCode.OK
    found = control.status()
    if json:
        typer.echo(json_module.dumps({"running": found is not None, **(found or {})}))
    else:
        typer.echo("no server is running" if found is None else _draw(found))
    return ExitCode.OK if found else ExitCode.UNDEFINED


def _draw(found: dict[str, float]) -> str:
    return "\n".join((
        f"process  {found['process']}",
        f"age      {timedelta(seconds=int(found['age']))}",
        f"calls    {found['calls']}, of which {found['hits']} found a process ready; {found['running']} running now",
        f"memory   {found['memory'] / 1e6:.0f} MB",
    ))
