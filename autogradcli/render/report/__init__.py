"""The report on one problem, in every format."""

from autogradcli.compute.report import Report
from autogradcli.render.formats import Formats

STREAMED = ("json", "csv", "markdown", "latex")
"""Those that can hold many reports."""

FORMATS: Formats[Report, str] = Formats(__name__, "text", "plain", *STREAMED)
"""All of them."""
