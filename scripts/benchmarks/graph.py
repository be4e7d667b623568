"""What it takes to draw a graph of 1,000 nodes, beyond computing it, and how large it can be in as much time."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import GRADCALC, Figure, figure, in_turns

SUM = " + ".join(["x", *(f"x/{number}" for number in range(2, 501))])
"""499 additions, 499 quotients and one leaf that all of them share."""
TEXTS = ("tree", "dot", "mermaid", "json")
PICTURES = ("svg", "png", "pdf")


def graphs(quick: bool) -> Iterator[Figure]:
    """Seconds that each format adds to `eval --quiet`, whole processes in turns; of pictures, all seconds."""
    with tempfile.TemporaryDirectory() as folder:
        commands = {"eval": [GRADCALC, "eval", SUM, "--x", "2", "--no-symbolic", "--quiet"]}
        for form in (*TEXTS, *PICTURES):
            commands[form] = [GRADCALC, "graph", SUM, "--x", "2", "--format", form, "-o", str(Path(folder, form))]
        times = in_turns(commands, rounds=1 if quick else 5)
    for form in TEXTS:
        added = [own - evaluation for own, evaluation in zip(times[form], times["eval"], strict=True)]
        yield figure(f"{form} of 1,000 nodes, beyond eval", added, "s", "<= 1")
    for form in PICTURES:
        yield figure(f"{form} of 1,000 nodes", times[form], "s", "<= 10")
        ratios = [own / evaluation for own, evaluation in zip(times[form], times["eval"], strict=True)]
        yield figure(f"{form} of 1,000 nodes / eval", ratios, "")
