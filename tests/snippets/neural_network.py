import torch
from torch.nn import functional as F

torch.manual_seed(1)
x, target = torch.randn(8, 4), torch.randint(0, 3, (8,))
w1 = (torch.randn(4, 5) / 2).requires_grad_()
b1 = torch.zeros(5, requires_grad=True)
w2 = (torch.randn(5, 3) / 2).requires_grad_()
b2 = torch.zeros(3, requires_grad=True)


def model(x):
    h = F.relu(x @ w1 + b1)
    return h @ w2 + b2


for epoch in range(4):
    loss = F.cross_entropy(model(x), target)
    loss.backward()
    with torch.no_grad():
        for p in [w1, b1, w2, b2]:
            p -= p.grad * 0.1
            p.grad.zero_()
    print(epoch, f"{loss.item():.4f}")
print(model(x).argmax(dim=1), target)
