"""The report for a program: one JSON object; of many reports a line each."""

from autogradcli.checks.checked import Checked
from autogradcli.render.formats import Format, Stream
from autogradcli.render.json import draw_json, draw_json_line

FORMAT: Format[Checked, str] = Format(
    "json", (".json",), lambda checked, _: draw_json(checked.to_dict()), Stream("", draw_json_line, "")
)
