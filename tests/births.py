"""Training loops in which a number stops being finite at a known line, made by chance."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed({seed})
"""
HERE = "  # here"
"""What marks the line of the birth."""


@dataclass(frozen=True, slots=True)
class Birth:
    """A program, and where its first number that is not finite is born."""

    kind: str
    text: str
    code: str
    """The operation."""
    directions: tuple[str, ...]

    @property
    def line(self) -> int:
        """The line of the birth."""
        return next(number for number, line in enumerate(self.text.splitlines(), 1) if HERE in line)


def _loop(before: str, forward: str, steps: int = 4, lr: float = 0.01, parameters: str = "net.parameters()") -> str:
    inside = "\n".join(f"    {line}" for line in forward.splitlines())
    return f"""\
{before}
optimizer = torch.optim.SGD({parameters}, lr={lr})
for step in range({steps}):
    optimizer.zero_grad()
{inside}
    loss.backward()
    optimizer.step()
"""


def _net(chance: Random, out: int, rows: int = 5) -> str:
    wide, act = chance.randint(3, 6), chance.choice(["Tanh", "ReLU", "Sigmoid", "GELU"])
    return (
        f"net = nn.Sequential(nn.Linear(3, {wide}), nn.{act}(), nn.Linear({wide}, {out}))\n"
        f"x = torch.randn({rows}, 3)\ntarget = torch.arange({rows}) % {out}"
    )


def _log_of_zero(chance: Random) -> Birth:
    scale = chance.choice([400, 2000, 1e4])
    dim = chance.choice(["dim=1", "1", "-1"])
    forward = (
        f"p = torch.softmax(net(x)*{scale}*(step == {chance.randint(0, 3)} or 0.01), {dim})\n"
        f"logs = torch.log(p){HERE}\n" + chance.choice(["loss = F.nll_loss(logs, target)", "loss = -(logs*0.2).mean()"])
    )
    before = _net(chance, 4)
    return Birth("log of 0", _loop(before, forward), "torch.log(p)", ("forward", "backward"))


def _normalised(chance: Random) -> Birth:
    step = chance.randint(0, 3)
    over = chance.choice(["h.std(0)", "h.norm(dim=0)", "(h.max() - h.min())", "h.abs().sum(0)"])
    forward = (
        f"h = net(x) * (step != {step})\nh = h - h.mean(0)\ns = {over}\nn = h / s{HERE}\n"
        "loss = (n*n.detach().sign()).mean()"
    )
    return Birth("0/0", _loop(_net(chance, 2), forward), "h / s", ("forward",))


def _root(chance: Random) -> Birth:
    step = chance.randint(0, 3)
    root = chance.choice(["torch.sqrt(d)", "d.sqrt()", "d ** 0.5", "torch.pow(d, 0.5)"])
    forward = f"h = net(x) * (step != {step})\nd = (h*h).sum(1)\nr = {root}{HERE}\nloss = (r*2 + 1).mean()"
    return Birth("sqrt at 0", _loop(_net(chance, 2), forward), root, ("backward",))


def _overflow(chance: Random) -> Birth:
    step, power = chance.randint(0, 3), chance.choice(["h * h", "h ** 2", "torch.exp(h)", "h.pow(3)"])
    before = _net(chance, 3) + "\nnet, x = net.half(), x.half()"
    forward = f"h = net(x) * 1\nh = h + (500 if step == {step} else 0)\nq = {power}{HERE}\nloss = (q * 0.1).mean()"
    return Birth("overflow in float16", _loop(before, forward, lr=1e-6), power, ("forward",))


def _masked(chance: Random) -> Birth:
    inner = chance.choice(["torch.sqrt(h)", "h.log()", "torch.log(h)", "h ** 0.5", "torch.rsqrt(h)"])
    other = chance.choice(["torch.zeros_like(h)", "h", "h * 2"])
    forward = (
        f"h = net(x)\nh = h * (h > 0)\nsafe = {inner}{HERE}\ny = torch.where(h > 0, safe, {other})\nloss = y.mean()"
    )
    return Birth("masked branch", _loop(_net(chance, 4), forward), inner, ("backward", "forward"))


def _too_fast(chance: Random) -> Birth:
    lr, power = (
        chance.choice([1e8, 1e12, 1e15]),
        chance.choice(["err ** 2", "err * err", "err.pow(4)", "torch.square(err)"]),
    )
    before = "w = torch.full((3, 1), 0.5, requires_grad=True)\nx = torch.randn(6, 3)"
    forward = f"err = x @ w - 1\nsq = {power}{HERE}\nloss = sq.mean()"
    text = _loop(before, forward, steps=12, lr=lr, parameters="[w]")
    return Birth("learning rate", text, power, ("forward",))


def _autocast(chance: Random) -> Birth:
    dtype, size = chance.choice([("bfloat16", "3e38"), ("float16", "400")])
    step = chance.randint(0, 2)
    code = chance.choice(["a @ v", "torch.matmul(a, v)", "F.linear(a, v)"])
    before = "w = torch.ones(4, 4, requires_grad=True)\nx = torch.ones(4, 4)"
    forward = (
        f"with torch.autocast('cpu', dtype=torch.{dtype}):\n    a = x * ({size} if step == {step} else 1)\n"
        f"    v = (w * {size}) if step == {step} else w * 1\n    y = {code}{HERE}\nloss = y.float().mean()"
    )
    text = _loop(before, forward, lr=1e-30, parameters="[w]")
    return Birth("autocast", text, code, ("forward",))


KINDS = (_log_of_zero, _normalised, _root, _overflow, _masked, _too_fast, _autocast)


def births(count: int, seed: int) -> Iterator[Birth]:
    """So many programs, the kinds in turn."""
    for number in range(count):
        make = KINDS[number % len(KINDS)]
        made = make(Random(f"{make.__name__} {seed} {number}"))
        yield Birth(made.kind, HEAD.format(seed=seed + number) + made.text, made.code, made.directions)
