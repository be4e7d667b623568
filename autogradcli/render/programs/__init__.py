"""The ledger of a program, in every format."""

from autogradcli.programs.ledger import Ledger
from autogradcli.render.formats import Formats

FORMATS: Formats[Ledger, str] = Formats(__name__, "text", "json", "markdown")
"""All of them."""
