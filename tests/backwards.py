"""Custom Functions and modules with a backward that is right, or wrong in a known way: programs made by chance."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

PROGRAM = """\
import torch
from torch import nn

class Mine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, {names}):
        {saved}ctx.save_for_backward({names})
        return {forward}

    @staticmethod
    def backward(ctx, g):
        {names}, = ctx.saved_tensors
        {body}

torch.manual_seed({seed})
{values}
{use}
"""
LINE = 11
"""Where `backward` stands, or its decorator a line above."""
NAMES = ("x", "y", "z")
ONE, TWO, ROW = "({r}, {c})", "({c}, {k})", "({c},)"


@dataclass(frozen=True, slots=True)
class Formula:
    """A function with its vector-Jacobian product, in Python."""

    forward: str
    backward: tuple[str, ...]
    """What it gives to each input, of the upstream gradient `g`."""
    shapes: tuple[str, ...] = (ONE,)
    whole: bool = False
    """Whether it gives one number."""


def _same(forward: str, *backward: str) -> Formula:
    return Formula(forward, backward, (ONE,) * len(backward))


FORMULAS = (
    _same("x**3", "g*3*x**2"),
    _same("x.sin()", "g*x.cos()"),
    _same("x.exp()", "g*x.exp()"),
    _same("x.tanh()", "g*(1 - x.tanh()**2)"),
    _same("x*x.sigmoid()", "g*(x.sigmoid() + x*x.sigmoid()*(1 - x.sigmoid()))"),
    _same("(1 + x*x).log()", "g*2*x/(1 + x*x)"),
    _same("x*y", "g*y", "g*x"),
    _same("x*y + x**2", "g*(y + 2*x)", "g*x"),
    _same("x/(1 + y*y)", "g/(1 + y*y)", "-g*x*2*y/(1 + y*y)**2"),
    _same("x*y*z", "g*y*z", "g*x*z", "g*x*y"),
    _same("x.softmax(1)", "x.softmax(1)*(g - (g*x.softmax(1)).sum(1, keepdim=True))"),
    _same("x.clamp(min=0.1)", "g*(x > 0.1)"),
    Formula("x @ y", ("g @ y.T", "x.T @ g"), (ONE, TWO)),
    Formula("x*y", ("g*y", "(g*x).sum(0)"), (ONE, ROW)),
    Formula("x @ y + z", ("g @ y.T", "x.T @ g", "g.sum(0)"), (ONE, TWO, "({k},)")),
    Formula("(x*y).sum(1)", ("g[:, None]*y", "g[:, None]*x"), (ONE, ONE)),
    Formula("(x*x).mean()", ("g*2*x/x.numel()",), whole=True),
    Formula("x.logsumexp(1)", ("g[:, None]*x.softmax(1)",)),
    Formula("x/x.norm()", ("g/x.norm() - x*(g*x).sum()/x.norm()**3",)),
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A program with a custom backward, and what is wrong with it."""

    kind: str
    """`right`, or the kind of the fault."""
    text: str
    dtype: str
    line: int = LINE


def planted(kind: str, seed: int, module: bool = False, dtype: str | None = None) -> Planted:
    """The program of a seed whose backward has a fault of the kind, used by a module or alone."""
    chance = Random(f"{kind} {seed} {module}")
    formula = chance.choice([each for each in FORMULAS if _fits(kind, each)])
    dtype = dtype or chance.choice(["float64", "float32", "float32"])
    names = NAMES[: len(formula.backward)]
    sizes = {"r": chance.randint(2, 6), "c": chance.randint(2, 7), "k": chance.randint(1, 5)}
    if kind == "one in a thousand":
        sizes |= {"r": 40, "c": 30}
    statements = FAULTS[kind](chance, list(formula.backward))
    use = _module(kind, formula, names, dtype, sizes) if module else _alone(kind, chance, names)
    text = PROGRAM.format(
        names=", ".join(names),
        saved="ctx.kept = [x.exp()]\n        " if kind == "saved" else "",
        forward="ctx.kept[0]*y" if kind == "saved" else formula.forward,
        body="\n        ".join(statements),
        seed=seed,
        values="\n".join(_value(name, shape, sizes, dtype) for name, shape in zip(names, formula.shapes, strict=True)),
        use=use,
    )
    return Planted(kind, text, dtype, LINE + (kind == "saved"))


def _value(name: str, shape: str, sizes: dict[str, int], dtype: str) -> str:
    numbers = f"torch.randn({shape.format(**sizes)}, dtype=torch.float64)"
    return f"{name} = ({numbers}*0.7).to(torch.{dtype}).requires_grad_()"


def _alone(kind: str, chance: Random, names: tuple[str, ...]) -> str:
    call = f"Mine.apply({', '.join(names)})"
    if kind == "saved":
        return f"d, = torch.autograd.grad({call}.sum(), x, create_graph=True)\n(d**2).sum().backward()"
    if kind in UNSEEN:
        return f"{call}.sum().backward()"
    loss = chance.choice(
        ["({0}*torch.linspace(0.5, 1.5, {0}.numel()).view({0}.shape).to({0}.dtype)).sum()", "({0}**2).sum()"]
    )
    return f"out = {call}\n{loss.format('out')}.backward()"


def _module(kind: str, formula: Formula, names: tuple[str, ...], dtype: str, sizes: dict[str, int]) -> str:
    """A module around the Function, with layers before and behind it, in a training loop."""
    rest = "".join(f", self.{name}" for name in names[1:])
    made = "".join(f"\n        self.{name} = nn.Parameter({name}.detach().clone())" for name in names[1:])
    head = "\n        return h" if formula.whole else "\n        return (h*h).mean()"
    return f"""\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear({sizes["c"]}, {sizes["c"]}){made}

    def forward(self, x):
        h = Mine.apply(torch.tanh(self.first(x)){rest}){head}

net = Net().to(torch.{dtype})
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for step in range(3):
    optimizer.zero_grad()
    loss = net(x.detach())
    {PENALTY if kind == "saved" else ""}loss.backward()
    optimizer.step()"""


PENALTY = """\
slopes = torch.autograd.grad(loss, list(net.parameters()), create_graph=True)
    loss = sum((each**2).sum() for each in slopes)
    """


Body = list[str]


def _returned(backward: list[str]) -> str:
    return f"return {', '.join(backward)}"


def _right(_: Random, backward: list[str]) -> Body:
    return [_returned(backward)]


def _none(chance: Random, backward: list[str]) -> Body:
    backward[chance.randrange(len(backward))] = "None"
    return [_returned(backward)]


def _swapped(_: Random, backward: list[str]) -> Body:
    return [_returned([backward[1], backward[0], *backward[2:]])]


def _needs(chance: Random, backward: list[str]) -> Body:
    place = chance.randrange(len(backward))
    nothing = ", ".join(["None"] * len(backward))
    return [f"if not ctx.needs_input_grad[{place}]: return {nothing}", _returned(backward)]


def _upstream(chance: Random, backward: list[str]) -> Body:
    return [
        chance.choice(["g = torch.ones_like(g)", "g = g/g", "g = torch.ones(()).to(g.dtype).expand(g.shape)"]),
        _returned(backward),
    ]


def _layout(chance: Random, backward: list[str]) -> Body:
    """Another layout than the one that the author thought of."""
    memory = "g.as_strided((g.untyped_storage().size()//g.element_size(),), (1,), 0)"
    dense = "g.shape, torch.empty(g.shape).stride()"
    as_if_dense = f"g = torch.as_strided(torch.cat([{memory}, g.new_zeros(g.numel())]), {dense})"
    spoilt = [as_if_dense, "g = g.view(-1).view(g.shape)"]
    return [chance.choice(spoilt), _returned(backward)]


def _in_place(_: Random, backward: list[str]) -> Body:
    return ["g.mul_(1)", _returned(backward)]


def _saved(_: Random, __: list[str]) -> Body:
    return ["return g*ctx.kept[0]*y, g*x.exp()"]


def _half(_: Random, backward: list[str]) -> Body:
    return ["g = g.half().to(g.dtype)*1.003", _returned(backward)]


def _one(chance: Random, backward: list[str]) -> Body:
    place = chance.randrange(len(backward))
    change = chance.choice(["*= 1.01", "= 0", "+= 0.1", "*= -1"])
    at = chance.random()
    backward = [f"({each}).clone()" if i == place else each for i, each in enumerate(backward)]
    names = [f"r{i}" for i in range(len(backward))]
    flat = f"r{place}.view(-1)"
    spoilt = f"{flat}[int({flat}.abs().argsort()[int({0.6 + 0.4 * at:.3f}*({flat}.numel() - 1))])] {change}"
    return [f"{', '.join(names)}, = {', '.join(backward)},", spoilt, _returned(names)]


def _factor(chance: Random, backward: list[str]) -> Body:
    place = chance.randrange(len(backward))
    factor = chance.choice(["2", "-1", "0.5", "1.001", "0"])
    backward[place] = f"({backward[place]})*{factor}"
    return [_returned(backward)]


FAULTS = {
    "right": _right,
    "None for an input": _none,
    "swapped": _swapped,
    "needs_input_grad": _needs,
    "upstream ignored": _upstream,
    "not contiguous": _layout,
    "expanded": _in_place,
    "saved": _saved,
    "float16": _half,
    "one in a thousand": _one,
    "a factor": _factor,
}
"""How the backward of each kind is written."""
UNSEEN = frozenset({"upstream ignored", "needs_input_grad"})
"""Faults that do not show in the pass at hand."""
KINDS = tuple(kind for kind in FAULTS if kind != "right")


def _fits(kind: str, formula: Formula) -> bool:
    """Whether a fault of the kind can be planted into a formula, and is one there."""
    if kind == "saved":
        return formula.forward == "x*y" and formula.shapes == (ONE, ONE)
    if kind == "swapped":
        return len(formula.backward) > 1 and formula.shapes[0] == formula.shapes[1] and formula.forward not in SYMMETRIC
    if kind == "needs_input_grad":
        return len(formula.backward) > 1
    if kind in {"not contiguous", "expanded", "one in a thousand"}:
        return (
            not formula.whole
            and formula.shapes[0] == ONE
            and (kind != "not contiguous" or "(1)" not in formula.forward)
        )
    return True


SYMMETRIC = frozenset({"(x*y).sum(1)"})


def faulty(count: int, seed: int, module: bool = False) -> Iterator[Planted]:
    """So many programs, the kinds in turn."""
    for number in range(count):
        yield planted(KINDS[number % len(KINDS)], seed + number, module)


def right(count: int, seed: int, module: bool = False) -> Iterator[Planted]:
    """So many programs with a right backward, in every format in turn."""
    for number in range(count):
        yield planted("right", seed + number, module, ("float64", "float32", "float16", "bfloat16")[number % 4])
