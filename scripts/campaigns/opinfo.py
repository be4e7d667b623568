"""torch's own database of operators through gradcalc: what it answers, and whether that is torch's, and true.

Run from the top of the checkout: python -m scripts.campaigns.opinfo --samples 40 --dtype float64
"""

import argparse
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from tests.operators import Answer, Sample, answer, operators, samples, title
from tests.oracles.operator_proofs import unproven

PATIENCE = 60
"""Seconds for one sample."""


class Slow(BaseException):
    """A sample takes too long; no handler of errors catches it."""


@dataclass(slots=True)
class Line:
    """What became of the samples of one operator."""

    name: str
    kinds: Counter[str] = field(default_factory=Counter)
    error: float = 0.0
    faults: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    def add(self, sample: Sample, found: Answer) -> None:
        """Count an answer."""
        self.kinds[found.kind] += 1
        self.error = max(self.error, found.error or 0.0)
        if found.kind == "refused":
            self.refusals[f"{sample.text}: {found.detail}"] += 1
        faults = [*found.wrong, *unproven(sample, found), *([found.detail] if found.kind == "crash" else [])]
        self.faults += [f"{sample.text}: {each}" for each in faults]

    @property
    def asked(self) -> int:
        """The samples that torch itself answers, and that are not drawn at random."""
        return self.kinds.total() - self.kinds["torch"] - self.kinds["random"]

    @property
    def answered(self) -> int:
        """Those that gradcalc answers."""
        return self.asked - self.kinds["refused"] - self.kinds["crash"] - self.kinds["slow"]

    def __str__(self) -> str:
        verdicts = ", ".join(f"{count} {kind}" for kind, count in self.kinds.most_common())
        return f"{self.name:<45}{self.asked:>8}{self.answered:>9}{self.error:>12.3g}   {verdicts}"


def main() -> int:
    """Exit status 1 if there is a crash, a number that is not torch's, or a verdict without a proof."""
    options = arguments()
    start = time.perf_counter()
    signal.signal(signal.SIGALRM, _give_up)
    print(f"{'operator':<45}{'samples':>8}{'answered':>9}{'worst ulp':>12}   verdicts")
    lines = [examined(each, options) for each in operators() if options.only in title(each)]
    known = sum(line.answered > 0 for line in lines)
    asked, answered = sum(line.asked for line in lines), sum(line.answered for line in lines)
    faults = sum(len(line.faults) for line in lines)
    print(
        f"{len(lines)} operators, {known} known; {asked} samples, {answered} answered"
        f" ({answered / max(asked, 1):.1%}); {faults} faults; {time.perf_counter() - start:.0f} s"
    )
    return int(faults > 0)


def examined(each: Any, options: argparse.Namespace) -> Line:
    """An operator's line, which is printed too."""
    line = Line(title(each))
    for sample in samples(each, options.dtype, options.samples, options.seed):
        signal.alarm(PATIENCE)
        try:
            line.add(sample, answer(sample, options.order))
        except Slow:
            line.kinds["slow"] += 1
        finally:
            signal.alarm(0)
    print(line, *(f"    FAULT {fault}" for fault in line.faults), sep="\n", flush=True)
    if options.refusals:
        for text, count in line.refusals.most_common(options.refusals):
            print(f"    {count} x {text}", flush=True)
    return line


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=40, help="samples of each operator, in each form")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.add_argument("--order", type=int, choices=(1, 2), default=1, help="2: the Hessian times a direction")
    parser.add_argument("--only", default="", help="operators with this in their names")
    parser.add_argument("--refusals", type=int, default=0, help="how many refused calls of each operator are listed")
    return parser.parse_args()


def _give_up(_: int, __: FrameType | None) -> None:
    raise Slow


if __name__ == "__main__":
    sys.exit(main())
