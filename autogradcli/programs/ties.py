"""Statements that were decided at a tie: beyond it the other branch may have another slope."""

import ast
import re
from collections.abc import Iterator

from autogradcli.engines.torch.record.below import calls_below
from autogradcli.engines.torch.record.calls import BackwardPass, CallOutput, CallSite, RecordedCall, Tie
from autogradcli.programs.texts import Texts


def reached_by(event: BackwardPass, texts: Texts) -> dict[int, str]:
    """Why nothing is told of the gradients, by their place among the arrivals, that depend on such a statement.

    What was recorded in the lines of the statement, or is made of names that are assigned there, is in doubt, if the
    condition moves with it as well: along a tensor that the condition is not made of the branch stays as it is.
    """
    found: dict[int, str] = {}
    calls = calls_below(event.outputs)
    for place, tie in event.tied.items():
        below: set[object] = set()
        for each in _decided(place, tie, texts):
            below.update(value for call in _doubtful(each, calls, texts) for value in _below(call))
            if _is_made_there(event, each, texts):
                below.update(arrival.value for arrival in event.arrivals)
        below &= set(_below(tie.comparison))
        reason = f"the condition on line {place.line} was decided at a tie, beyond which another branch may be taken"
        for index, arrival in enumerate(event.arrivals):
            if arrival.value in below:
                found[index] = reason
    return found


def _decided(place: CallSite, tie: Tie, texts: Texts) -> Iterator[CallSite]:
    """The place of a tie, and those where functions are called whose result depends on it."""
    yield place
    for caller in tie.callers:
        if not _is_returned(place, texts):
            return
        yield caller
        place = caller


def _is_returned(place: CallSite, texts: Texts) -> bool:
    """Whether a statement returns something, or assigns a name that its function returns."""
    statement = texts.file(place.file).statement(place.line)
    function = None if statement is None else _around(statement, place, texts, ast.FunctionDef | ast.AsyncFunctionDef)
    if statement is None or function is None:
        return isinstance(statement, ast.Return)
    if any(isinstance(node, ast.Return) for node in ast.walk(statement)):
        return True
    returned = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    names = {node.id for each in returned for node in ast.walk(each) if isinstance(node, ast.Name)}
    return not _assigned(statement).isdisjoint(names)


def _is_made_there(event: BackwardPass, tie: CallSite, texts: Texts) -> bool:
    """Whether the backward is called of a name that is assigned in the statement."""
    words = re.findall(r"\w+", texts.code(event.place))
    _, names = _reach(tie, texts)
    return not names.isdisjoint(words)


def _doubtful(place: CallSite, calls: list[RecordedCall], texts: Texts) -> list[RecordedCall]:
    lines, names = _reach(place, texts)
    pattern = re.compile(rf"\b({'|'.join(sorted(map(re.escape, names)))})\b") if names else None
    return [call for call in calls if call.place is not None and _is_touched(call.place, place, lines, pattern, texts)]


def _reach(place: CallSite, texts: Texts) -> tuple[range, set[str]]:
    """The lines that a decision is about, and the names that are assigned there.

    They are those of the statement; of one that may leave a loop those of the loop, and of one that may return also the
    rest of the function.
    """
    statement = texts.file(place.file).statement(place.line)
    if statement is None:
        return range(0), set()
    inside = {type(node) for node in ast.walk(statement)}
    first, last, names = statement.lineno, statement.end_lineno or statement.lineno, _assigned(statement)
    if isinstance(statement, ast.If) and inside & {ast.Break, ast.Continue}:
        loop = _around(statement, place, texts, ast.For | ast.While)
        if loop is not None:
            first, last, names = loop.lineno, loop.end_lineno or last, names | _assigned(loop)
    if ast.Return in inside:
        function = _around(statement, place, texts, ast.FunctionDef | ast.AsyncFunctionDef)
        last = last if function is None else function.end_lineno or last
    return range(first, last + 1), names


def _around(statement: ast.stmt, place: CallSite, texts: Texts, kinds: object) -> ast.stmt | None:
    """The innermost statement of some kinds that holds another one."""
    found = None
    for node in ast.walk(texts.file(place.file).tree):
        if not isinstance(node, ast.stmt) or not isinstance(node, kinds) or node is statement:  # type: ignore[arg-type]
            continue
        if node.lineno <= statement.lineno and (statement.end_lineno or 0) <= (node.end_lineno or 0):
            found = node
    return found


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
