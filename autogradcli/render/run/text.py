"""The ledger for a person: below what the snippet printed, every `backward` with what it added and a verdict."""

from collections.abc import Iterator, Sequence

from autogradcli.compute.report import Reason
from autogradcli.engines.opinions import Array, flat
from autogradcli.errors import visible
from autogradcli.render.blocks import float_writer
from autogradcli.render.layout import Column, Table, draw_table
from autogradcli.render.numbers import ulps
from autogradcli.render.run.groups import Group, counted, groups, headline, times
from autogradcli.render.tensors import brief
from autogradcli.render.terminal import Terminal
from autogradcli.render.verdicts import LOOKS
from autogradcli.run.ledger import Entry, Ledger, Mistake, Pass, TraceLine

ROOM = 72
"""Columns for a tensor on one line; JSON has all of it."""
FEWEST = 24
"""Columns that a tensor is given however narrow the terminal is."""


def draw_text(ledger: Ledger, terminal: Terminal) -> str:
    """The ledger, with its sections apart."""
    sections = [
        [terminal.paint(f"gradcalc run {visible(ledger.name)}: {headline(ledger)}", "bold")],
        list(_trace(ledger.trace, terminal)),
        *(list(_group(each, terminal)) for each in groups(ledger.passes)),
        *(list(_mistake(each, terminal)) for each in ledger.mistakes),
        list(_end(ledger, terminal)),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _trace(lines: Sequence[TraceLine], terminal: Terminal) -> Iterator[str]:
    for each in lines:
        often = f"   ({times_run(each.times)})" if each.times > 1 else ""
        yield f"{terminal.paint(f'line {each.line}', 'bold')}   {visible(each.code)}{often}"
        for made in each.made:
            yield from (f"    {visible(line)}" for line in made.splitlines())


def times_run(times: int) -> str:
    """How often a line was run."""
    return f"run {times:,} times"


def _group(group: Group, terminal: Terminal) -> Iterator[str]:
    for place, each in enumerate(group.shown):
        if place:
            yield ""
        yield _heading(each, terminal)
        yield from _entries(each, terminal)
    if group.left_out:
        yield ""
        yield f"   and {times(len(group.left_out))} more of this line: {counted(group.left_out)}"


def _heading(each: Pass, terminal: Terminal) -> str:
    room = _room(terminal)
    parts = [terminal.paint(f"line {each.line}", "bold"), visible(each.code)]
    parts.append(f"{visible(each.output or 'output')} = {_tensor(each.value, each.dtype, room, terminal)}")
    if each.upstream is not None:
        parts.append(f"upstream {_tensor(each.upstream, each.dtype, room, terminal)}")
    return "   ".join([*parts, each.dtype])


def _entries(each: Pass, terminal: Terminal) -> Iterator[str]:
    if not each.entries:
        yield "   no gradient reached a leaf"
        return
    columns = [
        Column("variable", tuple(visible(entry.name) for entry in each.entries)),
        Column("gradient", tuple(_added(entry, each.dtype, terminal) for entry in each.entries)),
        Column("SymPy: derivative", tuple(_formula(entry) for entry in each.entries)),
        Column("error", tuple(_error(entry) for entry in each.entries)),
    ]
    looks = tuple(LOOKS[entry.verdict].style for entry in each.entries)
    verdicts = Column("verdict", tuple(entry.verdict for entry in each.entries), styles=looks)
    grad = Column(".grad", tuple(_after(entry, each.dtype, terminal) for entry in each.entries))
    shown = [column for column in (*columns, verdicts, grad) if any(column.cells)]
    yield from (f"   {line}" for line in draw_table(Table(tuple(shown)), terminal))
    for entry in each.entries:
        yield from (f"   {line}" for line in _reason(entry.name, entry.reason))
    yield from (f"   note: {visible(note)}" for note in each.notes)


def _added(entry: Entry, dtype: str, terminal: Terminal) -> str:
    return _tensor(entry.added, dtype, _room(terminal), terminal)


def _formula(entry: Entry) -> str:
    """SymPy's formula, if one line has room for it."""
    if entry.gradient is None:
        return ""
    symbolic = entry.gradient.symbolic
    formulas = [symbolic.pattern] if symbolic.pattern else flat(symbolic.formula)
    return formulas[0] if len(formulas) == 1 and formulas[0] and len(formulas[0]) <= ROOM else ""


def _error(entry: Entry) -> str:
    if entry.gradient is None or entry.gradient.worst is None:
        return ""
    return ulps(entry.gradient.worst.ulps)


def _after(entry: Entry, dtype: str, terminal: Terminal) -> str:
    """What `.grad` holds now; where it accumulated, as the sum that it is."""
    if entry.after is None:
        return ""
    room = _room(terminal) if not entry.accumulated else max(_room(terminal) // 2, FEWEST)
    parts = [entry.before, entry.added, entry.after] if entry.accumulated else [entry.after]
    texts = [_tensor(each, dtype, room, terminal) for each in parts]
    return f"{texts[0]} + {texts[1]} = {texts[2]}" if entry.accumulated else texts[0]


def _reason(name: str, reason: Reason | None) -> Iterator[str]:
    if reason is not None:
        yield f"{visible(name)}: {visible(reason.message)} ({reason.code})"
        if reason.remedy:
            yield f"   instead: {visible(reason.remedy)}"


def _mistake(mistake: Mistake, terminal: Terminal) -> Iterator[str]:
    yield f"{terminal.paint(f'line {mistake.line}', 'bold')}   {visible(mistake.code)}"
    yield f"   {visible(mistake.message)}"
    if mistake.hint:
        yield f"   instead: {visible(mistake.hint)}"


def _end(ledger: Ledger, terminal: Terminal) -> Iterator[str]:
    failure = ledger.failure
    if failure is not None:
        yield f"{terminal.paint(f'line {failure.line}', 'bold')}   {visible(failure.code)}"
        yield f"   the snippet ends here: {failure.type}: {visible(failure.message.splitlines()[0])}"
        if failure.hint:
            yield f"   {visible(failure.hint)}"
    if ledger.passes:
        look = LOOKS[ledger.verdict]
        sentence = (
            "every gradient is right" if ledger.verdict == "verified" else f"of one pass at least: {look.sentence}"
        )
        yield from ([""] if failure is not None else [])
        yield f"verdict  {terminal.paint(ledger.verdict, look.style)}: {sentence}"


def _tensor(value: Array, dtype: str, room: int, terminal: Terminal) -> str:
    return "none" if value is None else brief(value, float_writer(dtype), room, terminal.ellipsis)


def _room(terminal: Terminal) -> int:
    return ROOM if terminal.width is None else max(FEWEST, terminal.width // 3)
