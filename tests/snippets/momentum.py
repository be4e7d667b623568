import torch

torch.set_default_dtype(torch.float64)
w = torch.tensor([3.0, -2.0], requires_grad=True)
velocity = torch.zeros_like(w)
for _ in range(5):
    loss = (w**2 * torch.tensor([1.0, 10.0])).sum()
    loss.backward()
    with torch.no_grad():
        velocity.mul_(0.9).add_(w.grad)
        w -= 0.01 * velocity
    w.grad.zero_()
    print(loss.item(), w.tolist())
