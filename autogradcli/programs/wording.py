"""A message about one step, which was a problem of its own, in the program's words and at the program's places."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autogradcli.compute.report import Report
from autogradcli.engines.torch.record.calls import CallOutput, Given, Value, tensors_in, values_in
from autogradcli.engines.torch.record.steps import RecordedStep
from autogradcli.errors import Span
from autogradcli.language.program import Program, Variable
from autogradcli.language.shapes import component
from autogradcli.programs.texts import Texts

TOKEN = "operand__{}"
"""How the text of such a problem names the operands of the step, by their number."""
OPERAND = re.compile(r"(?:\boperand__(\d+)|\bv(\d+)(?=(?:\[[\d, ]+\])? = ))(?:\[([\d, ]+)\])?")
"""An operand in a message, with the index of a component; `v0` is what the problem calls it."""


def with_tokens(program: Program) -> Program:
    """The program of one call, in whose text each variable has a token of its own."""
    source, steps = program.source, list(program.steps)
    for place, step in enumerate(steps):
        if isinstance(step, Variable):
            token = TOKEN.format(step.name.removeprefix("v"))
            steps[place] = replace(step, span=Span(len(source), len(source) + len(token)))
            source += f"{token}\n"
    return replace(program, source=source, steps=tuple(steps))


@dataclass(frozen=True, slots=True)
class Wording:
    """Puts the messages about a step into the program's words."""

    step: RecordedStep
    texts: Texts
    places: Sequence[int] | None = None
    """The components of the output that the problem was about, counted row by row; None for all of them."""

    def in_the_program(self, report: Report) -> Report:
        """A report whose reasons have the program's names and indices."""
        told = {
            name: each
            if each.reason is None
            else replace(each, reason=replace(each.reason, message=self.told(each.reason.message)))
            for name, each in report.gradients.items()
        }
        return replace(report, gradients=told)

    def told(self, message: str) -> str:
        """A message with the program's names and indices."""
        text = re.escape(self.texts.code(self.step.call.place))
        if text and self.places is not None:
            message = re.sub(rf"(?:\({text}\)|{text})\[(\d+)\]", self._output, message)
        return OPERAND.sub(self._operand, message)

    def _output(self, found: re.Match[str]) -> str:
        assert self.places is not None
        return component(self.texts.code(self.step.call.place), self.places[int(found[1])], self.step.shapes[0])

    def _operand(self, found: re.Match[str]) -> str:
        number = int(found[1] or found[2])
        word = _word(list(values_in([self.step.call.arguments, self.step.call.keywords]))[number], self.texts)
        if found[3] is None:
            return word
        sizes = tuple(list(tensors_in([self.step.arguments, self.step.keywords]))[number].shape)
        index = [int(each) for each in found[3].split(",")]
        if self.places is not None:
            index = _broadcast(self.places[index[0]], self.step.shapes[0], sizes)
        return component(word, _flat(index, sizes), sizes)


def _word(value: Value, texts: Texts) -> str:
    """What the program calls a value: its name, or the expression that made it."""
    if isinstance(value, Given):
        return value.name or "a tensor"
    place = value.call.place if isinstance(value, CallOutput) else None
    return texts.name(place) or texts.code(place) or "a tensor"


def _broadcast(flat: int, whole: Sequence[int], sizes: Sequence[int]) -> list[int]:
    """The index in an operand with these sizes of what makes a component of the output."""
    index = []
    for size in reversed(whole):
        index.append(flat % size)
        flat //= size
    index = index[: len(sizes)][::-1]
    return [0 if size == 1 else each for each, size in zip(index, sizes, strict=True)]


def _flat(index: Sequence[int], sizes: Sequence[int]) -> int:
    flat = 0
    for each, size in zip(index, sizes, strict=True):
        flat = flat * size + each
    return flat
