"""The ledger in Markdown: a table of every `backward`, and the mistakes."""

from collections.abc import Iterator

from autogradcli.programs.ledger import GradientEntry, Ledger, Pass
from autogradcli.render.blocks import float_writer
from autogradcli.render.formats import Format
from autogradcli.render.markdown import cell
from autogradcli.render.programs.groups import groups, headline
from autogradcli.render.programs.text import ROOM
from autogradcli.render.tensors import brief

COLUMNS = ("line", "call", "variable", "gradient", "`.grad`", "verdict")


def draw_markdown(ledger: Ledger) -> str:
    """The ledger as a document."""
    return "\n".join(_lines(ledger)) + "\n"


def _lines(ledger: Ledger) -> Iterator[str]:
    yield f"### gradcalc run {cell(ledger.name)}: {cell(headline(ledger))}"
    if ledger.passes:
        yield from ("", f"| {' | '.join(COLUMNS)} |", f"|{' --- |' * len(COLUMNS)}")
        for group in groups(ledger):
            for each in group.shown:
                yield from (_row(each, entry) for entry in each.entries)
            if group.left_out:
                yield f"| {group.line} | {cell(group.code)} | … {len(group.left_out):,} more passes |  |  |  |"
    for trace in ledger.trace:
        yield from ("", f"- line {trace.line}: {cell(trace.code)}", *(f"  - {cell(each)}" for each in trace.made))
    for mistake in ledger.mistakes:
        hint = f" Instead: {cell(mistake.hint)}." if mistake.hint else ""
        yield from ("", f"**Line {mistake.line}**, {cell(mistake.code)}: {cell(mistake.message)}.{hint}")
    if ledger.failure:
        failure = ledger.failure
        hint = f" {cell(failure.hint)}." if failure.hint else ""
        yield from ("", f"**Line {failure.line}** ends it: {failure.type}: {cell(failure.message)}.{hint}")


def _row(each: Pass, entry: GradientEntry) -> str:
    texts = [
        "none" if value is None else brief(value, float_writer(each.dtype), ROOM, "…")
        for value in (entry.before, entry.added, entry.after)
    ]
    after = "" if entry.after is None else f"{texts[0]} + {texts[1]} = {texts[2]}" if entry.accumulated else texts[2]
    reason = f": {entry.reason.message} ({entry.reason.code})" if entry.reason else ""
    cells = (str(each.line), each.code, entry.name, texts[1], after, entry.verdict + reason)
    return f"| {' | '.join(map(cell, cells))} |"


FORMAT: Format[Ledger, str] = Format("markdown", (".md",), lambda ledger, _: draw_markdown(ledger))
