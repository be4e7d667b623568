"""Passes by the line of the text that made them: of many alike a few are shown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autogradcli.compute.verdict import WORST_FIRST
from autogradcli.programs.ledger import Ledger, Pass

SHOWN = 3
"""Passes of one line that are shown."""
WRONG_SHOWN = 5
"""Passes that are shown beside them because something is wrong with them."""


@dataclass(frozen=True, slots=True)
class PassGroup:
    """All passes of one call in the text."""

    line: int
    code: str
    shown: tuple[Pass, ...]
    left_out: tuple[Pass, ...]


def groups(ledger: Ledger) -> list[PassGroup]:
    """The passes by their place in the text, in the order in which the first of each came."""
    born = None if ledger.first_nonfinite is None else ledger.first_nonfinite.step
    found: dict[tuple[int, str | None, str], list[Pass]] = {}
    for each in ledger.passes:
        found.setdefault((each.line, each.where, each.code), []).append(each)
    return [_group(line, code, members, born) for (line, _, code), members in found.items()]


def _group(line: int, code: str, members: Sequence[Pass], born: int | None) -> PassGroup:
    """The passes of one place; once numbers are not finite they stay so, and one pass of that kind is shown."""
    after = [each for each in members if born and each.number >= born]
    broken = [each.number for each in after if each.verdict == "undefined" or each.proof is None]
    telling = [each for each in members if each.number not in broken[1:]]
    wrong = [each for each in _unlike(telling) if each.verdict not in {"verified", "unverified"}][:WRONG_SHOWN]
    some = telling if len(telling) <= SHOWN + 1 else [*telling[: SHOWN - 1], telling[-1], *wrong]
    chosen = {each.number for each in some}
    shown = tuple(each for each in members if each.number in chosen)
    return PassGroup(line, code, shown, tuple(each for each in members if each.number not in chosen))


def _unlike(passes: Sequence[Pass]) -> list[Pass]:
    """The first pass of each kind: those of one kind have the same verdicts for the same reasons."""
    kinds = {
        tuple((entry.name, entry.verdict, entry.reason and entry.reason.code) for entry in each.entries): each
        for each in reversed(passes)
    }
    return sorted(kinds.values(), key=lambda each: each.number)


def counted(passes: Sequence[Pass]) -> str:
    """How many passes have each verdict, the worst first."""
    counts = Counter(each.verdict for each in passes)
    return ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in WORST_FIRST if verdict in counts)


def headline(ledger: Ledger) -> str:
    """How many passes there were, and what came of them."""
    if not ledger.verifying:
        return "not verified (--no-verify)"
    if ledger.backwards and not ledger.passes:
        broken = ledger.backwards - ledger.finite
        return f"{times(ledger.backwards)}, {'all' if not broken else f'{ledger.finite:,}'} of them finite (--watch)"
    if not ledger.passes:
        return "no backward, so there is nothing to verify"
    late = f"; for {ledger.unverified_in_time:,} of them the time was up" if ledger.unverified_in_time else ""
    some = f", {len(ledger.passes):,} of which were looked at" if len(ledger.passes) < ledger.backwards else ""
    return f"{times(max(ledger.backwards, len(ledger.passes)))}{some}: {counted(ledger.passes)}{late}"


def times(count: int) -> str:
    """How often gradients were computed."""
    return f"{count:,} backward pass" + ("es" if count != 1 else "")
