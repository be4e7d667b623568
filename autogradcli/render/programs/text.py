"""The ledger for a person: every `backward` with what it added and a verdict."""

import math
from collections.abc import Iterator, Sequence

from autogradcli.compute.report import Reason
from autogradcli.engines.results import Array, flat, shape
from autogradcli.errors import visible
from autogradcli.language.shapes import written
from autogradcli.programs.ledger import Blamed, Custom, GradientEntry, Ledger, Mistake, Nonfinite, Pass, TraceLine
from autogradcli.render.blocks import float_writer
from autogradcli.render.formats import Format
from autogradcli.render.layout import Column, Table, draw_table
from autogradcli.render.numbers import ulps
from autogradcli.render.programs.groups import PassGroup, counted, groups, headline, times
from autogradcli.render.tensors import brief, draw_tensor
from autogradcli.render.terminal import Terminal
from autogradcli.render.verdicts import LOOKS

ROOM = 72
"""Columns for a tensor on one line; JSON has all of it."""
SMALL = 32
"""Components of a tensor that is never cut off a terminal."""
FEW = 4
"""Tensors whose gradients are written out."""
ALIKE = 2
"""Reasons with one code that are written out for one pass."""
MANY = 40
"""Components of a gradient that is not written out beside others."""
SAME = "the same"
"""Stands for a `.grad` that is the gradient itself."""
LABEL = 20
"""Columns before what a label stands for."""
WIDEST = 120
"""Columns of a tensor on several lines, off a terminal."""
FEWEST = 24
"""Columns that a tensor is given however narrow the terminal is."""


def draw_text(ledger: Ledger, terminal: Terminal) -> str:
    """The ledger, with its sections apart."""
    sections = [
        [terminal.paint(f"gradcalc run {visible(ledger.name)}: {headline(ledger)}", "bold")],
        list(_nonfinite(ledger.first_nonfinite, terminal)),
        list(_trace(ledger.trace, terminal)),
        list(_customs(ledger, terminal)),
        *_in_place(ledger, terminal),
        list(_end(ledger, terminal)),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _in_place(ledger: Ledger, terminal: Terminal) -> Iterator[list[str]]:
    """Passes and mistakes in the order of the lines that they are about."""
    about = [(each.line, list(_group(each, terminal))) for each in groups(ledger)]
    about += [(each.line, list(_mistake(each, terminal))) for each in ledger.mistakes]
    return (lines for _, lines in sorted(about, key=lambda each: each[0]))


def _trace(lines: Sequence[TraceLine], terminal: Terminal) -> Iterator[str]:
    for each in lines:
        often = f"   ({times_run(each.times)})" if each.times > 1 else ""
        yield f"{terminal.paint(f'line {each.line}', 'bold')}   {visible(each.code)}{often}"
        for made in each.made:
            yield from (f"    {visible(line)}" for line in made.splitlines())


def times_run(times: int) -> str:
    """How often a line was run."""
    return f"run {times:,} times, the first of which is shown"


def _group(group: PassGroup, terminal: Terminal) -> Iterator[str]:
    for place, each in enumerate(group.shown):
        if place:
            yield ""
        alone = len(group.shown) == 1
        yield _heading(each, terminal) + ("" if alone and not group.left_out else f"   pass {each.number:,}")
        yield from _entries(each, terminal, alone)
    if group.left_out:
        yield ""
        yield f"   and {times(len(group.left_out))} more of this line: {counted(group.left_out)}"


def _heading(each: Pass, terminal: Terminal) -> str:
    parts = [terminal.paint(_where(each), "bold"), visible(each.code)]
    if each.output is not None or each.value is not None:
        parts.append(f"{visible(each.output or 'output')} {_equals(each.value, each.dtype, terminal)}")
    if each.upstream is not None:
        parts.append(f"upstream {_equals(each.upstream, each.dtype, terminal)}")
    return "   ".join([*parts, each.dtype])


def _where(each: Pass | Mistake) -> str:
    return each.where or f"line {each.line}"


def _entries(each: Pass, terminal: Terminal, alone: bool) -> Iterator[str]:
    """What reached each tensor; matrices are written out where the pass is `alone` of its line, and they are small."""
    flat_ones = all(len(shape(entry.after or entry.added)) < 2 for entry in each.entries)
    large = len(each.entries) > FEW or any(math.prod(entry.shape) > MANY for entry in each.entries)
    large |= any(entry.added is None and entry.norm is not None for entry in each.entries)  # complex numbers
    if not each.entries:
        yield "   no gradient reached a leaf"
    elif large or not (flat_ones or alone):
        yield from (f"   {line}" for line in draw_table(_parameters(each), terminal))
    elif flat_ones:
        yield from (f"   {line}" for line in draw_table(_table(each, terminal), terminal))
    else:
        for entry in each.entries:
            yield from (f"   {line}" for line in _block(entry, each.dtype, terminal))
    yield from (f"   {line}" for line in _reasons(each.entries))
    if each.proof == "steps" and each.looked_at:
        yield f"   proven step by step: {each.looked_at}"
    yield from (f"   note: {visible(note)}" for note in each.notes[:FEW])
    if len(each.notes) > FEW:
        yield f"   note: and {len(each.notes) - FEW:,} more of this kind; --format json has all of them"


def _reasons(entries: Sequence[GradientEntry]) -> Iterator[str]:
    """Each reason once, with the names of those that it is about; of many with one code some, and how many more."""
    found: dict[Reason, list[str]] = {}
    places: dict[Reason, Blamed | None] = {}
    for entry in entries:
        if entry.reason is not None:
            found.setdefault(entry.reason, []).append(entry.name)
            places.setdefault(entry.reason, entry.blamed)
    for code in dict.fromkeys(reason.code for reason in found):
        alike = [(names, reason) for reason, names in found.items() if reason.code == code]
        for names, reason in alike[:ALIKE]:
            yield from _reason(_enumerated(names), reason, places[reason])
        more = [name for names, _ in alike[ALIKE:] for name in names]
        if more:
            yield f"{visible(_enumerated(more))}: for the same reason ({code})"


def _enumerated(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= FEW else f"{', '.join(names[:3])} and {len(names) - 3} more"


def _parameters(each: Pass) -> Table:
    """The entries of a pass with many or large tensors, by the sizes of their gradients."""
    looks = tuple(LOOKS[entry.verdict].style for entry in each.entries)
    norms = tuple("none" if entry.norm is None else f"{entry.norm:.4g}" for entry in each.entries)
    added = tuple("" if entry.zeroed else "added to what was there" for entry in each.entries)
    columns = (
        Column("parameter", tuple(visible(entry.name) for entry in each.entries)),
        Column("shape", tuple(written(entry.shape) for entry in each.entries)),
        Column("|gradient|", norms),
        Column("verdict", tuple(entry.verdict for entry in each.entries), styles=looks),
        Column(".grad", added),
    )
    return Table(tuple(column for column in columns if any(column.cells)))


def _table(each: Pass, terminal: Terminal) -> Table:
    """The entries of a pass, a line each."""
    columns = [
        Column("variable", tuple(visible(entry.name) for entry in each.entries)),
        Column("gradient", tuple(_tensor(entry.added, each.dtype, terminal) for entry in each.entries)),
        Column("SymPy: derivative", tuple(_formula(entry) for entry in each.entries)),
        Column("error", tuple(_error(entry) for entry in each.entries)),
    ]
    looks = tuple(LOOKS[entry.verdict].style for entry in each.entries)
    verdicts = Column("verdict", tuple(entry.verdict for entry in each.entries), styles=looks)
    grad = Column(".grad", tuple(_after(entry, each.dtype, terminal) for entry in each.entries))
    return Table(tuple(column for column in (*columns, verdicts, grad) if any(column.cells)))


def _block(entry: GradientEntry, dtype: str, terminal: Terminal) -> Iterator[str]:
    """An entry on lines of its own, where one line has no room for its tensors."""
    yield terminal.paint(f"{visible(entry.name)}   {written(shape(entry.after or entry.added))}", "bold")
    texts = {"SymPy: derivative": _formula(entry), "error": _error(entry)}
    yield from _beside("gradient", _rows(entry.added, dtype, terminal))
    yield from (line for label, text in texts.items() if text for line in _beside(label, [text]))
    yield from _beside("verdict", [terminal.paint(entry.verdict, LOOKS[entry.verdict].style)])
    if entry.accumulated and any(flat(entry.before)):
        yield from _beside(".grad before", _rows(entry.before, dtype, terminal))
        yield from _beside(".grad + gradient", _rows(entry.after, dtype, terminal))
    elif entry.after is not None:
        yield from _beside(".grad", [_after(entry, dtype, terminal)])


def _rows(value: Array, dtype: str, terminal: Terminal) -> Sequence[str]:
    if value is None:
        return ["none"]
    room = max(FEWEST, (terminal.width or WIDEST) - LABEL)
    return draw_tensor(value, float_writer(dtype), room, terminal.ellipsis).lines


def _beside(label: str, lines: Sequence[str]) -> Iterator[str]:
    for place, line in enumerate(lines):
        yield f"   {'' if place else label:<{LABEL}}{line}"


def _formula(entry: GradientEntry) -> str:
    """SymPy's formula, if one line has room for it."""
    if entry.gradient is None:
        return ""
    symbolic = entry.gradient.symbolic
    formulas = [symbolic.pattern] if symbolic.pattern else flat(symbolic.formula)
    return formulas[0] if len(formulas) == 1 and formulas[0] and len(formulas[0]) <= ROOM else ""


def _error(entry: GradientEntry) -> str:
    if entry.declared:
        return "on purpose"
    if entry.gradient is None or entry.gradient.worst is None:
        return ""
    small = entry.gradient.rounded_off if entry.gradient.verdict == "verified" else None
    return ulps(entry.gradient.worst.ulps) if small is None else small.small


def _after(entry: GradientEntry, dtype: str, terminal: Terminal) -> str:
    """What `.grad` holds now; where it accumulated, as the sum that it is."""
    if entry.after is None:
        return ""
    if not entry.accumulated or not any(flat(entry.before)):
        return SAME if entry.before is None else f"{SAME}, from zero"
    texts = [_tensor(each, dtype, terminal, share=2) for each in (entry.before, entry.added, entry.after)]
    return f"{texts[0]} + {texts[1]} = {texts[2]}"


def _reason(name: str, reason: Reason | None, blamed: Blamed | None = None) -> Iterator[str]:
    if reason is not None:
        yield f"{visible(name)}{': ' if name else ''}{visible(reason.message)} ({reason.code})"
        if blamed is not None and blamed.code and f"({blamed.where})" not in reason.message:
            operation = "" if blamed.operation in blamed.code else f" ({blamed.operation})"
            yield f"   at {blamed.where}: {visible(blamed.code)}{operation}"
        if reason.remedy:
            of = f" of {visible(reason.expression)}" if reason.expression else ""
            yield f"   instead{of}: {visible(reason.remedy)}"


BORN = {"forward": "born in the forward", "backward": "born in the backward", "": "from outside"}
"""Where a number was born, by its direction."""


def _nonfinite(found: Nonfinite | None, terminal: Terminal) -> Iterator[str]:
    """The first number that is not finite: what happened, with which numbers, and where it went."""
    if found is None:
        return
    line = "" if found.where is None else f"{found.where}   "
    yield terminal.paint(f"the first number that is not finite: backward pass {found.step:,}", "bold")
    where = BORN.get(found.direction, BORN[""])
    yield f"   {line}{visible(found.code)}   {where}: {visible(found.came_out)}"
    if found.went_in:
        yield f"   went in: {visible(', '.join(found.went_in))}"
    if found.way:
        yield f"   then: {visible(' -> '.join(found.way))}"
    if found.reason is not None:
        yield from (f"   {each}" for each in _reason("", found.reason))
    for also in found.also:
        yield f"      and of {visible(also.expression or '')}: {visible(also.remedy or '')}"
    if found.again is not None:
        yield f"   again: {visible(found.again)}"


def _customs(ledger: Ledger, terminal: Terminal) -> Iterator[str]:
    """The backwards that the program brings along."""
    for each in ledger.customs:
        where = "" if each.where is None else f"{each.where}   "
        verdict = "differs on purpose" if each.declared else each.verdict
        yield f"{where}backward of {visible(each.name)}   {terminal.paint(verdict, LOOKS[each.verdict].style)}"
        yield from (f"   {line}" for reason in each.reasons for line in _reason("", reason))
        if each.wrong:
            yield f"   {wrong_calls(each)}"
        if each.verdict == "mismatch":
            yield f"   if it differs on purpose: --surrogate {visible(each.name)}"


def wrong_calls(custom: Custom) -> str:
    """In how many calls of a function its backward is wrong, and where they stand."""
    count = sum(times for _, times in custom.wrong)
    places = ", ".join(f"{where} ({times})" if times > 1 else where for where, times in custom.wrong[:FEW])
    more = f" and {len(custom.wrong) - FEW} more places" if len(custom.wrong) > FEW else ""
    return f"wrong in {count} of the {custom.looked_at} calls that were looked at: {places}{more}"


def _mistake(mistake: Mistake, terminal: Terminal) -> Iterator[str]:
    yield f"{terminal.paint(_where(mistake), 'bold')}   {visible(mistake.code)}"
    yield f"   {visible(mistake.message)}"
    if mistake.hint:
        yield f"   instead: {visible(mistake.hint)}"


def _end(ledger: Ledger, terminal: Terminal) -> Iterator[str]:
    failure = ledger.failure
    if failure is not None:
        if failure.line:
            yield f"{terminal.paint(f'line {failure.line}', 'bold')}   {visible(failure.code)}"
        yield f"   the program ends here: {failure.type}: {visible(failure.message.splitlines()[0])}"
        if failure.hint:
            yield f"   {visible(failure.hint)}"
    yield from (f"note: {visible(note)}" for note in ledger.notes)
    if ledger.passes:
        look = LOOKS[ledger.verdict]
        sentence = _all_right(ledger) if ledger.verdict == "verified" else _not_right(ledger, look.sentence)
        yield from ([""] if failure is not None else [])
        yield f"verdict  {terminal.paint(ledger.verdict, look.style)}: {sentence}"


def _not_right(ledger: Ledger, sentence: str) -> str:
    """What is said of the worst verdict: of a pass, or of numbers that stop being finite."""
    worst = [each for each in ledger.passes if each.verdict == ledger.verdict]
    if ledger.first_nonfinite is not None and not worst:
        return "numbers stop being finite, as is said above"
    if ledger.verdict == "undefined" and all(each.proof == "steps" for each in worst):
        sentence = "an operation has no finite derivative for the numbers that reached it"
    return f"of one pass at least: {sentence}"


def _all_right(ledger: Ledger) -> str:
    """What is said if nothing is wrong."""
    declared = [visible(each.name) for each in ledger.customs if each.declared]
    excepted = f", but for what was declared to differ on purpose: {', '.join(declared)}" if declared else ""
    return f"every gradient is right{excepted}"


def _equals(value: Array, dtype: str, terminal: Terminal) -> str:
    """What a name is said to be in a heading: its value, or the shape of a table."""
    sizes = shape(value)
    return f"= {_tensor(value, dtype, terminal)}" if len(sizes) < 2 else f"of shape {written(sizes)}"


def _tensor(value: Array, dtype: str, terminal: Terminal, share: int = 1) -> str:
    """A tensor on one line: all of it if it is small and nobody looks at it on a screen."""
    if value is None:
        return "none"
    room: int | None = ROOM if terminal.width is None else max(FEWEST, terminal.width // 3)
    if terminal.width is None and len(flat(value)) <= SMALL:
        room = None
    return brief(value, float_writer(dtype), None if room is None else room // share, terminal.ellipsis)


FORMAT: Format[Ledger, str] = Format("text", (".txt",), draw_text)
