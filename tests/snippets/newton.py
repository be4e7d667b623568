import torch

x = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
for step in range(6):
    f = x**3 - 2 * x - 5
    (slope,) = torch.autograd.grad(f, x)
    with torch.no_grad():
        x -= f / slope
    print(f"{step} {x.item():.15f}")
assert abs(x.item() - 2.0945514815423265) < 1e-12
