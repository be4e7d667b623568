"""The graph that autograd built, in every format."""

from autogradcli.render.formats import Formats
from autogradcli.render.graph.cut import Excerpt

TEXTS: Formats[Excerpt, str] = Formats(__name__, "tree", "dot", "mermaid", "json")
PICTURES: Formats[Excerpt, bytes] = Formats(__name__, "svg", "png", "pdf")
FORMATS: Formats[Excerpt, str | bytes] = Formats(__name__, *TEXTS.names, *PICTURES.names)
"""All of them."""
