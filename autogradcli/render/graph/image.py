"""A graph as a picture file, drawn by Graphviz in a process of its own.

Graphviz is a C library that writes what it pleases to standard error, keeps settings from one picture to the next, and
ends the process when it runs out of memory: all that must not befall the process that computes.
"""

import re
import subprocess
import sys

from autogradcli.errors import GradcalcError
from autogradcli.render.formats import Format
from autogradcli.render.graph.cut import Excerpt
from autogradcli.render.graph.dot import draw_dot, draw_placed_dot
from autogradcli.render.graph.graphviz import MISSING
from autogradcli.render.graph.picture import Picture, build_picture
from autogradcli.render.graph.placement import is_large, positions

COMMAND = (sys.executable, "-P", "-m", "autogradcli.render.graph.graphviz")
"""`-P`: a `pygraphviz.py` in the user's folder is not pygraphviz."""
TIMEOUT = 120.0
"""Seconds that a picture may take."""
_DATE = re.compile(rb"(/CreationDate \(D:)[^)]*")
EPOCH = b"19700101000000Z"


def draw_image(picture: Picture, form: str) -> bytes:
    """The picture as a file: the same bytes on every run. Raises GradcalcError if Graphviz fails."""
    if is_large(picture):
        return _run(draw_placed_dot(picture, positions(picture)), form, "nop")
    return _run(draw_dot(picture), form, "dot")


def image_format(name: str) -> Format[Excerpt, bytes]:
    """The format of that name, which is Graphviz's too."""
    return Format(name, (f".{name}",), lambda graph, _: draw_image(build_picture(graph), name))


def _run(dot: str, form: str, program: str) -> bytes:
    """What one of Graphviz's programs makes of a graph."""
    try:
        done = subprocess.run(
            [*COMMAND, form, program], input=dot.encode(), capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as expired:
        raise _failure(f"Graphviz needs more than {TIMEOUT:g} s for this graph") from expired
    if done.returncode == MISSING:
        hint = "type pip install pygraphviz, or write -o graph.dot"
        raise GradcalcError("file", "pictures need pygraphviz, which is not installed", hint=hint)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
        raise _failure(f"Graphviz could not draw this graph: {reason[-1]}")
    return _DATE.sub(rb"\g<1>" + EPOCH, done.stdout)


def _failure(message: str) -> GradcalcError:
    return GradcalcError("limit", message, hint="show less of it by --depth 10, or write -o graph.dot")
