"""Reports as rows of a table: one for each component of each gradient, or one for what could not be computed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autogradcli.checks.checked import Checked
from autogradcli.compute.report import findings_of, plain
from autogradcli.engines.results import flat, shape
from autogradcli.errors import visible
from autogradcli.language.shapes import indices, subscript
from autogradcli.render.blocks import NO_NUMBER
from autogradcli.render.formats import Format, Stream

COLUMNS = (
    "id", "expression", "value", "variable", "at", "autograd", "symbolic", "exact", "radius", "ulps", "verdict",
    "reason",
)  # fmt: skip
"""What a row says."""
HEADERS = {
    "symbolic": "SymPy: value", "exact": "true value (Arb)", "radius": "± radius", "ulps": "error in ulp",
}  # fmt: skip
"""What heads a column for a person, as in the text: the names above are for programs."""
OF_ONE = tuple(column for column in COLUMNS if column != "id")
"""What a row says in a table about one report."""

Row = Mapping[str, str | None]
"""The texts by column; None for a number that torch does not have."""


@dataclass(frozen=True, slots=True)
class TableSyntax:
    """How a table is written in some language."""

    begin: Callable[[Sequence[str]], str]
    """The header, with the names of the columns."""
    line: Callable[[Sequence[str]], str]
    """A row, with the texts of its cells."""
    end: str = ""
    missing: str = NO_NUMBER
    """What stands for a number that torch does not have."""
    name: Callable[[str], str] = str
    """How the name of a variable is written, or the names of several, as `x,y` for a second derivative."""

    def draw(self, rows: Iterable[Row], columns: Sequence[str]) -> str:
        """The table of some rows."""
        return self.begin(columns) + self.lines(rows, columns) + self.end

    def lines(self, rows: Iterable[Row], columns: Sequence[str]) -> str:
        """Rows without what stands before and after all of them."""
        named = ({**row, "variable": self.name(row["variable"] or "")} if "variable" in row else row for row in rows)
        cells = ([row[column] for column in columns] for row in named)
        return "".join(self.line([self.missing if text is None else text for text in each]) for each in cells)


def table_format(name: str, suffixes: tuple[str, ...], table: TableSyntax) -> Format[Checked, str]:
    """The format that writes reports as such a table."""
    return Format(
        name,
        suffixes,
        lambda checked, _: table.draw(rows(checked.report.to_dict()), OF_ONE),
        Stream(table.begin(COLUMNS), lambda answer: table.lines(rows(plain(answer)), COLUMNS), table.end),
    )


def rows(answer: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of a report, or of a failure, as the JSON object that stands for it."""
    start = {"id": _text(answer["id"]), "expression": _text(answer["expression"])}
    if "error" in answer:
        said = (answer["error"]["message"], answer["error"]["hint"])
        yield _row(start | {"verdict": "error", "reason": _text("; hint: ".join(filter(None, said)))})
        return
    start["value"] = _text(answer["value"])
    found = findings_of(answer)
    if not found:
        yield _row(start)
    points = answer["variables"] | answer.get("intermediates", {})
    for name, gradient in found.items():
        at = points[name]["value"] if name in points else None
        for row in _components(name, at, gradient):
            yield _row({**start, **row})


def _components(name: str, at: Any, gradient: Mapping[str, Any]) -> Iterator[Row]:
    """A row for each component; `at` is the variable's value, if the components are the variable's."""
    sizes = shape(gradient["autograd"])
    numbers = flat(gradient["autograd"])
    worst, reason = gradient["worst"], gradient["reason"]
    of_worst = None if worst is None else tuple(worst["index"])
    symbolic, exact = _spread(gradient["symbolic"]["digits"], numbers), _spread(gradient["exact"], numbers)
    verdicts = [gradient["verdict"]] * len(numbers) if gradient["verdicts"] is None else flat(gradient["verdicts"])
    ulps, points = _spread(gradient["ulps"], numbers), _spread(at, numbers)
    for place, number in enumerate(numbers):
        ball = exact[place] or {"value": None, "radius": None}
        told = not sizes or indices(place, sizes) == of_worst
        yield {
            "variable": f"{name}{subscript(place, sizes)}",
            "at": _text(points[place]),
            "autograd": None if number is None else _text(number),
            "symbolic": _text(symbolic[place]),
            "exact": _text(ball["value"]),
            "radius": _text(ball["radius"]),
            "ulps": _text(ulps[place]),
            "verdict": verdicts[place],
            "reason": f"{reason['code']} {reason['message']}" if told and reason else "",
        }


def _spread(values: Any, numbers: list[Any]) -> list[Any]:
    """A value for each component; None for all where there is no tensor of them."""
    found = flat(values)
    return found if len(found) == len(numbers) else [None] * len(numbers)


def _row(cells: Row) -> Row:
    return {column: cells.get(column, "") for column in COLUMNS}


def _text(value: Any) -> str:
    return "" if value is None else visible(str(value)) if isinstance(value, str) else str(value)
