"""Statements that were decided at a tie: beyond it the other branch may have another slope."""

import ast
import re

from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass, CallOutput, CallSite, RecordedCall
from autogradcli.programs.texts import Texts


def reached_by(event: BackwardPass, texts: Texts) -> dict[int, str]:
    """Why nothing is told of the gradients, by their place among the arrivals, that depend on such a statement.

    What was recorded in the lines of the statement, or is made of names that are assigned there, is in doubt, if the
    condition moves with it as well: along a tensor that the condition is not made of the branch stays as it is.
    """
    found: dict[int, str] = {}
    for place, comparison in event.tied.items():
        doubtful = _doubtful(place, calls_below(event.outputs), texts)
        below = {value for call in doubtful for value in _below(call)}
        if _is_made_there(event, place, texts):
            below.update(arrival.value for arrival in event.arrivals)
        below &= set(_below(comparison))
        reason = f"the condition on line {place.line} was decided at a tie, beyond which another branch may be taken"
        for index, arrival in enumerate(event.arrivals):
            if arrival.value in below:
                found[index] = reason
    return found


def _is_made_there(event: BackwardPass, tie: CallSite, texts: Texts) -> bool:
    """Whether the backward is called of a name that is assigned in the statement."""
    statement = texts.file(tie.file).statement(tie.line)
    words = re.findall(r"\w+", texts.code(event.place))
    return statement is not None and not _assigned(statement).isdisjoint(words)


def _doubtful(place: CallSite, calls: list[RecordedCall], texts: Texts) -> list[RecordedCall]:
    statement = texts.file(place.file).statement(place.line)
    if statement is None:
        return []
    lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    names = "|".join(sorted(map(re.escape, _assigned(statement))))
    pattern = re.compile(rf"\b({names})\b") if names else None
    return [call for call in calls if call.place is not None and _is_touched(call.place, place, lines, pattern, texts)]


def _is_touched(each: CallSite, tie: CallSite, lines: range, pattern: re.Pattern[str] | None, texts: Texts) -> bool:
    if each.file != tie.file:
        return False
    if each.line in lines:
        return True
    return pattern is not None and each.code is tie.code and bool(pattern.search(texts.code(each)))


def _assigned(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _below(call: RecordedCall) -> "list[object]":
    """Everything that a call depends on."""
    values = [value for each in calls_below([CallOutput(call, 0)]) for value in each.values()]
    return [*values, *(CallOutput(each, 0) for each in calls_below([CallOutput(call, 0)]))]
