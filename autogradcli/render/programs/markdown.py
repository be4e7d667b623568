"""The ledger in Markdown: the first number that is not finite, a table of every `backward`, and what else was found."""

from collections.abc import Iterator

from autogradcli.compute.report import Reason
from autogradcli.programs.ledger import Blamed, Custom, GradientEntry, Ledger, Nonfinite, Pass
from autogradcli.render.blocks import float_writer
from autogradcli.render.formats import Format
from autogradcli.render.markdown import cell
from autogradcli.render.programs.groups import groups, headline
from autogradcli.render.programs.text import BORN, ROOM, wrong_calls
from autogradcli.render.tensors import brief

COLUMNS = ("line", "call", "variable", "gradient", "`.grad`", "verdict")


def draw_markdown(ledger: Ledger) -> str:
    """The ledger as a document."""
    return "\n".join(_lines(ledger)) + "\n"


def _lines(ledger: Ledger) -> Iterator[str]:
    yield f"### gradcalc run {cell(ledger.name)}: {cell(headline(ledger))}"
    yield from _nonfinite(ledger.first_nonfinite)
    if ledger.passes:
        yield from ("", f"| {' | '.join(COLUMNS)} |", f"|{' --- |' * len(COLUMNS)}")
        for group in groups(ledger):
            for each in group.shown:
                yield from (_row(each, entry) for entry in each.entries)
            if group.left_out:
                yield f"| {group.line} | {cell(group.code)} | … {len(group.left_out):,} more passes |  |  |  |"
    for custom in ledger.customs:
        yield from _custom(custom)
    for trace in ledger.trace:
        yield from ("", f"- line {trace.line}: {cell(trace.code)}", *(f"  - {cell(each)}" for each in trace.made))
    for mistake in ledger.mistakes:
        hint = f" Instead: {cell(mistake.hint)}." if mistake.hint else ""
        yield from ("", f"**Line {mistake.line}**, {cell(mistake.code)}: {cell(mistake.message)}.{hint}")
    if ledger.notes:
        yield from ("", *(f"- note: {cell(note)}" for note in ledger.notes))
    if ledger.failure:
        failure = ledger.failure
        hint = f" {cell(failure.hint)}." if failure.hint else ""
        yield from ("", f"**Line {failure.line}** ends it: {failure.type}: {cell(failure.message)}.{hint}")


def _nonfinite(found: Nonfinite | None) -> Iterator[str]:
    """The first number that is not finite: what happened, with which numbers, and where it went."""
    if found is None:
        return
    where = "" if found.where is None else f"{cell(found.where)}, "
    yield ""
    yield f"**The first number that is not finite**: backward pass {found.step:,}, {where}{cell(found.code)}"
    yield ""
    yield f"- {BORN.get(found.direction, BORN[''])}: {cell(found.came_out)}"
    if found.went_in:
        yield f"- went in: {cell(', '.join(found.went_in))}"
    if found.way:
        yield f"- then: {cell(' -> '.join(found.way))}"
    yield from (f"- {_told(reason)}" for reason in (found.reason, *found.also) if reason is not None)
    if found.again is not None:
        yield f"- again: {cell(found.again)}"


def _custom(custom: Custom) -> Iterator[str]:
    """What was found of a backward that the program brings along."""
    where = "" if custom.where is None else f" ({cell(custom.where)})"
    yield ""
    yield f"**Backward of {cell(custom.name)}**{where}: {'differs on purpose' if custom.declared else custom.verdict}"
    lines = [_told(reason) for reason in custom.reasons]
    lines += [cell(wrong_calls(custom))] if custom.wrong else []
    if custom.verdict == "mismatch":
        lines.append(f"if it differs on purpose: {cell(f'--surrogate {custom.name}')}")
    if lines:
        yield from ("", *(f"- {line}" for line in lines))


def _told(reason: Reason, blamed: Blamed | None = None) -> str:
    """A reason with the operation that it blames, and what to write instead."""
    text = f"{reason.message} ({reason.code})"
    if blamed is not None and blamed.code and f"({blamed.where})" not in reason.message:
        text += f"; at {blamed.where}: {blamed.code}"
    if reason.remedy:
        text += f"; instead{f' of {reason.expression}' if reason.expression else ''}: {reason.remedy}"
    return cell(text)


def _row(each: Pass, entry: GradientEntry) -> str:
    texts = [
        "none" if value is None else brief(value, float_writer(each.dtype), ROOM, "…")
        for value in (entry.before, entry.added, entry.after)
    ]
    if entry.added is None and entry.norm is not None:  # it is large, or of complex numbers
        texts[1] = f"of size {entry.norm:.4g}"
    after = "" if entry.after is None else f"{texts[0]} + {texts[1]} = {texts[2]}" if entry.accumulated else texts[2]
    reason = f": {_told(entry.reason, entry.blamed)}" if entry.reason else ""
    cells = (str(each.line), each.code, entry.name, texts[1], after)
    return f"| {' | '.join(map(cell, cells))} | {entry.verdict}{reason} |"


FORMAT: Format[Ledger, str] = Format("markdown", (".md",), lambda ledger, _: draw_markdown(ledger))
