"""What to write instead, in the program's own words: tried on the recorded steps around a fault.

A piece of the pass around the call to blame is written as a text, which is a problem as any other: `compute/remedies`
looks for what helps there. What it finds is told in the program's names and torch's functions.
"""

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from autogradcli.compute.compute import compute
from autogradcli.compute.problem import NONE, Options, Problem
from autogradcli.compute.remedies import CURABLE
from autogradcli.compute.report import Reason, Report
from autogradcli.compute.verdict import WORST_FIRST
from autogradcli.engines.backward import Backward
from autogradcli.engines.torch.record.calls import BackwardPass, CallOutput, Given, RecordedCall, Value
from autogradcli.engines.torch.record.kinds import SWAPPED, kind_of
from autogradcli.engines.torch.record.pieces import Piece, pieces
from autogradcli.errors import GradcalcError
from autogradcli.functions.table import candidates
from autogradcli.language.dtypes import DTYPES
from autogradcli.language.parser import parse
from autogradcli.language.program import Call, Program
from autogradcli.language.unparse import NAME, Unwritable, unparse
from autogradcli.language.writing import option_text
from autogradcli.processes.limits import Budget, OutOfTime, check
from autogradcli.programs.texts import Texts
from autogradcli.programs.verified import Verified, blamed

LEAST, MOST = 0.8, 6.0
"""Seconds that the remedies of one program may take: what verification has left, but at least and at most so many."""
EACH, SEARCH = 3.0, 0.3
"""Seconds that one of them may take, and of processor time the search in one piece."""
OPERATIONS = 4_000
"""Scalar operations of a piece that balls look at."""


class Remedies:
    """Looks for the remedies of one program, once for each call of its text."""

    def __init__(self, texts: Texts, options: Options) -> None:
        self._texts, self._options = texts, options
        self._found: dict[Any, tuple[str, str] | None] = {}
        self._left = 0.0
        self.hurried = False
        """Whether more time might have found more."""

    def allow(self, left: float) -> None:
        """Let what is asked for from now on take so many seconds, within bounds."""
        self._left = 0.0 if self._options.remedies == NONE else min(max(LEAST, left), MOST)

    def of_passes(self, events: Sequence[Any], passes: Sequence[Verified]) -> list[Verified]:
        """The passes with remedies for what is wrong in them, which are looked for in the worst ones first."""
        told = list(passes)
        for place in sorted(range(len(passes)), key=lambda each: WORST_FIRST.index(passes[each].entry.verdict)):
            told[place] = self._of_pass(events[place], passes[place])
        return told

    def _of_pass(self, event: BackwardPass, found: Verified) -> Verified:
        entries = list(found.entry.entries)
        for place, call in blamed(event, found).items():
            reason = entries[place].reason
            if reason is not None and entries[place].verdict in CURABLE:
                entries[place] = replace(entries[place], reason=self.told(reason, event, call))
        return replace(found, entry=replace(found.entry, entries=tuple(entries)))

    def told(self, reason: Reason, event: BackwardPass, call: RecordedCall) -> Reason:
        """A reason with the remedy for the call that it blames, if one is found."""
        key = (call.place, kind_of(call.function).name)
        if key not in self._found:
            self._found[key] = None
            budget = Budget(min(self._left, EACH))
            self._left -= budget.left
            try:
                with budget.running():
                    self._found[key] = self._search(event, call)
            except (OutOfTime, MemoryError) as end:
                self.hurried |= isinstance(end, OutOfTime) and self._left <= 0 < self._options.remedies
            self._left += budget.left
        found = self._found[key]
        return reason if found is None else replace(reason, expression=found[0], remedy=found[1])

    def _search(self, event: BackwardPass, call: RecordedCall) -> tuple[str, str] | None:
        """What is replaced, and by what: of the first piece that is cured, else of the first that is better."""
        second = None
        for piece in pieces(event, call, self._texts):
            check()
            found = self._of_piece(piece)
            if found is not None and found[1]:
                return found[0]
            second = second or found
        return None if second is None else second[0]

    def _of_piece(self, piece: Piece) -> tuple[tuple[str, str], bool] | None:
        """The remedy of a piece, and whether it is one for all that is wrong there; None if there is none."""
        try:
            text, lines = unparse(piece.assembled.program, DTYPES[piece.assembled.dtype].unit_roundoff)
            report = compute(self._problem(piece, text))
        except (GradcalcError, Unwritable, ValueError, LookupError, RuntimeError):
            return None
        wanting = [each.reason for each in report.gradients.values() if each.reason and each.verdict in CURABLE]
        cures = [each.rewritten for each in wanting if each.rewritten is not None]
        words = _Words(piece, self._texts)
        for cure in dict.fromkeys(cures):
            with suppress(Unwritable, GradcalcError):
                if self._leaves_digits_lost(piece, report, cure):
                    continue
                return words.difference(text, cure, lines), len(cures) == len(wanting)
        return None

    def _leaves_digits_lost(self, piece: Piece, report: Report, cure: str) -> bool:
        """Whether a remedy for lost digits leaves a gradient without them."""
        if any(each.verdict in CURABLE - {"imprecise"} for each in report.gradients.values()):
            return False
        cured = compute(self._problem(piece, cure))
        return any(each.verdict in CURABLE for each in cured.gradients.values())

    def _problem(self, piece: Piece, text: str) -> Problem:
        assembled = piece.assembled
        program = parse(text)
        wrt = tuple(name for name in assembled.names if name is not None and name in program.variables)
        options = replace(
            self._options,
            dtype=assembled.dtype,
            symbolic=False,
            remedies=SEARCH,
            max_operations=OPERATIONS,
            rtol=None,
            atol=None,
            max_ulps=None,
        )
        at = {name: assembled.at[name] for name in program.variables}
        return Problem(program, at, wrt, options, Backward(assembled.upstream))


class _Words(ast.NodeTransformer):
    """A piece's text as the program's: its own names and expressions, and functions by torch's names."""

    def __init__(self, piece: Piece, texts: Texts) -> None:
        program = piece.assembled.program
        names = {step: name for name, step in program.assigned.items()}
        self._indices = _indices(program)
        self._places = Counter(step.span for step in program.steps if isinstance(step, Call))
        self._words = {
            name: _operand(piece, name, texts) or self._of_value(value, texts) for name, value in piece.values.items()
        }
        self._replaced: dict[int, str] = {}
        for index, step in enumerate(program.steps):
            if isinstance(step, Call):
                self._replaced[index] = self._of_step(step, program.text(index))
                self._words[NAME.format(index)] = names.get(index) or self._replaced[index]

    def _of_step(self, step: Call, text: str) -> str:
        """What a step is called: its text, unless several have that."""
        return text if self._places[step.span] == 1 else f"<{step.function} in {text}>"

    def _of_value(self, value: Value, texts: Texts) -> str:
        """What the program calls something that came in from outside; empty if it has no name."""
        if isinstance(value, Given):
            return value.name or ""
        if not isinstance(value, CallOutput):
            return ""
        place = value.call.place
        text = texts.name(place) or texts.code(place)
        return text if len(value.call.shapes) == 1 else f"{text}[{value.index}]"

    def difference(self, text: str, cure: str, lines: Mapping[int, int]) -> tuple[str, str]:
        """The expressions of the program that a cure replaces, and by what; raises Unwritable if torch has no words."""
        pairs = zip(text.splitlines(), cure.splitlines(), strict=True)
        changed = [(self._replaced[lines[place]], new) for place, (old, new) in enumerate(pairs) if old != new]
        told = [(before, self._told(new.partition(" = ")[2])) for before, new in changed]
        if len(told) == 1:
            return told[0]
        return told[-1][0], ", with ".join([told[-1][1], *(f"{new} in place of {before}" for before, new in told[:-1])])

    def _told(self, text: str) -> str:
        return ast.unparse(self.visit(ast.parse(text, mode="eval")))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in CONSTANTS:
            return ast.Name(f"torch.{node.id}")
        words = self._words[node.id]
        if not words:
            raise Unwritable
        try:
            return ast.parse(words, mode="eval").body
        except SyntaxError:
            return ast.Name(words)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """A part of a tensor, by the subscript that the program has: that of the piece is one of its rows."""
        written = ast.unparse(node.slice)
        if written not in self._indices and "[" in written:
            raise Unwritable
        index = self._indices.get(written, node.slice)
        return ast.Subscript(self.visit(node.value), index)

    def visit_List(self, node: ast.List) -> ast.expr:
        return ast.Call(ast.Name("torch.stack"), [ast.List([self.visit(each) for each in node.elts])], [])

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call of torch's function, with tensors in place of numbers where torch needs them."""
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        arguments = [self.visit(each) for each in node.args]
        if name == "numel":
            return ast.Call(ast.Name("torch.tensor"), [ast.Call(ast.Attribute(arguments[0], name), [], [])], [])
        if name not in TAKE_NUMBERS:
            arguments[:1] = [_as_tensor(each) for each in arguments[:1]]
        return ast.Call(ast.Name(_torch_name(name)), arguments, [self.visit(each) for each in node.keywords])


def _indices(program: Program) -> dict[str, ast.expr]:
    """The subscripts of a piece, as its text has them, with those that stand in the program's text."""
    found = {}
    for index, step in enumerate(program.steps):
        if isinstance(step, Call) and step.function == "getitem":
            with suppress(SyntaxError, KeyError):
                node = ast.parse(program.text(index), mode="eval").body
                parts = [str(option_text((each,))) for each in dict(step.options)["index"]]  # type: ignore[attr-defined]
                if isinstance(node, ast.Subscript):
                    found[ast.unparse(ast.parse(f"x[{', '.join(parts)}]", mode="eval").body.slice)] = node.slice  # type: ignore[attr-defined]
    return found


def _operand(piece: Piece, name: str, texts: Texts) -> str | None:
    """What stands in the text of the call that takes a value in the value's place; None if that is not clear."""
    call, place = piece.uses.get(name, (None, 0))
    if call is None:
        return None
    function = kind_of(call.function).name
    try:
        node = ast.parse(texts.code(call.place), mode="eval").body
    except SyntaxError:
        return None
    operands: list[ast.expr] = []
    match node:
        case ast.BinOp(left=left, right=right) if function not in {"neg", "pos"}:
            operands = [right, left] if function in SWAPPED else [left, right]
        case ast.UnaryOp(operand=operand):
            operands = [operand]
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=arguments) if called == function:
            operands = arguments
            if isinstance(node.func, ast.Attribute) and len(arguments) + 1 == len(call.arguments):
                operands = [node.func.value, *arguments]
    return ast.unparse(operands[place]) if len(operands) == len(call.arguments) else None


def _torch_name(name: str) -> str:
    """What torch calls a function of the table; raises Unwritable if it has none."""
    for function in candidates(name):
        if function.torch and not function.torch.startswith("operator."):
            return f"torch.{function.torch}"
    raise Unwritable


def _as_tensor(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("torch.tensor"), [node], []) if isinstance(node, ast.Constant) else node


CONSTANTS = frozenset({"pi", "e", "inf", "nan"})
TAKE_NUMBERS = frozenset({"where", "xlogy", "xlog1py"})
"""Functions whose operands torch takes as plain numbers as well."""
