"""Measure gradcalc beside what people would use in its place, and print a table.

Every figure is the median of rounds in which the contenders take turns, with the quartiles beside it. With --page it is
the table that stands on the page `explain speed`, in Markdown.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from batch import memory, points, throughput
from corpus import cases, generated
from graph import graphs
from hessians import hessians
from jobs import jobs
from measure import Figure
from programs import programs
from rigour import rigour
from startup import startup, wrapper
from vectors import vectors
from warm import warm

Section = Callable[[], Iterator[Figure]]


def main() -> int:
    """Exit status 0, whatever the figures are; 1 if something could not be run."""
    options = arguments()
    os.environ["GRADCALC_SERVER"] = "never"  # but where a section says otherwise
    failed = False
    draw = of_page if options.page else drawn
    print(HEAD_OF_PAGE if options.page else f"{'figure':<50} {'median':>10} {'quartiles':>19}  {'target':<8}")
    for name, section in sections(options.quick, options.corpus).items():
        if options.sections and name not in options.sections:
            continue
        print("" if options.page else f"-- {name}")
        try:
            for figure in section():
                print(draw(figure), flush=True)
        except (OSError, RuntimeError) as error:
            failed = True
            print(f"could not be run: {error}", flush=True)
    return int(failed)


def sections(quick: bool, corpus: Path | None) -> dict[str, Section]:
    """The sections by name, in the order of the table."""
    lines = list(cases(corpus) if corpus else generated(150 if quick else 1_000))
    return {
        "startup": partial(startup, quick),
        "wrapper": partial(wrapper, quick),
        "warm": partial(warm, quick),
        "throughput": partial(throughput, lines, rounds=1 if quick else 3),
        "points": partial(points, 1_000 if quick else 10_000, rounds=1 if quick else 3),
        "jobs": partial(jobs, list(generated(300 if quick else 10_000)), rounds=1 if quick else 3),
        "memory": partial(memory, quick),
        "programs": partial(programs, quick),
        "graphs": partial(graphs, quick),
        "rigour": partial(rigour, lines, rounds=3 if quick else 15),
        "hessians": partial(hessians, quick),
        "vectors": partial(vectors, lines[:: 10 if quick else 3], rounds=1 if quick else 5),
    }


def drawn(figure: Figure) -> str:
    """A line of the table."""
    spread = f"{figure.low:.3f} to {figure.high:.3f}"
    columns = f"{figure.name:<50} {figure.measured:10.3f} {spread:>19}  {figure.target:<8} {figure.judgement:<4}"
    return f"{columns} {figure.unit}".rstrip()


HEAD_OF_PAGE = f"    {'':<45} {'median':>8}  quartiles"
"""The first line of the table on the page."""


def of_page(figure: Figure) -> str:
    """A line of the table on the page, which a terminal of 80 columns has room for."""
    spread = f"{_short(figure.low)} to {_short(figure.high)}"
    return f"    {figure.name:<45} {_short(figure.measured):>8}  {spread:<15} {figure.unit}".rstrip()


def _short(number: float) -> str:
    """Three digits are more than such a figure has."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    names = list(sections(quick=True, corpus=None))
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(names)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter inputs: a first look")
    parser.add_argument("--page", action="store_true", help="print the table of the page explain speed, in Markdown")
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="cases for the throughput, one JSON object a line")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(names):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return options


sys.exit(main())
