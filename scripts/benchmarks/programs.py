"""Training loops under `gradcalc run` beside the same under Python: whole processes, torch's import included."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import GRADCALC, PYTHON, Figure, figure, in_turns
from startup import over

TWO_LAYERS = """\
import torch

torch.manual_seed(0)
x, y = torch.randn(64, 1000), torch.randn(64, 10)
model = torch.nn.Sequential(torch.nn.Linear(1000, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
for step in range(5000):
    loss = torch.nn.functional.mse_loss(model(x), y, reduction="sum")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
"""
"""A two-layer network with SGD."""
CONVOLUTIONS = """\
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 1, 28, 28), torch.randint(10, (32,))
model = nn.Sequential(
    nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(400, 10),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(600):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
"""
"""A small network of convolutions on pictures of 28 by 28."""


def programs(quick: bool) -> Iterator[Figure]:
    """The time of each over Python's in the same round, with nothing but the watching in it."""
    targets = {"two layers with SGD": (TWO_LAYERS, "<= 1.4"), "convolutions": (CONVOLUTIONS, "<= 1.15")}
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, target) in targets.items():
            path = Path(folder) / "program.py"
            path.write_text(text, encoding="utf-8")
            commands = {"python": [PYTHON, str(path)], "run": [GRADCALC, "run", "--watch", str(path)]}
            times = in_turns(commands, rounds=1 if quick else 5)
            yield figure(f"run --watch / python, {name}", over(times["run"], times["python"]), "", target)
