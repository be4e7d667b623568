"""Snippets under `gradcalc run --no-verify` beside the same under Python: whole processes, torch's import included."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import GRADCALC, PYTHON, Figure, figure, in_turns
from startup import over

LOOP = """\
import torch

X = torch.linspace(-1.0, 1.0, 150).reshape(50, 3)
y = X @ torch.tensor([1.0, -2.0, 0.5]) + 0.1
w = torch.zeros(3, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for step in range(10000):
    loss = ((X @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.01 * w.grad
        b -= 0.01 * b.grad
    w.grad.zero_()
    b.grad.zero_()
print(w, b)
"""
"""Descent in 10,000 steps."""
LINES = "import torch\n\nx = torch.ones(3, requires_grad=True)\ny = x * 1.0\n" + "".join(
    f"y = (y * 1.001 + {number}.0).sin()\n" for number in range(996)
)
"""A snippet of 1,000 lines."""


def snippets(quick: bool) -> Iterator[Figure]:
    """The time of each over Python's in the same round."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {"a loop of 10,000 steps": LOOP, "1,000 lines": LINES}.items():
            path = Path(folder) / "snippet.py"
            path.write_text(text, encoding="utf-8")
            commands = {"python": [PYTHON, str(path)], "run": [GRADCALC, "run", "--no-verify", str(path)]}
            times = in_turns(commands, rounds=3 if quick else 9)
            yield figure(f"run --no-verify / python, {name}", over(times["run"], times["python"]), "", "<= 2")
