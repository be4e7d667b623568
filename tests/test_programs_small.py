"""Small programs in the manner of tutorials, training loops and research code: each is answered, and rightly."""

import pytest

from autogradcli.programs import verify
from autogradcli.programs.session import Wanted
from tests.programs import DEMANDS as ASKED
from tests.programs import ledger

SOME = Wanted(seed=0)
LOOP = """
opt = torch.optim.{optimizer}(model.parameters(), lr=0.05)
for step in range(3):
    opt.zero_grad()
    loss = {loss}
    loss.backward()
    opt.step()
"""


def loop(model: str, loss: str, optimizer: str = "SGD") -> str:
    """A training loop."""
    return f"from torch import nn\n{model}{LOOP.format(loss=loss, optimizer=optimizer)}"


RIGHT = {
    "a line": "x = torch.linspace(0, 1, 8)\nw = torch.zeros(1, requires_grad=True)\n((x*w - 2*x)**2).mean().backward()",
    "a polynomial": "x = torch.tensor(2.0, requires_grad=True)\n(5*x**3 + 2*x**2 + 4*x + 8).backward()",
    "a matrix product": "A = torch.randn(3, 4, requires_grad=True)\n(A @ torch.randn(4, 2)).sum().backward()",
    "rows and columns": "A = torch.randn(3, 4, requires_grad=True)\n(A[1] * A[:, :1].sum()).sum().backward()",
    "steps in place": "x = torch.ones(3, requires_grad=True)\ny = x * 2\ny += x\ny[0] = x[1] * 4\ny.sum().backward()",
    "a view that is changed": "x = torch.ones(4, requires_grad=True)\ny = x * 3\ny[1:3] *= 2\ny.sum().backward()",
    "softmax by hand": "z = torch.randn(5, requires_grad=True)\ne = (z - z.max()).exp()\n"
    "(e / e.sum())[2].log().backward()",
    "log_softmax": "z = torch.randn(4, 5, requires_grad=True)\n"
    "F.nll_loss(F.log_softmax(z, 1), torch.arange(4)).backward()",
    "a norm": "x = torch.randn(6, requires_grad=True)\n(x.norm() + torch.linalg.norm(x, 1)).backward()",
    "einsum": "A = torch.randn(2, 3, requires_grad=True)\n"
    "torch.einsum('ij,kj->ik', A, torch.randn(4, 3)).sum().backward()",
    "a Gaussian": "m = torch.zeros(3, requires_grad=True)\n"
    "torch.distributions.Normal(m, torch.ones(3)).log_prob(torch.randn(3)).sum().backward()",
    "a sample that is moved": "m = torch.zeros(3, requires_grad=True)\ns = torch.ones(3, requires_grad=True)\n"
    "(torch.distributions.Normal(m, s).rsample()**2).sum().backward()",
    "two losses": "x = torch.randn(3, requires_grad=True)\n(x**2).sum().backward()\n(x**3).sum().backward()",
    "a graph that is kept": "x = torch.randn(3, requires_grad=True)\ny = x.sin().sum()\n"
    "y.backward(retain_graph=True)\ny.backward()",
    "autograd.grad": "x = torch.randn(3, requires_grad=True)\ntorch.autograd.grad((x * x).sum(), x)",
    "a second derivative": "x = torch.tensor([0.3, 0.7], requires_grad=True)\n"
    "g, = torch.autograd.grad((x**4).sum(), x, create_graph=True)\n(g**2).sum().backward()",
    "a gradient penalty": "w = torch.randn(3, 3, requires_grad=True)\nx = torch.randn(4, 3, requires_grad=True)\n"
    "g, = torch.autograd.grad(torch.tanh(x @ w).sum(), x, create_graph=True)\n"
    "((g.norm(dim=1) - 1)**2).mean().backward()",
    "physics informed": "t = torch.rand(6, 1, requires_grad=True)\nw = torch.randn(1, 4, requires_grad=True)\n"
    "v = torch.randn(4, 1, requires_grad=True)\nu = torch.tanh(t @ w) @ v\n"
    "du, = torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)\n((du + u)**2).mean().backward()",
    "a Hamiltonian": "z = torch.randn(2, requires_grad=True)\nk = torch.tensor(1.5, requires_grad=True)\n"
    "H = z[1]**2/2 + k*z[0]**2/2\ng, = torch.autograd.grad(H, z, create_graph=True)\n"
    "((g - torch.tensor([1.0, 2.0]))**2).sum().backward()",
    "a module of one layer": loop("model = nn.Linear(3, 2)", "model(torch.randn(5, 3)).pow(2).mean()"),
    "two layers": loop(
        "model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1))", "model(torch.randn(6, 4)).pow(2).mean()"
    ),
    "a class": loop(
        "class Net(nn.Module):\n  def __init__(self):\n    super().__init__()\n    self.a = nn.Linear(3, 4)\n"
        "  def forward(self, x):\n    return self.a(x).sigmoid().sum()\nmodel = Net()",
        "model(torch.randn(2, 3))",
        "Adam",
    ),
    "classes of data": loop(
        "model = nn.Linear(3, 4)", "nn.CrossEntropyLoss()(model(torch.randn(6, 3)), torch.randint(4, (6,)))", "AdamW"
    ),
    "yes or no": loop(
        "model = nn.Linear(3, 1)",
        "nn.BCEWithLogitsLoss()(model(torch.randn(6, 3)), torch.rand(6, 1).round())",
        "RMSprop",
    ),
    "normalised layers": loop(
        "model = nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 1))",
        "model(torch.randn(5, 4)).pow(2).sum()",
    ),
    "normalised batches": loop(
        "model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Tanh())", "model(torch.randn(8, 4)).pow(2).sum()"
    ),
    "dropout": loop(
        "model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1))",
        "model(torch.randn(5, 4)).pow(2).sum()",
    ),
    "convolutions": loop(
        "model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 2))",
        "model(torch.randn(2, 1, 6, 6)).pow(2).sum()",
    ),
    "large convolutions": loop(
        "model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(inplace=True), nn.AvgPool2d(2), nn.Flatten(), "
        "nn.Linear(1352, 10))",
        "model(torch.randn(4, 3, 28, 28)).pow(2).mean()",
    ),
    "an embedding": loop("model = nn.Embedding(7, 3)", "model(torch.tensor([1, 2, 2, 5])).pow(2).sum()"),
    "attention": loop(
        "model = nn.MultiheadAttention(4, 2, batch_first=True)",
        "(lambda x: model(x, x, x)[0].pow(2).sum())(torch.randn(1, 3, 4))",
    ),
    "a recurrence by hand": loop(
        "model = nn.Linear(5, 3)",
        "(lambda h: model(torch.cat([torch.ones(1, 2), model(torch.cat([torch.ones(1, 2), h], 1)).tanh()], 1)).sum())"
        "(torch.ones(1, 3))",
    ),
    "an LSTM": loop(
        "model = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)",
        "model(torch.randn(2, 5, 3))[0].pow(2).sum()",
    ),
    "an LSTM over a packed sequence": loop(
        "model = nn.LSTM(2, 2)",
        "model(nn.utils.rnn.pack_padded_sequence(torch.randn(3, 2, 2), [3, 2]))[0].data.pow(2).sum()",
    ),
    "a GRU": loop("model = nn.GRU(3, 4)", "model(torch.randn(5, 2, 3))[1].pow(2).sum()"),
    "an RNN": loop("model = nn.RNN(3, 4, nonlinearity='relu')", "model(torch.randn(5, 2, 3))[0].pow(2).sum()"),
    "a cell": loop("model = nn.LSTMCell(3, 4)", "sum(each.pow(2).sum() for each in model(torch.randn(2, 3)))"),
    "an autoencoder": loop(
        "model = nn.Sequential(nn.Linear(6, 2), nn.ELU(), nn.Linear(2, 6), nn.Sigmoid())",
        "nn.functional.mse_loss(model(torch.ones(3, 6)/2), torch.ones(3, 6)/3)",
    ),
    "a variational autoencoder": loop(
        "model = nn.Linear(4, 4)",
        "(lambda m, s: ((m + torch.exp(s/2)*torch.randn(3, 2))**2).sum() - (1 + s - m**2 - s.exp()).sum()/2)"
        "(*model(torch.randn(3, 4)).chunk(2, dim=1))",
    ),
    "a generator and a critic": "from torch import nn\nG, D = nn.Linear(2, 3), nn.Linear(3, 1)\n"
    "fake = G(torch.randn(4, 2))\n"
    "(D(fake.detach()).sigmoid().log().mean() - D(torch.randn(4, 3)).sigmoid().log().mean()).backward()\n"
    "(-D(fake).sigmoid().log().mean()).backward()",
    "clipped gradients": loop("model = nn.Linear(3, 1)", "model(torch.randn(4, 3)*100).pow(2).mean()").replace(
        "opt.step()", "nn.utils.clip_grad_norm_(model.parameters(), 1.0); opt.step()"
    ),
    "gradients that add up": loop("model = nn.Linear(3, 1)", "model(torch.randn(4, 3)).pow(2).mean()")
    .replace("    opt.zero_grad()\n", "")
    .replace("opt.step()", "pass"),
    "descent by hand": "w = torch.randn(3, requires_grad=True)\nfor i in range(3):\n  (w**2).sum().backward()\n"
    "  with torch.no_grad():\n    w -= 0.1*w.grad\n    w.grad.zero_()",
    "an LBFGS closure": "w = torch.randn(3, requires_grad=True)\nopt = torch.optim.LBFGS([w], max_iter=3)\n"
    "def closure():\n  opt.zero_grad()\n  loss = ((w - 1)**2).sum()\n  loss.backward()\n  return loss\n"
    "opt.step(closure)",
    "a checkpoint": "from torch.utils.checkpoint import checkpoint\nx = torch.randn(3, requires_grad=True)\n"
    "checkpoint(lambda t: t.sin().exp(), x, use_reentrant=False).sum().backward()",
    "a thread": "import threading\nx = torch.randn(3, requires_grad=True)\n"
    "t = threading.Thread(target=lambda: (x*x).sum().backward())\nt.start()\nt.join()",
    "a right Function": "class Cube(torch.autograd.Function):\n  @staticmethod\n  def forward(ctx, x):\n"
    "    ctx.save_for_backward(x)\n    return x**3\n  @staticmethod\n  def backward(ctx, g):\n"
    "    return g*3*ctx.saved_tensors[0]**2\nx = torch.randn(4, requires_grad=True)\nCube.apply(x).sum().backward()",
    "float64": "x = torch.randn(4, dtype=torch.float64, requires_grad=True)\n(x.sigmoid() * x.tanh()).sum().backward()",
    "half precision": "x = torch.ones(4, dtype=torch.float16, requires_grad=True)\n(x * 3).sum().backward()",
}
"""Programs whose every gradient is right."""


@pytest.mark.parametrize("name", RIGHT)
def test_gradients_of_harmless_programs_are_verified(name: str) -> None:
    """By one of the two proofs, and with no finding."""
    found = ledger(RIGHT[name], ASKED, SOME)
    assert found.failure is None
    assert found.passes
    assert {each.verdict for each in found.passes} == {"verified"}, [
        entry.reason for each in found.passes for entry in each.entries if entry.reason
    ]
    assert {each.proof for each in found.passes} <= {"whole", "steps"}


def test_time_for_proofs_as_a_whole_is_divided_among_the_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 12 passes of 1,300 operations each as many as 12,000 hold; the first of them is one."""
    monkeypatch.setattr(verify, "PER_SECOND", 200)
    text = "w = torch.zeros(100, 1, requires_grad=True)\nx = torch.linspace(0, 1, 600).reshape(6, 100)\n"
    made = ledger(text + "for _ in range(12):\n    (x @ w).sum().backward()")
    assert made.verdict == "verified"
    proofs = [each.proof for each in made.passes]
    assert proofs[0] == "whole"
    assert 6 <= proofs.count("whole") < 12
    assert proofs.count("whole") + proofs.count("steps") == 12
