"""What each `backward` did to `.grad`, pass by pass."""

from autogradcli.compute.report import Report
from autogradcli.errors import visible
from autogradcli.render.blocks import float_writer
from autogradcli.render.layout import Column, Table, draw_table
from autogradcli.render.tensors import brief
from autogradcli.render.terminal import Terminal

NOTHING = "none"


def draw_ledger(report: Report, dtype: str, terminal: Terminal) -> list[str]:
    """For each name the passes one below the other; nothing if `backward` was called once."""
    rows = [
        (visible(name), str(number), each.before, each.added, each.after)
        for name, gradient in report.gradients.items()
        for number, each in enumerate(gradient.passes, 1)
    ]
    if not rows:
        return []
    names, numbers, *ledger = zip(*rows, strict=True)
    room = None if terminal.width is None else (terminal.width - max(map(len, names)) - 16) // len(ledger)
    write = float_writer(dtype)
    cells = [
        tuple(NOTHING if each is None else brief(each, write, room, terminal.ellipsis) for each in column)
        for column in ledger
    ]
    headers = (".grad before", "added", ".grad after")
    return draw_table(
        Table(
            (
                Column("variable", names),
                Column("pass", numbers, right=True),
                *(Column(header, column) for header, column in zip(headers, cells, strict=True)),
            )
        ),
        terminal,
    )
