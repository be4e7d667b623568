import torch

theta = torch.tensor([3.0, 4.0], requires_grad=True)
loss = (theta**3).sum()
loss.backward()
norm = torch.sqrt(sum((p.grad**2).sum() for p in [theta]))
if norm > 1.0:
    theta.grad[:] *= 1.0 / norm
print(norm, theta.grad, theta.grad.norm())
