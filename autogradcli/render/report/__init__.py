"""The report on one problem, with what came of its claims, in every format."""

from autogradcli.checks.checked import Checked
from autogradcli.render.formats import Formats

STREAMED = ("json", "csv", "markdown", "latex")
"""Those that can hold many reports."""

FORMATS: Formats[Checked, str] = Formats(__name__, "text", "plain", *STREAMED, "html")
"""All of them."""
