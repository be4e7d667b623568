"""The report for a program: one JSON object; of many reports a line each."""

from autogradcli.compute.report import Report
from autogradcli.render.formats import Format, Stream
from autogradcli.render.json import draw_json, draw_json_line

FORMAT: Format[Report, str] = Format(
    "json", (".json",), lambda report, _: draw_json(report.to_dict()), Stream("", draw_json_line, "")
)
