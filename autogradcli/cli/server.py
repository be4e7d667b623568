"""`gradcalc server`: a warm process that makes every later call fast."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from autogradcli.cli.arguments import one_of
from autogradcli.cli.writing import Endings, Writing
from autogradcli.errors import ExitCode
from autogradcli.render.json import draw_json
from autogradcli.server import control

EXAMPLES = """\b
Examples:
  gradcalc server start
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

FORMATS = Endings(("text", "json"), {".txt": "text", ".json": "json"})

NAMES = ("start", "stop", "status")
Action = Annotated[str, typer.Argument(metavar="|".join(NAMES), parser=one_of("ACTION", NAMES))]
Foreground = Annotated[bool, typer.Option("--foreground", help="With start: be the server, for a service manager.")]


def server(*, action: Action, foreground: Foreground = False, writing: Writing) -> ExitCode:
    """A warm process that makes every later call fast.

    ACTION is start, stop or status. A server that runs is used by every call,
    unless --server never says otherwise.
    """
    if action == "start" and foreground:
        control.become()
    form = writing.form(FORMATS)
    draw = draw_json if form == "json" else _sentences
    found = ACTIONS[action]()
    with writing.open(form) as place:
        place.write(draw(found))
    return ExitCode.OK if found["running"] or action == "stop" else ExitCode.UNDEFINED


def _start() -> dict[str, Any]:
    found, before = control.start()
    return {"running": True, "started": not before, **found}


def _stop() -> dict[str, Any]:
    return {"running": False, "stopped": control.stop()}


def _status() -> dict[str, Any]:
    found = control.status()
    return {"running": found is not None, **(found or {})}


ACTIONS = {"start": _start, "stop": _stop, "status": _status}
"""What each action gives, as a JSON object."""


def _sentences(found: dict[str, Any]) -> str:
    if not found["running"]:
        return "stopped\n" if found.get("stopped") else "no server is running\n"
    if "started" in found:
        return f"{'started' if found['started'] else 'it runs already'}: process {found['process']}\n"
    lines = (
        f"process  {found['process']}",
        f"age      {timedelta(seconds=int(found['age']))}",
        f"calls    {found['calls']}, for {found['hits']} of them a process was ready; {found['running_calls']} run now",
        f"memory   {found['memory'] / 1e6:.0f} MB",
    )
    return "".join(f"{line}\n" for line in lines)
