"""The ledger for a program of one's own: one JSON object."""

from autogradcli.programs.ledger import Ledger
from autogradcli.render.formats import Format
from autogradcli.render.json import draw_json

FORMAT: Format[Ledger, str] = Format("json", (".json",), lambda ledger, _: draw_json(ledger.to_dict()))
